//! Phantoms: values of a register, or elements of a cart, that were read and that nobody had written by the time the
//! read was over, or whose write had failed; and elements that are there more often, or in another quantity, than
//! they were added.
//!
//! `fail` means that the operation surely did not happen, so its value is nobody's. A chance is a value read, and of a text a part
//! of it: what is between two separators. A text whose pieces are not told apart is not judged.

use crate::case::Case;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::data_types::counter;
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::inference::pieces::text;
use crate::inference::reads_from::{ReadsFrom, Strange};
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::AnomalyKind;
use afterall_history::{Datum, OpId, OpView, Property, Sessions, Status, Value, Workload};
use std::collections::{BTreeMap, BTreeSet};

const CLAIM: Claim = (Property::NoPhantoms, Sessions::All);

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoPhantoms,
    workloads: WORKLOADS,
    sessions: TOGETHER,
    real_time: false,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::WhatIsShown,
    usual_for: &[
        Workload::Counter,
        Workload::Cart,
        Workload::Set,
        Workload::Chat,
        Workload::Position,
    ],
    checkers: &[&CHECKER, &counter::CHECKER],
    level: None,
};

/// Judges every value that was read.
static CHECKER: Checker = Checker {
    name: "phantoms",
    workloads: WORKLOADS,
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

const WORKLOADS: &[Workload] = &[
    Workload::Register,
    Workload::Counter,
    Workload::Cart,
    Workload::Set,
    Workload::Text,
    Workload::Chat,
    Workload::Inventory,
    Workload::Position,
];

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    findings.chances(CLAIM, reads_from.values_read, "no value was read");
    let elsewhere = written_at(ctx, reads_from);
    for &(read, value) in &reads_from.phantoms {
        let said = ctx.history.data().value(value);
        let other = elsewhere.get(&value).map(|&update| ctx.op(update));
        let other = other.filter(|op| op.key() != ctx.op(read).key());
        let what = match other {
            Some(op) => format!(
                ": no session had written {said} to it by then; {said} was written to {} (#{})",
                op.key_name(),
                op.number()
            ),
            None => format!(": no session had written {said} by then"),
        };
        findings.add(finding(ctx, read, None, AnomalyKind::Phantom, &what));
    }
    for &(read, write) in &reads_from.aborted {
        let what = format!(
            ", although the write of that value is recorded as failed: {}",
            explain::op(ctx, write)
        );
        findings.add(finding(ctx, read, Some(write), AnomalyKind::AbortedWrite, &what));
    }
    for strange in &reads_from.strange {
        findings.add(part(ctx, strange));
    }
    let reads = || ctx.history.ops().filter(|op| op.f().is_read() && op.is_ok());
    match ctx.history.header().workload {
        Workload::Cart => reads().for_each(|read| items(ctx, reads_from, read, findings)),
        Workload::Set | Workload::Chat | Workload::Text => {
            let whole =
                |read: OpView<'_>| reads_from.whole(read.key()).filter(|_| !read.output().is_nil());
            if let Some(why) = reads().find_map(whole) {
                findings.undecided(CLAIM, why);
            }
            let mut shown_by = vec![OpId(u32::MAX); ctx.history.len()];
            reads().for_each(|read| elements(ctx, reads_from, read, &mut shown_by, findings));
        }
        _ => {}
    }
}

/// A part of a text that nobody had appended by then.
fn part(ctx: &Context<'_>, strange: &Strange) -> Finding {
    let text = text(ctx, ctx.op(strange.read).output());
    let said = text.get(strange.part.clone()).unwrap_or_default();
    let said = crate::words::value(&Value::Text(said.to_owned()));
    let failed = strange.append.filter(|&append| ctx.op(append).status() == Status::Fail);
    let (kind, what) = match failed {
        Some(append) => {
            let append = explain::op(ctx, append);
            let what = format!(", although the append of {said} is recorded as failed: {append}");
            (AnomalyKind::AbortedWrite, what)
        }
        None => (AnomalyKind::Phantom, format!(": no session had appended {said} to it by then")),
    };
    finding(ctx, strange.read, failed, kind, &what)
}

