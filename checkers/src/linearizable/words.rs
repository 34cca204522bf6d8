//! What is said of operations that are not linearizable.

use super::claim::{CLAIM, NO_ORDER};
use super::sets::Unset;
use super::steps::{self, Step, Steps};
use super::texts::Wrong;
use super::zones::Clash;
use super::{bounds, witness};
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::explain;
use crate::findings::{Dependency, Finding};
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{KeyId, OpId};

/// Operations that may stand behind the bounds of a read, for them to be part of its witness.
const WITNESS_MAX: usize = 64;

pub(super) fn explain_bounds(
    ctx: &Context<'_>,
    ops: &[steps::Op],
    bounds::Outside { read, lowest, highest }: bounds::Outside,
) -> Finding {
    let (read, until) = (ops[read].id, ops[read].completed);
    let mut all: Vec<OpId> = ops
        .iter()
        .filter(|op| !matches!(op.step, Step::Read(_)) && Some(op.invoked) < until)
        .map(|op| op.id)
        .collect();
    if all.len() > WITNESS_MAX {
        all.clear();
    }
    all.push(read);
    let expected =
        if lowest == highest { lowest.to_string() } else { format!("{lowest} to {highest}") };
    let what = format!(
        "{}: expected {expected}, given the operations that completed before it began and those that ran at the same time.",
        explain::op(ctx, read)
    );
    finding(ctx, AnomalyKind::NotLinearizable, all, what, Vec::new())
}

pub(super) fn finding(
    ctx: &Context<'_>,
    kind: AnomalyKind,
    ops: Vec<OpId>,
    sentence: String,
    edges: Vec<Dependency>,
) -> Finding {
    let last = ops.iter().copied().max().unwrap_or(OpId(0));
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind,
        cause: Cause::ServedAt(Place::of(ctx, last)),
        sentence,
        key: ops.first().map(|&op| ctx.op(op).key()),
        ops,
        edges,
    }
}

/// A read of several values at once.
pub(super) fn several(ctx: &Context<'_>, read: OpId) -> Finding {
    let what = format!("{}: a register holds one value at a time.", explain::op(ctx, read));
    finding(ctx, AnomalyKind::Siblings, vec![read], what, Vec::new())
}

fn real_time(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let (a, b) = (ctx.op(from).number(), ctx.op(to).number());
    Dependency {
        from,
        to,
        label: Label::RealTime,
        why: format!("#{a} completed before #{b} began"),
    }
}

fn why_reads_from(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let why = crate::inference::paths::why_reads_from(ctx, from, to);
    Dependency { from, to, label: Label::ReadsFrom, why }
}

/// Why the members of a cluster belong together: each wrote what its bond shows, or shows what that wrote.
fn bonded(ctx: &Context<'_>, bond: OpId, member: OpId) -> Option<Dependency> {
    match (ctx.op(bond).f().is_read(), ctx.op(member).f().is_read()) {
        _ if bond == member => None,
        (false, _) => Some(why_reads_from(ctx, bond, member)),
        (true, false) => Some(why_reads_from(ctx, member, bond)),
        (true, true) => None,
    }
}

pub(super) fn explain_value(ctx: &Context<'_>, clash: &Clash<OpId>) -> Finding {
    explain_clash(ctx, "value", clash)
}

fn explain_clash(ctx: &Context<'_>, what: &str, clash: &Clash<OpId>) -> Finding {
    let &Clash { there, still, over, begun, bonds } = clash;
    let mut edges = Vec::new();
    edges.extend(there.map(|there| real_time(ctx, there, begun)));
    edges.extend(over.map(|over| real_time(ctx, over, still)));
    for (bond, members) in bonds.into_iter().zip([[there, Some(still)], [over, Some(begun)]]) {
        let members = members.into_iter().flatten();
        edges.extend(members.filter_map(|member| bonded(ctx, bond?, member)));
    }
    let all = clash.all();
    edges.retain(|edge| all.contains(&edge.from) && all.contains(&edge.to));
    edges.sort_by_key(|edge| (edge.from, edge.to));
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    let words = |op| explain::op(ctx, op);
    let sentence = match (there, over) {
        // One after the other, in real time.
        (None, Some(over)) => format!("{}, and only after that {}.", words(over), words(still)),
        (Some(there), Some(over)) if over == begun => format!(
            "{}; after that {}; and after that {}: the older {what}, which had been overwritten.",
            words(there),
            words(begun),
            words(still)
        ),
        // Each of the two stands before the other.
        (Some(there), Some(over)) => format!(
            "Each of two {what}s had to be there before the other: {}, and only after that {}; but {}, and only after that {}.",
            words(there),
            words(begun),
            words(over),
            words(still)
        ),
        (there, None) => {
            let there =
                there.map_or(String::new(), |there| format!("{}; after that ", words(there)));
            format!(
                "{there}{}, and {}: the older {what} was still there.",
                words(begun),
                words(still)
            )
        }
    };
    finding(ctx, AnomalyKind::NotLinearizable, all, sentence, edges)
}

