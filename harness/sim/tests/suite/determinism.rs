//! The simulated world is a function of its configuration.

use crate::runs::{carry_out, config, every_fault, everything, history, recorded};
use afterall_checkers::check;
use afterall_engine::{Observer, Stop};
use afterall_history::{EndHow, Event, Workload};
use afterall_reference::core::Flavour;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let mut seen = BTreeSet::new();
    let everything = everything();
    for seed in 0..everything.len() {
        let (flavour, workload) = everything[seed % everything.len()];
        let mut config = config(flavour, workload, seed as u64);
        config.faults = every_fault();
        config.rate = Some(60);
        let bytes = recorded(&config);
        assert!(bytes == recorded(&config), "seed {seed} gave two histories");
        assert!(history(&bytes).len() > 500);
        assert!(seen.insert(bytes), "seed {seed} gave the history of another");
    }
}

/// Some seeds of each flavour wherever the tests are run, a hundred for every change (`.ci/run`), a thousand in the night.
#[test]
fn small_runs_of_every_flavour_give_the_same_bytes_twice() {
    let seeds = std::env::var("AFTERALL_SEEDS").map_or(20, |seeds| seeds.parse().unwrap());
    let everything = everything();
    let next = AtomicU64::new(0);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let each = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                break;
            }
            for &flavour in Flavour::ALL {
                // Another of its data types for each seed.
                let of: Vec<Workload> =
                    everything.iter().filter(|(f, _)| *f == flavour).map(|(_, w)| *w).collect();
                let workload = of[usize::try_from(seed).unwrap() % of.len()];
                let mut config = config(flavour, workload, seed);
                config.faults = every_fault();
                config.rate = Some(20);
                let once = recorded(&config);
                assert!(once == recorded(&config), "{flavour}, {workload}, seed {seed}");
            }
        }
    };
    std::thread::scope(|scope| (0..cores).for_each(|_| drop(scope.spawn(each))));
}

#[test]
fn a_network_that_is_asked_to_be_as_usual_changes_no_byte() {
    let usual =
        "latency = '0.1ms..1ms'\njitter = '0s'\nloss = '0.5%'\nduplication = 0\nreordering = 0";
    let rows = format!("{usual}\n[[link]]\nlinks = 'n1..n2<->n3..n5'\n{usual}");
    for network in [usual, &rows] {
        for seed in 0..10 {
            let mut config = config(Flavour::Crdt, Workload::Cart, seed);
            config.faults = every_fault();
            let bytes = recorded(&config);
            config.network = toml::from_str(network).unwrap();
            assert!(!config.network.is_usual());
            assert!(recorded(&config) == bytes, "seed {seed}");
        }
    }
}

#[test]
fn every_fault_takes_hold_and_is_healed_on_a_network_that_takes_its_time() {
    let network = "latency = '20ms..60ms'\nduplication = '2%'\nreordering = '10%'\n\
                   [[link]]\nlinks = 'n1<->n2..n5'\nloss = '5%'\nlatency = { median = '30ms', sigma = 0.5 }";
    for seed in 0..10 {
        let mut config = config(Flavour::Crdt, Workload::Register, seed);
        config.faults = every_fault();
        config.time_ms = 20_000;
        config.network = toml::from_str(network).unwrap();
        let bytes = recorded(&config);
        assert!(bytes == recorded(&config), "seed {seed} gave two histories");
        let history = history(&bytes);
        assert!(history.faults().len() >= 6);
        for fault in history.faults() {
            assert!(fault.took.is_some() && fault.healed.is_some(), "seed {seed}: {fault:?}");
        }
        // What a correct store promises holds on any network.
        let verdict = check(&history);
        assert_eq!(verdict.anomalies.iter().find(|a| a.promised), None, "seed {seed}");
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
