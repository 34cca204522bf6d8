//! Carts, and sets with removes: no item lost, none back from the dead, and a session sees what it did.
//!
//! Each add names a fresh element, and a remove an element that its session has seen. At the end, on the final reads:
//!
//! | finding | when |
//! |---|---|
//! | lost item | added, acknowledged before they began, absent on every replica, and every remove of it was acknowledged before that add began |
//! | resurrected item | removed, acknowledged before they began, by a session that had added it or read it before, and present on every replica |
//!
//! Elements may come again, as those of sets do. Then an acknowledged add is enough to demand the element, and a remove forbids
//! it only if every add of it had been made by the remover's session before: of somebody else's add the remover may
//! not have known, whatever it had read.
//!
//! Present on some replicas only is divergence, not this. A remove that nobody acknowledged may have happened or not:
//! it excuses an absence, and proves nothing by a presence. Elements are added once, so add-wins and remove-wins
//! agree on all of this: the add that the remover had seen comes before the remove and is not concurrent with it.
//! Resurrection is judged apart for sessions that stay with one replica and those that roam, since a remove may
//! reach a replica that does not hold the add yet.
//!
//! During the run, by values, for each session: what it added, acknowledged, and nobody has begun to remove, is in
//! its later reads and orders (RYW), and what it has read likewise, by whomever it was added (MR); what it removed,
//! acknowledged, after it had seen it, is not (RYW); what it has read, and then seen gone, does not come back (MR). Of
//! elements that were added several times nothing is said.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use super::lost::{NO_LOST, lost};
use crate::case::Case;
use crate::cause::Cause;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::reads_from::ReadsFrom;
use crate::must_see::must_see;
use crate::row::{Checker, Turn};
use crate::session_guarantees as sessions;
use crate::verdict::{AnomalyKind, ItemFates, Label, Tier};
use crate::words;
use afterall_history::{
    Datum, Function, KeyId, NODE_UNKNOWN, OpId, OpView, Property, Sessions, Status, Workload,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const LOST_NONE: &str = "nothing was added where every replica was read at the end";

fn resurrected_none(sessions: Sessions) -> &'static str {
    match sessions {
        Sessions::Sticky => "no sticky session removed an item of which it had seen every add",
        _ => "no roaming session removed an item of which it had seen every add",
    }
}

/// The removes of an element, acknowledged or not, in the order of their invocation. Only looked up, never walked.
type Removes = HashMap<(KeyId, Datum), Vec<OpId>>;

/// A remove by a session that had seen the element.
#[derive(Debug, Clone, Copy)]
struct Removal {
    add: OpId,
    remove: OpId,
    /// What showed the session that the element was there: its own add, or a read.
    shown_by: OpId,
}

/// Judges carts, and sets with removes.
pub(crate) static CHECKER: Checker = Checker {
    name: "carts",
    workloads: &[Workload::Cart, Workload::Set, Workload::Chat],
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    if ctx.history.header().workload == Workload::Cart || ctx.has_removes() {
        let fates = carts(ctx, case.reads_from, case.exact(), findings);
        findings.figures.items = ctx.history.has_real_time().then_some(fates);
    }
}

fn carts(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    exact: &[bool],
    findings: &mut Findings,
) -> ItemFates {
    let mut fates = ItemFates::default();
    findings.chances(NO_LOST, 0, LOST_NONE);
    let kinds = [Sessions::Sticky, Sessions::Roaming];
    for sessions in kinds {
        findings.chances((Property::NoResurrectedItems, sessions), 0, resurrected_none(sessions));
    }
    let mut removes = Removes::new();
    for op in ctx.history.ops() {
        if op.f() == Function::Remove && op.status() != Status::Fail {
            removes.entry((op.key(), op.input())).or_default().push(op.id());
        }
    }
    let removals = sessions_of_carts(ctx, reads_from, exact, &removes, findings);
    // Of completions alone nobody knows what was over when the last reads began.
    for key in ctx.keys().filter(|_| ctx.history.has_real_time()) {
        let removals = removals.get(&key).map_or(&[][..], Vec::as_slice);
        at_the_end(ctx, reads_from, key, &removes, removals, &mut fates, findings);
    }
    fates
}

fn element(ctx: &Context<'_>, add: OpId) -> Datum {
    ctx.history.value_written(add).unwrap_or(Datum::NIL)
}

/// Whether the add demands that its element is there at the end: it was acknowledged in time, and nothing that may have
/// removed it can have come later.
fn demands(ctx: &Context<'_>, add: OpView<'_>, removes: &[OpId]) -> bool {
    let before = |remove: OpView<'_>| {
        remove.is_ok() && remove.completion_index().is_some_and(|over| over < add.index())
    };
    ctx.is_settled(add)
        && removes.iter().all(|&remove| before(ctx.op(remove)))
        && !ctx.history.removed_elsewhere(add.key(), element(ctx, add.id()), u32::MAX)
}

