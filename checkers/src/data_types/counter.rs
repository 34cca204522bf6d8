//! Counters: no increment lost, none applied more than once, nothing read that is no sum of what was done.
//!
//! With A the acknowledged and I the indeterminate operations of a counter:
//!
//! - *at the end* all replicas hold one value, and it is ΣA plus the sum of some subset of I (`sums`; beyond its memory
//!   only the range is checked, and the figures say so). If not: where no choice of operations, each acknowledged one applied
//!   once or twice, comes to the value, something acknowledged is missing; where none does that applies each at most
//!   once, something was applied more than once. Where both could be, a version vector tells, if the target returns one whose entries
//!   are the absolute amounts that each replica has applied: a total below that of A means loss, above that of A and I
//!   a double. Without it the history does not tell, and both are named.
//! - *during the run* a read is the sum of some of the operations invoked before it was over (NoPhantoms).
//! - a session sees its own operations (RYW): what it reads is its own sum and that of some of what others had begun by then;
//!   for counters without versions. One that was never decremented does not go back within a session (MR): with versions, too,
//!   since a version that is newer does not make a smaller sum right.
//!
//! A chance of loss is an operation that was acknowledged before the final reads began. One acknowledged later may be in what
//! they returned, or not.
//!
//! Staleness is no error. A chance of loss is an acknowledged operation, one of a double any that may have happened.

use crate::case::Case;
use crate::cause::{Cause, Off, Place};
use crate::context::Context;
use crate::data_types::counter_sessions::monotonic;
use crate::data_types::counter_updates::{
    Counter, amount, counter, may_hide_what_is_missing, taken_elsewhere,
};
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::inference::sums::Sums;
use crate::inference::version::vector;
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, CounterFigures};
use afterall_history::{KeyId, NODE_UNKNOWN, OpId, OpView, Property, Sessions, Workload};
use std::collections::{BTreeMap, BTreeSet};

const NO_LOST: Claim = (Property::NoLostIncrements, Sessions::All);
const NO_DOUBLE: Claim = (Property::NoDoubleIncrements, Sessions::All);
const NO_PHANTOMS: Claim = (Property::NoPhantoms, Sessions::All);
const WHY_NONE: &str = "no counter was changed and then read on every replica at the end";
const FIGURES_MAX: usize = 1_000;

/// Judges the counters.
pub(crate) static CHECKER: Checker = Checker {
    name: "counters",
    workloads: &[Workload::Counter, Workload::Inventory],
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    findings.figures.counters = counters(case.ctx, case.exact(), findings);
}

fn counters(ctx: &Context<'_>, exact: &[bool], findings: &mut Findings) -> Vec<CounterFigures> {
    findings.chances(NO_LOST, 0, WHY_NONE);
    findings.chances(NO_DOUBLE, 0, WHY_NONE);
    findings.chances(NO_PHANTOMS, 0, "no counter was read");
    let counters: Vec<Counter<'_>> = ctx.keys().map(|key| counter(ctx, key)).collect();
    let mut figures = Vec::new();
    if !ctx.history.has_real_time() {
        counters.iter().for_each(|counter| during_the_run(ctx, counter, findings));
        monotonic(ctx, &counters, exact, findings);
        return Vec::new();
    }
    for counter in &counters {
        let figure = at_the_end(ctx, counter, findings);
        if figures.len() < FIGURES_MAX {
            figures.push(figure);
        }
        during_the_run(ctx, counter, findings);
    }
    monotonic(ctx, &counters, exact, findings);
    figures
}

