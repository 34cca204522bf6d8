//! A new kind of fault is a row: it is drawn, injected, recorded and judged without anything else being touched. Its word
//! is borrowed here, since words are made on the ground.

use crate::runs::{config, sim};
use afterall_engine::faults::{
    Ability, Condition, Draw, Effect, Fault, FaultRow, Plain, Registry, Usual,
};
use afterall_engine::{Plan, RunConfig, run};
use afterall_history::{FaultKind, Value, Workload};
use afterall_reference::core::Flavour;

/// Everything that one node hears comes late.
const DEAF: FaultRow = FaultRow {
    kind: FaultKind::Latency,
    needs: Ability::SlowLinks,
    usual: Usual::Link(Plain::Slow),
    only_if_asked: false,
    draw: hard_of_hearing,
};

fn hard_of_hearing(draw: &mut Draw<'_>) -> Fault {
    let node = draw.node;
    let links = draw.all_links().filter(|link| link.1 == node).collect();
    let condition = Condition::Slow { latency_ms: 200, jitter_ms: 0 };
    Fault {
        kind: FaultKind::Latency,
        effect: Effect::Links { links, condition },
        parameters: Value::Map(vec![("deaf".to_owned(), Value::Bool(true))]),
    }
}

#[test]
fn a_toy_fault_is_one_row() {
    let faults = vec![FaultKind::Latency, FaultKind::Kill];
    let config = RunConfig { faults, ..config(Flavour::Crdt, Workload::Register, 5) };
    let plan = Plan::with_registry(config, &Registry::standard().with(DEAF)).unwrap();
    let recording = run(&plan, &mut *sim(&plan), &mut ()).unwrap();
    let faults = recording.history().faults();
    let deaf: Vec<_> = faults.iter().filter(|f| f.kind == FaultKind::Latency).collect();
    assert!(!deaf.is_empty());
    for fault in deaf {
        assert_eq!(fault.links.len(), 4);
        assert!(fault.links.iter().all(|link| link.1 == fault.links[0].1));
        assert_eq!(fault.value, Value::Map(vec![("deaf".to_owned(), Value::Bool(true))]));
        assert!(fault.took.is_some() && fault.healed.is_some(), "{:?}", fault.evidence);
    }
    let verdict = recording.judge();
    assert!(verdict.faults.iter().all(|fault| fault.took && fault.healed));
    assert!(verdict.reasons.is_empty(), "{:?}", verdict.reasons);
}
