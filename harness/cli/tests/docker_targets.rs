//! Stores that others wrote, in containers: what each is known for must be found, and nothing else be said of it.
//!
//! Where a finding takes luck (the primary must be cut off while somebody writes to it), the seed is one whose schedule
//! does that, and two more are tried.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod program;

use afterall_needs::tests;
use program::engine::{afterall, has, left, turn};
use program::{text, verdict};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    afterall_needs::run(tests! {
        || has(&["afterall/redis"]) =>
            redis_replicas_catch_up,
            redis_sentinel_loses_what_an_old_primary_acknowledged,
            redis_cluster_follows_its_slots,
            lies_to_redis_are_found;
        || has(&["afterall/etcd"]) =>
            etcd_is_clean_and_its_serializable_reads_are_stale,
            lies_to_etcd_are_found;
        || has(&["afterall/tarantool"]) => tarantool_stays_diverged;
        || has(&["afterall/bind9"]) => dns_is_as_stale_as_its_partitions_and_converges;
        || has(&["afterall/cassandra"]) => cassandra_loses_to_clocks, lies_to_cassandra_are_found;
    })
}

/// Runs a target; its exit code and verdict. Every fault must have taken hold and be healed, whatever was found.
fn run(target: &str, arguments: &[&str], seed: u32, store: &Path) -> (i32, Value) {
    let seed = seed.to_string();
    let mut command = afterall(&["run", target, "--seed", &seed], store);
    let output = command.args(arguments).output().unwrap();
    let code = output.status.code().unwrap();
    assert!(code < 254, "{target}: {}", text(&output));
    assert_eq!(left(store), 0, "{target}");
    let verdict = verdict(store);
    for fault in verdict["faults"].as_array().unwrap() {
        assert_eq!(fault["took"], Value::Bool(true), "{target}: {fault}");
        assert_eq!(fault["healed"], Value::Bool(true), "{target}: {fault}");
    }
    assert_ne!(code, 2, "{target}: {}", text(&output));
    (code, verdict)
}

/// Runs with one seed after the other, from this one on, until a verdict is as wanted.
fn one_of_three(
    target: &str,
    arguments: &[&str],
    seed: u32,
    wanted: impl Fn(i32, &Value) -> bool,
) -> Value {
    let store = tempfile::tempdir().unwrap();
    let mut verdicts = (seed..seed + 3).map(|seed| run(target, arguments, seed, store.path()));
    let found = verdicts.find(|(code, verdict)| wanted(*code, verdict));
    found.unwrap_or_else(|| panic!("{target}: not found in three runs")).1
}

fn fate(verdict: &Value, fate: &str) -> u64 {
    verdict["figures"]["fates"][fate].as_u64().unwrap()
}

/// The anomalies that break a property.
fn of<'a>(verdict: &'a Value, property: &str) -> Vec<&'a Value> {
    let anomalies = verdict["anomalies"].as_array().unwrap();
    anomalies.iter().filter(|anomaly| anomaly["property"] == property).collect()
}

/// Tells lies in short runs without faults: each must be found by one of these properties. Without a lie all is well.
fn lies_are_found(target: &str, workload: &str, lies: &[(&str, &[&str])]) {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let usual = ["--workload", workload, "--faults", "none", "--time", "8s"];
    for (lie, breaks) in lies {
        let lying = [&usual[..], &["--lie", lie]].concat();
        let (code, verdict) = run(target, &lying, 1, store.path());
        assert_eq!((code, verdict["lie"].as_str()), (1, Some(*lie)), "{}", verdict["reasons"]);
        let reasons = verdict["reasons"].to_string();
        assert!(breaks.iter().any(|property| reasons.contains(property)), "{lie}: {reasons}");
    }
    assert_eq!(run(target, &usual, 1, store.path()).0, 0);
}

fn lies_to_redis_are_found() {
    lies_are_found("redis", "register", &[("stale-read", &["convergence"])]);
    lies_are_found("redis", "counter", &[("double", &["no-double-increments"])]);
}

