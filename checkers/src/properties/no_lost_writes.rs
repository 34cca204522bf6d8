//! Lost writes: what became of every acknowledged write to a register. Of positions: `data_types/position.rs`.
//!
//! With F the union of the final reads of the key, an acknowledged write w is exactly one of
//!
//! | fate | when |
//! |---|---|
//! | survived | w's value ∈ F |
//! | superseded | some x ∈ F came after it, or replaced it |
//! | discarded | (last-write-wins) none of those, and some x ∈ F was concurrent with w: legal, and silent data loss |
//! | lost | otherwise: everything that remains was there before w began, or nothing remains |
//! | undecided | w ∉ F, but F is not all there is: a replica was not read, or a fault still in force; or values repeat, and it depends on who wrote what is there |
//!
//! *x was there before w began* if something showed x's effect and was over before w was invoked: x's own
//! acknowledgement, or a read that returned x. This contains →rt and →hb, and is sound for writes that were
//! never acknowledged: such a write may take effect at any time until it is first seen, and not later.
//!
//! What replaces w depends on the rule of the store (see `RegisterRule`):
//!
//! - last write wins: any x ∈ F that w was there before.
//! - siblings, the replica's context: x overwrites what its replica held. With version vectors on both, V_w ≤ V_x: the
//!   vector after a write contains that write's own dot and all that its replica knew. Where x has none (it was never
//!   acknowledged), or w has none, x may have replaced w unless x was there before w began.
//! - siblings, the client's context: w is in the transitive context of x, taken as what the session of x had read
//!   or written of that key before: no smaller context can be proved from outside.
//!
//! *NoCausalLoss* is broken by an acknowledged write that is gone although every x ∈ F is →hb w, or F is empty: the
//! writer's session had seen what replaced it. A store whose timestamps follow causality (hybrid logical clocks,
//! Kulkarni et al., OPODIS 2014) cannot do that, whatever its clocks say; real time alone would not prove it.

use crate::attribution::{self, Clocks};
use crate::case::Case;
use crate::causal_consistency;
use crate::cause::Cause;
use crate::context::Context;
use crate::data_types::position;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::causal_order::CausalOrder;
use crate::inference::paths::{Paths, ops_on};
use crate::inference::reads_from::ReadsFrom;
use crate::inference::version::{Relation, compare};
use crate::must_see::must_see_or_what_replaced;
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::{AnomalyKind, Fates, Label};
use afterall_history::{
    FaultKinds, Function, KeyId, NodeId, OpId, OpView, Property, RegisterRule, Sessions, Status,
    View, Workload,
};
use std::collections::BTreeSet;

const NO_LOST: Claim = (Property::NoLostWrites, Sessions::All);
const NO_CAUSAL: Claim = (Property::NoCausalLoss, Sessions::All);
const WHY_NONE: &str = "no write was acknowledged on a key that was read at the end";

/// Losses for which it is searched how the writer's session had come to see the survivors.
const WITNESSES_MAX: usize = 64;

/// Not shown by anything.
const NOTHING: OpId = OpId(u32::MAX);

/// What a key's final reads hold, and when each write of it was known to have happened.
struct Key<'a> {
    key: KeyId,
    /// The writes whose values are there at the end.
    finals: &'a BTreeSet<OpId>,
    /// For siblings with the client's context: everything that a survivor may have replaced.
    replaced: BTreeSet<OpId>,
    /// By operation: what first showed its effect and was over; [`NOTHING`].
    shown: &'a [OpId],
}

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoLostWrites,
    workloads: &[Workload::Register, Workload::Position],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[Workload::Position],
    checkers: &[&CHECKER, &position::CHECKER],
    level: None,
};

/// Judges every acknowledged write.
pub(super) static CHECKER: Checker = Checker {
    name: "lost writes",
    workloads: &[Workload::Register],
    real_time: true,
    turn: Turn::Main,
    after: &[&causal_consistency::CHECKER],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let Some(order) = case.order() else { return };
    findings.figures.fates = Some(fates(case.ctx, case.reads_from, order, findings));
}

