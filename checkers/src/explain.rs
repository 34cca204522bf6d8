//! Plain words for operations, times and causes.

use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::words::duration;
use afterall_history::{
    Fault, FaultKind, FaultKinds, Function, NODE_UNKNOWN, NodeId, OpId, OpView, Status, Value,
};

/// A kill this long after an acknowledgement is still named as a cause of what was lost.
const KILL_NEAR_NS: i64 = 10_000_000_000;

/// A value in a sentence is cut after so many characters.
const VALUE_CHARS_MAX: usize = 120;

/// An operation for people: `process 3 wrote x=17 at n2 (#41)`.
pub(crate) fn op(ctx: &Context<'_>, id: OpId) -> String {
    let op = ctx.op(id);
    let data = ctx.history.data();
    let (key, process, index) = (op.key_name(), op.process(), op.number());
    let input = data.value(op.input());
    let output = data.value(op.output());
    if op.is_setup() {
        return format!("{key} began with {input} (#{index})");
    }
    let what = match op.f() {
        Function::Read => format!("read {key} as {}", shortened(&output)),
        Function::Checkout => format!("checked out {key} as {}", shortened(&output)),
        Function::Write => format!("wrote {key}={input}"),
        Function::Delete => format!("deleted {key}"),
        Function::Cas => format!("swapped {key} {input}"),
        Function::Increment => format!("added {input} to {key}"),
        Function::Decrement => format!("took {input} from {key}"),
        Function::Add => format!("added {input} to {key}"),
        Function::Remove => format!("removed {input} from {key}"),
        Function::Append => format!("appended {input} to {key}"),
        Function::Acquire => format!("acquired {key}"),
        Function::Release => format!("released {key}"),
        Function::Restock => format!("put {input} of {key} into stock"),
        Function::Sell => format!("sold {input} of {key}"),
        Function::Post => format!("posted {input} to {key}"),
        Function::Edit => format!("edited {input} in {key}"),
    };
    let sure = if op.status() == Status::Info { ", never acknowledged" } else { "" };
    let place = at(op);
    format!("session {process} {what}{place} (#{index}{sure})")
}

/// Where an operation was served: ` at n3`, or nothing.
pub(crate) fn at(op: OpView<'_>) -> String {
    match op.node_name() {
        NODE_UNKNOWN => String::new(),
        node => format!(" at {node}"),
    }
}

/// The faults that may have been in force on the operation's replica while it ran.
pub(crate) fn faults<'h>(ctx: &Context<'h>, id: OpId) -> impl Iterator<Item = &'h Fault> {
    let op = ctx.op(id);
    let (sent_to, served_by) = (op.sent_to(), op.served_by());
    ctx.history
        .faults_in_force(op.invoked(), op.until(), None)
        .filter(move |fault| fault.touches(sent_to) || fault.touches(served_by))
}

/// The kinds of faults on the operation's replica.
fn fault_kinds(ctx: &Context<'_>, id: OpId) -> FaultKinds {
    faults(ctx, id).map(|fault| fault.kind).collect()
}

/// That the last reads of a key differ on what an operation did, and are not known to be final. `did`: `added`, `removed`.
pub(crate) fn apart(key: &str, number: u32, did: &str) -> String {
    format!(
        "the last reads of {key} differ on what #{number} {did}, and nobody called them final (use --final last if they are final)"
    )
}

/// A value, cut where it is long: a cart of forty items hides the sentence that it is part of.
pub(crate) fn shortened(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(VALUE_CHARS_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text,
    }
}

/// Who served the operation and under which faults.
pub(crate) fn served(ctx: &Context<'_>, id: OpId) -> Place {
    Place::new(ctx.history, ctx.op(id).served_by(), fault_kinds(ctx, id))
}

/// Why an acknowledged update may be gone: the cause of its group, and the same with its figures.
pub(crate) fn why_gone(ctx: &Context<'_>, id: OpId) -> (Cause, String) {
    let op = ctx.op(id);
    if let Some(kill) = kill_after(ctx, op.served_by(), op) {
        let after = duration(kill.inject.saturating_sub(op.until()));
        let node = op.node_name();
        return (
            Cause::KilledAfter(op.served_by()),
            format!("{node} was killed {after} after it acknowledged (fault {})", kill.id),
        );
    }
    let cause = Cause::AcknowledgedAt(served(ctx, id));
    let why = format!("it was {}", cause.words(ctx.history));
    (cause, why)
}

fn kill_after<'h>(ctx: &Context<'h>, node: NodeId, op: OpView<'_>) -> Option<&'h Fault> {
    let done = op.until();
    ctx.history
        .faults()
        .iter()
        .filter(|fault| fault.kind == FaultKind::Kill && fault.touches(node))
        .find(|fault| fault.inject >= done && fault.inject.saturating_sub(done) <= KILL_NEAR_NS)
}
