//! What the generators promise to the checkers.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use afterall_history::{Function, Value, Workload};
use afterall_workloads::{Generator, Operation};
use std::collections::BTreeSet;

const WORKLOADS: [Workload; 3] = [Workload::Register, Workload::Counter, Workload::Cart];

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
