//! What a client of the node remembers between operations, and how operations become requests.

use crate::core::{Action, Answer, Content, DataType, Dot, Key, Reading, Request, Scalar};
use afterall_history::{Function, Value, Workload};
use std::collections::BTreeMap;

/// The most elements whose adds a session remembers; beyond it a remove names none.
const SEEN_MAX: usize = 100_000;

/// A client's session: the clock it carries, and the adds of the cart elements it has seen.
#[derive(Debug, Clone, Default)]
pub struct Session {
    clock: Option<Reading>,
    /// (cart, element) → the adds behind it.
    seen: BTreeMap<(String, String), Vec<Dot>>,
}

/// An operation that the node cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the reference store has no operation {f} of {value} on a {kind}", kind = .workload.name())]
pub struct NoSuchOperation {
    workload: Workload,
    f: Function,
    value: Value,
}

impl Session {
    /// The request for an operation.
    ///
    /// # Errors
    /// An operation that the workload does not know.
    pub fn request(
        &self,
        workload: Workload,
        f: Function,
        key: &str,
        value: &Value,
    ) -> Result<Request, NoSuchOperation> {
        let kind = match workload {
            Workload::Register => DataType::Register,
            Workload::Counter => DataType::Counter,
            Workload::Cart => DataType::Cart,
            _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
        };
        let action = match (workload, f, value) {
            (_, Function::Read, _) | (Workload::Cart, Function::Checkout, _) => Action::Read,
            (Workload::Register, Function::Write, Value::Int(n)) => Action::Write(Scalar::Int(*n)),
            (Workload::Register, Function::Write, Value::Text(text)) => {
                Action::Write(Scalar::Text(text.clone()))
            }
            (Workload::Counter, Function::Increment, Value::Int(n)) => Action::Change(*n),
            (Workload::Counter, Function::Decrement, Value::Int(n)) => {
                Action::Change(n.saturating_neg())
            }
            (Workload::Cart, Function::Add, Value::List(items)) => match items.as_slice() {
                [Value::Text(element), Value::Int(quantity)] => {
                    Action::Add { element: element.clone(), quantity: quantity.unsigned_abs() }
                }
                _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
            },
            (Workload::Cart, Function::Remove, Value::Text(element)) => Action::Remove {
                element: element.clone(),
                dots: self
                    .seen
                    .get(&(key.to_owned(), element.clone()))
                    .cloned()
                    .unwrap_or_default(),
            },
            _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
        };
        Ok(Request { key: Key { kind, name: key.to_owned() }, action, after: self.clock })
    }

    /// Takes in an answer; returns what was read, as histories write it, or `None` where nothing was.
    pub fn learn(&mut self, key: &str, answer: &Answer) -> Option<Value> {
        self.clock = self.clock.max(Some(answer.clock));
        match &answer.content {
            Content::Done => None,
            Content::Values(values) if values.is_empty() => Some(Value::Nil),
            Content::Values(values) => {
                Some(values.iter().cloned().map(Value::from).collect::<Vec<_>>().into())
            }
            Content::Sum(sum) => Some(Value::Int(*sum)),
            Content::Items(items) => {
                for item in items {
                    if self.seen.len() < SEEN_MAX {
                        self.seen.insert((key.to_owned(), item.element.clone()), item.dots.clone());
                    }
                }
                let pair = |element: &str, quantity: u64| {
                    let quantity = i64::try_from(quantity).unwrap_or(i64::MAX);
                    Value::List(vec![element.into(), Value::Int(quantity)])
                };
                Some(Value::List(items.iter().map(|i| pair(&i.element, i.quantity)).collect()))
            }
        }
    }
}
