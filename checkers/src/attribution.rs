//! Which faults may be named as a cause. A cause is proved, or it is not named:
//!
//! - a fault is named only if evidence shows that it took hold, and if it was in force while an operation needed the node or
//!   the link that it acts on;
//! - a clock is named only where versions carry time, or where the target's documentation says that a write is stamped by the
//!   clock of the node that takes it; and only if the skew accounts for it that the older stamp won;
//! - that no fault was in force is said only where none was felt either: a node that has just been restarted, or a stamp that
//!   a clock gave while it was ahead, is felt for some time after the fault has been healed.

use crate::context::Context;
use crate::inference::pieces::{self, text};
use afterall_history::{
    ActsOn, Data, Datum, Fault, FaultKind, FaultKinds, Function, NodeId, OpId, OpView, StampRule,
    Value,
};
use std::collections::BTreeSet;

/// How long a fault may still be felt after it was healed: connections are made anew, processes catch up.
const FELT_NS: i64 = 1_000_000_000;
/// What a clock may be off without any fault, and by what a skew may differ from what was asked for.
const CLOCK_TOLERANCE_NS: i128 = 60_000_000;

/// Until when a fault may be felt. A clock that is right again has given stamps that lie in the future until its skew has
/// passed.
pub(crate) fn felt_until(fault: &Fault) -> i64 {
    let Some(healed) = fault.healed else { return i64::MAX };
    let skew_ns = match fault.kind {
        FaultKind::Clock => skew_ms(fault).unsigned_abs().saturating_mul(1_000_000),
        _ => 0,
    };
    let skew_ns = i64::try_from(skew_ns).unwrap_or(i64::MAX);
    healed.saturating_add(FELT_NS).saturating_add(skew_ns)
}

/// A parameter of a fault that is a whole number.
fn parameter(fault: &Fault, wanted: &str) -> Option<i64> {
    let Value::Map(entries) = &fault.value else { return None };
    let (_, value) = entries.iter().find(|(name, _)| name == wanted)?;
    value.as_int()
}

/// The greatest skew that a fault of clocks asks for, milliseconds: forward is positive. Zero where it does not say.
fn skew_ms(fault: &Fault) -> i64 {
    let of = |wanted| parameter(fault, wanted);
    match (of("by_ms"), of("up_ms"), of("down_ms")) {
        (Some(by_ms), ..) => by_ms,
        // The skew of an exchange of time is half the difference of its two ways (RFC 5905).
        (None, Some(up_ms), Some(down_ms)) => up_ms.saturating_sub(down_ms) / 2,
        _ => 0,
    }
}

/// The greatest skew that it can have come to by this time: a clock that drifts (`over_ms`) has gone no further than its time
/// allows, since nobody tells it so before the injection begins.
fn skew_by_ms(fault: &Fault, by: i64) -> i64 {
    let (skew_ms, over_ms) = (skew_ms(fault), parameter(fault, "over_ms"));
    let over_ns = i128::from(over_ms.unwrap_or(0)) * 1_000_000;
    let gone_ns = i128::from(by.saturating_sub(fault.inject)).max(0);
    if gone_ns >= over_ns {
        return skew_ms;
    }
    i64::try_from(i128::from(skew_ms) * gone_ns / over_ns).unwrap_or(skew_ms)
}

/// Whether evidence shows that a fault was in force at some moment of this time.
fn shown(fault: &Fault, from: i64, to: i64) -> bool {
    fault.took_hold() && fault.in_force(from, to)
}

/// The kinds of faults, clocks aside, that were in force on the replica that served an operation, while it did.
pub(crate) fn on_replica(ctx: &Context<'_>, id: OpId) -> FaultKinds {
    let op = ctx.op(id);
    let (sent_to, served_by) = (op.sent_to(), op.served_by());
    ctx.history
        .faults_in_force(op.invoked(), op.until(), None)
        .filter(|fault| fault.kind != FaultKind::Clock && shown(fault, op.invoked(), op.until()))
        .filter(|fault| fault.touches(sent_to) || fault.touches(served_by))
        .map(|fault| fault.kind)
        .collect()
}

