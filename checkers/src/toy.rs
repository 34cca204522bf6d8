//! A property of eight lines, to show what a new one needs: a row that is given to a registry, and nothing else.

use crate::case::Case;
use crate::cause::{Cause, Place};
use crate::check_with;
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::registry::Registry;
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::{AnomalyKind, Outcome, Valid, Verdict};
use afterall_history::{
    Function, Header, History, HistoryBuilder, OpEvent, Outcome as How, Promise, Property,
    Sessions, Value, Workload,
};

/// The toy borrows a word that registers do not use otherwise: no read returns 13.
const CLAIM: Claim = (Property::NoOversell, Sessions::All);

static ROW: Row = Row {
    property: Property::NoOversell,
    workloads: &[Workload::Register],
    sessions: TOGETHER,
    real_time: false,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::WhatIsShown,
    usual_for: &[],
    checkers: &[&CHECKER],
    level: None,
};

static CHECKER: Checker = Checker {
    name: "toy",
    workloads: &[Workload::Register],
    real_time: false,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for read in case.ctx.history.ops().filter(|op| op.f().is_read() && op.is_ok()) {
        findings.chances(CLAIM, 1, "nothing was read");
        let mut shown = case.ctx.history.data().items(read.output());
        if shown.any(|value| value.as_int() == Some(13)) {
            findings.add(Finding {
                claim: CLAIM,
                or: Vec::new(),
                kind: AnomalyKind::Phantom,
                cause: Cause::ReadAt(Place::of(case.ctx, read.id())),
                sentence: explain::op(case.ctx, read.id()),
                key: Some(read.key()),
                ops: vec![read.id()],
                edges: Vec::new(),
            });
        }
    }
}

/// The standard registry with the toy in the place of the property whose word it borrows.
fn registry() -> Registry {
    let others = Registry::standard();
    let others = others.rows().filter(|row| row.property != CLAIM.0);
    Registry::of(others.chain([&ROW]).collect())
}

/// A register that one session writes, and the next reads twice.
fn history(value: i64, promises: &[Property]) -> History {
    let mut header = Header::new("toy", Workload::Register, 0, ["n1"]);
    header.promises = promises.iter().copied().map(Promise::to_all).collect();
    let mut builder = HistoryBuilder::new(header).expect("a good header");
    let ops = [(1, Function::Write), (2, Function::Read), (2, Function::Read)];
    for (at, (process, f)) in ops.into_iter().enumerate() {
        for outcome in [How::Invoke, How::Ok] {
            let index = 2 * at as u64 + u64::from(outcome == How::Ok);
            let event = OpEvent {
                level: None,
                index,
                time: index as i64,
                outcome,
                process,
                node: "n1".to_owned(),
                f,
                key: "x".to_owned(),
                value: match (f, outcome) {
                    (Function::Write, _) => Value::Int(value),
                    (_, How::Ok) => Value::List(vec![Value::Int(value)]),
                    _ => Value::Nil,
                },
                version: None,
                error: None,
                last: false,
            };
            builder.push_op_event(&event).expect("an event");
        }
    }
    builder.finish()
}

fn judge(value: i64, promises: &[Property]) -> Verdict {
    check_with(&registry(), &history(value, promises))
}

#[test]
fn a_new_property_is_a_row_and_is_judged_ordered_explained_and_promised_as_the_others_are() {
    let broken = judge(13, &[CLAIM.0, Property::Linearizable]);
    let outcome = |verdict: &Verdict| verdict.property(CLAIM.0, CLAIM.1).map(|p| p.outcome.clone());
    assert_eq!(outcome(&broken), Some(Outcome::Broken { count: 2, groups: 1, chances: 2 }));
    assert_eq!(broken.valid, Valid::False);
    assert!(broken.reasons[0].starts_with("promise broken: no-oversell"), "{:?}", broken.reasons);
    let first = &broken.anomalies[0];
    assert!(first.promised && first.property == CLAIM.0, "{first:?}");
    assert_eq!((first.count, &first.witness[..]), (2, &[2][..]));
    assert!(first.sentence.contains("x"), "{}", first.sentence);
    // In the order of the ladder, which is that of the words.
    let order: Vec<Property> = broken.properties.iter().map(|p| p.property).collect();
    assert!(order.is_sorted() && order.contains(&CLAIM.0));
}

#[test]
fn the_same_property_holds_and_what_nobody_promised_is_measured() {
    let held = judge(12, &[CLAIM.0]);
    let of = held.property(CLAIM.0, CLAIM.1).map(|p| (p.promised, p.outcome.is_held()));
    assert_eq!(of, Some((true, true)));
    let measured = judge(13, &[Property::Linearizable]);
    assert!(measured.property(CLAIM.0, CLAIM.1).is_some_and(|p| p.outcome.is_broken()));
    assert_ne!(measured.valid, Valid::False);
    assert!(!measured.anomalies[0].promised);
}
