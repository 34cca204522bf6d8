//! Session guarantees: read your writes (RYW), monotonic reads (MR), monotonic writes (MW), writes follow reads
//! (WFR). After Terry, Demers, Petersen, Spreitzer, Theimer and Welch, "Session guarantees for weakly consistent
//! replicated data" (PDIS 1994). Per key, apart for sessions that stay with one replica and those that roam.
//!
//! This is the *exact* tier, for keys of which every acknowledged update came back with a version:
//!
//! | guarantee | an operation | must have a version | than that of |
//! |---|---|---|---|
//! | RYW | read | at least as new | each earlier write of its session |
//! | MR | read | at least as new | each earlier read of its session |
//! | MW | write | newer | each earlier write of its session |
//! | WFR | write | newer | each earlier read of its session |
//!
//! A version vector must be strictly greater to be newer, since a write's vector contains its own dot; but a remove
//! need not have one (an observed-remove set forgets what the remover had seen, and adds nothing). A total order may
//! also be equal: it may be coarser than the order of writes, and a tie proves nothing. A register read that returns
//! nothing and no version is older than everything.
//!
//! Of a position the greatest that was written wins: what is written and read orders it like a version, whatever versions the
//! target returns. RYW and MR are judged by that; a write of a lower position changes nothing, and breaks nothing.
//!
//! Keys without versions are judged by values alone: registers in `by_value`, counters and carts by their own
//! checkers.

use super::guarantee::{GUARANTEES, cause, chances, guarantee, kind, why_none};
use crate::case::Case;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::version::{Relation, compare};
use crate::must_see::must_see;
use crate::row::{Checker, Turn};
use crate::verdict::{Label, Tier};
use crate::words;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Property, Sessions, View, Workload};
use std::collections::BTreeMap;

/// Why the order of writes is not judged where no versions tell it.
fn by_values(workload: Workload) -> &'static str {
    match workload {
        Workload::Counter | Workload::Inventory => {
            "a counter's value does not show the order of its updates, and the target returned no versions"
        }
        _ => "not every update has a version, and here this property is judged by versions",
    }
}

/// What the order of a key puts an operation in its place by: its version, or of a position how far it had come.
fn version(ctx: &Context<'_>, op: OpView<'_>) -> Datum {
    match ctx.history.header().workload {
        Workload::Position if op.f().is_read() => op.output(),
        Workload::Position => op.input(),
        _ => op.version(),
    }
}

/// The newest versions that a session has read, or written, of a key: none of them older than another.
#[derive(Default)]
struct Newest {
    versions: Vec<(Datum, OpId)>,
    /// Whether there was any operation, with a version or without.
    any: bool,
}

/// What a session has done to a key.
#[derive(Default)]
struct Done {
    read: Newest,
    written: Newest,
}

/// Judges the keys that have versions.
pub(crate) static CHECKER: Checker = Checker {
    name: "session guarantees by versions",
    workloads: Workload::ALL,
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, exact) = (case.ctx, case.exact());
    let mut counted: BTreeMap<Claim, u64> = BTreeMap::new();
    for property in GUARANTEES {
        for sessions in [Sessions::Sticky, Sessions::Roaming] {
            findings.chances((property, sessions), 0, why_none(property, sessions));
        }
    }
    let workload = ctx.history.header().workload;
    if workload != Workload::Register && exact.contains(&false) {
        for property in [Property::MonotonicWrites, Property::WritesFollowReads] {
            for sessions in [Sessions::Sticky, Sessions::Roaming] {
                findings.chances((property, sessions), 0, by_values(workload));
            }
        }
    }
    if !exact.contains(&true) {
        return;
    }
    for ops in ctx.by_session().iter() {
        let mut done: BTreeMap<KeyId, Done> = BTreeMap::new();
        for op in ops.iter().map(|&id| ctx.op(id)) {
            if op.is_ok() && exact[op.key().0 as usize] {
                let done = done.entry(op.key()).or_default();
                judge(ctx, done, op, &mut counted, findings);
            }
        }
    }
    for (claim, count) in counted {
        chances(findings, claim, count, Tier::Exact);
    }
}

/// Whether every acknowledged update of the key has a version, and anything has one at all.
pub(crate) fn has_versions(ctx: &Context<'_>, key: KeyId) -> bool {
    let mut any = false;
    for op in ctx.on(key).filter(|op| op.is_ok()) {
        let has = !version(ctx, op).is_nil();
        if !has && !op.f().is_read() {
            return false;
        }
        any |= has;
    }
    any
}

fn judge(
    ctx: &Context<'_>,
    done: &mut Done,
    op: OpView<'_>,
    counted: &mut BTreeMap<Claim, u64>,
    findings: &mut Findings,
) {
    let (reads, own) = (op.f().is_read(), version(ctx, op));
    let nothing = own.is_nil();
    let empty = reads
        && nothing
        && matches!(ctx.history.header().workload, Workload::Register | Workload::Position)
        && ctx.history.data().items(op.output()).next().is_none();
    if nothing && !empty {
        return;
    }
    let sessions = ctx.kind_of(op.session());
    let is_judged = reads || ctx.history.header().workload != Workload::Position;
    for (newest, earlier_reads) in [(&done.written, false), (&done.read, true)] {
        let claim = (guarantee(earlier_reads, reads), sessions);
        if !newest.any || !is_judged {
            continue;
        }
        *counted.entry(claim).or_default() += 1;
        for &(version, earlier) in &newest.versions {
            let relation = if empty {
                Some(Relation::Less)
            } else {
                compare(ctx.history.data(), own, version)
            };
            let dotted = matches!(ctx.history.view(version), View::Map(_))
                && !reads
                && op.f() != Function::Remove;
            match relation {
                Some(Relation::Equal) if dotted => {
                    findings.add(violation(ctx, claim, earlier, op));
                    break;
                }
                Some(relation) if relation.at_least() => {}
                // Looked at last: a read may show much.
                _ if reads && !earlier_reads && is_shown(ctx, ctx.op(earlier), op) => {}
                None => findings.undecided(
                    claim,
                    format!(
                        "the versions of #{} and #{} are of different kinds",
                        ctx.op(earlier).number(),
                        op.number()
                    ),
                ),
                Some(_) => {
                    findings.add(violation(ctx, claim, earlier, op));
                    break;
                }
            }
        }
    }
    let newest = if reads { &mut done.read } else { &mut done.written };
    newest.any = true;
    if !nothing {
        note(ctx, newest, op);
    }
}