fn fates(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    order: &CausalOrder<'_>,
    findings: &mut Findings,
) -> Fates {
    let mut fates = Fates {
        phantom: reads_from.phantoms.len() as u64,
        aborted: reads_from.aborted.len() as u64,
        unmarked: !ctx.finals_are_marked(),
        ..Fates::default()
    };
    for claim in [NO_LOST, NO_CAUSAL] {
        findings.chances(claim, 0, WHY_NONE);
    }
    let (mut paths, mut explained) = (None, 0);
    let mut undecided: Option<String> = None;
    let shown = shown(ctx, reads_from);
    let rule = ctx.history.header().semantics.register;
    for key in ctx.keys() {
        let reads = ctx.finals(key);
        let finals: BTreeSet<OpId> =
            reads.iter().flat_map(|&(_, read)| reads_from.of(read).iter().copied()).collect();
        // What the client's context replaced shows only in all that the survivors' sessions did.
        let in_part = reads.iter().any(|&(_, read)| reads_from.partly(read))
            || (rule == RegisterRule::SiblingsClient
                && ctx.history.updates_left_out(key, None, u32::MAX));
        // Where nobody says that a read is final, the replica may have been about to hear of more.
        let settled = ctx.unsettled(key).is_none() && ctx.all_read(key) && ctx.finals_are_marked();
        let judged = settled && !in_part;
        let mut replaced = BTreeSet::new();
        if rule == RegisterRule::SiblingsClient {
            replaced = contexts(ctx, reads_from, key, &finals);
        }
        let of = Key { key, finals: &finals, replaced, shown: &shown };
        // Where values repeat, all that may be there at the end: what began after each of these is lost, whichever it is.
        let wanted = in_part && settled && rule == RegisterRule::Lww;
        let may = wanted.then(|| candidates(ctx, reads_from, reads)).flatten();
        let whichever = may.as_ref().map(|finals| Key {
            key,
            finals,
            replaced: BTreeSet::new(),
            shown: &shown,
        });
        let before = fates;
        let mut lost_writes = Vec::new();
        for write in ctx.on(key).filter(|op| !op.f().is_read() && op.is_ok() && !op.is_setup()) {
            let write = write.id();
            fates.acknowledged += 1;
            let gone = whichever
                .as_ref()
                .filter(|of| of.finals.iter().all(|&x| of.there_before(ctx, x, write)));
            let (judged, of) = (judged || gone.is_some(), gone.unwrap_or(&of));
            if finals.contains(&write) {
                fates.survived += 1;
            } else if superseded(ctx, rule, of, write) {
                fates.superseded += 1;
            } else if !judged {
                fates.undecided += 1;
                undecided.get_or_insert_with(|| {
                    let name = ctx.history.key_name(key);
                    let unread = || format!("{name} was not read on every replica at the end");
                    let why = ctx.unsettled(key).or(reads_from.doubt(key));
                    let made_up = reads.iter().any(|&(_, read)| reads_from.partly(read));
                    match why {
                        Some(why) => why.to_owned(),
                        None if ctx.all_read(key) && made_up => {
                            format!("a final read of {name} returned what no write that succeeded had written")
                        }
                        None if ctx.all_read(key) && !ctx.finals_are_marked() => {
                            explain::not_final(name, "do not show it all")
                        }
                        None => unread(),
                    }
                });
            } else if rule == RegisterRule::Lww && concurrent(ctx, of, write) {
                fates.discarded += 1;
            } else {
                fates.lost += 1;
                findings.add(lost(ctx, of, write, NO_LOST));
                if of.finals.iter().all(|&x| order.before(x, write)) {
                    let paths =
                        paths.get_or_insert_with(|| Paths::new(ctx, order, reads_from, &[]));
                    let mut finding = lost(ctx, of, write, NO_CAUSAL);
                    explained += 1;
                    if explained <= WITNESSES_MAX {
                        seen_by_writer(ctx, paths, of, write, &mut finding);
                    }
                    findings.add(finding);
                }
                lost_writes.push(write);
            }
        }
        fates.resurrected += finals
            .iter()
            .filter(|&&x| lost_writes.iter().any(|&write| order.before(x, write)))
            .count() as u64;
        fates.recovered +=
            finals.iter().filter(|&&x| ctx.op(x).status() == Status::Info).count() as u64;
        let judged_here =
            fates.acknowledged - before.acknowledged - (fates.undecided - before.undecided);
        for claim in [NO_LOST, NO_CAUSAL] {
            findings.chances(claim, if reads.is_empty() { 0 } else { judged_here }, WHY_NONE);
        }
    }
    if let Some(why) = undecided {
        for claim in [NO_LOST, NO_CAUSAL] {
            findings.undecided(claim, why.clone());
        }
    }
    fates
}

