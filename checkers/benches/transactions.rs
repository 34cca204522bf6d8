//! How long it takes to judge histories of transactions of 10⁴ to 10⁷ operations, and to read them from Plume's text.
//!
//! Eight operations a transaction; see `prefix` for what the histories are.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

mod prefix;

use afterall_checkers::check_transactions;
use afterall_formats::plume;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use prefix::{OPS, history};
use std::hint::black_box;

fn bench(c: &mut Criterion) {
    for sessions in [10, 50] {
        let sizes = [10_000, 100_000, 1_000_000, 10_000_000];
        let histories: Vec<(u64, Vec<u8>)> =
            sizes.into_iter().map(|ops| (ops, history(ops / OPS, sessions, false))).collect();
        let mut group = c.benchmark_group(format!("transactions/read/{sessions} sessions"));
        group.sample_size(10);
        for (ops, text) in &histories {
            group.throughput(Throughput::Elements(*ops));
            group.bench_function(BenchmarkId::from_parameter(ops), |b| {
                b.iter(|| plume::read(text.as_slice(), "bench").expect("a good file"));
            });
        }
        group.finish();
        let mut group = c.benchmark_group(format!("transactions/check/{sessions} sessions"));
        group.sample_size(10);
        for (ops, text) in &histories {
            let history = plume::read(text.as_slice(), "bench").expect("a good file");
            let verdict = check_transactions(&history);
            assert!(verdict.anomalies.is_empty(), "{:?}", verdict.anomalies);
            group.throughput(Throughput::Elements(*ops));
            group.bench_function(BenchmarkId::from_parameter(ops), |b| {
                b.iter(|| black_box(check_transactions(&history)));
            });
        }
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
