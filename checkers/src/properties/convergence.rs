//! Convergence: after the updates stop and the faults are healed, every replica returns the same.
//!
//! Judged on the final reads, per key and per replica: equal on all, none missing. A key that some replica was
//! not read for is not equal but undecided; so is one on which reads differ that nobody called final, since a replica may
//! have been about to hear of the last update. Values are compared as what they mean: the siblings of a
//! register and the items of a cart are sets. The window runs from the last heal (or the last update, if later)
//! to the last read that returned something other than what all agreed on in the end; the first fresh read
//! says nothing, since another replica may still be stale.
//!
//! Definition: strong eventual consistency's convergence (Shapiro, Preguiça, Baquero and Zawirski, SSS 2011),
//! observed through reads.

use crate::attribution::{self, Missing};
use crate::case::Case;
use crate::cause::{Apart, Cause};
use crate::context::{Context, quiet_from};
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::reads_from::ReadsFrom;
use crate::inference::sums::Sums;
use crate::inference::version::{Relation, compare};
use crate::must_see::{must_agree, must_see_or_what_replaced};
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::{AnomalyKind, ConvergenceFigures, Divergence, Held, Label};
use crate::words::counted;
use afterall_history::{
    Datum, Function, KeyId, NodeId, OpId, OpView, Phase, Property, RECORDED, Sessions, Status,
    Value, View, Workload as W,
};
use std::collections::{BTreeMap, BTreeSet};

const CLAIM: Claim = (Property::Convergence, Sessions::All);
const EXAMPLES_MAX: usize = 100;

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::Convergence,
    workloads: &[
        W::Register,
        W::Counter,
        W::Cart,
        W::Set,
        W::Chat,
        W::Inventory,
        W::Text,
        W::Position,
    ],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[],
    checkers: &[&CHECKER],
    level: None,
};

/// Judges it, and measures how long the replicas disagreed.
pub(crate) static CHECKER: Checker = Checker {
    name: "convergence",
    workloads: W::ALL,
    real_time: true,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    findings.figures.convergence = Some(converged(case.ctx, case.reads_from, findings));
}

fn converged(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    findings: &mut Findings,
) -> ConvergenceFigures {
    let history = ctx.history;
    let mut figures = ConvergenceFigures { quiet_from: quiet_from(history), ..Default::default() };
    findings.chances(CLAIM, 0, "no key was updated and then read on two replicas at the end");
    let mut agreed: BTreeMap<KeyId, Value> = BTreeMap::new();
    for key in ctx.keys() {
        let finals = ctx.finals(key);
        figures.keys += u64::from(!finals.is_empty());
        let updated = ctx.on(key).any(|op| !op.f().is_read() && op.is_ok() && !op.is_setup());
        let mut held: BTreeMap<Value, Vec<OpId>> = BTreeMap::new();
        for &(_, read) in finals {
            held.entry(meaning(ctx, ctx.op(read))).or_default().push(read);
        }
        if !ctx.all_read(key) {
            figures.unread += 1;
        }
        if updated && ctx.is_quiet(key) && finals.len() > 1 {
            // Of collections each element could be there on one replica and not on another.
            let chances = (finals.len() as u64 - 1) * elements(ctx, finals);
            findings.chances(CLAIM, chances, "no key was updated and read");
        }
        if held.len() > 1 {
            figures.divergent += 1;
            if figures.examples.len() < EXAMPLES_MAX {
                figures.examples.push(divergence(ctx, key));
            }
            let name = ctx.history.key_name(key);
            if let Some(why) = ctx.unsettled(key) {
                findings.undecided(CLAIM, why);
            } else if let Some(op) = explained(ctx, key) {
                let op = explain::op(ctx, op);
                findings.undecided(
                    CLAIM,
                    format!("the last reads of {name} differ by an operation whose outcome is unknown: {op}"),
                );
            } else if ctx.finals_are_marked() {
                findings.add(diverged(ctx, reads_from, key, &held));
            } else {
                findings.undecided(CLAIM, explain::not_final(name, "differ"));
            }
        } else if let Some((value, _)) = held.pop_first()
            && ctx.all_read(key)
        {
            agreed.insert(key, value);
            // Later updates may have reached one replica and not another.
            if let (true, Some(why)) = (updated, ctx.unsettled(key)) {
                findings.undecided(CLAIM, why);
            }
        }
    }
    if let Some(why) = ctx.disturbed() {
        findings.undecided(CLAIM, why);
    } else if figures.unread > 0 {
        let (unread, keys) = (figures.unread, counted(history.keys() as u64, "key"));
        let were = if figures.unread == 1 { "was" } else { "were" };
        findings.undecided(
            CLAIM,
            format!("{unread} of {keys} {were} not read on every replica at the end"),
        );
    }
    if figures.divergent == 0 && figures.unread == 0 && figures.keys > 0 {
        figures.last_stale = last_stale(ctx, &agreed, figures.quiet_from);
        figures.window_ns = Some(
            figures.last_stale.map_or(0, |stale| stale.saturating_sub(figures.quiet_from).max(0)),
        );
    }
    figures
}

