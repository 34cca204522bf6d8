//! Driver, generator and history writer against a client that answers at once: what the harness itself costs. One
//! operation is an invocation and a completion, both recorded.

#![expect(clippy::unwrap_used, reason = "a bench fails by panicking")]

use afterall_engine::driver::{Command, Completion, Driver};
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::{Value, Workload, Writer};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::io;
use std::time::Duration;

const OPERATIONS: u64 = 100_000;

fn config(workload: Workload) -> RunConfig {
    let config = RunConfig::builder().world(WorldKind::Sim).workload(workload).faults([]).seed(1);
    RunConfig { rate: None, ..config.time(Duration::from_secs(3_600)).build() }
}

/// Answers everything at once, until so many operations are recorded.
fn drive(config: &RunConfig, operations: u64) -> u64 {
    let plan = Plan::new(config.clone()).unwrap();
    let mut driver = Driver::new(plan.course().clone(), plan.generator());
    let mut writer = Writer::new(io::sink(), &plan.header(None)).unwrap();
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
            driver.completed(now_ns, invocation.asker, Completion::Ok { node, read, version });
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
