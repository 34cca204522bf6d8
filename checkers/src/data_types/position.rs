//! Positions that are lost: an acknowledged write, of which nothing that is left at the end has come as far.
//!
//! With F the greatest of the final reads of the key, an acknowledged write w is exactly one of
//!
//! | fate | when |
//! |---|---|
//! | survived | w = F |
//! | superseded | w < F: the greater wins, whoever wrote it, and whether it was acknowledged or not |
//! | lost | w > F, and w was acknowledged before the final reads began |
//! | undecided | w > F, but a replica was not read, a fault was still in force, or w was acknowledged later; or w < F, and nobody wrote F |
//!
//! Nothing is discarded: a maximum has no conflicts. What other writes did meanwhile does not matter, since none can lower F.
//! What sessions read on the way is judged by `session_guarantees/by_version.rs`, and what nobody wrote in `no_phantoms`.

use crate::case::Case;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::inference::reads_from::ReadsFrom;
use crate::must_see::must_see_or_what_replaced;
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, Fates};
use afterall_history::{KeyId, OpId, OpView, Property, Sessions, Status, Workload};
use std::cmp::Ordering;
use std::collections::BTreeSet;

const NO_LOST: Claim = (Property::NoLostWrites, Sessions::All);
const WHY_NONE: &str = "no position was acknowledged on a key that was read at the end";

/// Judges every acknowledged position.
pub(crate) static CHECKER: Checker = Checker {
    name: "lost positions",
    workloads: &[Workload::Position],
    real_time: true,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    let mut fates = Fates {
        phantom: reads_from.phantoms.len() as u64,
        aborted: reads_from.aborted.len() as u64,
        unmarked: !ctx.finals_are_marked(),
        ..Fates::default()
    };
    findings.chances(NO_LOST, 0, WHY_NONE);
    let unwritten = unwritten(reads_from);
    for key in ctx.keys() {
        let before = fates;
        of_key(ctx, key, &unwritten, &mut fates, findings);
        if !ctx.finals(key).is_empty() {
            let judged =
                (fates.acknowledged - fates.undecided) - (before.acknowledged - before.undecided);
            findings.chances(NO_LOST, judged, WHY_NONE);
        }
    }
    findings.figures.fates = Some(fates);
}

/// The reads that returned what nobody had written, or what had failed.
fn unwritten(reads_from: &ReadsFrom) -> BTreeSet<OpId> {
    let phantoms = reads_from.phantoms.iter().map(|&(read, _)| read);
    phantoms.chain(reads_from.aborted.iter().map(|&(read, _)| read)).collect()
}

fn of_key(
    ctx: &Context<'_>,
    key: KeyId,
    unwritten: &BTreeSet<OpId>,
    fates: &mut Fates,
    findings: &mut Findings,
) {
    let reads = finals(ctx, key);
    let finals = || reads.iter().map(|&read| ctx.op(read));
    // Nothing is less than any position.
    let left = finals().filter_map(|read| read.output().as_int()).max();
    let made_up = finals()
        .filter(|read| read.output().as_int() == left)
        .all(|read| unwritten.contains(&read.id()));
    let writes = || ctx.on(key).filter(|op| !op.f().is_read() && !op.is_setup());
    for write in writes().filter(|op| op.is_ok()) {
        fates.acknowledged += 1;
        let fate = match write.input().as_int().cmp(&left) {
            Ordering::Equal => &mut fates.survived,
            Ordering::Less if !made_up => &mut fates.superseded,
            Ordering::Greater if is_decided(ctx, write) => {
                findings.add(lost(ctx, write, left, &reads));
                &mut fates.lost
            }
            _ => {
                findings.undecided(NO_LOST, why_undecided(ctx, write, left));
                &mut fates.undecided
            }
        };
        *fate += 1;
    }
    let is_left = |op: &OpView<'_>| left.is_some() && op.input().as_int() == left;
    let mut of_it = writes().filter(is_left).filter(|op| op.status() != Status::Fail).peekable();
    fates.recovered += u64::from(of_it.peek().is_some() && of_it.all(|op| !op.is_ok()));
}

/// The final reads of a key, one a replica; where no replica is named, all that are marked as final.
fn finals(ctx: &Context<'_>, key: KeyId) -> Vec<OpId> {
    let marked: Vec<OpId> = ctx.unnamed_finals(key).map(OpView::id).collect();
    if !marked.is_empty() {
        return marked;
    }
    ctx.finals(key).iter().map(|&(_, read)| read).collect()
}

/// Whether the final reads must show a position that is as far as this one.
fn is_decided(ctx: &Context<'_>, write: OpView<'_>) -> bool {
    ctx.disturbed().is_none()
        && ctx.finals_are_marked()
        && ctx.all_read(write.key())
        && ctx.is_settled(write)
}

fn why_undecided(ctx: &Context<'_>, write: OpView<'_>, left: Option<i64>) -> String {
    let (name, number) = (write.key_name(), write.number());
    match ctx.disturbed() {
        Some(why) => why.to_owned(),
        None if write.input().as_int() < left => {
            format!("a final read of {name} returned what no write that succeeded had written")
        }
        None if ctx.all_read(write.key()) && !ctx.finals_are_marked() => {
            explain::not_final(name, &format!("are behind #{number}"))
        }
        None if ctx.all_read(write.key()) => {
            format!("operation #{number} is an update that came during the final reads")
        }
        None => format!("{name} was not read on every replica at the end"),
    }
}

fn lost(ctx: &Context<'_>, write: OpView<'_>, left: Option<i64>, finals: &[OpId]) -> Finding {
    let (cause, why) = explain::why_gone(ctx, write.id());
    let left = left.map_or_else(|| "nothing".to_owned(), |at| at.to_string());
    let gone = format!("at the end {} is no further than {left}", write.key_name());
    Finding {
        claim: NO_LOST,
        or: Vec::new(),
        kind: AnomalyKind::LostWrite,
        sentence: explain::gone(ctx, write.id(), &gone, &cause, &why),
        cause,
        key: Some(write.key()),
        ops: std::iter::once(write.id()).chain(finals.iter().copied()).collect(),
        edges: finals
            .iter()
            .map(|&read| must_see_or_what_replaced(ctx, write.id(), read))
            .collect(),
    }
}