/// In a history of another tool, where nobody waited until all was quiet: an update of which nobody knows whether it happened,
/// if what such updates did in between accounts for all that the final reads differ by.
fn explained(ctx: &Context<'_>, key: KeyId) -> Option<OpId> {
    if ctx.history.header().world != RECORDED {
        return None;
    }
    let data = ctx.history.data();
    let reads: Vec<OpView<'_>> = ctx.finals(key).iter().map(|&(_, read)| ctx.op(read)).collect();
    let over = reads.iter().filter_map(|read| read.completion_index()).max()?;
    let unknown: Vec<OpView<'_>> = ctx
        .on(key)
        .filter(|op| !op.f().is_read() && op.status() == Status::Info && op.index() < over)
        .collect();
    let first = unknown.first()?.id();
    let settled = || ctx.on(key).filter(|op| !op.f().is_read() && ctx.is_settled(*op));
    let same = match ctx.history.header().workload {
        // Elements that such an update may have added or removed do not count, unless they must be there all the same.
        W::Set | W::Cart | W::Chat => {
            let element = |op: OpView<'_>| ctx.history.value_written(op.id()).unwrap_or(op.input());
            let removed: BTreeSet<Datum> = ctx
                .on(key)
                .filter(|op| op.f() == Function::Remove && op.status() != Status::Fail)
                .map(element)
                .collect();
            let added: BTreeSet<Datum> =
                settled().map(element).filter(|element| !removed.contains(element)).collect();
            let doubtful: BTreeSet<Datum> = unknown.iter().copied().map(element).collect();
            let of = |item: Datum| match ctx.history.header().workload {
                W::Cart => data.items(item).next().unwrap_or(Datum::NIL),
                _ => item,
            };
            let sure = |read: &OpView<'_>| -> BTreeSet<Datum> {
                let shown = data.items(read.output()).filter_map(|item| {
                    match (doubtful.contains(&of(item)), added.contains(&of(item))) {
                        (false, _) => Some(item),
                        // How much of it is there may have changed.
                        (true, true) => Some(of(item)),
                        (true, false) => None,
                    }
                });
                shown.collect()
            };
            all_same(reads.iter().map(sure))
        }
        // Each may have been applied between two of the reads, and what was acknowledged before them is in all.
        W::Counter | W::Inventory => {
            let amount = |op: &OpView<'_>| {
                let amount = op.input().as_int().unwrap_or(0);
                if matches!(op.f(), Function::Decrement | Function::Sell) {
                    -amount
                } else {
                    amount
                }
            };
            let mut sums = Sums::new(unknown.iter().map(amount));
            unknown.iter().for_each(|op| sums.add(amount(op)));
            let sure: i64 = settled().map(|op| amount(&op)).sum();
            let mut values = reads.iter().filter_map(|read| read.output().as_int());
            values.all(|value| value.checked_sub(sure).is_some_and(|by| sums.reach(by)))
        }
        // A write may have replaced what another replica still had; nothing but a delete leaves nothing.
        W::Register => {
            let written: BTreeSet<Datum> =
                unknown.iter().filter_map(|op| ctx.history.value_written(op.id())).collect();
            let deleted = unknown.iter().any(|op| op.f() == Function::Delete);
            let empty = |read: &OpView<'_>| data.items(read.output()).next().is_none();
            let never = !ctx.on(key).any(|op| op.f() == Function::Delete);
            if never && settled().next().is_some() && reads.iter().any(empty) {
                return None;
            }
            let doubtful = |read: &&OpView<'_>| {
                (deleted && empty(read))
                    || data.items(read.output()).any(|item| written.contains(&item))
            };
            all_same(reads.iter().filter(|read| !doubtful(read)).map(|read| meaning(ctx, *read)))
        }
        // What was appended shows, unless a write replaced it.
        W::Text if unknown.iter().all(|op| op.f() == Function::Append) => {
            let pieces: Vec<Value> = unknown.iter().map(|op| data.value(op.input())).collect();
            let without = |read: &OpView<'_>| {
                let mut text = data.value(read.output()).as_text().unwrap_or("").to_owned();
                for piece in pieces.iter().filter_map(Value::as_text).filter(|p| !p.is_empty()) {
                    text = text.replace(piece, "");
                }
                text
            };
            all_same(reads.iter().map(without))
        }
        // A write may have moved one replica forward before another had heard of it.
        W::Position => {
            let written: BTreeSet<Datum> = unknown.iter().map(|op| op.input()).collect();
            let known = reads.iter().map(|read| read.output());
            all_same(known.filter(|position| !written.contains(position)))
        }
        W::Text | W::Mutex | W::Transactions => true,
    };
    same.then_some(first)
}