fn lies_to_etcd_are_found() {
    let lies: [(&str, &[&str]); 2] =
        [("drop-write", &["no-lost-writes"]), ("stale-read", &["monotonic-reads"])];
    lies_are_found("etcd", "register", &lies);
}

fn lies_to_cassandra_are_found() {
    let lies: [(&str, &[&str]); 2] =
        [("drop-write", &["read-your-writes"]), ("stale-read", &["monotonic-reads"])];
    lies_are_found("cassandra-quorum", "register", &lies);
}

fn redis_replicas_catch_up() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--workload", "counter", "--faults", "partition,pause", "--time", "20s"];
    assert_eq!(run("redis", &arguments, 1, store.path()).0, 0);
}

fn redis_sentinel_loses_what_an_old_primary_acknowledged() {
    let _turn = turn();
    let arguments = ["--workload", "register", "--faults", "partition", "--time", "25s"];
    let verdict =
        one_of_three("redis-sentinel", &arguments, 3, |_, verdict| fate(verdict, "lost") > 0);
    let lost = of(&verdict, "no-lost-writes");
    assert!(lost.iter().any(|a| a["cause"].as_str().unwrap().contains("partition")), "{lost:?}");
}

fn redis_cluster_follows_its_slots() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "pause", "--time", "15s"];
    assert_eq!(run("redis-cluster", &arguments, 1, store.path()).0, 0);
}

fn etcd_is_clean_and_its_serializable_reads_are_stale() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let arguments = ["--faults", "partition", "--time", "25s"];
    let (code, clean) = run("etcd", &arguments, 1, store.path());
    assert_eq!((code, fate(&clean, "lost")), (0, 0), "{}", clean["anomalies"]);
    assert_eq!(clean["figures"]["staleness"]["stale"], 0);

    let stale = one_of_three("etcd-serializable", &arguments, 3, |code, _| code == 1);
    assert!(stale["figures"]["staleness"]["stale"].as_u64().unwrap() > 0);
    assert!(!of(&stale, "causal").is_empty());
    assert!(of(&stale, "convergence").is_empty());
}

fn tarantool_stays_diverged() {
    let _turn = turn();
    let arguments = ["--faults", "partition", "--time", "25s", "--quiescence", "5s"];
    let verdict = one_of_three("tarantool", &arguments, 3, |code, _| code == 1);
    let diverged = of(&verdict, "convergence");
    assert!(
        diverged.iter().any(|a| a["blames"] == serde_json::json!(["partition"])),
        "{diverged:?}"
    );
    assert!(of(&verdict, "no-phantoms").is_empty());
}

fn dns_is_as_stale_as_its_partitions_and_converges() {
    let _turn = turn();
    let store = tempfile::tempdir().unwrap();
    let (code, verdict) = run("dns", &["--faults", "partition", "--time", "20s"], 1, store.path());
    assert_eq!(code, 0, "{}", verdict["reasons"]);
    let staleness = &verdict["figures"]["staleness"];
    let faults = verdict["faults"].as_array().unwrap();
    let lasted = |fault: &Value| fault["to"].as_i64().unwrap() - fault["from"].as_i64().unwrap();
    let longest: i64 = faults.iter().map(lasted).sum();
    let oldest = staleness["max_ns"].as_i64().unwrap();
    // While it is cut off a secondary cannot learn; afterwards it asks every two seconds.
    assert!(oldest > 0 && oldest < longest + 5_000_000_000, "{oldest} {longest}");
}

fn cassandra_loses_to_clocks() {
    let _turn = turn();
    let arguments = ["--faults", "clock", "--time", "20s"];
    let verdict =
        one_of_three("cassandra-one", &arguments, 1, |_, verdict| fate(verdict, "lost") > 0);
    let lost = of(&verdict, "no-lost-writes");
    assert!(lost.iter().any(|a| a["cause"].as_str().unwrap().contains("clock")), "{lost:?}");
    let store = tempfile::tempdir().unwrap();
    assert_eq!(
        run("cassandra-quorum", &["--faults", "none", "--time", "8s"], 1, store.path()).0,
        0
    );
}
