//! What the generators promise to the checkers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use afterall_history::{Function, Value, Workload};
use afterall_workloads::{Generator, Load, Operation};
use std::collections::{BTreeMap, BTreeSet};

const WORKLOADS: [Workload; 5] =
    [Workload::Register, Workload::Counter, Workload::Cart, Workload::Position, Workload::Text];

fn operations(workload: Workload, seed: u64) -> Vec<Operation> {
    let mut generator = Generator::new(workload, seed).unwrap();
    (0..2_000).map(|turn| generator.next(turn % 7)).collect()
}

#[test]
fn the_same_seed_asks_the_same() {
    for workload in WORKLOADS {
        assert_eq!(operations(workload, 5), operations(workload, 5));
        assert_ne!(operations(workload, 5), operations(workload, 6));
    }
}

#[test]
fn no_register_value_and_no_cart_element_is_written_twice() {
    for (workload, f) in [(Workload::Register, Function::Write), (Workload::Cart, Function::Add)] {
        let written: Vec<Value> = operations(workload, 1)
            .into_iter()
            .filter(|operation| operation.f == f)
            .map(|operation| match operation.value {
                Value::List(pair) => pair[0].clone(),
                value => value,
            })
            .collect();
        assert!(written.len() > 500);
        assert_eq!(written.iter().collect::<BTreeSet<_>>().len(), written.len());
    }
}

#[test]
fn a_session_removes_only_what_it_has_seen_and_only_once() {
    let mut generator = Generator::new(Workload::Cart, 3).unwrap();
    let blind: Vec<_> = (0..500).map(|_| generator.next(0)).collect();
    assert!(blind.iter().all(|operation| operation.f != Function::Remove));

    let read = Operation { f: Function::Read, key: "cart0".into(), value: Value::Nil, level: None };
    let shown = Value::List(vec![Value::List(vec!["apple#9".into(), Value::Int(1)])]);
    let mut generator = Generator::new(Workload::Cart, 3).unwrap();
    generator.learn(0, &read, &shown);
    let removes: Vec<_> =
        (0..200).map(|_| generator.next(0)).filter(|o| o.f == Function::Remove).collect();
    assert_eq!(removes.len(), 1);
    assert_eq!(removes[0].value, Value::from("apple#9"));

    let mut generator = Generator::new(Workload::Cart, 3).unwrap();
    generator.learn(0, &read, &shown);
    generator.forget(0);
    assert!((0..200).map(|_| generator.next(0)).all(|o| o.f != Function::Remove));
}

#[test]
fn keys_rotate_and_all_are_remembered() {
    let mut generator = Generator::new(Workload::Register, 1).unwrap();
    let used: BTreeSet<String> = (0..5_000).map(|_| generator.next(0).key).collect();
    assert!(used.len() > 30);
    assert!(used.iter().all(|key| generator.keys().contains(key)));
}

#[test]
fn a_probe_is_written_by_one_session_and_read_by_all_to_the_end() {
    let mut generator = Generator::with_load(Workload::Register, Load::Probe, 3).unwrap();
    let mut writers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut readers: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    let mut writes = 0;
    for turn in 0..20_000 {
        let operation = generator.next(turn % 10);
        let by = if operation.f.is_read() { &mut readers } else { &mut writers };
        by.entry(operation.key).or_default().insert(turn % 10);
        writes += usize::from(!operation.f.is_read());
    }
    assert!((500..2_000).contains(&writes), "{writes}");
    assert_eq!(generator.keys().len(), 8);
    for key in generator.keys() {
        assert_eq!((writers[key].len(), readers[key].len()), (1, 10), "{key}");
    }
    assert!(Generator::with_load(Workload::Counter, Load::Probe, 3).is_none());
}

#[test]
fn a_session_moves_a_position_only_forward_and_some_report_late() {
    let mut generator = Generator::new(Workload::Position, 3).unwrap();
    let mut furthest: BTreeMap<(usize, String), i64> = BTreeMap::new();
    let mut of_all: BTreeMap<String, i64> = BTreeMap::new();
    let (mut writes, mut behind) = (0, 0);
    for turn in 0..4_000 {
        let slot = turn % 7;
        let operation = generator.next(slot);
        let most = of_all.entry(operation.key.clone()).or_insert(0);
        if operation.f.is_read() {
            generator.learn(slot, &operation, &Value::Int(*most));
            continue;
        }
        assert_eq!(operation.f, Function::Write);
        let at = operation.value.as_int().unwrap();
        let own = furthest.entry((slot, operation.key)).or_insert(0);
        assert!(at > *own, "{at} after {own}");
        *own = at;
        writes += 1;
        behind += usize::from(at < *most);
        *most = at.max(*most);
    }
    assert!(behind * 10 > writes && behind * 10 < writes * 9, "{behind} of {writes} are behind");
    // Another session knows nothing of where the film had come to.
    generator.forget(0);
    let next = (0..200).map(|_| generator.next(0)).find(|operation| !operation.f.is_read());
    assert!(next.unwrap().value.as_int().unwrap() <= 30);
}

#[test]
fn no_piece_is_appended_twice_and_each_ends_with_what_occurs_nowhere_else_in_it() {
    let operations = operations(Workload::Text, 3);
    let reads = operations.iter().filter(|operation| operation.f.is_read()).count();
    let pieces: Vec<&str> = operations
        .iter()
        .filter(|operation| operation.f == Function::Append)
        .map(|operation| operation.value.as_text().unwrap())
        .collect();
    assert_eq!(reads + pieces.len(), operations.len());
    assert!((900..1_100).contains(&reads), "{reads}");
    assert_eq!(pieces.iter().collect::<BTreeSet<_>>().len(), pieces.len());
    for piece in pieces {
        assert!(piece.len() > 1 && piece.find(';') == Some(piece.len() - 1), "{piece}");
    }
}
