//! The simulated world is a function of its configuration.

use crate::runs::{config, history, recorded};
use afterall::nemesis::EVERYWHERE;
use afterall::world::sim;
use afterall_history::{EndHow, Event, Workload};
use afterall_reference::core::Flavour;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut seen = BTreeSet::new();
    for seed in 0..50 {
        let workloads = [Workload::Register, Workload::Counter, Workload::Cart];
        let flavour = Flavour::ALL[seed % 3];
        let mut config = config(flavour, workloads[seed / 3 % 3], seed as u64);
        config.faults = EVERYWHERE.to_vec();
        let bytes = recorded(&config);
        assert!(bytes == recorded(&config), "seed {seed} gave two histories");
        assert!(history(&bytes).len() > 500);
        assert!(seen.insert(bytes), "seed {seed} gave the history of another");
    }
}

#[test]
fn an_interrupted_run_says_so() {
    let config = config(Flavour::Crdt, Workload::Register, 1);
    let interrupted = AtomicBool::new(false);
    let mut events = Vec::new();
    let mut sink = |event: &Event| {
        events.push(event.clone());
        interrupted.store(events.len() > 100, Ordering::Relaxed);
        Ok(())
    };
    sim::run(&config, &interrupted, &mut sink).unwrap();
    assert!(events.len() < 200, "{} events", events.len());
    let Some(Event::End(end)) = events.last() else { panic!("no end") };
    assert_eq!(end.how, EndHow::Interrupted);
}

#[test]
fn a_history_that_cannot_be_written_ends_the_run() {
    let config = config(Flavour::Crdt, Workload::Register, 1);
    let mut sink = |_: &Event| Err(io::Error::from(io::ErrorKind::StorageFull));
    let error = sim::run(&config, &AtomicBool::new(false), &mut sink).unwrap_err();
    assert!(error.to_string().starts_with("write the history"), "{error}");
}
