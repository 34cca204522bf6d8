//! Rounds on one cluster: each is a run like any other, and knows nothing of those before it.

use crate::runs::{config, history, recorded, sim};
use afterall_checkers::{Valid, check};
use afterall_engine::{NoFurther, Observer, Rounds, RunConfig, Stop};
use afterall_history::{Event, FaultKind, History, HistoryBuilder, Workload};
use afterall_reference::core::{Flavour, Mutant};
use std::io;

struct Kept(HistoryBuilder);

impl Observer for Kept {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.push(event).map_err(io::Error::other)
    }
}

/// So many rounds on one cluster, each with why no further one could follow.
fn rounds(config: RunConfig, count: usize) -> Vec<(History, Option<NoFurther>)> {
    let mut rounds = Rounds::new(config);
    let mut world = sim(&rounds.plan().unwrap());
    let round = |_| {
        let plan = rounds.plan().unwrap();
        let mut kept = Kept(HistoryBuilder::new(plan.header(None)).unwrap());
        let further = rounds.record(&plan, &mut *world, &mut kept, &Stop::default()).unwrap();
        (kept.0.finish(), further)
    };
    (0..count).map(round).collect()
}

fn with_faults(workload: Workload) -> RunConfig {
    let faults = vec![FaultKind::Partition, FaultKind::Kill, FaultKind::Clock];
    RunConfig { faults, ..config(Flavour::Crdt, workload, 7) }
}

#[test]
fn rounds_on_one_cluster_are_valid_histories_of_their_own() {
    for workload in [Workload::Counter, Workload::Cart, Workload::Register] {
        let rounds = rounds(with_faults(workload), 3);
        let mut seeds = Vec::new();
        for (history, further) in &rounds {
            assert_eq!(*further, None);
            let verdict = check(history);
            assert_eq!(verdict.valid, Valid::True, "{workload}: {:?}", verdict.reasons);
            assert!(verdict.faults.iter().all(|fault| fault.took && fault.healed), "{workload}");
            // Each begins at its own beginning, with its own faults and sessions.
            assert!(history.ops().next().unwrap().invoked() < 1_000_000_000, "{workload}");
            assert_eq!(verdict.faults[0].fault, 0);
            assert!(history.ops().any(|op| op.process() == 0));
            seeds.push(verdict.seed);
        }
        assert_eq!(seeds, [7, 8, 9]);
    }
}

/// The first round is the run that it would be alone.
#[test]
fn the_first_round_is_the_run_itself() {
    let config = with_faults(Workload::Counter);
    let alone = history(&recorded(&config));
    let (first, _) = rounds(config, 1).remove(0);
    let ops = |history: &History| -> Vec<_> {
        let of = |op: afterall_history::OpView<'_>| {
            (op.invoked(), op.completed(), op.key_name().to_owned())
        };
        history.ops().map(of).collect()
    };
    assert_eq!(ops(&first), ops(&alone));
}

/// What a later round finds is a bug of the store, and found as in a first one.
#[test]
fn a_known_bug_is_found_in_later_rounds_too() {
    let mutant: Mutant = "cart-union".parse().unwrap();
    let config = RunConfig { mutant: Some(mutant), ..with_faults(Workload::Cart) };
    for (history, _) in rounds(config, 2) {
        assert_eq!(check(&history).valid, Valid::False);
    }
}