fn at_the_end(ctx: &Context<'_>, counter: &Counter<'_>, findings: &mut Findings) -> CounterFigures {
    let maybe = || counter.of(false).map(amount);
    let mut sums = Sums::new(maybe());
    maybe().for_each(|amount| sums.add(amount));
    let (lowest, highest) = sums.range();
    let values: BTreeSet<i64> = ctx
        .finals(counter.key)
        .iter()
        .filter_map(|&(_, read)| ctx.op(read).output().as_int())
        .collect();
    let value = match (values.len(), values.first()) {
        (1, Some(&value)) if ctx.all_read(counter.key) => Some(value),
        _ => None,
    };
    let acknowledged = counter.acknowledged;
    let figures = CounterFigures {
        key: ctx.history.key_name(counter.key).to_owned(),
        value,
        acknowledged,
        lowest: acknowledged.saturating_add(lowest),
        highest: acknowledged.saturating_add(highest),
        indeterminate: maybe().count() as u64,
        exact: sums.exact(),
    };
    if counter.updates.is_empty() {
        return figures;
    }
    let undecided = match (ctx.disturbed(), value) {
        (Some(why), _) => Some(why.to_owned()),
        (None, None) if values.len() > 1 => {
            Some(format!("the replicas disagree on {}", figures.key))
        }
        (None, None) => Some(format!("{} was not read on every replica at the end", figures.key)),
        (None, Some(_)) => None,
    };
    if let Some(why) = undecided {
        findings.undecided(NO_LOST, why.clone());
        findings.undecided(NO_DOUBLE, why);
        return figures;
    }
    let acked = counter.of(true).count() as u64;
    let made = |op: &OpView<'_>| !op.is_setup();
    findings.chances(NO_LOST, counter.of(true).filter(made).count() as u64, WHY_NONE);
    let all = counter.updates.iter().filter(|op| made(op)).count();
    findings.chances(NO_DOUBLE, all as u64, WHY_NONE);
    let left_out = ctx.history.updates_left_out(counter.key, None, u32::MAX);
    // A store may show a stock that is below nothing as nothing: that more was sold than there was is told by no-oversell.
    let oversold = may_hide_what_is_missing(ctx) && figures.lowest < 0;
    let adds_up = |value: i64| value.checked_sub(acknowledged).is_some_and(|rest| sums.reach(rest));
    // Increments that are not in this part of a history could only make the loss greater.
    let in_part =
        left_out && (taken_elsewhere(ctx, counter.key, u32::MAX) || value >= Some(figures.lowest));
    let undecided = if oversold && value == Some(0) && !adds_up(0) {
        Some(format!(
            "more of {} may have been sold than there was, and a stock below 0 may be shown as 0",
            figures.key
        ))
    } else {
        in_part.then(|| format!("updates of {} are not part of this history", figures.key))
    };
    if let Some(why) = undecided {
        findings.undecided(NO_LOST, why.clone());
        findings.undecided(NO_DOUBLE, why);
    } else if let Some(value) =
        off_value(ctx, counter, value, |value| adds_up(value) || (oversold && value == 0))
        // What was never acknowledged cannot be lost, and nothing twice is not less than nothing: a phantom.
        && (acked > 0 || counter.decremented || value > 0)
    {
        findings.add(off(ctx, counter, &figures, value));
    }
    figures
}

/// The value at the end that no outcome explains.
fn off_value(
    ctx: &Context<'_>,
    counter: &Counter<'_>,
    value: Option<i64>,
    explained: impl Fn(i64) -> bool,
) -> Option<i64> {
    let over = counter.of(true).filter_map(OpView::completion_index).max().unwrap_or(0);
    let others = ctx.unnamed_finals(counter.key).filter(|read| read.index() > over);
    let others = others.filter_map(|read| read.output().as_int());
    value.into_iter().chain(others).find(|&value| !explained(value))
}

/// The sum of the version vectors' entries, where the final reads have one and agree.
fn applied(ctx: &Context<'_>, key: KeyId) -> Option<i64> {
    let mut totals = BTreeSet::new();
    for &(_, read) in ctx.finals(key) {
        let vector = vector(ctx.history.data(), ctx.op(read).version())?;
        totals.insert(vector.values().try_fold(0_i64, |sum, n| sum.checked_add(*n))?);
    }
    if totals.len() == 1 { totals.pop_first() } else { None }
}