/// Whether a read shows the element that an update added. Its version may know less than that update's did, of what others had done; the
/// update itself is seen.
fn is_shown(ctx: &Context<'_>, update: OpView<'_>, read: OpView<'_>) -> bool {
    update.f() == Function::Add
        && ctx.history.header().workload == Workload::Set
        && ctx.history.data().items(read.output()).any(|item| item == update.input())
}

fn note(ctx: &Context<'_>, newest: &mut Newest, op: OpView<'_>) {
    let (data, own) = (ctx.history.data(), version(ctx, op));
    let covered = newest
        .versions
        .iter()
        .any(|&(version, _)| compare(data, version, own).is_some_and(Relation::at_least));
    if !covered {
        newest
            .versions
            .retain(|&(version, _)| compare(data, own, version) != Some(Relation::Greater));
        newest.versions.push((own, op.id()));
    }
}

/// What a session sees, or writes, as if it had not made an operation before.
fn missed(ctx: &Context<'_>, old: OpView<'_>, new: OpView<'_>) -> String {
    let own = if old.f().is_read() { "read" } else { "own update" };
    let (session, number) = (new.process(), old.number());
    let relation = compare(ctx.history.data(), version(ctx, new), version(ctx, old));
    // Of two versions that know something each, none is the older one.
    let is_older = relation == Some(Relation::Less);
    if new.f().is_read() {
        let place = words::at(new);
        let output = ctx.history.data().value(new.output());
        let returned = words::returned(ctx.history.header().workload, &output);
        let (key, read) = (new.key_name(), new.number());
        // What a value shows is all of a register or a position. Of other data a version may know less and show as much.
        let is_shown =
            matches!(ctx.history.header().workload, Workload::Register | Workload::Position);
        let seen = match (old.f().is_read(), is_older, is_shown) {
            (true, true, true) => "which is older than",
            (true, true, false) => "of an older version than",
            (true, false, _) => "of a version that does not include all of",
            (false, _, true) => "which does not show",
            (false, _, false) => "of a version that does not include",
        };
        let carried = carried(ctx, old);
        format!(
            "read #{read} of {key}{place} returned {returned}, {seen} session {session}'s {own} #{number} (it {carried})"
        )
    } else {
        let later = new.number();
        let (new, old) = (explain::op(ctx, new.id()), explain::op(ctx, old.id()));
        let order = match is_older {
            true => format!("orders #{later} before"),
            false => format!("does not order #{later} after"),
        };
        format!("the store {order} session {session}'s earlier {own} #{number}: {old}, then {new}")
    }
}

/// What an earlier operation of a session showed, or did.
fn carried(ctx: &Context<'_>, old: OpView<'_>) -> String {
    if old.f().is_read() {
        let output = ctx.history.data().value(old.output());
        format!("returned {}", words::returned(ctx.history.header().workload, &output))
    } else {
        words::done(ctx.history, old.id())
    }
}

fn violation(ctx: &Context<'_>, claim: Claim, earlier: OpId, later: OpView<'_>) -> Finding {
    let data = ctx.history.data();
    let (old, new) = (ctx.op(earlier), later);
    let said = |version: Datum| match version.is_nil() {
        true => "none".to_owned(),
        false => data.value(version).to_string(),
    };
    let versions = match ctx.history.header().workload {
        Workload::Position => {
            let at = |op| words::returned(Workload::Position, &data.value(version(ctx, op)));
            format!(
                "the position of #{} is {}, that of #{} is {}",
                new.number(),
                at(new),
                old.number(),
                at(old)
            )
        }
        _ => format!(
            "the version of #{} is {}, that of #{} is {}",
            new.number(),
            said(new.version()),
            old.number(),
            said(old.version())
        ),
    };
    let sentence = format!("{}; {versions}.", missed(ctx, old, new));
    // That an update is ordered after another one is not to be seen in what it returns.
    let unseen = later.f().is_read().then(|| must_see(ctx, earlier, later.id()));
    let edges = vec![
        Dependency {
            from: earlier,
            to: later.id(),
            label: Label::So,
            why: format!(
                "session {} made #{} before #{}",
                new.process(),
                old.number(),
                new.number()
            ),
        },
        Dependency { from: later.id(), to: earlier, label: Label::Version, why: versions },
    ];
    Finding {
        claim,
        or: Vec::new(),
        kind: kind(claim.0),
        cause: cause(ctx, earlier, later.id()),
        sentence,
        key: Some(later.key()),
        ops: vec![earlier, later.id()],
        edges: edges.into_iter().chain(unseen).collect(),
    }
}
