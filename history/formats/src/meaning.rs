//! What Jepsen's names and values mean in a workload.

use crate::form::Form;
use crate::op::Op;
use crate::problem::Problem;
use crate::split;
use crate::survey::Layout;
use afterall_history::{Function, Value, Workload};

/// What an operation's name means in a workload.
///
/// # Errors
/// When the workload has no such operation.
pub(crate) fn function(
    workload: Workload,
    op: &Op<'_>,
    layout: &Layout,
) -> Result<Function, Problem> {
    use Function as F;
    use Workload as W;
    let name = op.name()?;
    Ok(match (workload, name) {
        (_, "read") => F::Read,
        // jepsen.tests.causal
        (_, "read-init") => F::Read,
        (W::Counter, "inc") => F::Increment,
        (W::Counter, "dec") => F::Decrement,
        (W::Counter, "add") => {
            // Without an amount it is a completion; then the invocation decides.
            let below_zero = split::key_and_value(op, layout)
                .is_ok_and(|(_, amount)| matches!(*amount, Form::Int(n) if n < 0));
            if below_zero { F::Decrement } else { F::Increment }
        }
        (W::Register, "put") => F::Write,
        (W::Register, "get") => F::Read,
        (W::Register, "del") => F::Delete,
        (W::Set, "delete" | "del") => F::Remove,
        (W::Set, "broadcast") => F::Add,
        (W::Text, "put") => F::Write,
        (W::Text, "get") => F::Read,
        (_, name) => name.parse().map_err(|_| {
            Problem::expected(
                format!("an operation of the {workload} workload"),
                format!(":f {name:?}"),
            )
            .hint("--workload names another workload")
        })?,
    })
}

/// The value of an update.
pub(crate) fn input(workload: Workload, name: &str, value: &Form<'_>) -> Result<Value, Problem> {
    match (workload, value) {
        (Workload::Counter, Form::Int(n)) if name == "add" => n
            .checked_abs()
            .map(Value::Int)
            .ok_or_else(|| Problem::expected("an amount of less than 2^63 in size", n.to_string())),
        (Workload::Counter, Form::Nil) if matches!(name, "inc" | "dec") => Ok(Value::Int(1)),
        _ => value.value(),
    }
}

/// What a read returned.
pub(crate) fn output(workload: Workload, value: &Form<'_>) -> Result<Value, Problem> {
    let read = value.value()?;
    Ok(match workload {
        Workload::Register => Value::List(vec![read]),
        Workload::Text if read == Value::Text(String::new()) => Value::Nil,
        _ => read,
    })
}
