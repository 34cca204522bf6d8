//! Causal consistency (CC), and what causal convergence (CCv) needs of it.
//!
//! On the graph of so and wr, over all keys, with the bad patterns of Bouajjani, Enea, Guerraoui and Hamza,
//! "On verifying causal consistency" (POPL 2017):
//!
//! | level | violated by |
//! |---|---|
//! | CC | CyclicCO: so ∪ wr has a cycle · ThinAirRead: a value that nobody wrote · WriteCOInitRead: nothing is returned though a write of the key is in the causal past · WriteCORead: a value v is returned though some w' on the key has v →hb w' →hb read |
//! | CCv | CC, or CyclicCF; see `conflict_cycles` |
//!
//! Siblings: a read is wrong if every value it returned is strictly before some write of its causal past. One
//! overwritten value beside others is no proof, since whether a write supersedes a sibling depends on contexts that
//! the history does not show.
//!
//! Carts, per element (CC only; there is no order of conflicting updates to agree on): an element whose add is in
//! the causal past, and of which no remove that may have happened was invoked before the read was over, must be
//! there; an element whose remove is in the causal past must not, since elements are fresh and not added twice.
//!
//! A chance is a read that had a write of its key in the causal past before it read.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use super::conflict_cycles;
use crate::case::Case;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::causal_order::{CausalOrder, Past, Seen};
use crate::inference::paths::{Conflict, Paths, ops_on, searches, why_reads_from};
use crate::inference::reads_from::ReadsFrom;
use crate::linearizable;
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, Label};
use crate::words;
use afterall_history::{
    Datum, Function, KeyId, OpId, OpView, Property, Sessions, Status, Workload,
};
use std::collections::HashMap;

const CC: Claim = (Property::Causal, Sessions::All);
/// What reads of values are called that nobody wrote.
pub(crate) const THIN_AIR: AnomalyKind = AnomalyKind::ThinAirRead;
/// What violations of CC are called.
pub(crate) const CC_KINDS: [AnomalyKind; 4] = [
    AnomalyKind::CyclicCausality,
    THIN_AIR,
    AnomalyKind::CausalInitialRead,
    AnomalyKind::CausalStaleRead,
];
const WHY_NONE: &str = "no read had a write of its key in the causal past of its session";

/// A read that ignores what is in its causal past.
#[derive(Debug, Clone, Copy)]
enum Stale {
    /// It returned nothing though this update came before it.
    Nothing(OpId),
    /// All that it returned was overwritten before it.
    Overwritten,
    /// It misses this add of its causal past.
    Misses(OpId),
    /// It shows the element of this add, which this remove of its causal past had taken away.
    Shows(OpId, OpId),
}

/// What the pass over the history collects.
#[derive(Default)]
struct Collected {
    chances: u64,
    stale: Vec<(OpId, Stale)>,
    /// Of registers: those that the order of the pass does not already have.
    conflicts: Vec<Conflict>,
}

/// Judges causal consistency and causal convergence, and keeps the causal order of registers for the other checkers.
pub(crate) static CHECKER: Checker = Checker {
    name: "causal consistency",
    workloads: &[Workload::Register, Workload::Cart, Workload::Set, Workload::Chat],
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let order = walk(case.ctx, case.reads_from, findings);
    if case.ctx.history.header().workload != Workload::Register {
        return;
    }
    case.set_order(order);
    if linearizable::several_values(case.ctx).is_some() {
        findings.notes.push(
            "some reads returned several values at once: causal, causal-convergence, causal-memory and pram call \
             such a read stale only if each of its values had been overwritten"
                .to_owned(),
        );
    }
}