/// Whether it can be said that no fault was felt on a replica while it served an operation. A wrong clock is felt wherever
/// its stamps come to.
pub(crate) fn is_quiet(ctx: &Context<'_>, id: OpId) -> bool {
    let op = ctx.op(id);
    let felt = |fault: &Fault| {
        fault.inject <= op.until()
            && op.invoked() <= felt_until(fault)
            && (fault.kind == FaultKind::Clock
                || fault.touches(op.sent_to())
                || fault.touches(op.served_by()))
    };
    !ctx.history.faults().is_empty() && !ctx.history.faults().iter().any(felt)
}

/// An update, and the replicas that do not show it at the end.
pub(crate) struct Missing {
    pub(crate) update: OpId,
    pub(crate) at: Vec<NodeId>,
}

/// Where an update was not known though it was needed, one of several that are not shown everywhere: at the replica that took the other, and
/// at those that do not show it at the end. But where the one that took it does not show it either, the other replaced it
/// there; then so it may have done everywhere, and no link is to blame for it.
fn unknown_at(ctx: &Context<'_>, missing: &[Missing], of: &Missing) -> BTreeSet<NodeId> {
    let taken_by = |of: &Missing| ctx.op(of.update).served_by();
    let others = missing.iter().filter(|other| other.update != of.update).map(taken_by);
    let mut at: BTreeSet<NodeId> = others.collect();
    if at.is_empty() || !of.at.contains(&taken_by(of)) {
        at.extend(&of.at);
    }
    at
}

/// The kinds of faults that stood between updates and the replicas that did not know them: on the link from the one that took
/// an update to one that did not know it, while it was taken; on one that did not know it; or, of processes that ended, on the one
/// that took it, until the other update was there. A process that ended and did not know the update does not tell why others did not
/// know it either: it is named only where all of them were kept from it. A cut link may tell, since others hear of an update by
/// whom it did not reach.
pub(crate) fn between(ctx: &Context<'_>, missing: &[Missing]) -> FaultKinds {
    let until = missing.iter().map(|of| ctx.op(of.update).until()).max().unwrap_or(i64::MIN);
    let mut kinds: Vec<FaultKind> = Vec::new();
    for of in missing {
        let at = unknown_at(ctx, missing, of);
        let mut kept: BTreeSet<NodeId> = BTreeSet::new();
        let mut ended: Vec<FaultKind> = Vec::new();
        for fault in ctx.history.faults() {
            let of_fault = at.iter().filter(|&&at| kept_from(ctx, fault, of.update, at, until));
            let of_fault: Vec<NodeId> = of_fault.copied().collect();
            if of_fault.is_empty() {
                continue;
            }
            kept.extend(of_fault);
            match fault.kind.acts_on() {
                ActsOn::Links => kinds.push(fault.kind),
                _ => ended.push(fault.kind),
            }
        }
        if kept.len() == at.len() {
            kinds.extend(ended);
        }
    }
    kinds.into_iter().collect()
}

/// Whether a fault kept a replica from an update that it did not know.
fn kept_from(ctx: &Context<'_>, fault: &Fault, update: OpId, at: NodeId, until: i64) -> bool {
    let update = ctx.op(update);
    let (taken_by, from) = (update.served_by(), update.invoked());
    let while_taken = shown(fault, from, update.until());
    match fault.kind.acts_on() {
        // Nothing that was said to the one would have come to the other.
        ActsOn::Links => {
            let on = |link| fault.links.contains(&link);
            while_taken && (on((taken_by, at)) || on((at, taken_by)))
        }
        _ if fault.kind == FaultKind::Clock => false,
        _ => {
            let ended = fault.kind != FaultKind::Pause
                && fault.nodes.contains(&taken_by)
                && fault.inject >= update.until()
                && shown(fault, from, until);
            (while_taken && fault.nodes.contains(&at)) || ended
        }
    }
}

