//! A simulated run can be copied at any instant.

use crate::runs::{config, every_fault, everything};
use afterall_engine::{Fork, Plan, RunConfig};
use afterall_history::{Event, Workload};
use afterall_reference::core::Flavour;
use afterall_sim::Reference;

const SECOND_NS: u64 = 1_000_000_000;

fn begun(plan: &Plan) -> Fork {
    Fork::begin(plan, Reference::world(plan)).unwrap()
}

/// Everything that is recorded from here on, with all that was recorded before.
fn to_the_end(mut fork: Fork) -> Vec<Event> {
    fork.go_on_until(u64::MAX).unwrap();
    assert!(fork.is_finished());
    fork.events().to_vec()
}

fn plan(flavour: Flavour, workload: Workload, seed: u64) -> Plan {
    let faults = every_fault();
    Plan::new(RunConfig { faults, rate: Some(30), ..config(flavour, workload, seed) }).unwrap()
}

#[test]
fn a_copy_goes_on_as_the_original_does() {
    for (number, (flavour, workload)) in everything().into_iter().enumerate() {
        let plan = plan(flavour, workload, number as u64);
        let whole = to_the_end(begun(&plan));
        let mut original = begun(&plan);
        original.go_on_until((1 + number as u64 % 8) * SECOND_NS).unwrap();
        assert!(!original.is_finished() && !original.events().is_empty());
        let copy = original.clone();
        assert!(to_the_end(original) == whole, "{flavour}, {workload}");
        assert!(to_the_end(copy) == whole, "{flavour}, {workload}");
    }
}

#[test]
fn a_copy_with_other_random_numbers_has_the_same_past_and_another_future() {
    let plan = plan(Flavour::Crdt, Workload::Register, 1);
    let mut original = begun(&plan);
    original.go_on_until(4 * SECOND_NS).unwrap();
    let past = original.events().to_vec();
    let futures: Vec<Vec<Event>> = (0..4)
        .map(|seed| {
            let mut copy = original.clone();
            copy.world_mut().reseed(seed);
            to_the_end(copy)
        })
        .collect();
    let whole = to_the_end(original);
    for (number, future) in futures.iter().enumerate() {
        assert!(future.starts_with(&past));
        assert!(*future != whole && !futures[..number].contains(future));
    }
}
