//! Faults that are injected and not, healed and not: what the evidence says of each.

use super::*;
use crate::reference::Reference;
use afterall_engine::faults::Registry;
use afterall_engine::{Plan, RunConfig, Stop, World, WorldKind};
use afterall_history::{FaultKind, Value};
use std::collections::BTreeSet;
use std::time::Duration;

type Sim = Simulation<Reference>;

/// A running cluster that nobody asks anything, whose nodes have begun to talk, and its plan.
fn world(seed: u64) -> (Sim, Plan) {
    let kinds = Registry::standard().kinds(WorldKind::Sim.abilities());
    let config = RunConfig::builder().world(WorldKind::Sim).seed(seed).faults(kinds);
    let plan = Plan::new(config.time(Duration::from_secs(3_600)).build()).unwrap();
    let mut world = Simulation::new(&plan, Reference::configs(&plan));
    world.start(&Stop::default()).unwrap();
    let nodes = plan.course().nodes.len();
    while world.arrived.len() < nodes * (nodes - 1) {
        world.step().unwrap();
    }
    (world, plan)
}

/// Lets time pass until what is watched is decided, and returns whether the evidence holds.
fn decided(world: &mut Sim, id: usize) -> Evidence {
    loop {
        for happened in world.happened.drain(..) {
            match happened {
                Happened::Injected(of, evidence)
                | Happened::Measured(of, Some(evidence))
                | Happened::Healed(of, evidence)
                    if of == id =>
                {
                    return evidence;
                }
                _ => {}
            }
        }
        world.step().unwrap();
    }
}

/// The first fault of each kind.
fn faults(plan: &Plan) -> Vec<(usize, Fault)> {
    let mut kinds = BTreeSet::new();
    let all = plan.course().schedule.iter().map(|planned| planned.fault.clone()).enumerate();
    let faults: Vec<_> = all.filter(|(_, fault)| kinds.insert(fault.kind)).collect();
    assert_eq!(faults.len(), WorldKind::Sim.abilities().len());
    faults
}

#[test]
fn a_fault_that_is_injected_takes_hold_and_is_gone_when_it_is_healed() {
    for seed in 0..20 {
        let (mut world, plan) = world(seed);
        for (id, fault) in faults(&plan) {
            world.inject(id, &fault);
            let evidence = decided(&mut world, id);
            assert!(evidence.holds, "{fault:?}: {evidence}");
            world.measure(id, &fault);
            let evidence = decided(&mut world, id);
            assert!(evidence.holds, "{fault:?}: {evidence}");
            world.heal(id, &fault);
            let evidence = decided(&mut world, id);
            assert!(evidence.holds, "{fault:?}: {evidence}");
        }
    }
}

#[test]
fn a_fault_that_is_not_injected_is_missed() {
    for seed in 0..20 {
        let (mut world, plan) = world(seed);
        for (id, fault) in faults(&plan) {
            let incarnation = world.hosts[0].incarnation();
            world.watch(id, fault.clone(), Shows::TakesHold, incarnation);
            let evidence = decided(&mut world, id);
            assert!(!evidence.holds, "{fault:?}: {evidence}");
        }
    }
}

/// For each kind of fault, in worlds of their own in which it has taken hold: what `then` makes of it must not hold.
fn must_not_hold(then: impl Fn(&mut Sim, usize, &Fault, u32)) {
    for seed in 0..20 {
        for place in 0..WorldKind::Sim.abilities().len() {
            let (mut world, plan) = world(seed);
            let (id, fault) = faults(&plan).swap_remove(place);
            world.inject(id, &fault);
            assert!(decided(&mut world, id).holds);
            let incarnation = world.watches[&id].incarnation;
            then(&mut world, id, &fault, incarnation);
            let evidence = decided(&mut world, id);
            assert!(!evidence.holds, "{fault:?}: {evidence}");
        }
    }
}

#[test]
fn a_fault_that_let_go_does_not_hold_any_more() {
    must_not_hold(|world, id, fault, incarnation| {
        // Somebody else undoes it.
        world.heal(id, fault);
        assert!(decided(world, id).holds);
        world.watch(id, fault.clone(), Shows::TakesHold, incarnation);
        world.measure(id, fault);
    });
}

#[test]
fn a_drift_is_seen_on_its_way_and_a_jump_is_none() {
    for (seed, by_ms) in [(1, 600), (2, -600), (3, 3_000), (4, -3_000), (5, 40)] {
        let (mut world, _) = world(seed);
        let fault = |how| Fault {
            kind: FaultKind::Clock,
            effect: Effect::Clock { node: 1, how },
            parameters: Value::Nil,
        };
        let drift = fault(ClockFault::Drift { by_ms, over_ms: 1_600 });
        world.inject(0, &drift);
        let evidence = decided(&mut world, 0);
        let [Observation::ClockDrifts { between_us, then_us }] = evidence.observed[..] else {
            panic!("{evidence}")
        };
        assert!(evidence.holds && between_us.abs() < then_us.abs(), "{evidence}");
        world.measure(0, &drift);
        assert!(decided(&mut world, 0).holds);
        world.heal(0, &drift);
        assert!(decided(&mut world, 0).holds);
        // What jumps to the same place has not drifted there.
        world.inject(1, &fault(ClockFault::Bump { by_ms }));
        world.watch(1, drift, Shows::TakesHold, 1);
        assert!(!decided(&mut world, 1).holds);
    }
}

#[test]
fn a_fault_that_is_not_healed_is_stuck() {
    must_not_hold(|world, id, fault, incarnation| {
        world.watch(id, fault.clone(), Shows::IsGone, incarnation);
    });
}