fn at_the_end(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    key: KeyId,
    removes: &Removes,
    removals: &[Removal],
    fates: &mut ItemFates,
    findings: &mut Findings,
) {
    let finals = ctx.finals(key);
    let mut holders: BTreeMap<OpId, usize> = BTreeMap::new();
    for &(_, read) in finals {
        let shown: BTreeSet<OpId> = reads_from.shown(read).collect();
        for add in shown {
            *holders.entry(add).or_default() += 1;
        }
    }
    let readable = ctx.disturbed().is_none() && ctx.all_read(key);
    let mut undecided = None;
    for add in ctx.on(key).filter(|op| op.f() == Function::Add) {
        let first = reads_from.first_of_same(add.id()).unwrap_or(add.id());
        if first != add.id() {
            continue;
        }
        let present = holders.contains_key(&first);
        let all: Vec<OpView<'_>> =
            reads_from.same(first).into_iter().map(|add| ctx.op(add)).collect();
        let Some(&acknowledged) = all.iter().find(|add| add.is_ok()) else {
            fates.recovered += u64::from(present && add.status() == Status::Info);
            continue;
        };
        let removes = removes.get(&(key, element(ctx, first))).map_or(&[][..], Vec::as_slice);
        let demanded = all.iter().copied().find(|&add| demands(ctx, add, removes));
        let late = all.iter().any(|&add| add.is_ok() && !ctx.is_settled(add));
        // One replica lacks it, and nobody said that these reads are final: whether it is late or lost is not known.
        let apart = present
            && demanded.is_some()
            && !ctx.finals_are_marked()
            && holders.get(&first) != Some(&finals.len());
        let judged = readable && !apart && (present || demanded.is_some() || !late);
        if acknowledged.is_setup() && judged && present {
            continue;
        }
        fates.acknowledged += 1;
        findings.chances(NO_LOST, u64::from(judged), LOST_NONE);
        if present && !apart {
            fates.present += 1;
        } else if let (true, Some(add)) = (judged, demanded) {
            fates.lost += 1;
            findings.add(lost(
                ctx,
                add,
                AnomalyKind::LostItem,
                match ctx.is_read_unnamed(key) {
                    true => {
                        "the last read of all does not show the item, although no session removed it"
                    }
                    false => "at the end no replica holds the item, although no session removed it",
                },
            ));
        } else if demanded.is_none() && !late && !present {
            fates.removed += 1;
        } else {
            fates.undecided += 1;
        }
        if apart && undecided.is_none() {
            let name = ctx.history.key_name(key);
            let why = explain::apart(name, acknowledged.number(), "added");
            findings.undecided(NO_LOST, why);
        } else if !judged {
            undecided = undecided.or(Some(acknowledged.number()));
        }
    }
    let why = |late: Option<u32>| match (ctx.disturbed(), late) {
        (Some(why), _) => Some(why.to_owned()),
        (None, _) if !ctx.all_read(key) => {
            Some(format!("{} was not read on every replica at the end", ctx.history.key_name(key)))
        }
        (None, Some(add)) => {
            let name = ctx.history.key_name(key);
            Some(format!("no final read of {name} began after #{add} was acknowledged"))
        }
        (None, None) => None,
    };
    if let Some(why) = undecided.and_then(|add| why(Some(add))) {
        findings.undecided(NO_LOST, why);
    }
    for removal in removals {
        let remove = ctx.op(removal.remove);
        let claim = (Property::NoResurrectedItems, ctx.kind_of(remove.session()));
        let late = (!ctx.is_settled(remove)).then_some(remove.number());
        if let Some(why) = why(late) {
            findings.undecided(claim, why);
            continue;
        }
        let add = reads_from.first_of_same(removal.add).unwrap_or(removal.add);
        let holding = holders.get(&add).copied().unwrap_or(0);
        if !ctx.finals_are_marked() && holding > 0 && holding < finals.len() {
            let name = ctx.history.key_name(key);
            findings.undecided(claim, explain::apart(name, remove.number(), "removed"));
            continue;
        }
        findings.chances(claim, 1, resurrected_none(claim.1));
        if holding == finals.len() {
            fates.resurrected += 1;
            findings.add(resurrected(ctx, claim, removal, finals[0].1));
        }
    }
}