/// For every update, when something that showed its effect was first over, and what.
fn shown(ctx: &Context<'_>, reads_from: &ReadsFrom) -> Vec<OpId> {
    debug_assert_eq!(ctx.history.header().workload, Workload::Register);
    let mut shown = vec![NOTHING; ctx.history.len()];
    let mut show = |update: OpId, by: OpView<'_>| {
        let first = &mut shown[update.0 as usize];
        if *first == NOTHING || (by.until(), by.id()) < (ctx.op(*first).until(), *first) {
            *first = by.id();
        }
    };
    for op in ctx.history.ops().filter(|op| op.is_ok()) {
        if op.f().is_read() {
            reads_from.of(op.id()).iter().for_each(|&source| show(source, op));
        } else {
            show(op.id(), op);
        }
    }
    shown
}

/// The updates of which the final reads show some; those that may stand for one another all. None where somebody may have
/// written it who is not known.
fn candidates(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    finals: &[(NodeId, OpId)],
) -> Option<BTreeSet<OpId>> {
    let mut all = BTreeSet::new();
    for read in finals.iter().map(|&(_, read)| ctx.op(read)) {
        let (key, until) = (read.key(), read.completion_index().unwrap_or(u32::MAX));
        let items = || ctx.history.data().items(read.output());
        let shown: Vec<OpId> = reads_from.shown(read.id()).collect();
        if shown.len() != items().len()
            || items().any(|value| ctx.history.written_elsewhere(key, value, until))
        {
            return None;
        }
        all.extend(shown.into_iter().flat_map(|update| reads_from.same(update)));
        if items().next().is_none() {
            if ctx.history.updates_left_out(key, Some(Function::Delete), u32::MAX) {
                return None;
            }
            let deletes = ctx.on(key).filter(|op| op.f() == Function::Delete);
            all.extend(deletes.filter(|op| op.status() != Status::Fail).map(OpView::id));
        }
    }
    Some(all)
}

impl Key<'_> {
    /// Whether a was there before b began.
    fn there_before(&self, ctx: &Context<'_>, a: OpId, b: OpId) -> bool {
        let shown = self.shown[a.0 as usize];
        shown != NOTHING && ctx.op(shown).until() < ctx.op(b).invoked()
    }
}

fn superseded(ctx: &Context<'_>, rule: RegisterRule, key: &Key<'_>, write: OpId) -> bool {
    match rule {
        RegisterRule::Lww => key.finals.iter().any(|&x| key.there_before(ctx, write, x)),
        RegisterRule::SiblingsClient => key.replaced.contains(&write),
        RegisterRule::SiblingsReplica => key.finals.iter().any(|&x| {
            let (ours, theirs) = (ctx.op(write).version(), ctx.op(x).version());
            match compare(ctx.history.data(), ours, theirs) {
                Some(relation) => matches!(relation, Relation::Less | Relation::Equal),
                None => !key.there_before(ctx, x, write),
            }
        }),
    }
}

/// Whether some survivor was neither there before the write began, nor began after the write was there.
fn concurrent(ctx: &Context<'_>, key: &Key<'_>, write: OpId) -> bool {
    key.finals.iter().any(|&x| !key.there_before(ctx, x, write))
}

/// The writes of the key that the survivors may have replaced: what their sessions had read or written of it before,
/// and so on.
fn contexts(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    key: KeyId,
    finals: &BTreeSet<OpId>,
) -> BTreeSet<OpId> {
    let mut replaced = BTreeSet::new();
    let mut open: Vec<OpId> = finals.iter().copied().collect();
    // By session: up to which operation its context has been taken.
    let mut taken: std::collections::BTreeMap<u32, OpId> = std::collections::BTreeMap::new();
    while let Some(write) = open.pop() {
        let session = ctx.op(write).session();
        let from = taken.get(&session.0).copied();
        if from.is_some_and(|from| from >= write) {
            continue;
        }
        taken.insert(session.0, write);
        let ops = ctx.by_session().of(session.0);
        let until = ops.partition_point(|&op| op < write);
        let since = from.map_or(0, |from| ops.partition_point(|&op| op < from));
        for &op in &ops[since..until] {
            let op = ctx.op(op);
            if op.key() != key || !op.is_ok() {
                continue;
            }
            let own = (!op.f().is_read()).then_some(op.id());
            for seen in own.into_iter().chain(reads_from.of(op.id()).iter().copied()) {
                if replaced.insert(seen) {
                    open.push(seen);
                }
            }
        }
    }
    replaced
}

/// How the writer's session had come to see the survivors.
fn seen_by_writer(
    ctx: &Context<'_>,
    paths: &Paths<'_>,
    key: &Key<'_>,
    write: OpId,
    finding: &mut Finding,
) {
    let to_write = paths.before(write, ctx.history.len());
    for &x in key.finals {
        finding.edges.extend(paths.path_from(ctx, &to_write, x));
    }
    finding.edges.sort_by_key(|edge| (edge.from, edge.to, edge.label));
    finding.edges.dedup_by_key(|edge| (edge.from, edge.to, edge.label));
    finding.ops.extend(ops_on(&finding.edges));
    finding.ops.sort_unstable();
    finding.ops.dedup();
}

