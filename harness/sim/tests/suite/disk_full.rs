//! Nodes whose disks take nothing more: what they have acknowledged stays, and who acknowledges before it writes is found.

use crate::runs::{config, every_fault, everything, history, judge_all, judge_all_by, recorded};
use afterall_checkers::verdict::FaultVerdict;
use afterall_checkers::{Valid, Verdict, check_promised};
use afterall_engine::RunConfig;
use afterall_history::{FaultKind, NodeChange, Property, Workload};
use afterall_reference::core::{Flavour, MUTANTS};

fn full_disks(verdict: &Verdict) -> impl Iterator<Item = &FaultVerdict> {
    verdict.faults.iter().filter(|fault| fault.kind == FaultKind::DiskFull)
}

/// Whether the node of a fault had to write, and came back.
fn restarted(fault: &FaultVerdict) -> bool {
    fault.evidence.iter().any(|said| said.contains("its disk takes a write; incarnation"))
}

fn alone(seed: u64) -> RunConfig {
    let mut config = config(Flavour::Crdt, Workload::Register, seed);
    config.faults = vec![FaultKind::DiskFull];
    config.rate = Some(500);
    config
}

#[test]
fn every_promise_holds_where_disks_are_full_among_other_faults() {
    let correct = everything().into_iter().filter(|(flavour, _)| !flavour.is_a_textbooks());
    let correct: Vec<_> = correct.collect();
    let configs = (0..6 * correct.len()).map(|place| {
        let (flavour, workload) = correct[place % correct.len()];
        let mut config = config(flavour, workload, 90_000 + place as u64);
        config.faults = every_fault();
        config.faults.push(FaultKind::DiskFull);
        config.time_ms = 12_000;
        config.nodes = if (place / correct.len()).is_multiple_of(2) { 5 } else { 3 };
        config.rate = Some(40);
        config
    });
    let (mut ended, mut alarms) = (0, Vec::new());
    for (config, verdict) in judge_all_by(configs.collect(), check_promised) {
        let of = format!("{:?} {} seed {}", config.flavour, config.workload.name(), config.seed);
        assert!(full_disks(&verdict).count() > 0, "{of}");
        for fault in full_disks(&verdict) {
            assert!(fault.took && fault.healed, "{of}: {fault:?}");
            ended += u32::from(restarted(fault));
        }
        let broken = verdict.anomalies.iter().filter(|it| it.promised);
        alarms.extend(broken.map(|anomaly| format!("{of}: {}", anomaly.sentence)));
    }
    assert!(ended > 60, "{ended}");
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn what_was_acknowledged_survives_a_full_disk_and_the_end_of_its_node_is_no_accident() {
    let mut ended = 0;
    for (config, verdict) in judge_all((1..=8).map(alone).collect()) {
        let of = format!("seed {}", config.seed);
        assert_eq!(verdict.valid, Valid::True, "{of}: {:?}", verdict.reasons);
        let writes = verdict.properties.iter().find(|it| it.property == Property::NoLostWrites);
        assert!(writes.is_some_and(|it| it.promised && it.outcome.is_held()), "{of}: {writes:?}");
        ended += full_disks(&verdict).filter(|fault| restarted(fault)).count();
    }
    assert!(ended >= 8, "{ended}");
    let history = history(&recorded(&alone(1)));
    assert!(history.node_turns().iter().all(|turn| turn.change == NodeChange::Ready));
}

#[test]
fn who_acknowledges_before_it_writes_is_found_by_full_disks_alone() {
    let mutant = MUTANTS.iter().find(|row| row.name == "ack-before-sync").unwrap().mutant();
    let mutated = |seed| RunConfig { mutant: Some(mutant), rate: Some(1_000), ..alone(seed) };
    let lost = judge_all((1..=8).map(mutated).collect()).into_iter().filter(|(_, verdict)| {
        let mut of = verdict.properties.iter().filter(|it| it.property == Property::NoLostWrites);
        of.any(|it| it.promised && it.outcome.is_broken())
    });
    let seeds: Vec<u64> = lost.map(|(config, _)| config.seed).collect();
    println!("found with the seeds {seeds:?}");
    assert!(!seeds.is_empty());
}

#[test]
fn a_run_has_full_disks_only_where_they_are_asked_for() {
    assert!(!every_fault().contains(&FaultKind::DiskFull));
    let asked = RunConfig { faults: vec![FaultKind::DiskFull], ..alone(1) };
    // What was acknowledged is on the disk: there is nothing that such a fault excuses.
    assert!(asked.header(None).promises.iter().all(|promise| promise.unless.is_empty()));
}