fn all_same<T: PartialEq>(mut of: impl Iterator<Item = T>) -> bool {
    of.next().is_none_or(|first| of.all(|other| other == first))
}

/// How many elements the final reads of a collection show together; 1 for what is no collection, or is empty.
fn elements(ctx: &Context<'_>, finals: &[(NodeId, OpId)]) -> u64 {
    if !matches!(ctx.history.header().workload, W::Cart | W::Set | W::Chat) {
        return 1;
    }
    let data = ctx.history.data();
    let shown = finals.iter().flat_map(|&(_, read)| data.items(ctx.op(read).output()));
    let elements: BTreeSet<Datum> = shown.collect();
    (elements.len() as u64).max(1)
}

/// What a read returned, with the order taken out where it means nothing.
fn meaning(ctx: &Context<'_>, read: OpView<'_>) -> Value {
    let value = ctx.history.data().value(read.output());
    match (ctx.history.header().workload, value) {
        (W::Register | W::Cart | W::Set | W::Chat, Value::List(mut items)) => {
            items.sort_unstable();
            // A set holds an element once; that a read returned it twice is judged elsewhere.
            if matches!(ctx.history.header().workload, W::Set | W::Chat) {
                items.dedup();
            }
            Value::List(items)
        }
        (W::Register | W::Cart | W::Set | W::Chat, Value::Nil) => Value::List(Vec::new()),
        (W::Text, Value::Nil) => Value::Text(String::new()),
        (_, value) => value,
    }
}

/// When a read after `quiet_from` last returned something other than what all agreed on in the end.
fn last_stale(ctx: &Context<'_>, agreed: &BTreeMap<KeyId, Value>, quiet_from: i64) -> Option<i64> {
    let mut reads = ctx.history.ops().rev().filter(|op| {
        op.f().is_read()
            && op.is_ok()
            && op.invoked() >= quiet_from
            && ctx.history.phase_at(op.invoked()) >= Some(Phase::Quiescence)
    });
    // Reads are walked by their invocation, and the one completed last need not be the one invoked last.
    let newest = reads.find(|&op| agreed.get(&op.key()) != Some(&meaning(ctx, op)))?;
    let stale = reads
        .filter(|op| op.until() > newest.until())
        .filter(|&op| agreed.get(&op.key()) != Some(&meaning(ctx, op)));
    stale.map(OpView::until).max().max(Some(newest.until()))
}

fn divergence(ctx: &Context<'_>, key: KeyId) -> Divergence {
    let held = |&(node, read): &(_, OpId)| Held {
        node: ctx.history.node_name(node).to_owned(),
        value: ctx.history.data().value(ctx.op(read).output()),
        op: ctx.op(read).number(),
    };
    Divergence {
        key: ctx.history.key_name(key).to_owned(),
        replicas: ctx.finals(key).iter().map(held).collect(),
    }
}