/// Where the values of phantoms belong: the first update of any key that wrote them.
fn written_at(ctx: &Context<'_>, reads_from: &ReadsFrom) -> BTreeMap<Datum, OpId> {
    let mut wanted: BTreeSet<Datum> = reads_from.phantoms.iter().map(|&(_, value)| value).collect();
    let mut found = BTreeMap::new();
    // What failed wrote nothing.
    for op in ctx.history.ops().filter(|op| !op.f().is_read() && op.status() != Status::Fail) {
        if wanted.is_empty() {
            break;
        }
        if let Some(value) = ctx.history.value_written(op.id()).filter(|value| wanted.remove(value))
        {
            found.insert(value, op.id());
        }
    }
    found
}

/// A set holds an element once, however often it was added, and a text a piece once.
fn elements(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    read: OpView<'_>,
    shown_by: &mut [OpId],
    findings: &mut Findings,
) {
    for add in reads_from.shown(read.id()) {
        let last = std::mem::replace(&mut shown_by[add.0 as usize], read.id());
        if last == read.id() {
            let element = ctx.history.value_written(add).unwrap_or(ctx.op(add).input());
            let element = crate::words::value(&ctx.history.data().value(element));
            let what = format!(": it holds {element} more than once");
            findings.add(finding(ctx, read.id(), Some(add), AnomalyKind::DuplicateItem, &what));
            return;
        }
    }
}

fn items(ctx: &Context<'_>, reads_from: &ReadsFrom, read: OpView<'_>, findings: &mut Findings) {
    let data = ctx.history.data();
    let mut seen = BTreeSet::new();
    let mut several: BTreeMap<OpId, Vec<i64>> = BTreeMap::new();
    for item in data.items(read.output()) {
        let mut parts = data.items(item);
        let (element, quantity) = (parts.next().unwrap_or(Datum::NIL), parts.next());
        let Some(add) = reads_from.writer(ctx, read.key(), element) else { continue };
        if reads_from.first_of_same(add).is_some() {
            several.entry(add).or_default().push(quantity.and_then(Datum::as_int).unwrap_or(0));
            continue;
        }
        let said = data.value(element);
        if !seen.insert(add) {
            let what = format!(": it holds {said} more than once");
            findings.add(finding(ctx, read.id(), Some(add), AnomalyKind::DuplicateItem, &what));
        }
        let added = data.items(ctx.op(add).input()).nth(1);
        if quantity != added {
            let quantity = data.value(quantity.unwrap_or(Datum::NIL));
            let what = format!(": it holds {said} × {quantity}, but {}", explain::op(ctx, add));
            findings.add(finding(ctx, read.id(), Some(add), AnomalyKind::QuantityDrift, &what));
        }
    }
    // Of what was added several times a store may show the sum, the last, or each by itself; never more than all together, nor
    // more entries than adds, nor less than the least of them.
    for (add, shown) in several {
        let adds = reads_from
            .same(add)
            .into_iter()
            .filter(|&add| ctx.op(add).index() < read.completion_index().unwrap_or(u32::MAX));
        let added: Vec<i64> = adds
            .filter_map(|add| data.items(ctx.op(add).input()).nth(1).and_then(Datum::as_int))
            .collect();
        let sum = |of: &[i64]| of.iter().map(|&n| i128::from(n)).sum::<i128>();
        let least = added.iter().copied().min().unwrap_or(0);
        let wrong = if shown.len() > added.len() {
            AnomalyKind::DuplicateItem
        } else if sum(&shown) > sum(&added) || shown.iter().any(|&n| n < least) {
            AnomalyKind::QuantityDrift
        } else {
            continue;
        };
        let element = data.value(ctx.history.value_written(add).unwrap_or(Datum::NIL));
        let (shown, added) = (quantities(&shown), quantities(&added));
        let what = format!(": it holds {element} with {shown}, but it was added with {added}");
        findings.add(finding(ctx, read.id(), Some(add), wrong, &what));
    }
}

/// `quantity 3`, `quantities 1, 1 and 4`
fn quantities(of: &[i64]) -> String {
    let numbers: Vec<String> = of.iter().map(ToString::to_string).collect();
    let s = if numbers.len() == 1 { "quantity" } else { "quantities" };
    format!("{s} {}", crate::words::list(&numbers).unwrap_or_default())
}

fn finding(
    ctx: &Context<'_>,
    read: OpId,
    write: Option<OpId>,
    kind: AnomalyKind,
    what: &str,
) -> Finding {
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind,
        cause: Cause::ReadAt(Place::of(ctx, read)),
        sentence: format!("{}{what}.", explain::op(ctx, read)),
        key: Some(ctx.op(read).key()),
        ops: write.into_iter().chain([read]).collect(),
        edges: Vec::new(),
    }
}