/// A value at the end that no outcome explains.
fn off(ctx: &Context<'_>, counter: &Counter<'_>, figures: &CounterFigures, value: i64) -> Finding {
    let (acked, maybe) = counter.absolute;
    let total = applied(ctx, counter.key);
    let by_versions = match total {
        Some(total) if total < acked => Some(NO_LOST),
        Some(total) if total > acked.saturating_add(maybe) => Some(NO_DOUBLE),
        _ => None,
    };
    let sure = match by_versions {
        Some(claim) => Some(claim),
        // Nothing that was acknowledged could be missing.
        None if acked == 0 => Some(NO_DOUBLE),
        // By the version all were applied, and once: then the history does not tell what is wrong with the value.
        None if counter.decremented && total.is_some() => None,
        None if counter.decremented => by_ways(counter, value),
        None if value < figures.lowest => Some(NO_LOST),
        None if value > figures.highest => Some(NO_DOUBLE),
        None => None,
    };
    let (claim, or) = match sure {
        Some(claim) => (claim, Vec::new()),
        None if value > figures.highest => (NO_DOUBLE, vec![NO_LOST]),
        None => (NO_LOST, vec![NO_DOUBLE]),
    };
    let name = &figures.key;
    let expected = if figures.lowest == figures.highest {
        figures.lowest.to_string()
    } else {
        format!("a value from {} to {}", figures.lowest, figures.highest)
    };
    let missing = figures.lowest.saturating_sub(value);
    // Where a version tells how much is missing, one operation has to make up for that, too.
    let by_version = |by: i64| {
        total.is_none_or(|total| {
            let with = total.saturating_add(by.saturating_abs());
            (acked..=acked.saturating_add(maybe)).contains(&with)
        })
    };
    let one = (claim == NO_LOST && or.is_empty() && by_version(missing))
        .then(|| only_one(counter, missing))
        .flatten();
    let (cause, mut why) = match one {
        Some(op) => {
            let (cause, why) = explain::why_gone(ctx, op.id());
            let op = explain::op(ctx, op.id());
            (cause, format!("one operation makes up the difference: {op}, and {why}"))
        }
        None if or.is_empty() && claim == NO_LOST => {
            (Cause::Operations(Off::Missing), shares(counter))
        }
        None if or.is_empty() => {
            let times = times(counter, value)
                .map(|times| format!("the one operation was applied {times} times; "));
            let why = format!("{}{}", times.unwrap_or_default(), shares(counter));
            (Cause::Operations(Off::Again), why)
        }
        None => (Cause::Operations(Off::Either), shares(counter)),
    };
    if let Some(total) = total {
        why = format!(
            "{why}; amounts added up without their signs, {acked} was acknowledged, and by its version the replicas applied {total}"
        );
    }
    if !or.is_empty() {
        why = format!(
            "{why}; the values do not show whether operations were lost or applied more than once"
        );
    } else if by_versions.is_none() && counter.decremented && claim == NO_LOST {
        let of = amounts(counter);
        why = format!(
            "applying each of these amounts once or twice cannot give {value}: {of}; {why}"
        );
    }
    let kind = match claim {
        _ if !or.is_empty() => AnomalyKind::WrongSum,
        NO_LOST => AnomalyKind::LostIncrements,
        _ => AnomalyKind::AppliedAgain,
    };
    let shows = |op: &OpView<'_>| op.is_final() && op.output().as_int() == Some(value);
    let shown = ctx.on(counter.key).find(|op| op.f().is_read() && op.is_ok() && shows(op));
    let finals = ctx.finals(counter.key).iter().map(|&(_, read)| read);
    let finals = finals.chain(shown.map(|op| op.id()));
    Finding {
        claim,
        or,
        kind,
        cause,
        sentence: format!("At the end {name} is {value}, expected {expected}; {why}."),
        key: Some(counter.key),
        ops: witness(counter, claim, value).into_iter().chain(finals).collect(),
        edges: Vec::new(),
    }
}

/// Which of the two must have happened for a counter with decrements to come to a value that it should not have: operations are
/// missing, or some were applied twice. None where either, or only both together, account for it.
fn by_ways(counter: &Counter<'_>, value: i64) -> Option<Claim> {
    let reach = |amounts: Vec<i64>, sum: Option<i64>| {
        let mut sums = Sums::new(amounts.iter().copied());
        amounts.iter().for_each(|&amount| sums.add(amount));
        sum.is_some_and(|sum| sums.reach(sum))
    };
    let (sure, maybe) = (counter.of(true).map(amount), counter.of(false).map(amount));
    let at_most_once = reach(sure.chain(maybe).collect(), Some(value));
    let (again, maybe) = (counter.of(true).map(amount), counter.of(false).map(amount));
    let more = again.chain(maybe.flat_map(|amount| [amount, amount]));
    let once_or_twice = reach(more.collect(), value.checked_sub(counter.acknowledged));
    match (at_most_once, once_or_twice) {
        (true, false) => Some(NO_LOST),
        (false, true) => Some(NO_DOUBLE),
        _ => None,
    }
}

/// The amounts of the operations, as `+3, -5`; the first few of many.
fn amounts(counter: &Counter<'_>) -> String {
    const SHOWN: usize = 8;
    let signed = |op: &OpView<'_>| {
        let amount = amount(*op);
        let sign = if amount < 0 { '-' } else { '+' };
        format!("{sign}{}", amount.unsigned_abs())
    };
    let shown: Vec<String> = counter.updates.iter().take(SHOWN).map(signed).collect();
    let more = counter.updates.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// The one acknowledged operation that accounts for what is missing.
