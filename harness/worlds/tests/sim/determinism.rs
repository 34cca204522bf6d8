//! The simulated world is a function of its configuration.

use crate::runs::{carry_out, config, every_fault, everything, history, recorded};
use afterall_engine::{Observer, Stop};
use afterall_history::{EndHow, Event, Workload};
use afterall_reference::core::Flavour;
use std::collections::BTreeSet;
use std::io;

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut seen = BTreeSet::new();
    let everything = everything();
    for seed in 0..2 * everything.len() {
        let (flavour, workload) = everything[seed % everything.len()];
        let mut config = config(flavour, workload, seed as u64);
        config.faults = every_fault();
        let bytes = recorded(&config);
        assert!(bytes == recorded(&config), "seed {seed} gave two histories");
        assert!(history(&bytes).len() > 500);
        assert!(seen.insert(bytes), "seed {seed} gave the history of another");
    }
}

/// Presses the switch after a hundred events.
struct Impatient {
    events: Vec<Event>,
    stop: Stop,
}

impl Observer for Impatient {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.events.push(event.clone());
        if self.events.len() > 100 {
            self.stop.stop();
        }
        Ok(())
    }
}

#[test]
fn an_interrupted_run_says_so() {
    let config = config(Flavour::Crdt, Workload::Register, 1);
    let stop = Stop::default();
    let mut observer = Impatient { events: Vec::new(), stop: stop.clone() };
    carry_out(&config, &mut observer, &stop).unwrap();
    let events = observer.events;
    assert!(events.len() < 200, "{} events", events.len());
    let Some(Event::End(end)) = events.last() else { panic!("no end") };
    assert_eq!(end.how, EndHow::Interrupted);
}

/// A disk that is full.
struct Full;

impl Observer for Full {
    fn record(&mut self, _: &Event) -> io::Result<()> {
        Err(io::ErrorKind::StorageFull.into())
    }
}

#[test]
fn a_history_that_cannot_be_written_ends_the_run() {
    let config = config(Flavour::Crdt, Workload::Register, 1);
    let error = carry_out(&config, &mut Full, &Stop::default()).unwrap_err();
    assert_eq!(error.to_string(), "the history cannot be written");
}
