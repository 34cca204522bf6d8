//! How long it takes to judge linearizability: histories of one copy that up to fifty clients use at a time, each key by
//! itself. The whole of `check`, which judges a register by every other level as well.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]
#![expect(clippy::unwrap_used, reason = "the store is that of the tests")]

#[allow(dead_code, reason = "made for tests, and a bench needs a part of it")]
#[path = "../tests/suite/single_copy.rs"]
mod single_copy;
#[allow(dead_code, reason = "made for tests, and a bench needs a part of it")]
#[path = "../tests/suite/store.rs"]
mod store;

use afterall_checkers::check;
use afterall_history::{HistoryBuilder, Property, Sessions, Workload};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use single_copy::{Plant, Setup, run};
use std::hint::black_box;

fn bench(c: &mut Criterion) {
    let ten = |workload, few| Setup { workload, few, clients: 50, keys: 10, ops: 1_712, doubt: 0 };
    let one = Setup { clients: 10, keys: 1, ops: 405, ..ten(Workload::Text, false) };
    let cases = [
        ("register/distinct", ten(Workload::Register, false), None),
        ("register/cas", ten(Workload::Register, true), None),
        ("text/good", ten(Workload::Text, false), None),
        ("text/bad", one, Some((200, Plant::StaleRead))),
    ];
    let mut group = c.benchmark_group("linearizable");
    group.sample_size(10);
    for (name, setup, plant) in cases {
        let (header, events) = run(setup, plant, 1);
        let mut builder = HistoryBuilder::new(header).expect("a good header");
        for event in &events {
            builder.push(event).expect("a good event");
        }
        let history = builder.finish();
        let verdict = check(&history);
        let found = verdict.property(Property::Linearizable, Sessions::All).expect("it is judged");
        assert_eq!(found.outcome.is_held(), plant.is_none(), "{name}: {}", found.summary);
        assert_eq!(found.outcome.is_broken(), plant.is_some(), "{name}: {}", found.summary);
        group.throughput(Throughput::Elements(history.len() as u64));
        group.bench_function(name, |b| b.iter(|| black_box(check(&history))));
    }
}

criterion_group!(benches, bench);
criterion_main!(benches);