fn walk<'h>(ctx: &Context<'h>, reads_from: &ReadsFrom, findings: &mut Findings) -> CausalOrder<'h> {
    let register = ctx.history.header().workload == Workload::Register;
    let removes = removes(ctx);
    let mut collected = Collected::default();
    let mut known = Known::new(ctx);
    let order = CausalOrder::new(ctx, reads_from, &[], |read, seen| {
        if register {
            judge_register(ctx, reads_from, read, seen, &mut known, &mut collected);
        } else {
            judge_cart(ctx, reads_from, read, seen, &removes, &mut collected);
        }
    });
    drop(known);
    let claims: &[Claim] = if register { &[CC, conflict_cycles::CLAIM] } else { &[CC] };
    for &claim in claims {
        findings.chances(claim, collected.chances, WHY_NONE);
    }
    let Collected { stale, conflicts, .. } = collected;
    // What breaks CC breaks CCv.
    let file = |findings: &mut Findings, finding: Finding| {
        for &claim in claims {
            findings.add(Finding { claim, ..finding.clone() });
        }
    };
    for finding in thin_air(ctx, reads_from) {
        file(findings, finding);
    }
    if !order.cyclic.is_empty() {
        file(findings, cyclic(ctx, &order, reads_from));
    }
    if !stale.is_empty() {
        let paths = Paths::new(ctx, &order, reads_from, &[]);
        for (at, &(read, why)) in stale.iter().enumerate() {
            let counted = at >= searches(ctx)
                && claims.iter().all(|&claim| {
                    findings.count_more(claim, kind_of(why), &stale_cause(ctx, read))
                });
            if !counted {
                file(findings, stale_read(ctx, reads_from, &paths, read, why));
            }
        }
    }
    if register {
        // Where reads are stale no order can be found that none contradicts.
        let guess = stale.is_empty().then_some(conflicts);
        conflict_cycles::check(ctx, &order, reads_from, guess, findings);
    }
    order
}

/// Which sessions had updates of which keys in their past.
struct Known {
    keys: usize,
    /// A bit for each session and key, where they are not too many.
    bits: Vec<u64>,
}

impl Known {
    /// 32 MiB.
    const BITS_MAX: usize = 1 << 28;

    fn new(ctx: &Context<'_>) -> Known {
        let keys = ctx.history.keys();
        let bits = keys.saturating_mul(ctx.history.sessions());
        let words = if bits > Known::BITS_MAX { 0 } else { bits.div_ceil(64) };
        Known { keys, bits: vec![0; words] }
    }

    /// Whether any update of the key was in the session's past.
    fn any(&mut self, read: OpView<'_>, past: Past<'_>, order: &CausalOrder<'_>) -> bool {
        let at = read.session().0 as usize * self.keys + read.key().0 as usize;
        let word = self.bits.get_mut(at / 64);
        if word.as_ref().is_some_and(|word| **word & (1 << (at % 64)) != 0) {
            return true;
        }
        let any = order.last_updates(read.key(), past).next().is_some();
        if let (true, Some(word)) = (any, word) {
            *word |= 1 << (at % 64);
        }
        any
    }
}

fn judge_register(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    read: OpView<'_>,
    seen: &Seen<'_>,
    known: &mut Known,
    collected: &mut Collected,
) {
    let (key, order, after) = (read.key(), seen.order, seen.after);
    let any = known.any(read, seen.before, order);
    collected.chances += u64::from(any);
    let from = reads_from.of(read.id());
    match *from {
        [] => {
            // What it returned may have been a phantom, which is reported as such.
            if any
                && !reads_from.partly(read.id())
                && let Some(update) = order.last_updates(key, after).next()
                && ctx.history.data().items(read.output()).next().is_none()
            {
                collected.stale.push((read.id(), Stale::Nothing(update)));
            }
        }
        // Of what else it returned nobody knows when it was written: this is a part of a history.
        _ if reads_from.partly(read.id()) => {}
        [value] => {
            // Whatever else it has before it mostly comes before the value in the order of the pass, too: then the value
            // was not overwritten, and the order of the pass is one that this read does not contradict.
            let Some(first) = seen.newer(key, value) else { return };
            let mut updates = order.last_updates(key, after);
            if updates.any(|update| order.before(value, update)) {
                collected.stale.push((read.id(), Stale::Overwritten));
            } else {
                collected.conflicts.push(Conflict { first, then: value, read: read.id() });
            }
        }
        _ => {
            let overwritten = |&value: &OpId| {
                order.last_updates(key, after).any(|update| order.before(value, update))
            };
            if from.iter().all(overwritten) {
                collected.stale.push((read.id(), Stale::Overwritten));
            }
        }
    }
}

/// The removes that may have happened, by key and element, in the order of invocation.
type Removes = HashMap<(KeyId, Datum), Vec<OpId>>;

fn removes(ctx: &Context<'_>) -> Removes {
    let mut removes = Removes::new();
    for op in ctx.history.ops() {
        if op.f() == Function::Remove && op.status() != Status::Fail {
            removes.entry((op.key(), op.input())).or_default().push(op.id());
        }
    }
    removes
}

