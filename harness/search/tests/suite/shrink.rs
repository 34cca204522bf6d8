//! A failing run is made smaller, fails in the same way, and says how.

use crate::runs::{failing, judged, large, recorded};
use afterall_engine::{RunConfig, Stop, WorldKind};
use afterall_reference::core::MUTANTS;
use afterall_search::{FailureKey, NotShrunk, Shrunk, Size, shrink};

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
