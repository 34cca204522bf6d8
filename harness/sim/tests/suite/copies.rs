//! Clusters in which not each node holds everything, and quorums of any size: what is promised holds under every fault, and quorums that
//! need not meet are seen not to.

use crate::runs::{config, every_fault, everything, judge_all};
use afterall_engine::{Plan, RunConfig};
use afterall_history::{FaultKind, Property, Sessions, Workload};
use afterall_reference::core::{Copies, Flavour, Mechanism, Mechanisms};

fn copies(replicas: u16, reads: u16, writes: u16) -> Copies {
    Copies { replicas: Some(replicas), reads: Some(reads), writes: Some(writes) }
}

const THREE: Copies = Copies { replicas: Some(3), reads: None, writes: None };

fn no_alarm(runs: Vec<RunConfig>) {
    let mut alarms = Vec::new();
    for (config, verdict) in judge_all(runs) {
        let of = format!("{:?} {:?} {}", config.flavour, config.copies, config.workload.name());
        assert!(verdict.counts.ok > 200, "{of}: {:?}", verdict.counts);
        let broken = verdict.anomalies.iter().filter(|a| a.promised);
        alarms.extend(broken.map(|a| format!("{of} seed {}: {}", config.seed, a.sentence)));
        let convergence = verdict.properties.iter().find(|p| p.property == Property::Convergence);
        assert!(convergence.is_some_and(|p| p.outcome.is_held()), "{of}: {:?}", verdict.reasons);
    }
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}

#[test]
fn three_copies_on_five_nodes_keep_what_is_promised_under_every_fault() {
    let mut runs = Vec::new();
    for (flavour, workload) in everything() {
        let mut config = config(flavour, workload, 80_000 + runs.len() as u64);
        config.faults = every_fault();
        config.copies = THREE;
        if Plan::new(config.clone()).is_ok() {
            runs.push(config);
        }
    }
    assert!(runs.len() > 30);
    no_alarm(runs);
}

#[test]
fn hints_alone_bring_each_change_to_those_that_hold_it() {
    let run = |seed| {
        let mut config = config(Flavour::Crdt, Workload::Register, seed);
        config.faults = vec![FaultKind::Partition, FaultKind::Kill];
        (config.copies, config.mechanisms) = (THREE, Mechanisms::NONE.with(Mechanism::Hints));
        config
    };
    no_alarm((81_000..81_003).map(run).collect());
}

#[test]
fn a_request_that_arrives_twice_is_carried_out_once() {
    let network = "duplication = '10%'\nreordering = '5%'\nlatency = '1ms..5ms'";
    let run = |seed| {
        let mut config = config(Flavour::Crdt, Workload::Counter, seed);
        (config.copies, config.network) = (THREE, toml::from_str(network).unwrap());
        config
    };
    for config in (84_000..84_003).map(run) {
        let promises = config.header(None).promises;
        assert!(promises.iter().any(|it| it.property == Property::NoDoubleIncrements));
        no_alarm(vec![config]);
    }
}

fn quorums(copies: Copies, seed: u64) -> RunConfig {
    let mut config = config(Flavour::Quorum, Workload::Register, seed);
    (config.copies, config.faults, config.rate) = (copies, every_fault(), Some(400));
    config
}

#[test]
fn quorums_that_meet_are_linearizable_and_others_are_seen_not_to_be() {
    let meet =
        [copies(3, 2, 2), copies(3, 1, 3), copies(3, 3, 1), copies(5, 2, 4), copies(5, 4, 2)];
    let runs = (0..10).map(|at| quorums(meet[at % meet.len()], 82_000 + at as u64));
    let runs: Vec<RunConfig> = runs.collect();
    for config in &runs {
        let promises = config.header(None).promises;
        assert!(promises.iter().any(|it| it.property == Property::Linearizable), "{config:?}");
    }
    no_alarm(runs);
    for copies in [copies(3, 1, 1), copies(5, 1, 1), copies(5, 2, 3)] {
        let runs: Vec<RunConfig> = (0..12).map(|seed| quorums(copies, 83_000 + seed)).collect();
        let promises = runs[0].header(None).promises;
        assert!(promises.iter().all(|it| it.property != Property::Linearizable), "{promises:?}");
        let mut broken = 0;
        for (_, verdict) in judge_all(runs) {
            let shown = verdict.properties.iter().find(|p| p.property == Property::Linearizable);
            broken += u32::from(shown.is_some_and(|p| p.outcome.is_broken()));
            let alarm = verdict.anomalies.iter().find(|a| a.promised);
            assert!(alarm.is_none(), "{copies:?}: {alarm:?}");
        }
        assert!(broken > 0, "{copies:?}");
    }
}

#[test]
fn a_session_that_stays_with_a_node_stays_with_no_replica() {
    let mut config = config(Flavour::Crdt, Workload::Register, 1);
    config.copies = THREE;
    let promises = config.header(None).promises;
    assert!(promises.iter().all(|promise| promise.sessions != Sessions::Sticky), "{promises:?}");
    let refused = |copies, flavour| {
        let flavour = Some(flavour);
        Plan::new(RunConfig { copies, flavour, ..config.clone() }).unwrap_err().to_string()
    };
    assert_eq!(
        refused(copies(9, 2, 2), Flavour::Quorum),
        "copies: replicas: expected 1 to 5, found 9"
    );
    assert!(refused(copies(3, 2, 2), Flavour::Crdt).contains("expected the flavour quorum"));
    assert!(refused(THREE, Flavour::Causal).contains("has its own rule of which node holds what"));
}