fn judge_cart(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    read: OpView<'_>,
    &Seen { order, before, after, .. }: &Seen<'_>,
    removes: &Removes,
    collected: &mut Collected,
) {
    let key = read.key();
    collected.chances += u64::from(order.last_updates(key, before).next().is_some());
    let mut shown: Vec<OpId> = reads_from.shown(read.id()).collect();
    shown.sort_unstable();
    // Of several adds of one element a read shows all, or none.
    let shows = |add: OpId| {
        let first = reads_from.first_of_same(add).unwrap_or(add);
        shown.binary_search(&first).is_ok() || shown.binary_search(&add).is_ok()
    };
    for op in order.updates_within(key, after).map(|id| ctx.op(id)) {
        if op.f() == Function::Remove {
            let add = reads_from.writer(ctx, key, op.input());
            let once = add.filter(|&add| reads_from.first_of_same(add).is_none());
            if let Some(add) = once.filter(|&add| shows(add) && order.before(add, op.id())) {
                collected.stale.push((read.id(), Stale::Shows(add, op.id())));
                return;
            }
        } else if op.f() != Function::Remove && !shows(op.id()) {
            let element = ctx.history.value_written(op.id()).unwrap_or(Datum::NIL);
            let removed = removes
                .get(&(key, element))
                .is_some_and(|removes| ctx.op(removes[0]).invoked() <= read.until());
            let until = read.completion_index().unwrap_or(u32::MAX);
            if !removed && !ctx.history.removed_elsewhere(key, element, until) {
                collected.stale.push((read.id(), Stale::Misses(op.id())));
                return;
            }
        }
    }
}

fn kind_of(why: Stale) -> AnomalyKind {
    match why {
        Stale::Nothing(_) => AnomalyKind::CausalInitialRead,
        Stale::Overwritten => AnomalyKind::CausalStaleRead,
        Stale::Misses(_) => AnomalyKind::MissingItem,
        Stale::Shows(..) => AnomalyKind::RemovedItemShown,
    }
}

fn stale_cause(ctx: &Context<'_>, read: OpId) -> Cause {
    Cause::ReadAt(Place::of(ctx, read))
}

fn stale_read(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    paths: &Paths<'_>,
    read: OpId,
    why: Stale,
) -> Finding {
    let ops = ctx.history.len();
    let to_read = paths.before(read, ops);
    let mut edges: Vec<Dependency> = Vec::new();
    let sentence = match why {
        Stale::Nothing(update) => {
            // Of all updates of the key in the past, the one with the shortest way to the read.
            let nearest = ctx
                .on(ctx.op(read).key())
                .filter(|op| !op.f().is_read() && to_read.is(op.id()))
                .map(OpView::id)
                .min_by_key(|op| to_read.distance[op.0 as usize])
                .unwrap_or(update);
            edges.extend(paths.path_from(ctx, &to_read, nearest));
            edges.push(back(ctx, read, nearest));
            format!(
                "{}, although a write of that key is in its causal past: {}.",
                explain::op(ctx, read),
                explain::op(ctx, nearest)
            )
        }
        Stale::Overwritten => {
            let mut newer = None;
            for &value in reads_from.of(read) {
                let from_value = paths.after(value, ops, |_| true);
                let between = ctx
                    .on(ctx.op(read).key())
                    .filter(|op| !op.f().is_read() && to_read.is(op.id()))
                    .map(OpView::id)
                    .filter(|&op| op != value && from_value.is(op))
                    .min_by_key(|op| {
                        from_value.distance[op.0 as usize] + to_read.distance[op.0 as usize]
                    });
                let Some(between) = between else { continue };
                newer = newer.or(Some(between));
                edges.extend(paths.path_to(ctx, &from_value, between));
                edges.extend(paths.path_from(ctx, &to_read, between));
                edges.push(back(ctx, read, between));
                let why = why_reads_from(ctx, value, read);
                edges.push(Dependency { from: value, to: read, label: Label::ReadsFrom, why });
            }
            let newer = newer.map_or(String::new(), |newer| explain::op(ctx, newer));
            format!(
                "{}, although that value had been overwritten in its causal past: {newer}.",
                explain::op(ctx, read)
            )
        }
        Stale::Misses(add) => {
            edges.extend(paths.path_from(ctx, &to_read, add));
            edges.push(back(ctx, read, add));
            format!(
                "{}; this misses an item that is in its causal past, and that no session had removed: {}.",
                explain::op(ctx, read),
                explain::op(ctx, add)
            )
        }
        Stale::Shows(add, remove) => {
            let from_add = paths.after(add, ops, |_| true);
            edges.extend(paths.path_to(ctx, &from_add, remove));
            let why = why_reads_from(ctx, add, read);
            edges.push(Dependency { from: add, to: read, label: Label::ReadsFrom, why });
            edges.extend(paths.path_from(ctx, &to_read, remove));
            edges.push(back(ctx, read, remove));
            // The list of what was read may be cut before it.
            let item = words::value(&ctx.history.data().value(ctx.op(remove).input()));
            format!(
                "{}; this shows {item}, which had been removed in its causal past: {}.",
                explain::op(ctx, read),
                explain::op(ctx, remove)
            )
        }
    };
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.label));
    edges.dedup_by_key(|edge| (edge.from, edge.to, edge.label));
    Finding {
        claim: CC,
        or: Vec::new(),
        kind: kind_of(why),
        cause: stale_cause(ctx, read),
        sentence,
        key: Some(ctx.op(read).key()),
        ops: ops_on(&edges),
        edges,
    }
}

