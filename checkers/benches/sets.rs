//! How long it takes to judge a set: 8,000 adds and 800 full reads, of five replicas that learn of the adds one after the
//! other, each up to fifty behind; at the end every replica is read. Jepsen's set-full costs the product of the two.

#![expect(clippy::expect_used, reason = "a bench fails by panicking")]

use afterall_checkers::{Valid, check};
use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, History, HistoryBuilder, OpEvent, Outcome, Promise,
    Property, Value, Workload,
};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const NODES: [&str; 5] = ["n1", "n2", "n3", "n4", "n5"];
const ADDS: i64 = 8_000;
/// A read after so many adds.
const EVERY: i64 = 10;

fn history() -> History {
    let mut header = Header::new("bench", Workload::Set, 1, NODES);
    header.promises = vec![Promise::to_all(Property::NoLostItems)];
    let mut builder = HistoryBuilder::new(header).expect("a good header");
    let mut index = 0;
    let mut push = |process: u64, node: usize, add: Option<i64>, shown: i64, last: bool| {
        for outcome in [Outcome::Invoke, Outcome::Ok] {
            let value = match (add, outcome) {
                (Some(element), _) => Value::Int(element),
                (None, Outcome::Ok) => (1..=shown).collect::<Vec<i64>>().into(),
                (None, _) => Value::Nil,
            };
            let event = Event::Op(OpEvent {
                level: None,
                index,
                time: index as i64 * 1_000,
                outcome,
                process,
                node: NODES[node].to_owned(),
                f: if add.is_some() { Function::Add } else { Function::Read },
                key: "set".to_owned(),
                value,
                version: None,
                error: None,
                last,
            });
            builder.push(&event).expect("a good event");
            index += 1;
        }
    };
    let mut shown = [0; NODES.len()];
    for element in 1..=ADDS {
        push(element as u64 % 10, element as usize % NODES.len(), Some(element), 0, false);
        if element % EVERY == 0 {
            let node = (element / EVERY) as usize % NODES.len();
            shown[node] = shown[node].max(element - (element * 7) % 51);
            push(10 + node as u64, node, None, shown[node], false);
        }
    }
    for node in 0..NODES.len() {
        push(100 + node as u64, node, None, ADDS, true);
    }
    let (time, how) = (index as i64 * 1_000, EndHow::Complete);
    builder.push(&Event::End(EndEvent { index, time, how, detail: None })).expect("a good event");
    builder.finish()
}

fn bench(c: &mut Criterion) {
    let history = history();
    let verdict = check(&history);
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    assert!(verdict.figures.visibility.iter().all(|node| node.late > 0 && node.missing == 0));
    let mut group = c.benchmark_group("set");
    group.sample_size(10).throughput(Throughput::Elements(history.len() as u64));
    group.bench_function("8000 adds, 800 reads", |b| b.iter(|| black_box(check(&history))));
}

criterion_group!(benches, bench);
criterion_main!(benches);
