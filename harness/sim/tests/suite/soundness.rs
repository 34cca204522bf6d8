//! Correct flavours under every fault: no alarm, and no doubt.

use crate::runs::{config, every_fault, everything, judge_all, judge_all_by};
use afterall_checkers::{Outcome, Valid, check_promised};
use afterall_engine::{RunConfig, SessionKind};
use afterall_history::{FaultKind, Promise, Workload};
use afterall_reference::core::Flavour;
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn ten_correct_runs_of_everything_raise_no_alarm() {
    let textbook = |(flavour, _): &(Flavour, Workload)| flavour.is_a_textbooks();
    let correct: Vec<_> = everything().into_iter().filter(|of| !textbook(of)).collect();
    let configs = (0..10 * correct.len()).map(|seed: usize| {
        let (flavour, workload) = correct[seed % correct.len()];
        let round = seed / correct.len();
        let mut config = config(flavour, workload, seed as u64);
        config.faults = every_fault();
        config.nodes = if round.is_multiple_of(2) { 5 } else { 3 };
        config.rate = Some(40 + (round / 2 % 4) as u32 * 40);
        config
    });
    let mut alarms = Vec::new();
    let (mut ok, mut fail, mut info) = (0, 0, 0);
    for (config, verdict) in judge_all_by(configs.collect(), check_promised) {
        ok += verdict.counts.ok;
        fail += verdict.counts.fail;
        info += verdict.counts.info;
        let kinds: BTreeSet<&str> = verdict.faults.iter().map(|f| f.kind.name()).collect();
        assert_eq!(kinds.len(), every_fault().len(), "seed {}: {kinds:?}", config.seed);
        if verdict.valid != Valid::True {
            alarms.push(format!(
                "seed {} ({:?} {} {}): {:?}: {:#?}",
                config.seed,
                config.flavour,
                config.workload.name(),
                config.nodes,
                verdict.valid,
                verdict.reasons
            ));
        }
    }
    println!("{ok} ok, {fail} fail, {info} info");
    assert!(ok > 200_000 && fail > 2_000 && info > 350, "{ok} ok, {fail} fail, {info} info");
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn every_kind_of_session_and_cluster_does() {
    let mut configs = Vec::new();
    for (seed, sessions) in
        [SessionKind::Sticky, SessionKind::Roaming, SessionKind::Mixed].into_iter().enumerate()
    {
        let mut config = config(Flavour::Crdt, Workload::Register, 9_000 + seed as u64);
        config.sessions = sessions;
        config.faults = vec![FaultKind::Kill, FaultKind::Pause, FaultKind::Clock];
        for (nodes, rate) in [(1, Some(100)), (2, None), (9, Some(400))] {
            configs.push(RunConfig { nodes, rate, ..config.clone() });
        }
    }
    for (config, verdict) in judge_all(configs) {
        let broken = verdict.anomalies.iter().filter(|a| a.promised);
        assert_eq!(broken.count(), 0, "{config:?}: {:?}", verdict.reasons);
        let missed = verdict.faults.iter().filter(|fault| !fault.took || !fault.healed);
        assert_eq!(missed.count(), 0, "{config:?}: {:?}", verdict.reasons);
    }
}

/// How many runs of each combination the nightly makes, unless this variable says otherwise.
const RUNS: &str = "AFTERALL_SMALL_RUNS";

/// Small runs reach what large ones blur: few operations, of which each meets a fault. They have few chances to break a
/// property, so that `unknown` is no alarm here; a broken promise is.
#[test]
#[ignore = "minutes: a nightly runs it"]
fn many_small_runs_break_no_promise() {
    let runs = std::env::var(RUNS).map_or(10, |runs| {
        runs.parse().unwrap_or_else(|_| panic!("expected a number as {RUNS}, found {runs:?}"))
    });
    let correct = everything().into_iter().filter(|(flavour, _)| !flavour.is_a_textbooks());
    let kinds = [SessionKind::Sticky, SessionKind::Roaming, SessionKind::Mixed];
    let combinations: Vec<_> =
        correct.flat_map(|(f, w)| kinds.into_iter().map(move |kind| (f, w, kind))).collect();
    let mut silent: BTreeMap<String, u64> = BTreeMap::new();
    let mut chances: BTreeMap<String, u64> = BTreeMap::new();
    let mut alarms = Vec::new();
    // Round by round, so that a nightly that is cut short has tried everything alike.
    for round in 0..runs {
        let configs = combinations.iter().enumerate().map(|(place, &(flavour, workload, kind))| {
            let seed = 1_000_000 + round * combinations.len() as u64 + place as u64;
            let mut config = config(flavour, workload, seed);
            config.faults = every_fault();
            config.faults.push(FaultKind::DiskFull);
            config.faults.extend(flavour.has_membership().then_some(FaultKind::Leave));
            config.time_ms = 14_000;
            config.sessions = kind;
            config.nodes = if round.is_multiple_of(2) { 3 } else { 5 };
            config.rate = Some(20);
            config
        });
        for (config, verdict) in judge_all_by(configs.collect(), check_promised) {
            let flavour = config.flavour.map_or("", |flavour| flavour.name());
            let (workload, kind) = (config.workload.name(), config.sessions.name());
            let of = format!("{flavour} {workload} {kind}");
            let counts = verdict.counts;
            assert!(counts.ok > 20, "{of}, seed {}: {counts:?}", config.seed);
            for promised in verdict.properties.iter().filter(|property| property.promised) {
                let promise = Promise::to(promised.property, promised.sessions);
                // Of all kinds of sessions: one alone does not try what is promised to another.
                let sum = chances.entry(format!("{flavour} {workload}: {promise}")).or_default();
                if let Outcome::Held { chances, .. } = promised.outcome {
                    *sum += chances;
                }
            }
            let broken = verdict.anomalies.iter().filter(|a| a.promised);
            let broken: Vec<_> = broken.map(|a| (a.property, &a.sentence)).collect();
            let count = silent.entry(of.clone()).or_default();
            if broken.is_empty() {
                *count += 1;
            } else {
                let alarm =
                    format!("{of}, seed {}, {} nodes: {broken:?}", config.seed, config.nodes);
                println!("alarm: {alarm}");
                alarms.push(alarm);
            }
        }
        println!("round {} of {runs}: {} alarms", round + 1, alarms.len());
    }
    for (of, count) in silent {
        println!("{of}: {count} of {runs} silent");
    }
    for (promise, chances) in &chances {
        println!("{promise}: {chances} chances");
    }
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
    // What could never have been broken is not shown to hold.
    let untried: Vec<_> = chances.iter().filter(|&(_, &chances)| chances == 0).collect();
    assert!(untried.is_empty() || runs < 10, "never tried: {untried:?}");
}
