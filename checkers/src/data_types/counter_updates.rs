//! What was done to one counter, or to the stock of one item.

use crate::context::Context;
use afterall_history::{Function, KeyId, OpView, Status, Workload};

/// What was done to one counter.
pub(super) struct Counter<'h> {
    pub(super) key: KeyId,
    /// What was acknowledged, or may have happened, in the order of invocation.
    pub(super) updates: Vec<OpView<'h>>,
    /// By update: whether it was acknowledged before the final reads began.
    pub(super) settled: Vec<bool>,
    pub(super) acknowledged: i64,
    /// The absolute amounts acknowledged, and of those that may have happened.
    pub(super) absolute: (i64, i64),
    pub(super) decremented: bool,
}

impl<'h> Counter<'h> {
    /// The operations that the final reads must show, or those that they may show.
    pub(super) fn of(&self, settled: bool) -> impl Iterator<Item = OpView<'h>> + '_ {
        let all = self.updates.iter().zip(&self.settled);
        all.filter(move |(_, is)| **is == settled).map(|(&op, _)| op)
    }
}

/// Whether it takes something away.
pub(super) fn takes(op: OpView<'_>) -> bool {
    matches!(op.f(), Function::Decrement | Function::Sell)
}

/// Whether this is a part of a history in which something is not that was taken away, and begun before the event.
pub(super) fn taken_elsewhere(ctx: &Context<'_>, key: KeyId, before: u32) -> bool {
    let left_out = |f| ctx.history.updates_left_out(key, Some(f), before);
    left_out(Function::Decrement) || left_out(Function::Sell)
}

/// The same of what was added.
pub(super) fn added_elsewhere(ctx: &Context<'_>, key: KeyId, before: u32) -> bool {
    let left_out = |f| ctx.history.updates_left_out(key, Some(f), before);
    left_out(Function::Increment) || left_out(Function::Restock)
}

/// What the operation adds.
pub(super) fn amount(op: OpView<'_>) -> i64 {
    let amount = op.input().as_int().unwrap_or(0);
    if takes(op) { -amount } else { amount }
}

pub(super) fn counter<'h>(ctx: &Context<'h>, key: KeyId) -> Counter<'h> {
    let updates: Vec<OpView<'h>> =
        ctx.on(key).filter(|op| !op.f().is_read() && op.status() != Status::Fail).collect();
    let settled: Vec<bool> = updates.iter().map(|&op| ctx.is_settled(op)).collect();
    let mut counter =
        Counter { key, updates, settled, acknowledged: 0, absolute: (0, 0), decremented: false };
    for (&op, &settled) in counter.updates.iter().zip(&counter.settled) {
        counter.decremented |= takes(op);
        let by = amount(op);
        if settled {
            counter.acknowledged = counter.acknowledged.saturating_add(by);
            counter.absolute.0 = counter.absolute.0.saturating_add(by.saturating_abs());
        } else {
            counter.absolute.1 = counter.absolute.1.saturating_add(by.saturating_abs());
        }
    }
    counter
}

/// Whether a store may show a sum below nothing as nothing: it may of stock, of which there is never less than none.
pub(super) fn may_hide_what_is_missing(ctx: &Context<'_>) -> bool {
    ctx.history.header().workload == Workload::Inventory
}