fn lost(ctx: &Context<'_>, key: &Key<'_>, write: OpId, claim: Claim) -> Finding {
    let data = ctx.history.data();
    let finals = ctx.finals(key.key).iter();
    let mut edges: Vec<Dependency> =
        finals.map(|&(_, read)| must_see_or_what_replaced(ctx, write, read)).collect();
    let mut ops: BTreeSet<OpId> = BTreeSet::from([write]);
    ops.extend(ctx.finals(key.key).iter().map(|&(_, read)| read));
    ops.extend(key.finals.iter().copied());
    let shown_by = key.finals.iter().filter(|&&x| key.there_before(ctx, x, write));
    ops.extend(shown_by.map(|x| key.shown[x.0 as usize]));
    let (mut cause, mut why) = explain::why_gone(ctx, write);
    // Where versions tell nothing, what else had happened to the replica comes first.
    let undisturbed = matches!(cause, Cause::AcknowledgedAt(at) if at.faults == FaultKinds::NONE);
    for &x in key.finals {
        let versions = (ctx.op(write).version(), ctx.op(x).version());
        let (ours, theirs) = (ctx.op(write).served_by(), ctx.op(x).served_by());
        let clock = attribution::clocks(ctx, x, write).map(|clocks| match clocks {
            Clocks::Ahead => Cause::ClockWrong { ahead: Some(theirs), behind: None },
            Clocks::Behind => Cause::ClockWrong { ahead: None, behind: Some(ours) },
            Clocks::AheadAndBehind => Cause::ClockWrong { ahead: Some(theirs), behind: Some(ours) },
            Clocks::WentBack => Cause::ClockWentBack(theirs),
        });
        if compare(data, versions.1, versions.0) == Some(Relation::Greater)
            && key.there_before(ctx, x, write)
        {
            cause = clock.unwrap_or(Cause::OlderWon);
            why = format!(
                "an older write won: {}, with the version {}, which is higher than {}",
                explain::op(ctx, x),
                data.value(versions.1),
                data.value(versions.0)
            );
            let edge = format!("its version {} is lower", data.value(versions.0));
            edges.push(Dependency { from: write, to: x, label: Label::Version, why: edge });
        } else if let Some(clock) = clock.filter(|_| undisturbed && key.there_before(ctx, x, write))
        {
            why = format!("an older write won: {}", explain::op(ctx, x));
            cause = clock;
        }
        if key.there_before(ctx, x, write) {
            let edge = format!(
                "#{} was there before #{} began",
                ctx.op(x).number(),
                ctx.op(write).number()
            );
            edges.push(Dependency { from: x, to: write, label: Label::RealTime, why: edge });
        }
    }
    let name = ctx.history.key_name(key.key);
    let written = key.finals.iter().filter_map(|&x| ctx.history.value_written(x));
    let mut remains: Vec<String> = written.map(|value| data.value(value).to_string()).collect();
    // Several may have written the same.
    remains.dedup();
    let remains = crate::words::list(&remains)
        .map_or_else(|| "nothing".to_owned(), |remains| format!("{remains} instead"));
    let kind = if claim == NO_LOST {
        AnomalyKind::LostWrite
    } else {
        AnomalyKind::WriteLostToWhatItHadSeen
    };
    let mut gone = format!("at the end {name} holds {remains}");
    // Of another write that is there: that its version does not include this one is why it did not replace it.
    if let (Some(&x), 1) = (key.finals.first(), key.finals.len())
        && !matches!(cause, Cause::OlderWon | Cause::ClockWrong { .. } | Cause::ClockWentBack(_))
    {
        let versions = (ctx.op(write).version(), ctx.op(x).version());
        let is_vector = |version| matches!(ctx.history.view(version), View::Map(_));
        let covered = compare(data, versions.1, versions.0).is_none_or(Relation::at_least);
        if is_vector(versions.0) && is_vector(versions.1) && !covered {
            gone.push_str(&format!(
                ", whose version {} does not include {}",
                data.value(versions.1),
                data.value(versions.0)
            ));
        }
    }
    let sentence = explain::gone(ctx, write, &gone, &cause, &why);
    Finding {
        claim,
        or: Vec::new(),
        kind,
        cause,
        sentence,
        key: Some(key.key),
        ops: ops.into_iter().collect(),
        edges,
    }
}