fn only_one<'h>(counter: &Counter<'h>, missing: i64) -> Option<OpView<'h>> {
    let mut of = counter.of(true).filter(|&op| amount(op) == missing);
    let one = of.next();
    if of.next().is_some() { None } else { one }
}

/// How often the one operation on a counter was applied, if there was no other: then its value tells.
fn times(counter: &Counter<'_>, value: i64) -> Option<i64> {
    let [one] = counter.updates.as_slice() else { return None };
    let amount = amount(*one);
    if one.is_setup() || value.checked_rem(amount) != Some(0) {
        return None;
    }
    value.checked_div(amount).filter(|&times| times > 1)
}

/// Which replica acknowledged how much, when no single operation accounts for what is off.
fn shares(counter: &Counter<'_>) -> String {
    let mut by_node: BTreeMap<&str, u64> = BTreeMap::new();
    for op in counter.updates.iter().filter(|op| op.is_ok()) {
        let node = match op.node_name() {
            NODE_UNKNOWN => "nodes that the history does not name",
            node => node,
        };
        *by_node.entry(node).or_default() += 1;
    }
    let said: Vec<String> =
        by_node.iter().map(|(node, count)| format!("{count} by {node}")).collect();
    let said = crate::words::list(&said).unwrap_or_else(|| "none".to_owned());
    format!("acknowledged operations: {said}")
}

/// Operations that prove it: of increments that are missing, the fewest that come to more than the value; else all.
fn witness(counter: &Counter<'_>, claim: Claim, value: i64) -> Vec<OpId> {
    if counter.decremented || claim != NO_LOST {
        return counter.updates.iter().map(|op| op.id()).collect();
    }
    let mut acked: Vec<OpView<'_>> = counter.of(true).collect();
    acked.sort_by_key(|op| (-amount(*op), op.id()));
    let mut sum = 0_i64;
    let mut ops = Vec::new();
    for op in acked {
        if !ops.is_empty() && sum > value {
            break;
        }
        sum = sum.saturating_add(amount(op));
        ops.push(op.id());
    }
    ops
}

/// What a read could have returned instead.
fn possible(sums: &Sums, value: i64) -> String {
    let (lowest, highest) = sums.range();
    if !(lowest..=highest).contains(&value) {
        return format!("possible sums are from {lowest} to {highest}");
    }
    // Some sum is reached at each end, and the value itself is not.
    let below = (lowest..value).rev().find(|&sum| sums.reach(sum));
    let above = (value..=highest).find(|&sum| sums.reach(sum));
    let near: Vec<String> = below.into_iter().chain(above).map(|sum| sum.to_string()).collect();
    format!("the nearest possible sums are {}", near.join(" and "))
}

fn during_the_run(ctx: &Context<'_>, counter: &Counter<'_>, findings: &mut Findings) {
    let mut reads: Vec<OpView<'_>> =
        ctx.on(counter.key).filter(|op| op.f().is_read() && op.is_ok()).collect();
    findings.chances(NO_PHANTOMS, reads.len() as u64, "no counter was read");
    reads.sort_by_key(|read| (read.until(), read.id()));
    let mut sums = Sums::new(counter.updates.iter().map(|&op| amount(op)));
    let mut updates = counter.updates.iter().peekable();
    for read in reads {
        let all = !ctx.history.has_real_time();
        while let Some(&op) = updates.next_if(|op| all || op.invoked() <= read.until()) {
            sums.add(amount(op));
        }
        let Some(value) = read.output().as_int() else { continue };
        let until = read.completion_index().unwrap_or(u32::MAX);
        if ctx.history.updates_left_out(counter.key, None, until) || sums.reach(value) {
            continue;
        }
        let invoked = counter.updates.iter().filter(|op| op.invoked() <= read.until());
        findings.add(Finding {
            claim: NO_PHANTOMS,
            or: Vec::new(),
            kind: AnomalyKind::ImpossibleSum,
            cause: Cause::ReadAt(Place::of(ctx, read.id())),
            sentence: format!(
                "{}: no choice of the operations that had begun by then adds up to {value}; {}.",
                explain::op(ctx, read.id()),
                possible(&sums, value)
            ),
            key: Some(counter.key),
            ops: invoked.map(|op| op.id()).chain([read.id()]).collect(),
            edges: Vec::new(),
        });
    }
}