/// A clock to which a version owes that it is higher than that of a later write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clocks {
    /// The clock of the replica that took the older write was ahead.
    Ahead,
    /// The clock of the replica that took the later one was behind.
    Behind,
    /// Both.
    AheadAndBehind,
    /// The clock of the one replica went back between the two.
    WentBack,
}

/// Whether clocks account for it that an older write won against a later one: skews that were shown to be in force are as large
/// as the difference between their stamps and the time between the writes. The stamps are the versions, where these carry time.
/// Where none are told, and a stamp is the clock of the node that takes the write, that of the later one is the lower.
pub(crate) fn clocks(ctx: &Context<'_>, older: OpId, later: OpId) -> Option<Clocks> {
    let (older, later) = (ctx.op(older), ctx.op(later));
    let data = ctx.history.data();
    let apart_ns = i128::from(later.invoked()) - i128::from(older.until());
    let stamps = (stamp_ns(data, older.version()), stamp_ns(data, later.version()));
    let lead_ns = match stamps {
        (Some(high_ns), Some(low_ns)) => high_ns - low_ns,
        _ if ctx.history.header().semantics.stamps == StampRule::NodeClock => 0,
        _ => return None,
    };
    let wanted_ns = lead_ns + apart_ns.max(0);
    let skew_ns = |op: OpView<'_>, forward: bool| -> i128 {
        let of_node = |fault: &&Fault| {
            fault.kind == FaultKind::Clock
                && fault.nodes.contains(&op.served_by())
                && shown(fault, op.invoked(), op.until())
        };
        let faults = ctx.history.faults().iter().filter(of_node);
        let skews = faults.map(|fault| skew_by_ms(fault, op.until()));
        let skews = skews.map(|ms| if forward { ms } else { ms.saturating_neg() });
        i128::from(skews.max().unwrap_or(0).max(0)) * 1_000_000
    };
    let (ahead_ns, behind_ns) = (skew_ns(older, true), skew_ns(later, false));
    let given_ns = ahead_ns + behind_ns;
    let accounts = given_ns > 0 && wanted_ns <= given_ns + given_ns / 5 + CLOCK_TOLERANCE_NS;
    accounts.then_some(match (ahead_ns > 0, behind_ns > 0) {
        _ if older.served_by() == later.served_by() => Clocks::WentBack,
        (true, true) => Clocks::AheadAndBehind,
        (true, false) => Clocks::Ahead,
        (false, _) => Clocks::Behind,
    })
}

/// The time that a version carries, nanoseconds since the epoch: the version itself, or the first of a list. A number is told
/// to be a time, and in which unit, by its size: from the year 2001 to the year 2286.
fn stamp_ns(data: &Data, version: Datum) -> Option<i128> {
    const BILLION: i64 = 1_000_000_000;
    let number = version.as_int().or_else(|| data.items(version).next()?.as_int())?;
    let unit_ns = match number / BILLION {
        1_000..10_000 => 1_000_000,
        1_000_000..10_000_000 => 1_000,
        1_000_000_000.. => 1,
        _ => return None,
    };
    Some(i128::from(number) * unit_ns)
}

/// Whether another replica showed what an update did before this time: then nothing that happened to its own replica later
/// took it away.
pub(crate) fn shown_elsewhere(ctx: &Context<'_>, update: OpId, by: i64) -> bool {
    let history = ctx.history;
    let (data, op) = (history.data(), history.op(update));
    let piece = (op.f() == Function::Append).then(|| op.input());
    let Some(value) = history.value_written(update).or(piece) else { return false };
    let shows = |read: OpView<'_>| match piece {
        Some(piece) => pieces::shows(text(ctx, read.output()), text(ctx, piece)),
        None => data
            .items(read.output())
            .any(|item| item == value || data.items(item).next() == Some(value)),
    };
    ctx.on(op.key()).any(|read| {
        read.f().is_read()
            && read.is_ok()
            && read.until() <= by
            && read.served_by() != op.served_by()
            && shows(read)
    })
}
