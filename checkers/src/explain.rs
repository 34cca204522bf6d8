//! Plain words for operations, times and causes.

use crate::attribution;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::words::{self, duration};
use afterall_history::{Fault, FaultKind, NodeId, OpId, OpView};

/// A kill this long after an acknowledgement is still named as a cause of what was lost.
const KILL_NEAR_NS: i64 = 10_000_000_000;

/// An operation for people: `session 3 wrote x=17 at n2 (#41)`.
pub(crate) fn op(ctx: &Context<'_>, id: OpId) -> String {
    words::operation(ctx.history, id)
}

/// The faults that may have been in force on the operation's replica while it ran.
pub(crate) fn faults<'h>(ctx: &Context<'h>, id: OpId) -> impl Iterator<Item = &'h Fault> {
    let op = ctx.op(id);
    let (sent_to, served_by) = (op.sent_to(), op.served_by());
    ctx.history
        .faults_in_force(op.invoked(), op.until(), None)
        .filter(move |fault| fault.touches(sent_to) || fault.touches(served_by))
}

/// That the last reads of a key differ on what an operation did, and are not known to be final. `did`: `added`, `removed`.
pub(crate) fn apart(key: &str, number: u32, did: &str) -> String {
    not_final(key, &format!("differ on what #{number} {did}"))
}

/// What the last reads of a key show, and that they are not known to be final.
pub(crate) fn not_final(key: &str, show: &str) -> String {
    format!(
        "the last reads of {key} {show}, and the history does not say whether they are final (use --final last if they are)"
    )
}

/// Why an acknowledged update may be gone: the cause of its group, and the same with its figures.
pub(crate) fn why_gone(ctx: &Context<'_>, id: OpId) -> (Cause, String) {
    let op = ctx.op(id);
    if let Some(kill) = kill_after(ctx, op.served_by(), op) {
        let after = duration(kill.inject.saturating_sub(op.until()));
        let node = op.node_name();
        return (
            Cause::KilledAfter(op.served_by()),
            format!(
                "{node} was killed {after} after it acknowledged (fault {}), which may or may not be why",
                kill.id
            ),
        );
    }
    where_acknowledged(ctx, id)
}

/// Where an update was acknowledged, for what went wrong by then: nothing that came later can have caused it.
pub(crate) fn where_acknowledged(ctx: &Context<'_>, id: OpId) -> (Cause, String) {
    let cause = Cause::AcknowledgedAt(Place::of(ctx, id));
    let why = format!("it was {}", cause.words(ctx.history));
    (cause, why)
}

/// That an acknowledged update is gone: what was done, what became of it, and why; `gone` goes on after "but".
pub(crate) fn gone(ctx: &Context<'_>, id: OpId, gone: &str, cause: &Cause, why: &str) -> String {
    let done = op(ctx, id);
    match cause {
        // Who acknowledged is said once, and nobody acknowledged what was there from the beginning.
        Cause::AcknowledgedAt(_) if ctx.op(id).is_setup() => format!("{done}, but {gone}."),
        Cause::AcknowledgedAt(_) => {
            format!("{done} and was {}, but {gone}.", cause.words(ctx.history))
        }
        _ => format!("{done} and was acknowledged, but {gone}; {why}."),
    }
}

fn kill_after<'h>(ctx: &Context<'h>, node: NodeId, op: OpView<'_>) -> Option<&'h Fault> {
    let done = op.until();
    ctx.history
        .faults()
        .iter()
        .filter(|fault| fault.kind == FaultKind::Kill && fault.took_hold() && fault.touches(node))
        .find(|fault| fault.inject >= done && fault.inject.saturating_sub(done) <= KILL_NEAR_NS)
        // What another replica had shown by then did not go with this one.
        .filter(|kill| !attribution::shown_elsewhere(ctx, op.id(), kill.inject))
}
