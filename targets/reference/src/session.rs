//! What a client of the node remembers between operations, and how operations become requests.

use crate::core::{
    Action, Answer, CausalContext, Content, DataType, Dot, Key, Reading, Request, Scalar, Token,
    VersionVector,
};
use afterall_history::{Function, Value, Workload};
use std::collections::BTreeMap;

/// The most elements whose adds a session remembers; beyond it a remove names none.
const SEEN_MAX: usize = 100_000;

/// The most objects of which a session remembers what it has been given; of others it carries nothing.
const OBJECTS_MAX: usize = 10_000;

/// A client's session: the clock and the past that it carries, what it has been given of each object, and the adds of the
/// elements that it has seen.
#[derive(Debug, Clone, Default)]
pub struct Session {
    clock: Option<Reading>,
    past: VersionVector,
    given: BTreeMap<String, CausalContext>,
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
            Workload::Set => DataType::Set,
            Workload::Inventory => DataType::Inventory,
            Workload::Chat => DataType::Chat,
            Workload::Position => DataType::Position,
            Workload::Text => DataType::Text,
            _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
        };
        let action = match (workload, f, value) {
            (_, Function::Read, _) | (Workload::Cart, Function::Checkout, _) => Action::Read,
            (Workload::Register | Workload::Position, Function::Write, Value::Int(n)) => {
                Action::Write(Scalar::Int(*n))
            }
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
            (Workload::Set, Function::Add, Value::Text(element)) => {
                Action::Add { element: element.clone(), quantity: 1 }
            }
            (Workload::Inventory, Function::Restock, Value::Int(n)) => {
                Action::Restock(n.unsigned_abs())
            }
            (Workload::Inventory, Function::Sell, Value::Int(n)) => Action::Sell(n.unsigned_abs()),
            (Workload::Chat, Function::Post, Value::List(post)) => match post.as_slice() {
                [Value::Text(message), Value::Nil] => {
                    Action::Post { message: message.clone(), parent: None }
                }
                [Value::Text(message), Value::Text(parent)] => {
                    Action::Post { message: message.clone(), parent: Some(parent.clone()) }
                }
                _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
            },
            (Workload::Chat, Function::Edit, Value::List(edit)) => match edit.as_slice() {
                [Value::Text(edit), Value::Text(message)] => {
                    Action::Edit { edit: edit.clone(), message: message.clone() }
                }
                _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
            },
            (Workload::Cart | Workload::Set, Function::Remove, Value::Text(element)) => {
                Action::Remove {
                    element: element.clone(),
                    dots: self
                        .seen
                        .get(&(key.to_owned(), element.clone()))
                        .cloned()
                        .unwrap_or_default(),
                }
            }
            (Workload::Text, Function::Append, Value::Text(piece)) => Action::Append(piece.clone()),
            _ => return Err(NoSuchOperation { workload, f, value: value.clone() }),
        };
        let token = Token {
            clock: self.clock,
            seen: self.given.get(key).cloned().unwrap_or_default(),
            past: self.past.clone(),
        };
        Ok(Request { key: Key { kind, name: key.to_owned() }, action, token, level: None })
    }

    /// Takes in an answer; returns what was read, as histories write it, or `None` where nothing was.
    pub fn learn(&mut self, workload: Workload, key: &str, answer: &Answer) -> Option<Value> {
        self.clock = self.clock.max(Some(answer.clock));
        self.past.merge(&answer.past);
        self.remember(key, answer);
        match &answer.content {
            Content::Done => None,
            Content::Values(values) if values.is_empty() => Some(Value::Nil),
            // A position or a text has one value, and histories have no list of it.
            Content::Values(values) if matches!(workload, Workload::Position | Workload::Text) => {
                values.first().cloned().map(Value::from)
            }
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
                if workload == Workload::Set {
                    return Some(Value::List(
                        items.iter().map(|item| item.element.as_str().into()).collect(),
                    ));
                }
                let pair = |element: &str, quantity: u64| {
                    let quantity = i64::try_from(quantity).unwrap_or(i64::MAX);
                    Value::List(vec![element.into(), Value::Int(quantity)])
                };
                Some(Value::List(items.iter().map(|i| pair(&i.element, i.quantity)).collect()))
            }
            Content::Messages(messages) => {
                Some(Value::List(messages.iter().map(|m| m.as_str().into()).collect()))
            }
        }
    }

    /// What the session has been given of an object: a change of its own, or everything that the replica held.
    fn remember(&mut self, key: &str, answer: &Answer) {
        if self.given.len() >= OBJECTS_MAX && !self.given.contains_key(key) {
            return;
        }
        if let Some(dot) = answer.dot {
            self.given.entry(key.to_owned()).or_default().insert(dot);
        } else if let Some(version) = answer.version.as_ref().and_then(VersionVector::of_value) {
            let held = CausalContext { vector: version, ..CausalContext::default() };
            self.given.entry(key.to_owned()).or_default().merge(&held);
        }
    }
}