/// The edge that closes the cycle: the read must have come before the update, since it does not show it.
fn back(ctx: &Context<'_>, read: OpId, update: OpId) -> Dependency {
    let (read_number, number) = (ctx.op(read).number(), ctx.op(update).number());
    let why = format!("#{read_number} does not show the effect of #{number}");
    Dependency { from: read, to: update, label: Label::Conflict, why }
}

fn thin_air(ctx: &Context<'_>, reads_from: &ReadsFrom) -> Vec<Finding> {
    let phantoms = reads_from.phantoms.iter().map(|&(read, value)| {
        let value = ctx.history.data().value(value);
        (read, None, format!("no session had written {value} by then"))
    });
    let aborted = reads_from.aborted.iter().map(|&(read, write)| {
        let words = explain::op(ctx, write);
        (read, Some(write), format!("the write of that value is recorded as failed: {words}"))
    });
    let finding = |(read, write, what): (OpId, Option<OpId>, String)| Finding {
        claim: CC,
        or: Vec::new(),
        kind: THIN_AIR,
        cause: stale_cause(ctx, read),
        sentence: format!("{}, although {what}.", explain::op(ctx, read)),
        key: Some(ctx.op(read).key()),
        ops: write.into_iter().chain([read]).collect(),
        edges: Vec::new(),
    };
    phantoms.chain(aborted).map(finding).collect()
}

fn cyclic(ctx: &Context<'_>, order: &CausalOrder<'_>, reads_from: &ReadsFrom) -> Finding {
    let ops = ctx.history.len();
    let paths = Paths::new(ctx, order, reads_from, &[]);
    let mut shortest: Option<Vec<Dependency>> = None;
    let reads = order.cyclic.iter().filter(|&&op| !reads_from.of(op).is_empty());
    for &read in reads.take(searches(ctx)) {
        let reached = paths.after(read, ops, |_| true);
        for &update in reads_from.of(read).iter().filter(|&&update| reached.is(update)) {
            let mut cycle = paths.path_to(ctx, &reached, update);
            let why = why_reads_from(ctx, update, read);
            cycle.push(Dependency { from: update, to: read, label: Label::ReadsFrom, why });
            if shortest.as_ref().is_none_or(|known| cycle.len() < known.len()) {
                shortest = Some(cycle);
            }
        }
    }
    let edges = shortest.unwrap_or_default();
    let mut ops = ops_on(&edges);
    if ops.is_empty() {
        ops = order.cyclic.iter().copied().take(2).collect();
    }
    Finding {
        claim: CC,
        or: Vec::new(),
        kind: AnomalyKind::CyclicCausality,
        cause: Cause::EffectsBeforeCauses,
        sentence: "Each of these operations must come before the next, and the last before the first, which no order can do."
            .to_owned(),
        key: ops.first().map(|&op| ctx.op(op).key()),
        ops,
        edges,
    }
}
