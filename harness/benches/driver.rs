//! Driver, generator and history writer against a client that answers at once: what the harness itself costs. One
//! operation is an invocation and a completion, both recorded.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use afterall::config::{RunConfig, WorldKind};
use afterall::driver::{Command, Completion, Driver, SessionKind};
use afterall_history::{Value, Workload, Writer};
use afterall_reference::core::Flavour;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::io;

const OPERATIONS: u64 = 100_000;

fn config(workload: Workload) -> RunConfig {
    RunConfig {
        target: "reference".into(),
        flavour: Some(Flavour::Crdt),
        mutant: None,
        workload,
        world: WorldKind::Sim,
        nodes: 5,
        concurrency: 10,
        sessions: SessionKind::Mixed,
        rate: None,
        time_ms: 3_600_000,
        quiescence_max_ms: 100,
        timeout_ms: 1_000,
        faults: Vec::new(),
        seed: 1,
        max_bound: Default::default(),
        toxiproxy: None,
        images: Default::default(),
        manifest_path: None,
        manifest: None,
    }
}

/// Answers everything at once, until so many operations are recorded.
fn drive(config: &RunConfig, operations: u64) -> u64 {
    let generator = config.generator().unwrap();
    let mut driver = Driver::new(config.plan().unwrap(), generator);
    let mut writer = Writer::new(io::sink(), &config.header(None)).unwrap();
    let mut commands = Vec::new();
    let mut now_ns = 0;
    while driver.progress().ok < operations {
        now_ns += 1_000;
        driver.poll(now_ns, &mut commands);
        for command in commands.drain(..) {
            let Command::Invoke(invocation) = command else { continue };
            let node = format!("n{}", invocation.node + 1);
            let read = invocation.operation.f.is_read().then(|| match config.workload {
                Workload::Cart => vec![Value::List(vec!["cup#1".into(), Value::Int(2)])].into(),
                _ => Value::Int(7),
            });
            let version = Some(Value::Map(vec![("n1.1".into(), Value::Int(3))]));
            driver.completed(now_ns, invocation.client, Completion::Ok { node, read, version });
        }
        driver.drain_events().try_for_each(|event| writer.append(&event)).unwrap();
    }
    driver.progress().ok
}

fn bench(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("driver, generator and history writer");
    group.throughput(Throughput::Elements(OPERATIONS)).sample_size(20);
    for workload in [Workload::Register, Workload::Counter, Workload::Cart] {
        let config = config(workload);
        group.bench_function(workload.name(), |bencher| {
            bencher.iter(|| assert!(drive(&config, OPERATIONS) >= OPERATIONS));
        });
    }
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
