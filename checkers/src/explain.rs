//! Plain words for operations, times and causes.

use crate::attribution;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::words::{self, duration};
use afterall_history::{
    Fault, FaultKind, Function, NODE_UNKNOWN, NodeId, OpId, OpView, Status, Value, Workload,
};

/// A kill this long after an acknowledgement is still named as a cause of what was lost.
const KILL_NEAR_NS: i64 = 10_000_000_000;

/// An operation for people: `session 3 wrote x=17 at n2 (#41)`.
pub(crate) fn op(ctx: &Context<'_>, id: OpId) -> String {
    let op = ctx.op(id);
    let data = ctx.history.data();
    let (key, process, index) = (op.key_name(), op.process(), op.number());
    let (input, output) = (data.value(op.input()), data.value(op.output()));
    let workload = ctx.history.header().workload;
    let parts = input.as_list().unwrap_or_default();
    let output_words = || words::returned(workload, &output);
    let found_nothing =
        matches!(workload, Workload::Register | Workload::Position | Workload::Text)
            && words::shows_nothing(&output);
    let input = match (workload, op.f()) {
        (Workload::Cart, Function::Add) => words::item(&input),
        _ => words::value(&input),
    };
    if op.is_setup() {
        return format!("key {key} began with {input} (#{index})");
    }
    let what = match op.f() {
        Function::Read if found_nothing => format!("found nothing in {key}"),
        Function::Read => format!("read {key} as {}", output_words()),
        Function::Checkout => format!("checked out {key} as {}", output_words()),
        Function::Write => format!("wrote {key}={input}"),
        Function::Delete => format!("deleted {key}"),
        Function::Cas => match parts {
            [old, new] => {
                format!("changed {key} from {} to {}", words::value(old), words::value(new))
            }
            _ => format!("changed {key} by {input}"),
        },
        Function::Increment => format!("added {input} to {key}"),
        Function::Decrement => format!("took {input} from {key}"),
        Function::Add => format!("added {input} to {key}"),
        Function::Remove => format!("removed {input} from {key}"),
        Function::Append => format!("appended {input} to {key}"),
        Function::Acquire => format!("acquired {key}"),
        Function::Release => format!("released {key}"),
        Function::Restock => format!("put {input} of {key} into stock"),
        Function::Sell => format!("sold {input} of {key}"),
        Function::Post => match parts {
            [message, Value::Nil] => format!("posted {} to {key}", words::value(message)),
            [answer, message] => {
                let (answer, message) = (words::value(answer), words::value(message));
                format!("posted {answer} to {key} in answer to {message}")
            }
            _ => format!("posted {input} to {key}"),
        },
        Function::Edit => match parts {
            [edit, message] => {
                let (edit, message) = (words::value(edit), words::value(message));
                format!("edited {message} in {key} to {edit}")
            }
            _ => format!("edited {key} by {input}"),
        },
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

/// An operation in few words, where what it carried is not the point: `session 3's read of x at n2 (#41)`.
pub(crate) fn briefly(op: OpView<'_>) -> String {
    let what = if op.f() == Function::Checkout { "checkout" } else { op.f().name() };
    format!("session {}'s {what} of {}{} (#{})", op.process(), op.key_name(), at(op), op.number())
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
                "{node} was killed {after} after it acknowledged (fault {}), which need not be why",
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
