//! Counters that only grow: a session that stays with a replica never reads less than before, unless the store has a bug.

use crate::runs::{config, every_fault, judge_all};
use afterall_checkers::{Valid, Verdict};
use afterall_engine::RunConfig;
use afterall_history::{Property, Sessions, Workload};
use afterall_reference::core::{Flavour, Mutant};
use afterall_workloads::Load;

fn runs(flavour: Flavour, mutant: Option<Mutant>) -> Vec<RunConfig> {
    let run = |seed| {
        let faults = every_fault();
        let config = config(flavour, Workload::Counter, seed);
        RunConfig { load: Load::GrowOnly, mutant, faults, ..config }
    };
    (1..=3).map(run).collect()
}

fn goes_back(verdict: &Verdict) -> bool {
    let property = verdict.property(Property::MonotonicReads, Sessions::Sticky).unwrap();
    assert!(property.promised);
    property.outcome.is_broken()
}

#[test]
fn a_correct_store_never_shows_less() {
    for flavour in [Flavour::Crdt, Flavour::Session, Flavour::Causal, Flavour::Quorum] {
        for (config, verdict) in judge_all(runs(flavour, None)) {
            let what = format!("{flavour} {}: {:?}", config.seed, verdict.reasons);
            assert_eq!(verdict.valid, Valid::True, "{what}");
            let property = verdict.property(Property::MonotonicReads, Sessions::Sticky).unwrap();
            assert!(property.outcome.is_held(), "{what}");
        }
    }
}

#[test]
fn a_counter_of_which_the_last_write_wins_does_though_its_versions_are_newer() {
    let mutant = "counter-lww".parse().unwrap();
    let mut runs = runs(Flavour::Crdt, Some(mutant));
    // Increments are lost where two replicas take some at once.
    runs.iter_mut().for_each(|config| config.rate = Some(1_000));
    let verdicts = judge_all(runs);
    assert!(verdicts.iter().any(|(_, verdict)| goes_back(verdict)));
}