pub(super) fn explain_text(ctx: &Context<'_>, wrong: &Wrong) -> Finding {
    let (sentence, edges) = match *wrong {
        Wrong::Unmade { read } => {
            let what = "no order of puts and appends, each applied once, makes this text";
            (format!("{}: {what}.", explain::op(ctx, read)), Vec::new())
        }
        Wrong::Apart { reads: [a, b] } => {
            let (a, b) = (explain::op(ctx, a), explain::op(ctx, b));
            (format!("{a}, and {b}: no single order of puts and appends makes both."), Vec::new())
        }
        Wrong::Turned { over, begun, shown } => {
            let (first, then) = (explain::op(ctx, over), explain::op(ctx, begun));
            let mut edges = vec![real_time(ctx, over, begun)];
            let seen = match shown {
                Some(shown) => {
                    edges.extend(bonded(ctx, shown, over));
                    edges.extend(bonded(ctx, shown, begun));
                    format!(" {} shows", read_of(ctx, shown))
                }
                None => {
                    edges.extend(bonded(ctx, over, begun));
                    " their values show".to_owned()
                }
            };
            (
                format!(
                    "{first}, and only after that {then}, but{seen} them in the opposite order."
                ),
                edges,
            )
        }
        Wrong::Torn(ref clash) => {
            return explain_clash(ctx, "text", clash);
        }
    };
    finding(ctx, AnomalyKind::NotLinearizable, wrong.all(), sentence, edges)
}

pub(super) fn explain_set(ctx: &Context<'_>, unset: Unset) -> Finding {
    let (ops, sentence, edges) = match unset {
        Unset::Apart { reads: [a, b], adds: [x, y] } => (
            vec![x, y, a, b],
            format!(
                "{} and {} contradict each other: only the first shows that {}, and only the second that {}.",
                read_of(ctx, a),
                read_of(ctx, b),
                explain::op(ctx, x),
                explain::op(ctx, y)
            ),
            vec![why_reads_from(ctx, x, a), why_reads_from(ctx, y, b)],
        ),
        Unset::Shrunk { reads: [a, b], add } => (
            vec![add, a, b],
            format!(
                "{} shows that {}; {}, which began later, does not.",
                read_of(ctx, a),
                explain::op(ctx, add),
                read_of(ctx, b)
            ),
            vec![why_reads_from(ctx, add, a), real_time(ctx, a, b)],
        ),
        Unset::Missed { add, read } => (
            vec![add, read],
            format!(
                "{}, and only after that {} began; it does not show what was added.",
                explain::op(ctx, add),
                read_of(ctx, read)
            ),
            vec![real_time(ctx, add, read)],
        ),
        Unset::Overtaken { adds: [x, y], read } => (
            vec![x, y, read],
            format!(
                "{}, and only after that {}, but {} shows only the second.",
                explain::op(ctx, x),
                explain::op(ctx, y),
                read_of(ctx, read)
            ),
            vec![real_time(ctx, x, y), why_reads_from(ctx, y, read)],
        ),
    };
    finding(ctx, AnomalyKind::NotLinearizable, ops, sentence, edges)
}

/// A read, without all that it shows.
fn read_of(ctx: &Context<'_>, read: OpId) -> String {
    let op = ctx.op(read);
    format!("session {}'s read of {} (#{})", op.process(), op.key_name(), op.number())
}

pub(super) fn explain_none(ctx: &Context<'_>, key: KeyId, steps: &Steps) -> Finding {
    let witness = witness::shrink(ctx, steps);
    let ops: Vec<OpId> = witness.iter().map(|op| op.id).collect();
    let mut edges = Vec::new();
    for (at, op) in witness.iter().enumerate() {
        // The nearest that was over before: the others follow from it.
        let over = witness[..at].iter().filter(|before| before.completed < Some(op.invoked));
        let nearest = over.filter(|before| before.completed.is_some()).max_by_key(|b| b.completed);
        edges.extend(nearest.map(|before| real_time(ctx, before.id, op.id)));
    }
    let name = ctx.history.key_name(key);
    let count = ops.len();
    let sentence = format!(
        "No order of these {count} operations on {name} both keeps to real time and explains what they returned. The last \
         of them to complete: {}.",
        witness
            .iter()
            .max_by_key(|op| op.completed)
            .map_or(String::new(), |op| explain::op(ctx, op.id))
    );
    finding(ctx, NO_ORDER, ops, sentence, edges)
}
