//! How long it takes to judge causal memory and all else that is judged of registers: 10⁴ and 10⁵ operations of fifty
//! sessions on a hundred keys, of a store that keeps causal memory and does not converge; and the same with a stale read.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]
#![expect(clippy::unwrap_used, reason = "the store is that of the tests")]

#[allow(dead_code, reason = "made for tests, and a bench needs a part of it")]
#[path = "../tests/suite/delivery.rs"]
mod delivery;
#[allow(dead_code, reason = "made for tests, and a bench needs a part of it")]
#[path = "../tests/suite/store.rs"]
mod store;

use afterall_checkers::check;
use afterall_history::{HistoryBuilder, Property, Sessions};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use delivery::{Delivery, run};
use std::hint::black_box;

fn bench(c: &mut Criterion) {
    for (name, stale) in [("kept", false), ("one stale read", true)] {
        let mut group = c.benchmark_group(format!("causal memory/{name}"));
        group.sample_size(10);
        for ops in [10_000, 100_000] {
            let (header, events) = run(Delivery::CausalMemory, (50, 100, ops), stale, 1);
            let mut builder = HistoryBuilder::new(header).expect("a good header");
            for event in &events {
                builder.push(event).expect("a good event");
            }
            let history = builder.finish();
            drop(events);
            let verdict = check(&history);
            let found = verdict.property(Property::CausalMemory, Sessions::All);
            let found = found.expect("it is judged");
            assert_eq!(found.outcome.is_held(), !stale, "{}", found.summary);
            group.throughput(Throughput::Elements(ops));
            group.bench_function(BenchmarkId::from_parameter(ops), |b| {
                b.iter(|| black_box(check(&history)));
            });
        }
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