fn resurrected(ctx: &Context<'_>, claim: Claim, removal: &Removal, read: OpId) -> Finding {
    let &Removal { add, remove, shown_by } = removal;
    let (adder, remover) = (ctx.op(add).served_by(), ctx.op(remove).served_by());
    let named = [adder, remover].iter().all(|&node| ctx.history.node_name(node) != NODE_UNKNOWN);
    let cause = if named { Cause::RemovedAtAdder(adder == remover) } else { Cause::Unknown };
    let mut ops = vec![add, shown_by, remove];
    ops.extend(ctx.finals(ctx.op(add).key()).iter().map(|&(_, read)| read));
    ops.sort_unstable();
    ops.dedup();
    let mut edges = vec![so(ctx, shown_by, remove)];
    if shown_by != add {
        edges.push(why_reads_from(ctx, add, shown_by));
    }
    edges.push(why_reads_from(ctx, add, read));
    edges
        .extend(ctx.finals(ctx.op(add).key()).iter().map(|&(_, read)| must_see(ctx, remove, read)));
    let seen = if shown_by == add { "added" } else { "seen" };
    Finding {
        claim,
        or: Vec::new(),
        kind: AnomalyKind::ResurrectedItem,
        cause,
        sentence: format!(
            "{}, after the same session had {seen} it (#{}), but at the end every replica holds it again.",
            explain::op(ctx, remove),
            ctx.op(shown_by).number()
        ),
        key: Some(ctx.op(add).key()),
        ops,
        edges,
    }
}

fn so(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let why = format!(
        "session {} made #{} before #{}",
        ctx.op(from).process(),
        ctx.op(from).number(),
        ctx.op(to).number()
    );
    Dependency { from, to, label: Label::So, why }
}

fn why_reads_from(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let why = crate::inference::paths::why_reads_from(ctx, from, to);
    Dependency { from, to, label: Label::ReadsFrom, why }
}

/// What a session knows of a cart.
#[derive(Default)]
struct Known {
    /// Its own acknowledged adds that nobody has removed yet, as far as it has checked.
    added: BTreeSet<OpId>,
    /// Adds that it has seen the effect of, and what showed it first.
    seen: BTreeMap<OpId, OpId>,
    /// What was there in the last read, with that read.
    there: BTreeMap<OpId, OpId>,
    /// What it had read, and then seen gone, with the read that showed it and the one that did not.
    gone: BTreeMap<OpId, [OpId; 2]>,
    /// What it had seen and then removed, acknowledged, with the remove.
    removed: BTreeMap<OpId, OpId>,
    wrote: bool,
    read: bool,
}

/// Judges what sessions see during the run, and hands back the removes by sessions that had seen the element, by key.
fn sessions_of_carts(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    exact: &[bool],
    removes: &Removes,
    findings: &mut Findings,
) -> BTreeMap<KeyId, Vec<Removal>> {
    let mut removals: BTreeMap<KeyId, Vec<Removal>> = BTreeMap::new();
    let mut counted: BTreeMap<Claim, u64> = BTreeMap::new();
    for ops in ctx.by_session().iter() {
        let mut known: BTreeMap<KeyId, Known> = BTreeMap::new();
        for op in ops.iter().map(|&id| ctx.op(id)).filter(|op| op.is_ok()) {
            let known = known.entry(op.key()).or_default();
            match op.f() {
                Function::Add => {
                    known.wrote = true;
                    if reads_from.first_of_same(op.id()).is_none() {
                        known.added.insert(op.id());
                        known.seen.entry(op.id()).or_insert(op.id());
                    }
                }
                Function::Remove => {
                    known.wrote = true;
                    let Some(add) = reads_from.writer(ctx, op.key(), op.input()) else { continue };
                    let Some(removal) = removal(ctx, reads_from, known, add, op) else { continue };
                    if reads_from.first_of_same(add).is_none() {
                        known.removed.insert(add, op.id());
                    }
                    removals.entry(op.key()).or_default().push(removal);
                }
                _ => {
                    let kind = ctx.kind_of(op.session());
                    // Where there are versions, these are the chances already counted.
                    if !exact[op.key().0 as usize] {
                        let ryw = u64::from(known.wrote);
                        *counted.entry((Property::ReadYourWrites, kind)).or_default() += ryw;
                        let mr = u64::from(known.read);
                        *counted.entry((Property::MonotonicReads, kind)).or_default() += mr;
                    }
                    read(ctx, reads_from, op, known, removes, findings);
                }
            }
        }
    }
    for (claim, count) in counted {
        sessions::chances(findings, claim, count, Tier::Inferred);
    }
    removals
}

/// The remove of an element of which its session knew all adds: the one that there is, from an add of its own or a read; or
/// several, all of them its own.
fn removal(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    known: &Known,
    add: OpId,
    remove: OpView<'_>,
) -> Option<Removal> {
    if reads_from.first_of_same(add).is_none() {
        let &shown_by = known.seen.get(&add)?;
        return Some(Removal { add, remove: remove.id(), shown_by });
    }
    let same = reads_from.same(add);
    let own = |&add: &OpId| {
        let op = ctx.op(add);
        op.session() == remove.session() && op.is_ok() && add < remove.id()
    };
    let all = same.iter().all(own)
        && !ctx.history.written_elsewhere(remove.key(), remove.input(), u32::MAX);
    let &last = same.last().filter(|_| all)?;
    Some(Removal { add: last, remove: remove.id(), shown_by: last })
}