fn diverged(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    key: KeyId,
    held: &BTreeMap<Value, Vec<OpId>>,
) -> Finding {
    let name = |&read: &OpId| ctx.history.node_name(ctx.op(read).sent_to());
    // The side that most replicas are on, first.
    let mut sides: Vec<(&Value, &Vec<OpId>)> = held.iter().collect();
    sides.sort_by_key(|(_, reads)| (usize::MAX - reads.len(), reads[0]));
    let said: Vec<String> = sides
        .iter()
        .map(|(value, reads)| {
            let names: Vec<&str> = reads.iter().map(name).collect();
            let hold = if names.len() == 1 { "holds" } else { "hold" };
            let value = crate::words::returned(ctx.history.header().workload, value);
            format!("{} {hold} {value}", crate::words::list(&names).unwrap_or_default())
        })
        .collect();
    let nodes = |reads: &Vec<OpId>| reads.iter().map(|&read| ctx.op(read).sent_to()).collect();
    let apart = Apart::of(held.values().map(nodes).collect());
    let missing = missing(ctx, reads_from, key);
    let cause = Cause::Apart(apart, attribution::between(ctx, &missing));
    let mut ops: Vec<OpId> = sides.iter().map(|(_, reads)| reads[0]).collect();
    ops.extend(missing.iter().map(|of| of.update));
    ops.sort_unstable();
    let why = match missing.is_empty() {
        true => other_order(ctx, reads_from, [sides[0].1[0], sides[1].1[0]]),
        false => not_shown(ctx, &missing),
    };
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: AnomalyKind::Divergence,
        cause,
        sentence: format!(
            "At the end the replicas disagree on {}: {}.{why}",
            ctx.history.key_name(key),
            said.join("; ")
        ),
        key: Some(key),
        ops,
        edges: apart_by(ctx, reads_from, &sides, &missing),
    }
}

/// The final reads that disagree, one of each side; which of them show the updates that tell it; and which had to.
fn apart_by(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    sides: &[(&Value, &Vec<OpId>)],
    missing: &[Missing],
) -> Vec<Dependency> {
    let firsts: Vec<OpId> = sides.iter().map(|(_, reads)| reads[0]).collect();
    let (&most, others) = firsts.split_first().map_or((&OpId(0), &[][..]), |split| split);
    let mut edges: Vec<Dependency> =
        others.iter().map(|&other| must_agree(ctx, most, other)).collect();
    for of in missing {
        for &read in &firsts {
            if reads_from.shown(read).any(|update| update == of.update) {
                let why = crate::inference::paths::why_reads_from(ctx, of.update, read);
                edges.push(Dependency { from: of.update, to: read, label: Label::ReadsFrom, why });
            } else if missing.len() == 1 && had_to_show(ctx, reads_from, of.update, read) {
                edges.push(must_see_or_what_replaced(ctx, of.update, read));
            }
        }
    }
    edges
}

/// Whether it is known that a final read had to show an update that another one shows, and that nothing could have taken away:
/// all that the read shows instead is older, or by its version did not replace it.
fn had_to_show(ctx: &Context<'_>, reads_from: &ReadsFrom, update: OpId, read: OpId) -> bool {
    let update = ctx.op(update);
    let is_vector = |op: OpView<'_>| matches!(ctx.history.view(op.version()), View::Map(_));
    let leaves = |other: OpId| {
        let other = ctx.op(other);
        let order = compare(ctx.history.data(), other.version(), update.version());
        let older = ctx.history.has_real_time() && other.until() < update.invoked();
        let apart = is_vector(other) && is_vector(update) && !order.is_none_or(Relation::at_least);
        older || apart
    };
    match ctx.history.header().workload {
        W::Register => {
            let deletes =
                |op: OpView<'_>| op.f() == Function::Delete && op.status() != Status::Fail;
            update.is_ok()
                && !ctx.on(update.key()).any(deletes)
                && reads_from.shown(read).all(leaves)
        }
        W::Position => update.is_ok(),
        _ => false,
    }
}

