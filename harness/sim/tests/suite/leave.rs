//! Nodes that leave their cluster and join it again: every promise holds, and who leaves without handing over is found.

use crate::runs::{config, every_fault, everything, history, judge_all, judge_all_by, recorded};
use afterall_checkers::verdict::FaultVerdict;
use afterall_checkers::{Valid, Verdict, check_promised};
use afterall_engine::{Plan, RunConfig};
use afterall_history::{FaultKind, NodeChange, Workload};
use afterall_reference::core::{Copies, Flavour, MUTANTS, Mechanism, Mechanisms};

fn leaves(verdict: &Verdict) -> impl Iterator<Item = &FaultVerdict> {
    verdict.faults.iter().filter(|fault| fault.kind == FaultKind::Leave)
}

/// Whether a node was out, and not only on its way.
fn was_out(fault: &FaultVerdict) -> bool {
    fault.evidence.iter().any(|said| said.contains("it has left the cluster"))
}

/// Every flavour that has members that come and go, with each of its workloads.
fn able() -> Vec<(Flavour, Workload)> {
    everything().into_iter().filter(|(flavour, _)| flavour.has_membership()).collect()
}

/// The alarms of runs, and how many nodes were out.
fn judge(configs: Vec<RunConfig>) -> (Vec<String>, usize) {
    let (mut out, mut alarms) = (0, Vec::new());
    for (config, verdict) in judge_all_by(configs, check_promised) {
        let of = format!(
            "{:?} {} {} nodes, {}, {:?}, seed {}",
            config.flavour,
            config.workload.name(),
            config.nodes,
            config.mechanisms,
            config.faults,
            config.seed
        );
        assert!(leaves(&verdict).count() > 0, "{of}");
        // Without gossip a cut may find links that have carried nothing: that is its own affair.
        for fault in leaves(&verdict) {
            assert!(fault.took && fault.healed, "{of}: {fault:?}");
        }
        out += leaves(&verdict).filter(|fault| was_out(fault)).count();
        let broken = verdict.anomalies.iter().filter(|it| it.promised);
        alarms.extend(broken.map(|anomaly| format!("{of}: {}", anomaly.sentence)));
    }
    (alarms, out)
}

#[test]
fn every_promise_holds_where_nodes_leave_and_nothing_else_happens() {
    let configs = (0..3 * able().len()).map(|place| {
        let (flavour, workload) = able()[place % able().len()];
        let mut config = config(flavour, workload, 110_000 + place as u64);
        config.faults = vec![FaultKind::Leave];
        config.nodes = [5, 3, 2][place / able().len()];
        config
    });
    let (alarms, out) = judge(configs.collect());
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
    assert!(out > 200, "{out}");
}

#[test]
fn every_promise_holds_where_nodes_leave_among_other_faults() {
    let configs = (0..4 * able().len()).map(|place| {
        let (flavour, workload) = able()[place % able().len()];
        let mut config = config(flavour, workload, 120_000 + place as u64);
        config.faults = every_fault();
        config.faults.extend([FaultKind::DiskFull, FaultKind::Leave]);
        config.time_ms = 14_000;
        config.nodes = if (place / able().len()).is_multiple_of(2) { 5 } else { 3 };
        config.rate = Some(40);
        config
    });
    let (alarms, out) = judge(configs.collect());
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
    assert!(out > 130, "{out}");
}

#[test]
fn every_mix_of_mechanisms_keeps_what_is_promised_with_it_where_nodes_leave() {
    let alone = Mechanism::ALL.iter().map(|&mechanism| Mechanisms::NONE.with(mechanism));
    let mixes: Vec<Mechanisms> = alone.chain([Mechanisms::NONE]).collect();
    let mut configs = Vec::new();
    for (flavour, workload) in able() {
        for &mechanisms in mixes.iter().filter(|&&mix| flavour.check(mix).is_ok()) {
            let mut config = config(flavour, workload, 130_000 + configs.len() as u64);
            config.faults = vec![FaultKind::Partition, FaultKind::Kill, FaultKind::Leave];
            config.mechanisms = mechanisms;
            config.rate = Some(40);
            configs.push(config);
        }
    }
    let (alarms, out) = judge(configs);
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
    assert!(out > 100, "{out}");
}

#[test]
fn a_healthy_cluster_lets_a_node_go_at_once_and_its_clients_are_refused() {
    let mut config = config(Flavour::Crdt, Workload::Register, 1);
    config.faults = vec![FaultKind::Leave];
    config.rate = Some(300);
    let recorded = recorded(&config);
    let history = history(&recorded);
    let verdict = afterall_checkers::check(&history);
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    assert!(leaves(&verdict).all(was_out));
    assert!(history.node_turns().iter().all(|turn| turn.change == NodeChange::Ready));
    let text = String::from_utf8(recorded).unwrap();
    assert!(text.contains("it has left the cluster; 4 of 4 others see it as out"));
    assert!(text.contains("it is a member; 4 of 4 others see it as one"));
    assert!(text.contains("this node has left the cluster"));
}

#[test]
fn who_leaves_early_is_found_and_who_does_not_is_not() {
    let row = MUTANTS.iter().find(|row| row.name == "leave-early").unwrap();
    let run = |seed: u64, mutant| {
        let mut config = config(row.flavour, row.workload, seed);
        config.faults = row.faults.to_vec();
        config.mechanisms = row.mechanisms;
        config.rate = Some(300);
        config.mutant = mutant;
        config
    };
    let broken = |mutant| {
        let verdicts = judge_all((1..=8).map(|seed| run(seed, mutant)).collect());
        let broken = verdicts.into_iter().filter(|(_, verdict)| verdict.breaks_promise(row.breaks));
        broken.map(|(config, _)| config.seed).collect::<Vec<u64>>()
    };
    let seeds = broken(Some(row.mutant()));
    println!("found with the seeds {seeds:?}");
    assert!(seeds.len() >= 4);
    assert!(broken(None).is_empty());
}

#[test]
fn a_run_whose_nodes_leave_repeats() {
    let mut config = config(Flavour::Quorum, Workload::Register, 7);
    config.faults = vec![FaultKind::Partition, FaultKind::Leave];
    assert_eq!(recorded(&config), recorded(&config));
}

#[test]
fn a_run_has_nodes_that_leave_only_where_it_is_asked_for_and_excuses_nothing() {
    assert!(!every_fault().contains(&FaultKind::Leave));
    let mut asked = config(Flavour::Quorum, Workload::Register, 1);
    asked.faults = vec![FaultKind::Leave];
    assert!(asked.header(None).promises.iter().all(|promise| promise.unless.is_empty()));
}

#[test]
fn a_store_that_knows_no_members_that_come_and_go_is_refused_with_the_reason() {
    let refused = |change: &dyn Fn(&mut RunConfig)| {
        let mut config = config(Flavour::Crdt, Workload::Register, 1);
        config.faults = vec![FaultKind::Leave];
        change(&mut config);
        Plan::new(config).err().unwrap().to_string()
    };
    for flavour in [Flavour::Textbook, Flavour::TextbookTree, Flavour::TtlCache] {
        let error = refused(&|config| config.flavour = Some(flavour));
        assert!(error.contains("cannot leave its cluster (lww, lww-hlc"), "{error}");
    }
    let partial = Copies { replicas: Some(3), ..Copies::default() };
    let error = refused(&|config| (config.nodes, config.copies) = (5, partial));
    assert!(error.contains("each node holds everything"), "{error}");
    let error = refused(&|config| config.nodes = 1);
    assert!(error.contains("nobody to hand over to"), "{error}");
}
