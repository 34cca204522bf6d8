//! Operations as plain stores see them, and what an error of a read means.

use crate::client::Answer;
use crate::error::OpError;
use afterall_history::{Function, Value, Workload};
use afterall_workloads::Operation;

/// What is asked about a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask<'a> {
    /// What it holds.
    Read,
    /// To make a register hold this.
    Write(i64),
    /// To add this to a counter; negative to take from it.
    Change(i64),
    /// To put an element with its quantity into a cart.
    Add(&'a str, i64),
    /// To take an element out of a cart.
    Remove(&'a str),
}

impl<'a> Ask<'a> {
    /// What an operation asks for. An operation that the workload does not have has failed.
    pub(crate) fn new(workload: Workload, operation: &'a Operation) -> Result<Self, OpError> {
        let strange = || {
            let Operation { f, value, .. } = operation;
            OpError::Failed(format!("a {} has no operation {f} of {value}", workload.name()))
        };
        Ok(match (workload, operation.f, &operation.value) {
            (_, Function::Read, _) | (Workload::Cart, Function::Checkout, _) => Ask::Read,
            (Workload::Register, Function::Write, Value::Int(value)) => Ask::Write(*value),
            (Workload::Counter, Function::Increment, Value::Int(n @ 1..)) => Ask::Change(*n),
            (Workload::Counter, Function::Decrement, Value::Int(n @ 1..)) => Ask::Change(-*n),
            (Workload::Cart, Function::Remove, Value::Text(element)) => Ask::Remove(element),
            (Workload::Cart, Function::Add, Value::List(item)) => match item.as_slice() {
                [Value::Text(element), Value::Int(quantity)] => Ask::Add(element, *quantity),
                _ => return Err(strange()),
            },
            _ => return Err(strange()),
        })
    }
}

/// A read changes nothing: whatever went wrong with it, it surely did nothing.
pub(crate) fn settle(
    operation: &Operation,
    result: Result<Answer, OpError>,
) -> Result<Answer, OpError> {
    match result {
        Err(OpError::Indeterminate(why)) if operation.f.is_read() => Err(OpError::Failed(why)),
        other => other,
    }
}

/// What a register holds, from its text. A text that is not a number is handed on as it is: nobody wrote it, and the
/// checkers say so.
pub(crate) fn register(text: &[u8]) -> Value {
    let text = String::from_utf8_lossy(text);
    Value::List(vec![text.parse().map_or_else(|_| Value::Text(text.into_owned()), Value::Int)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(f: Function, value: Value) -> Operation {
        Operation { f, key: "k".to_owned(), value, level: None }
    }

    #[test]
    fn operations_are_understood_or_have_failed() {
        let ask = |workload, f, value| {
            let operation = operation(f, value);
            Ask::new(workload, &operation).map(|ask| format!("{ask:?}")).map_err(|e| e.to_string())
        };
        let item = Value::List(vec!["egg#1".into(), Value::Int(2)]);
        for (workload, f, value, expected) in [
            (Workload::Register, Function::Read, Value::Nil, "Read"),
            (Workload::Register, Function::Write, Value::Int(7), "Write(7)"),
            (Workload::Counter, Function::Increment, Value::Int(7), "Change(7)"),
            (Workload::Counter, Function::Decrement, Value::Int(7), "Change(-7)"),
            (Workload::Cart, Function::Add, item.clone(), "Add(\"egg#1\", 2)"),
            (Workload::Cart, Function::Remove, "egg#1".into(), "Remove(\"egg#1\")"),
            (Workload::Cart, Function::Checkout, Value::Nil, "Read"),
        ] {
            assert_eq!(ask(workload, f, value), Ok(expected.to_owned()));
        }
        let error = ask(Workload::Register, Function::Add, item).unwrap_err();
        assert!(error.starts_with("failed: a register has no operation add"), "{error}");
        assert!(ask(Workload::Counter, Function::Decrement, Value::Int(i64::MIN)).is_err());
        assert!(ask(Workload::Cart, Function::Add, Value::Int(1)).is_err());
    }

    #[test]
    fn the_error_of_a_read_is_failure_and_that_of_a_write_stays() {
        let unknown = || Err(OpError::Indeterminate("lost".to_owned()));
        let failed = Err(OpError::Failed("lost".to_owned()));
        assert_eq!(settle(&operation(Function::Read, Value::Nil), unknown()), failed);
        assert_eq!(settle(&operation(Function::Checkout, Value::Nil), unknown()), failed);
        assert_eq!(settle(&operation(Function::Write, Value::Int(1)), unknown()), unknown());
    }

    #[test]
    fn a_register_holds_a_number_or_what_nobody_wrote() {
        assert_eq!(register(b"-12"), Value::List(vec![Value::Int(-12)]));
        assert_eq!(register(b"x\xff"), Value::List(vec!["x\u{fffd}".into()]));
    }
}
