//! Nodes that lose their disks: what is promised nevertheless holds, and a disk that is lost is really lost.

use crate::runs::{config, every_fault, everything, judge_all};
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::{FaultKind, Promise, Property, Workload};
use afterall_reference::core::Flavour;

fn with_wipes(faults: Vec<FaultKind>) -> Vec<FaultKind> {
    let mut faults = faults;
    faults.push(FaultKind::Wipe);
    faults.sort_unstable();
    faults
}

#[test]
fn what_is_promised_of_lost_disks_holds_under_every_fault() {
    let correct = everything().into_iter().filter(|(flavour, _)| !flavour.is_a_textbooks());
    let configs = correct.enumerate().map(|(seed, (flavour, workload))| {
        let mut config = config(flavour, workload, 70_000 + seed as u64);
        config.faults = with_wipes(every_fault());
        config.time_ms = 14_000;
        config.nodes = if seed.is_multiple_of(2) { 5 } else { 3 };
        config
    });
    let mut promised = 0;
    for (config, verdict) in judge_all(configs.collect()) {
        let of = format!("{:?} {} seed {}", config.flavour, config.workload.name(), config.seed);
        let wipes = verdict.faults.iter().filter(|fault| fault.kind == FaultKind::Wipe);
        for wipe in wipes {
            assert!(wipe.took && wipe.healed, "{of}: {wipe:?}");
        }
        assert_eq!(verdict.anomalies.iter().find(|anomaly| anomaly.promised), None, "{of}");
        promised += u32::from(
            verdict.properties.iter().any(|it| it.promised && it.property == Property::Convergence),
        );
    }
    assert!(promised > 30, "{promised}");
}

#[test]
fn a_lost_disk_suspends_what_it_breaks_and_runs_without_one_promise_all() {
    let plain = config(Flavour::Crdt, Workload::Register, 1);
    let wiped = RunConfig { faults: vec![FaultKind::Wipe], ..plain.clone() };
    assert!(plain.header(None).promises.iter().all(|promise| promise.unless.is_empty()));
    let promises = wiped.header(None).promises;
    assert!(promises.contains(&Promise::to_all(Property::Convergence)));
    let words: Vec<String> = promises.iter().map(ToString::to_string).collect();
    assert!(words.contains(&"no-lost-writes unless wipe".to_owned()), "{words:?}");
    assert!(!every_fault().contains(&FaultKind::Wipe));
}

/// One node takes every write, does not tell anybody for long, and loses its disk: then some of them are gone.
#[test]
fn what_only_the_lost_disk_held_is_gone() {
    let mut lost = 0;
    for seed in 1..=4 {
        let mut config = config(Flavour::Crdt, Workload::Register, seed);
        config.faults = vec![FaultKind::Partition, FaultKind::Wipe];
        config.sessions = SessionKind::Sticky;
        config.rate = Some(500);
        for (_, verdict) in judge_all(vec![config]) {
            let writes = verdict.properties.iter().find(|p| p.property == Property::NoLostWrites);
            lost += u32::from(writes.is_some_and(|p| p.outcome.is_broken() && !p.promised));
        }
    }
    assert!(lost > 0);
}
