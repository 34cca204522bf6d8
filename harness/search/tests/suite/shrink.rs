//! A failing run is made smaller, fails in the same way, and says how.

use crate::runs::{failing, judged, large, recorded};
use afterall_engine::{Plan, RunConfig, Stop, WorldKind};
use afterall_history::FaultKind;
use afterall_reference::core::MUTANTS;
use afterall_search::{
    FailureKey, NotShrunk, Shrunk, ShrunkByTries, Size, Tries, shrink, shrink_by_tries,
};

fn shrunk(config: &RunConfig, stop: &Stop) -> Result<Shrunk, NotShrunk> {
    let recording = recorded(config).unwrap();
    let verdict = recording.judge_promised();
    shrink(config, recording.history(), &verdict, &recorded, stop, &mut |_, _: &Size| {})
}

#[test]
fn a_thousand_operations_become_a_few_and_the_scenario_fails_in_the_same_way() {
    for mutant in ["no-anti-entropy", "cart-union", "counter-replay", "ack-before-sync"] {
        let (config, _, verdict) = failing(|seed| large(mutant, seed), 20).unwrap();
        assert!(verdict.counts.ops > 800, "{mutant}: {}", verdict.counts.ops);
        let shrunk = shrunk(&config, &Stop::default()).unwrap();
        println!("{mutant}: {:?} -> {:?}, {} runs", shrunk.before, shrunk.after, shrunk.runs);
        assert!(shrunk.after.operations <= 12, "{mutant}: {:?}", shrunk.after);
        assert!(shrunk.after.faults <= 2, "{mutant}: {:?}", shrunk.after);
        assert!(shrunk.is_minimal, "{mutant}");
        let expected = FailureKey::of(&verdict);
        assert_eq!(expected.as_ref(), Some(&shrunk.key), "{mutant}");
        // As it is read back from the file.
        let text = toml::to_string(&shrunk.config).unwrap();
        let read: RunConfig = toml::from_str(&text).unwrap();
        assert_eq!(FailureKey::of(&judged(&read).unwrap()), expected, "{mutant}: {text}");
        assert_eq!(read.expect.broken, [shrunk.key.property]);
    }
}

#[test]
fn what_is_made_of_a_run_follows_from_it_alone() {
    let (config, ..) = failing(|seed| large("no-anti-entropy", seed), 20).unwrap();
    let [one, two] = [0, 1].map(|_| shrunk(&config, &Stop::default()).unwrap());
    assert_eq!((one.config, one.runs), (two.config, two.runs));
}

#[test]
fn a_run_that_breaks_nothing_is_refused_and_a_stop_keeps_what_there_is() {
    let correct = RunConfig::builder().world(WorldKind::Sim).seed(1).build();
    assert!(matches!(shrunk(&correct, &Stop::default()), Err(NotShrunk::Valid)));
    let (config, _, verdict) = failing(|seed| large("no-anti-entropy", seed), 20).unwrap();
    let stop = Stop::default();
    stop.stop();
    let shrunk = shrunk(&config, &stop).unwrap();
    assert!(!shrunk.is_minimal && shrunk.after.operations == shrunk.before.operations);
    assert_eq!(FailureKey::of(&verdict), Some(shrunk.key));
}

/// Runs that come out otherwise each time, as those with processes do: here by other random numbers.
fn by_tries(config: &RunConfig, tries: Tries, stop: &Stop) -> Result<ShrunkByTries, NotShrunk> {
    let plan = Plan::new(config.clone()).unwrap();
    let mut seeds = 1_000..;
    let mut judge = |config: &RunConfig| {
        judged(&RunConfig { seed: seeds.next().unwrap_or(0), ..config.clone() })
    };
    shrink_by_tries(&plan, tries, &mut judge, stop, &mut |_, _| {})
}

#[test]
fn of_a_run_that_comes_out_otherwise_each_time_the_fault_that_it_needs_is_left() {
    let tries = Tries { of_each: 6, runs_max: 200 };
    let (config, ..) = failing(|seed| large("ack-before-sync", seed), 20).unwrap();
    let shrunk = by_tries(&config, tries, &Stop::default()).unwrap();
    assert!(shrunk.before.faults >= 6, "{:?}", shrunk.before);
    assert!((1..=2).contains(&shrunk.after.faults), "{:?}", shrunk.after);
    assert!(shrunk.after.time_ms <= shrunk.before.time_ms);
    assert!(shrunk.is_minimal && shrunk.runs <= 200, "{} runs", shrunk.runs);
    assert!(shrunk.confirmed.0 > 0 && shrunk.confirmed.1 == 6, "{:?}", shrunk.confirmed);
    let kinds = &shrunk.config.faults;
    assert!(kinds.contains(&FaultKind::Kill), "{kinds:?}");
    assert_eq!(shrunk.config.expect.broken, [shrunk.key.property]);
    // It can be read back, and played.
    let text = toml::to_string(&shrunk.config).unwrap();
    let read: RunConfig = toml::from_str(&text).unwrap();
    assert!(judged(&read).is_ok(), "{text}");
}

#[test]
fn a_run_that_does_not_fail_again_and_one_that_has_no_more_runs_are_told() {
    let correct = RunConfig::builder().world(WorldKind::Sim).seed(1).build();
    let tries = Tries { of_each: 2, runs_max: 100 };
    let told = by_tries(&correct, tries, &Stop::default());
    assert!(matches!(told, Err(NotShrunk::NotAgain { tries: 2 })));
    // What was stopped before it began was not tried.
    let stop = Stop::default();
    stop.stop();
    let told = by_tries(&correct, tries, &stop);
    assert!(matches!(told, Err(NotShrunk::NotAgain { tries: 0 })));
    let (config, ..) = failing(|seed| large("ack-before-sync", seed), 20).unwrap();
    let few = Tries { of_each: 4, runs_max: 5 };
    let shrunk = by_tries(&config, few, &Stop::default()).unwrap();
    assert!(!shrunk.is_minimal && shrunk.runs == 5, "{} runs", shrunk.runs);
}

/// Every bug of the table from a thousand operations.
#[test]
#[ignore = "minutes: a nightly runs it"]
fn the_failing_run_of_every_mutant_becomes_small() {
    for row in MUTANTS {
        let Some((config, _, _)) = failing(|seed| large(row.name, seed), 200) else {
            println!("{}: not found in 200 runs", row.name);
            continue;
        };
        match shrunk(&config, &Stop::default()) {
            Ok(shrunk) => {
                let Size { operations, faults, nodes, .. } = shrunk.after;
                println!(
                    "{} | {} | {} | {operations} | {faults} | {nodes} | {}",
                    row.name, shrunk.before.operations, shrunk.before.faults, shrunk.runs
                );
            }
            Err(why) => println!("{}: {why}", row.name),
        }
    }
}
