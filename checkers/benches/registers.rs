//! How long it takes to judge a register history of 10⁴, 10⁵ and 10⁶ operations, and to read it from its file.
//!
//! The histories are correct: eight sticky sessions on three replicas that exchange their states, so that every
//! checker walks all of it. With and without versions: the exact and the inferred tier of the session guarantees.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod generate;

use afterall_checkers::check;
use afterall_history::{Event, Header, History, HistoryBuilder, Writer, read_jsonl_from};
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use generate::events;
use std::hint::black_box;

fn build(header: &Header, events: &[Event]) -> History {
    let mut builder = HistoryBuilder::new(header.clone()).expect("a good header");
    for event in events {
        builder.push(event).expect("a good event");
    }
    builder.finish()
}

fn bench(c: &mut Criterion) {
    for (name, versions) in [("check/versions", true), ("check/values", false)] {
        let mut group = c.benchmark_group(name);
        group.sample_size(10);
        for ops in [10_000, 100_000, 1_000_000] {
            let (header, events) = events(ops, versions);
            let history = build(&header, &events);
            drop(events);
            let verdict = check(&history);
            assert!(verdict.anomalies.is_empty(), "{:?}", verdict.anomalies);
            group.throughput(Throughput::Elements(ops));
            group.bench_function(BenchmarkId::from_parameter(ops), |b| {
                b.iter(|| black_box(check(&history)));
            });
        }
    }
    let (header, events) = events(100_000, true);
    let mut group = c.benchmark_group("file");
    group.throughput(Throughput::Elements(100_000));
    group.bench_function("write", |b| {
        b.iter_batched(
            || Vec::with_capacity(64 << 20),
            |out: Vec<u8>| {
                let mut writer = Writer::new(out, &header).expect("memory");
                events.iter().for_each(|event| writer.append(event).expect("memory"));
                writer.finish().expect("memory").len()
            },
            BatchSize::LargeInput,
        );
    });
    let mut writer = Writer::new(Vec::new(), &header).expect("memory");
    events.iter().for_each(|event| writer.append(event).expect("memory"));
    let bytes = writer.finish().expect("memory");
    group.bench_function("read", |b| {
        b.iter(|| read_jsonl_from(bytes.as_slice(), "bench").expect("a good file"));
    });
}

criterion_group!(benches, bench);
criterion_main!(benches);
