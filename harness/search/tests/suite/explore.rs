//! What is found follows from the seeds alone, and correct stores stay silent.

use crate::runs::{base, judged, recorded};
use afterall_checkers::Valid;
use afterall_engine::config::MaxBound;
use afterall_engine::{RunConfig, Stop, WorldKind};
use afterall_history::Workload;
use afterall_reference::core::Flavour;
use afterall_search::{Exploration, Explored, Fixed, draw, explore};
use std::time::Duration;

fn explored(base: RunConfig, seeds: std::ops::Range<u64>, jobs: usize) -> Explored {
    search(base, seeds, jobs, false)
}

fn search(base: RunConfig, seeds: std::ops::Range<u64>, jobs: usize, guided: bool) -> Explored {
    let fixed = Fixed::default();
    let exploration = Exploration { base, fixed, seeds, budget: None, jobs, guided };
    explore(&exploration, &recorded, &Stop::default(), &mut |_| {})
}

/// All of it but the time that it took.
fn found(explored: &Explored) -> String {
    format!("{:#?}", Explored { elapsed: Duration::ZERO, ..explored.clone() })
}

#[test]
fn a_bug_is_found_and_the_same_one_however_many_runs_go_on_at_once() {
    let one = explored(base("no-anti-entropy").build(), 1..61, 1);
    assert_eq!((one.runs, one.refusals, one.valid(MaxBound::USUAL)), (60, 0, Valid::False));
    assert!(one.failed >= 3 && !one.failures.is_empty(), "{}", found(&one));
    for jobs in [2, 3] {
        assert_eq!(found(&explored(base("no-anti-entropy").build(), 1..61, jobs)), found(&one));
    }
    // The smallest run of each way of failing fails in this way by itself.
    for (key, failure) in &one.failures {
        let verdict = judged(&failure.smallest).unwrap();
        assert_eq!(afterall_search::FailureKey::of(&verdict).as_ref(), Some(key));
        assert_eq!(verdict.counts.ops, failure.ops);
    }
}

#[test]
fn a_guided_search_makes_runs_of_its_own_and_finds_the_same_however_many_go_on_at_once() {
    let guided = |jobs| search(base("no-anti-entropy").build(), 1..61, jobs, true);
    let one = guided(1);
    assert_eq!((one.runs, one.refusals, one.valid(MaxBound::USUAL)), (60, 0, Valid::False));
    assert!(one.states > 20, "{}", found(&one));
    for jobs in [2, 3] {
        assert_eq!(found(&guided(jobs)), found(&one));
    }
    assert_ne!(found(&one), found(&explored(base("no-anti-entropy").build(), 1..61, 1)));
    for (key, failure) in &one.failures {
        let verdict = judged(&failure.smallest).unwrap();
        assert_eq!(afterall_search::FailureKey::of(&verdict).as_ref(), Some(key));
    }
    let correct = RunConfig::builder().world(WorldKind::Sim).flavour(Some(Flavour::Crdt)).build();
    let silent = search(correct, 1..101, 2, true);
    assert_eq!((silent.runs, silent.failed, silent.refusals), (100, 0, 0), "{}", found(&silent));
}

#[test]
fn correct_stores_are_silent_and_their_chances_add_up() {
    for flavour in [Flavour::Crdt, Flavour::Causal, Flavour::Quorum] {
        let base = RunConfig::builder().world(WorldKind::Sim).flavour(Some(flavour)).build();
        let (whole, first) = (explored(base.clone(), 0..80, 2), explored(base.clone(), 0..40, 2));
        let second = explored(base, 40..80, 2);
        assert_eq!((whole.failed, whole.refusals), (0, 0), "{}", found(&whole));
        assert!(whole.faults > 50 && whole.took_hold > whole.faults * 9 / 10, "{}", found(&whole));
        assert_eq!(whole.valid(MaxBound::USUAL), Valid::True, "{}", found(&whole));
        for (claim, chances) in &whole.chances {
            let sum = [&first, &second]
                .map(|half| half.chances.get(claim).copied().flatten().unwrap_or(0));
            assert_eq!(*chances, Some(sum.iter().sum()), "{claim:?}");
        }
    }
}

#[test]
fn what_is_not_tested_is_unknown() {
    let base = RunConfig::builder().world(WorldKind::Sim).build();
    let nothing = explored(base.clone(), 5..5, 2);
    assert_eq!(nothing.valid(MaxBound::USUAL), Valid::Unknown);
    let few = explored(base, 5..7, 2);
    let no_limit: MaxBound = "none".parse().unwrap();
    assert_eq!(few.valid(no_limit), Valid::True, "{}", found(&few));
    // At most 1 %: 300 chances of each promise, in all runs together.
    assert_eq!(few.valid("1%".parse().unwrap()), Valid::Unknown, "{}", found(&few));
    let missed = Explored { took_hold: 0, ..few };
    assert_eq!(missed.valid(no_limit), Valid::Unknown, "no fault took hold");
}

#[test]
fn the_runs_of_a_few_seeds_differ_in_everything_that_is_drawn() {
    let base = RunConfig::builder().world(WorldKind::Sim).workload(Workload::Cart).build();
    let runs: Vec<RunConfig> = (0..60).map(|seed| draw(&base, Fixed::default(), seed)).collect();
    let differ = |of: &dyn Fn(&RunConfig) -> String| {
        let mut all: Vec<String> = runs.iter().map(of).collect();
        all.sort_unstable();
        all.dedup();
        all.len()
    };
    assert_eq!(differ(&|run| run.nodes.to_string()), 4);
    assert_eq!(differ(&|run| format!("{:?}", run.sessions)), 3);
    assert!(differ(&|run| format!("{:?}", run.faults)) > 15);
    assert!(differ(&|run| format!("{:?}", run.network)) > 30);
    assert!(differ(&|run| format!("{:?}", run.gossip)) > 20);
    assert_eq!(differ(&|run| run.seed.to_string()), 60);
    let fixed = Fixed { nodes: true, sessions: true, faults: true };
    let fixed: Vec<RunConfig> = (0..60).map(|seed| draw(&base, fixed, seed)).collect();
    assert!(fixed.iter().all(|run| (run.nodes, run.sessions) == (base.nodes, base.sessions)));
    assert!(fixed.iter().all(|run| run.faults == base.faults));
}
