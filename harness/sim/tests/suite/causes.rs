//! A cause is proved, or it is not named: of bugs whose cause is known it is the one that is named, and of what a correct store
//! does not promise no fault is named that was not in force.

use crate::runs::{config, every_fault, everything, judge_all};
use afterall_checkers::{Anomaly, Verdict};
use afterall_engine::RunConfig;
use afterall_history::FaultKind;
use afterall_reference::core::{MUTANTS, Mutant, MutantRow};

/// Runs of each bug.
const SEEDS: u64 = 12;

fn runs(row: &'static MutantRow) -> Vec<RunConfig> {
    let run = |seed| {
        let mut config = config(row.flavour, row.workload, seed);
        config.rate = Some(300);
        config.mutant = Some(row.mutant());
        config.faults = row.faults.to_vec();
        config
    };
    (1..=SEEDS).map(run).collect()
}

/// The bugs that show by nothing but one kind of fault.
fn has_a_known_cause(mutant: Mutant) -> bool {
    matches!(
        mutant.row().name,
        "no-anti-entropy"
            | "half-tree"
            | "gap-vector"
            | "clock-trust"
            | "ack-before-sync"
            | "stale-snapshot"
    )
}

#[test]
fn of_a_bug_whose_cause_is_known_that_one_is_named() {
    for row in MUTANTS.iter().filter(|row| has_a_known_cause(row.mutant())) {
        let mut found = 0;
        for (config, verdict) in judge_all(runs(row)) {
            let broken = |a: &&Anomaly| a.property == row.breaks && a.promised;
            let groups: Vec<&Anomaly> = verdict.anomalies.iter().filter(broken).collect();
            let named = |a: &&Anomaly| a.blames == row.faults;
            let other = |a: &&Anomaly| !a.blames.iter().all(|kind| row.faults.contains(kind));
            let what = format!("{} {}", row.name, config.seed);
            assert!(!groups.iter().any(other), "{what}: {groups:#?}");
            if !groups.is_empty() {
                found += 1;
                assert!(groups.iter().any(named), "{what}: {groups:#?}");
            }
        }
        println!("{}: broken in {found} of {SEEDS} runs", row.name);
        assert!(found > 3, "{}: broken in {found} of {SEEDS} runs", row.name);
    }
}

#[test]
fn of_a_bug_that_needs_no_fault_none_is_named() {
    for row in MUTANTS.iter().filter(|row| row.faults.is_empty()) {
        let all = vec![FaultKind::Partition, FaultKind::Kill];
        let runs =
            runs(row).into_iter().take(3).map(|run| RunConfig { faults: all.clone(), ..run });
        for (config, verdict) in judge_all(runs.collect()) {
            check_blames(&config, &verdict);
        }
    }
}

/// Every fault that is named was in force, by evidence, at some moment of what it is named for.
fn check_blames(config: &RunConfig, verdict: &Verdict) -> usize {
    let mut named = 0;
    for anomaly in &verdict.anomalies {
        for &kind in &anomaly.blames {
            named += 1;
            let in_force = verdict.faults.iter().any(|fault| {
                fault.kind == kind
                    && fault.took
                    && fault.from <= anomaly.to
                    && fault.to.is_none_or(|to| anomaly.from <= to)
            });
            assert!(in_force, "{:?} {}: {anomaly:#?}", verdict.flavour, config.seed);
        }
    }
    named
}

#[test]
fn no_fault_is_named_that_was_not_in_force() {
    let mut named = 0;
    for (flavour, workload) in everything() {
        let runs = (1..=2).map(|seed| RunConfig {
            rate: Some(150),
            faults: every_fault(),
            ..config(flavour, workload, seed)
        });
        for (config, verdict) in judge_all(runs.collect()) {
            named += check_blames(&config, &verdict);
        }
    }
    assert!(named > 20, "{named}");
}
