//! Runs as a library: many at a time, and with faults that are given.

use crate::runs::{config, every_fault, recorded, sim};
use afterall_engine::faults::{Effect, Fate, Fault, Planned, Schedule};
use afterall_engine::{Plan, Recording, RunConfig, run};
use afterall_history::{FaultKind, Value, Workload};
use afterall_reference::core::Flavour;

fn carried_out(config: RunConfig) -> Recording {
    let plan = Plan::new(config).unwrap();
    run(&plan, &mut *sim(&plan), &mut ()).unwrap()
}

#[test]
fn runs_go_on_side_by_side_in_one_process() {
    let configs = (1..=8).map(|seed| RunConfig {
        faults: every_fault(),
        ..config(Flavour::Crdt, Workload::Register, seed)
    });
    let threads: Vec<_> =
        configs.map(|config| std::thread::spawn(|| carried_out(config))).collect();
    for thread in threads {
        let recording = thread.join().unwrap();
        assert!(recording.history().len() > 500);
        assert!(recording.judge().reasons.is_empty());
    }
}

#[test]
fn a_schedule_that_is_given_is_carried_out() {
    let second = 1_000_000_000_u64;
    let kill = |at, node| Planned {
        at_ns: at * second,
        until_ns: (at + 1) * second,
        fault: Fault {
            kind: FaultKind::Kill,
            effect: Effect::Process { node, fate: Fate::Killed },
            parameters: Value::Nil,
        },
    };
    let schedule = Schedule::Given(vec![kill(0, 1), kill(2, 3), kill(4, 1)]);
    let config = RunConfig { schedule, ..config(Flavour::Crdt, Workload::Register, 1) };
    let recording = carried_out(config);
    let history = recording.history();
    let nodes: Vec<_> =
        history.faults().iter().map(|fault| history.node_name(fault.nodes[0])).collect();
    assert_eq!(nodes, ["n2", "n4", "n2"]);
    assert!(history.faults().iter().all(|fault| fault.took.is_some() && fault.healed.is_some()));
}

#[test]
fn a_schedule_that_is_spelled_out_makes_the_same_history() {
    for seed in 1..=8 {
        let config =
            RunConfig { faults: every_fault(), ..config(Flavour::Crdt, Workload::Cart, seed) };
        let spelled_out = Plan::new(config.clone()).unwrap().spelled_out();
        assert!(!spelled_out.schedule.given().unwrap().is_empty());
        let read: RunConfig = toml::from_str(&toml::to_string(&spelled_out).unwrap()).unwrap();
        assert_eq!(read, spelled_out);
        assert!(recorded(&read) == recorded(&config), "seed {seed}");
    }
}
