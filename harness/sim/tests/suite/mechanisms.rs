//! Each mechanism alone and with others: what is promised then holds under every fault, and what one mechanism alone mends and
//! does not.

use crate::runs::{config, every_fault, everything, judge_all, judge_all_by};
use afterall_checkers::{Verdict, check_promised};
use afterall_engine::RunConfig;
use afterall_history::{FaultKind, Property, Workload};
use afterall_reference::core::{Flavour, Mechanism, Mechanisms};

/// Mechanisms, each alone, and those that a store may well have together.
fn mixes() -> Vec<Mechanisms> {
    let alone = Mechanism::ALL.iter().map(|&mechanism| Mechanisms::NONE.with(mechanism));
    let together = ["none", "read-repair,hints", "rumors,anti-entropy,read-repair,hints"];
    alone.chain(together.iter().map(|text| text.parse().unwrap())).collect()
}

fn alarms(runs: Vec<RunConfig>) -> Vec<String> {
    let mut alarms = Vec::new();
    for (config, verdict) in judge_all_by(runs, check_promised) {
        let broken = verdict.anomalies.iter().filter(|a| a.promised);
        for anomaly in broken {
            alarms.push(format!(
                "{:?} {} with {}, seed {}: {}",
                config.flavour,
                config.workload.name(),
                config.mechanisms,
                config.seed,
                anomaly.sentence
            ));
        }
    }
    alarms
}

/// Every flavour and workload with every mix that it can have.
fn every_mix(seeds: u64) -> Vec<RunConfig> {
    let mut runs = Vec::new();
    for (flavour, workload) in everything() {
        for mechanisms in mixes().into_iter().filter(|&mix| flavour.check(mix).is_ok()) {
            for _ in 0..seeds {
                let mut config = config(flavour, workload, 40_000 + runs.len() as u64);
                config.faults = every_fault();
                config.mechanisms = mechanisms;
                runs.push(config);
            }
        }
    }
    runs.retain(|config| !config.flavour.is_some_and(Flavour::is_a_textbooks));
    runs
}

#[test]
fn every_mix_of_mechanisms_keeps_what_is_promised_with_it() {
    // Every third: the ignored test below makes all.
    let runs: Vec<RunConfig> = every_mix(1).into_iter().step_by(3).collect();
    let kept = runs.iter().filter(|config| {
        config.header(None).promises.iter().any(|it| it.property == Property::Convergence)
    });
    assert!(kept.count() > runs.len() / 3);
    let alarms = alarms(runs);
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
#[ignore = "minutes: a nightly runs it"]
fn many_runs_of_every_mix_break_no_promise() {
    let runs = std::env::var("AFTERALL_SMALL_RUNS").map_or(10, |runs| runs.parse().unwrap());
    let alarms = alarms(every_mix(runs));
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

/// Runs with mechanisms in which links are cut and nodes are killed.
fn cut(mechanisms: Mechanisms) -> Vec<(RunConfig, Verdict)> {
    let run = |seed| {
        let mut config = config(Flavour::Crdt, Workload::Register, seed);
        config.faults = vec![FaultKind::Partition, FaultKind::Kill];
        config.rate = Some(500);
        config.mechanisms = mechanisms;
        config
    };
    judge_all((1..=4).map(run).collect())
}

fn agree(verdict: &Verdict) -> bool {
    let of = |property: Property| verdict.properties.iter().find(move |p| p.property == property);
    of(Property::Convergence).is_some_and(|convergence| convergence.outcome.is_held())
}

#[test]
fn what_rumors_miss_stays_missing_and_hints_or_anti_entropy_bring_it() {
    let alone = |mechanism| Mechanisms::NONE.with(mechanism);
    for mechanism in [Mechanism::AntiEntropy, Mechanism::Hints] {
        for (config, verdict) in cut(alone(mechanism)) {
            assert!(agree(&verdict), "{mechanism}, seed {}: {:?}", config.seed, verdict.reasons);
        }
    }
    for mechanisms in [Mechanisms::NONE, alone(Mechanism::Rumors)] {
        let apart = cut(mechanisms).iter().filter(|(_, verdict)| !agree(verdict)).count();
        assert_eq!(apart, 4, "{mechanisms}");
    }
}

#[test]
fn reads_mend_what_they_find_stale() {
    // The reads at the end are reads, too.
    for (config, verdict) in cut(Mechanisms::NONE.with(Mechanism::ReadRepair)) {
        assert!(agree(&verdict), "seed {}: {:?}", config.seed, verdict.reasons);
    }
}
