//! Every known bug is found by the run that fits it, and by nothing but the bug.

use crate::runs::{config, judge_all};
use afterall_checkers::{Valid, Verdict};
use afterall_engine::RunConfig;
use afterall_reference::core::{MUTANTS, MutantRow};

/// Runs that are made at a time, until a bug shows.
const SEEDS: u64 = 2;
/// How many times they are made at most.
const TRIES: u64 = 12;

/// How many times they are made with few operations, before those that need many are looked for.
const SMALL_TRIES: u64 = 4;

fn runs(row: &'static MutantRow, mutated: bool, first_seed: u64) -> Vec<RunConfig> {
    let is_small = first_seed <= SMALL_TRIES * SEEDS;
    let run = |seed| {
        let mut config = config(row.flavour, row.workload, seed);
        config.rate = Some(if is_small { 200 } else { 1_000 });
        config.mutant = mutated.then_some(row.mutant());
        config.mechanisms = row.mechanisms;
        config.faults = row.faults.to_vec();
        config
    };
    (first_seed..first_seed + SEEDS).map(run).collect()
}

fn breaks(verdict: &Verdict, row: &MutantRow) -> bool {
    verdict.breaks_promise(row.breaks)
}

#[test]
fn every_mutant_is_found() {
    for row in MUTANTS {
        let tries = (0..TRIES).map(|at| judge_all(runs(row, true, 1 + at * SEEDS)));
        let found = tries.map(|verdicts| {
            verdicts.into_iter().filter(|(_, verdict)| breaks(verdict, row)).collect::<Vec<_>>()
        });
        let found = found.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
        let seeds: Vec<u64> = found.iter().map(|(config, _)| config.seed).collect();
        println!("{}: {} broken with seeds {seeds:?}", row.name, row.breaks);
        assert!(!found.is_empty(), "{} was not found", row.name);
        for (_, verdict) in found {
            assert_eq!(verdict.valid, Valid::False);
            let anomaly = verdict.anomalies.iter().find(|a| a.property == row.breaks).unwrap();
            assert!(!anomaly.cause.is_empty() && !anomaly.sentence.is_empty());
            assert!(!anomaly.witness.is_empty(), "{}: {anomaly:?}", row.name);
            println!("  {}: {}", anomaly.cause, anomaly.sentence);
        }
    }
}

#[test]
fn without_the_mutant_the_property_holds() {
    for row in MUTANTS {
        for (config, verdict) in judge_all(runs(row, false, 1).into_iter().take(1).collect()) {
            let about =
                verdict.properties.iter().filter(|p| p.property == row.breaks && p.promised);
            let mut about = about.peekable();
            assert!(about.peek().is_some());
            for property in about {
                assert!(
                    property.outcome.is_held(),
                    "{} {}: {}",
                    row.name,
                    config.seed,
                    property.summary
                );
            }
            assert_eq!(
                verdict.valid,
                Valid::True,
                "{} {}: {:?}",
                row.name,
                config.seed,
                verdict.reasons
            );
        }
    }
}
