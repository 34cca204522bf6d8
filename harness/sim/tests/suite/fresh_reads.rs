//! Fresh reads: a quorum gives them under every fault, and none of its bugs does.

use crate::runs::{config, every_fault, judge_all};
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::{Property, Sessions, Workload};
use afterall_reference::core::{Flavour, MUTANTS};

#[test]
fn two_hundred_small_runs_of_a_quorum_have_no_stale_read() {
    let kinds = [SessionKind::Sticky, SessionKind::Roaming, SessionKind::Mixed];
    let run = |seed: usize| {
        let config = config(Flavour::Quorum, Workload::Register, 70_000 + seed as u64);
        let nodes = if seed.is_multiple_of(2) { 3 } else { 5 };
        let sessions = kinds[seed % kinds.len()];
        RunConfig { faults: every_fault(), nodes, sessions, rate: Some(40), ..config }
    };
    let mut held = 0;
    for (config, verdict) in judge_all((0..200).map(run).collect()) {
        let fresh = verdict.property(Property::FreshReads, Sessions::All).unwrap();
        assert!(fresh.promised && !fresh.outcome.is_broken(), "{}: {fresh:?}", config.seed);
        held += u32::from(fresh.outcome.is_held());
    }
    assert!(held > 190, "{held}");
}

#[test]
fn the_bugs_of_quorums_break_it() {
    for name in ["reads-from-one", "writes-to-one", "quorum-of-half"] {
        let row = MUTANTS.iter().find(|row| row.name == name).unwrap();
        let run = |seed| RunConfig {
            rate: Some(300),
            mutant: Some(row.mutant()),
            faults: row.faults.to_vec(),
            ..config(row.flavour, row.workload, seed)
        };
        let verdicts = judge_all((1..=10).map(run).collect());
        let broken = verdicts.iter().filter(|(_, verdict)| {
            let fresh = verdict.property(Property::FreshReads, Sessions::All).unwrap();
            fresh.promised && fresh.outcome.is_broken()
        });
        println!("{name}: {} of {}", broken.clone().count(), verdicts.len());
        assert!(broken.count() > 0, "{name}");
    }
}
