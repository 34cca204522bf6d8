//! What Jepsen's names and values mean in a workload.

use crate::form::Form;
use afterall_history::{Function, Value, Workload};

/// What a name for an operation means in a workload.
pub(crate) fn function(
    workload: Workload,
    name: &str,
    value: &Form<'_>,
) -> Result<Function, String> {
    use Function as F;
    use Workload as W;
    Ok(match (workload, name) {
        (W::Counter, "inc") => F::Increment,
        (W::Counter, "dec") => F::Decrement,
        (W::Counter, "add") => {
            let amount = value.as_pair().map_or(value, |(_, amount)| amount);
            if matches!(amount, Form::Int(n) if *n < 0) { F::Decrement } else { F::Increment }
        }
        (W::Set, "broadcast") => F::Add,
        (W::Text, "put") => F::Write,
        (W::Text, "get") => F::Read,
        (_, name) => name.parse().map_err(|_| {
            format!(
                "a history of the {} workload has no :f {name:?} (--workload names another)",
                workload.name()
            )
        })?,
    })
}

/// What an update carries.
pub(crate) fn input(workload: Workload, name: &str, value: &Form<'_>) -> Result<Value, String> {
    match (workload, value) {
        (Workload::Counter, Form::Int(n)) if name == "add" => {
            n.checked_abs().map(Value::Int).ok_or_else(|| format!("{n} is too small"))
        }
        (Workload::Counter, Form::Nil) if matches!(name, "inc" | "dec") => Ok(Value::Int(1)),
        _ => value.value(),
    }
}

/// What a read returned.
pub(crate) fn output(workload: Workload, value: &Form<'_>) -> Result<Value, String> {
    let read = value.value()?;
    Ok(match workload {
        Workload::Register => Value::List(vec![read]),
        Workload::Text if read == Value::Text(String::new()) => Value::Nil,
        _ => read,
    })
}