/// The updates that tell a divergence: what some replicas show at the end and others do not. Of a register one of each side, where
/// each side shows what the other does not; of a collection the first element, of a position the
/// greatest. Nothing is known of counters, and of texts that are left whole.
fn missing(ctx: &Context<'_>, reads_from: &ReadsFrom, key: KeyId) -> Vec<Missing> {
    let workload = ctx.history.header().workload;
    if !matches!(workload, W::Register | W::Set | W::Text | W::Cart | W::Chat | W::Position) {
        return Vec::new();
    }
    // By update: the replicas whose last read shows it.
    let mut shown: BTreeMap<OpId, BTreeSet<NodeId>> = BTreeMap::new();
    for &(node, read) in ctx.finals(key) {
        for update in reads_from.shown(read) {
            shown.entry(update).or_default().insert(node);
        }
    }
    if workload == W::Position {
        // A replica that is further lacks nothing.
        let furthest = shown.keys().map(|&update| ctx.op(update).input().as_int()).max();
        shown.retain(|&update, _| Some(ctx.op(update).input().as_int()) == furthest);
    }
    let mut lacked = shown.iter().filter_map(|(&update, by)| {
        let at = ctx.finals(key).iter().map(|&(node, _)| node).filter(|node| !by.contains(node));
        let at: Vec<NodeId> = at.collect();
        (!at.is_empty()).then_some((by, Missing { update, at }))
    });
    let Some((by, first)) = lacked.next() else { return Vec::new() };
    let other = (workload == W::Register)
        .then(|| lacked.find(|(others, _)| !others.is_subset(by) && !by.is_subset(others)));
    let other = other.flatten().map(|(_, other)| other);
    std::iter::once(first).chain(other).collect()
}

/// Where two texts part that show the same pieces; nothing of what is no text, or is left whole.
fn other_order(ctx: &Context<'_>, reads_from: &ReadsFrom, [one, other]: [OpId; 2]) -> String {
    let (here, there) = (reads_from.of(one), reads_from.of(other));
    let strange = reads_from.partly(one) || reads_from.partly(other);
    let Some(at) = here.iter().zip(there).position(|(here, there)| here != there) else {
        return String::new();
    };
    if ctx.history.header().workload != W::Text || strange || here.len() != there.len() {
        return String::new();
    }
    let piece =
        |append: OpId| crate::words::value(&ctx.history.data().value(ctx.op(append).input()));
    let node = |read| ctx.history.node_name(ctx.op(read).sent_to());
    let after = match at.checked_sub(1).map(|before| here[before]) {
        Some(before) => format!("after {}", piece(before)),
        None => "at the beginning".to_owned(),
    };
    format!(
        " They show the same pieces in another order: {after} stands {} at {}, and {} at {}.",
        piece(here[at]),
        node(one),
        piece(there[at]),
        node(other)
    )
}

/// Which updates were not shown everywhere, and when each was taken; nothing where that is not known. Whether they arrived is
/// more than reads tell: a replica may have them, and prefer another.
fn not_shown(ctx: &Context<'_>, missing: &[Missing]) -> String {
    let when = |op: OpView<'_>| match ctx.history.has_times() {
        true => format!(" at {}", crate::words::duration(op.invoked())),
        false => String::new(),
    };
    let by = |of: &Missing| {
        let names: Vec<&str> = of.at.iter().map(|&node| ctx.history.node_name(node)).collect();
        // The one that took it replaced it.
        if of.at == [ctx.op(of.update).served_by()] {
            return format!("which {} no longer shows", crate::words::few(&names));
        }
        let verb = if names.len() == 1 { "does" } else { "do" };
        format!("which {} {verb} not show", crate::words::few(&names))
    };
    let said = |of: &Missing, order: &str| {
        let at = when(ctx.op(of.update));
        format!("{}{at}{order}, {}", explain::op(ctx, of.update), by(of))
    };
    match missing {
        [one] => format!(" Not shown everywhere: {}.", said(one, "")),
        [one, other] => {
            let (a, b) = (ctx.op(one.update), ctx.op(other.update));
            let real_time = ctx.history.has_real_time();
            let order = match (a.until() < b.invoked(), b.until() < a.invoked()) {
                (true, _) if real_time => ", after the first had been acknowledged",
                (_, true) if real_time => ", before the first was made",
                (false, false) if real_time => ", before the first had been acknowledged",
                _ => "",
            };
            format!(" Not shown everywhere: {}; and {}.", said(one, ""), said(other, order))
        }
        _ => String::new(),
    }
}
