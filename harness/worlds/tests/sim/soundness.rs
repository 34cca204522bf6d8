//! Correct flavours under every fault: no alarm, and no doubt.

use crate::runs::{config, every_fault, everything, judge_all};
use afterall_checkers::Valid;
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::FaultKind;
use afterall_history::Workload;
use afterall_reference::core::Flavour;
use std::collections::BTreeSet;

#[test]
fn ten_correct_runs_of_everything_raise_no_alarm() {
    let textbook = |(flavour, _): &(Flavour, Workload)| *flavour == Flavour::Textbook;
    let correct: Vec<_> = everything().into_iter().filter(|of| !textbook(of)).collect();
    let configs = (0..10 * correct.len()).map(|seed: usize| {
        let (flavour, workload) = correct[seed % correct.len()];
        let round = seed / correct.len();
        let mut config = config(flavour, workload, seed as u64);
        config.faults = every_fault();
        config.nodes = if round.is_multiple_of(2) { 5 } else { 3 };
        config.rate = Some(150 + (round / 2 % 4) as u32 * 50);
        config
    });
    let mut alarms = Vec::new();
    let (mut ok, mut fail, mut info) = (0, 0, 0);
    for (config, verdict) in judge_all(configs.collect()) {
        ok += verdict.counts.ok;
        fail += verdict.counts.fail;
        info += verdict.counts.info;
        let kinds: BTreeSet<&str> = verdict.faults.iter().map(|f| f.kind.name()).collect();
        assert_eq!(kinds.len(), every_fault().len(), "seed {}: {kinds:?}", config.seed);
        if verdict.valid != Valid::True {
            alarms.push(format!(
                "seed {} ({:?} {} {}): {:?}: {:#?}",
                config.seed,
                config.flavour,
                config.workload.name(),
                config.nodes,
                verdict.valid,
                verdict.reasons
            ));
        }
    }
    println!("{ok} ok, {fail} fail, {info} info");
    assert!(ok > 500_000 && fail > 5_000 && info > 1_000, "{ok} ok, {fail} fail, {info} info");
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn every_kind_of_session_and_cluster_does() {
    let mut configs = Vec::new();
    for (seed, sessions) in
        [SessionKind::Sticky, SessionKind::Roaming, SessionKind::Mixed].into_iter().enumerate()
    {
        let mut config = config(Flavour::Crdt, Workload::Register, 9_000 + seed as u64);
        config.sessions = sessions;
        config.faults = vec![FaultKind::Kill, FaultKind::Pause, FaultKind::Clock];
        for (nodes, rate) in [(1, Some(100)), (2, None), (9, Some(400))] {
            configs.push(RunConfig { nodes, rate, ..config.clone() });
        }
    }
    for (config, verdict) in judge_all(configs) {
        let broken = verdict.properties.iter().filter(|p| p.promised && p.outcome.is_broken());
        assert_eq!(broken.count(), 0, "{config:?}: {:?}", verdict.reasons);
        let missed = verdict.faults.iter().filter(|fault| !fault.took || !fault.healed);
        assert_eq!(missed.count(), 0, "{config:?}: {:?}", verdict.reasons);
    }
}
