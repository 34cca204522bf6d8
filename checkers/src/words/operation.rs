//! Operations in sentences.

use super::{item, returned, shows_nothing, value};
use afterall_history::{Function, History, NODE_UNKNOWN, OpId, OpView, Status, Value, Workload};

/// An operation for people: `session 3 wrote x=17 at n2 (#41)`.
#[must_use]
pub fn operation(history: &History, id: OpId) -> String {
    let op = history.op(id);
    let index = op.number();
    let what = done(history, id);
    if op.is_setup() {
        return format!("{what} (#{index})");
    }
    let sure = if op.status() == Status::Info { ", never acknowledged" } else { "" };
    let (process, place) = (op.process(), at(op));
    format!("session {process} {what}{place} (#{index}{sure})")
}

/// What an operation did, without who, where and when: `wrote x=17`.
pub(crate) fn done(history: &History, id: OpId) -> String {
    let op = history.op(id);
    let data = history.data();
    let key = op.key_name();
    let (input, output) = (data.value(op.input()), data.value(op.output()));
    let workload = history.header().workload;
    let parts = input.as_list().unwrap_or_default();
    let output_words = || returned(workload, &output);
    let found_nothing =
        matches!(workload, Workload::Register | Workload::Position | Workload::Text)
            && shows_nothing(&output);
    let input = match (workload, op.f()) {
        (Workload::Cart, Function::Add) => item(&input),
        _ => value(&input),
    };
    if op.is_setup() {
        return format!("key {key} began with {input}");
    }
    match op.f() {
        Function::Read if found_nothing => format!("found nothing in {key}"),
        Function::Read => format!("read {key} as {}", output_words()),
        Function::Checkout => format!("checked out {key} as {}", output_words()),
        Function::Write => format!("wrote {key}={input}"),
        Function::Delete => format!("deleted {key}"),
        Function::Cas => match parts {
            [old, new] => {
                format!("changed {key} from {} to {}", value(old), value(new))
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
            [message, Value::Nil] => format!("posted {} to {key}", value(message)),
            [answer, message] => {
                let (answer, message) = (value(answer), value(message));
                format!("posted {answer} to {key} in answer to {message}")
            }
            _ => format!("posted {input} to {key}"),
        },
        Function::Edit => match parts {
            [edit, message] => {
                let (edit, message) = (value(edit), value(message));
                format!("edited {message} in {key} to {edit}")
            }
            _ => format!("edited {key} by {input}"),
        },
    }
}

/// Where an operation was served: ` at n3`, or nothing.
pub(crate) fn at(op: OpView<'_>) -> String {
    match op.node_name() {
        NODE_UNKNOWN => String::new(),
        node => format!(" at {node}"),
    }
}

/// An operation in few words, where what it carried is not the point: `session 3's read of x at n2 (#41)`.
#[must_use]
pub fn briefly(op: OpView<'_>) -> String {
    let what = if op.f() == Function::Checkout { "checkout" } else { op.f().name() };
    format!("session {}'s {what} of {}{} (#{})", op.process(), op.key_name(), at(op), op.number())
}