fn read(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    op: OpView<'_>,
    known: &mut Known,
    removes: &Removes,
    findings: &mut Findings,
) {
    let kind = ctx.kind_of(op.session());
    let ryw = (Property::ReadYourWrites, kind);
    let mr = (Property::MonotonicReads, kind);
    let shown: BTreeSet<OpId> = reads_from.of(op.id()).iter().copied().collect();
    let excused = |add: OpId| {
        let element = element(ctx, add);
        let first = removes.get(&(op.key(), element)).and_then(|removes| removes.first());
        let until = op.completion_index().unwrap_or(u32::MAX);
        ctx.history.removed_elsewhere(op.key(), element, until)
            || first.is_some_and(|&remove| {
                ctx.op(remove).invoked() <= op.until() || !ctx.history.has_real_time()
            })
    };
    let mut found: Vec<Finding> = Vec::new();
    known.added.retain(|&add| !excused(add));
    for &add in known.added.difference(&shown) {
        found.push(own(ctx, ryw, &[add], op, "does not show it"));
    }
    for (&add, &remove) in known.removed.iter().filter(|(add, _)| shown.contains(add)) {
        let why = "still shows it";
        found.push(own(ctx, ryw, &[add, known.seen[&add], remove], op, why));
    }
    for (&add, &read) in known.there.iter().filter(|(add, _)| !shown.contains(add)) {
        if !excused(add) {
            let why = "does not show it, although no session had removed it";
            found.push(own(ctx, mr, &[add, read], op, why));
        }
        known.gone.entry(add).or_insert([read, op.id()]);
    }
    for (&add, &[read, gone]) in known.gone.iter().filter(|(add, _)| shown.contains(add)) {
        let why = "shows it again";
        found.push(own(ctx, mr, &[add, read, gone], op, why));
    }
    known.gone.retain(|add, _| !shown.contains(add));
    for &add in &shown {
        known.seen.entry(add).or_insert(op.id());
    }
    known.there = shown.into_iter().map(|add| (add, op.id())).collect();
    known.read = true;
    // A read is one chance, however many elements it misses: the one that takes the fewest operations to tell stands for all.
    for claim in [ryw, mr] {
        let of = found.extract_if(.., |finding| finding.claim == claim);
        if let Some(finding) = of.min_by_key(|finding| finding.ops.len()) {
            findings.add(finding);
        }
    }
}

/// A read or order that ignores what its session knows. The first of `earlier` is the add.
fn own(ctx: &Context<'_>, claim: Claim, earlier: &[OpId], op: OpView<'_>, why: &str) -> Finding {
    let last = earlier[earlier.len() - 1];
    let mut ops: Vec<OpId> = earlier.to_vec();
    ops.push(op.id());
    ops.sort_unstable();
    ops.dedup();
    let kind = match (op.f(), claim.0) {
        (Function::Checkout, _) => AnomalyKind::CheckoutAnomaly,
        (_, property) => sessions::kind(property),
    };
    let mut edges = vec![so(ctx, last, op.id())];
    for &shown_by in earlier {
        if sources_of(ctx, shown_by) && shown_by != earlier[0] {
            edges.push(so(ctx, shown_by, op.id()));
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to));
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    edges.push(must_see(ctx, last, op.id()));
    Finding {
        claim,
        or: Vec::new(),
        kind,
        cause: sessions::cause(ctx, last, op.id()),
        sentence: format!("{}; {} {why}.", own_earlier(ctx, earlier), words::briefly(op)),
        key: Some(op.key()),
        ops,
        edges,
    }
}

/// What a session had done to an item before.
fn own_earlier(ctx: &Context<'_>, earlier: &[OpId]) -> String {
    let last = ctx.op(earlier[earlier.len() - 1]);
    if !last.f().is_read() {
        return explain::op(ctx, last.id());
    }
    let item = ctx.history.data().value(element(ctx, earlier[0]));
    let (session, key, at) = (last.process(), last.key_name(), words::at(last));
    match earlier {
        [_, read, gone] if read != gone => {
            let (read, gone) = (ctx.op(*read).number(), ctx.op(*gone).number());
            format!(
                "session {session} saw {item} in {key} (#{read}), and later saw it gone{at} (#{gone})"
            )
        }
        _ => format!("session {session} saw {item} in {key}{at} (#{})", last.number()),
    }
}

fn sources_of(ctx: &Context<'_>, op: OpId) -> bool {
    ctx.op(op).f().is_read()
}
