//! An object of any type: how it changes, merges, and shows itself.

use super::api::{Action, Content, DataType, ELEMENTS_MAX, Item, Refusal};
use super::cart::Cart;
use super::clock::{Clock, Moment, Reading};
use super::counter::PnCounter;
use super::flavour::Rules;
use super::identity::{Actor, VersionVector};
use super::register::{Lww, MultiValue, Payload};
use afterall_history::Value;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of an object on one replica.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Object {
    /// Anything under last write wins.
    Lww(Lww),
    /// A register with siblings.
    MultiValue(MultiValue),
    /// A counter of shares.
    Counter(PnCounter),
    /// An observed-remove cart.
    Cart(Cart),
}

/// Who changes an object, and when.
pub(crate) struct Change<'a> {
    pub(crate) actor: Actor,
    pub(crate) now: Moment,
    pub(crate) clock: &'a mut Clock,
    pub(crate) rules: &'a Rules,
}

impl Object {
    /// Makes a change to what is held (`None`: nothing yet) and returns the new state and the version of the
    /// change. The request's bounds have been checked.
    pub(crate) fn change(
        held: Option<&Object>,
        kind: DataType,
        action: &Action,
        by: &mut Change<'_>,
    ) -> Result<(Object, Value), Refusal> {
        let lww = match kind {
            DataType::Register => by.rules.register_lww,
            DataType::Counter => by.rules.counter_lww,
            DataType::Cart => by.rules.cart_lww,
        };
        let object = if lww {
            let change = Lww {
                stamp: by.clock.stamp(by.now, by.actor),
                payload: overwrite(held, kind, action)?,
            };
            let version = stamp_version(&change);
            let mut object = held.cloned().unwrap_or_else(|| Object::Lww(change.clone()));
            // On its own replica a write of the same millisecond follows what it finds: no tie to break.
            object.merge(&Object::Lww(change), &Rules { tiebreak: true, ..*by.rules });
            return Ok((object, version));
        } else {
            match (held, action) {
                (None | Some(Object::MultiValue(_)), Action::Write(value)) => {
                    let mut register = match held {
                        Some(Object::MultiValue(register)) => register.clone(),
                        _ => MultiValue::default(),
                    };
                    register.write(by.actor, value.clone());
                    Object::MultiValue(register)
                }
                (None | Some(Object::Counter(_)), Action::Change(amount)) => {
                    let mut counter = match held {
                        Some(Object::Counter(counter)) => counter.clone(),
                        _ => PnCounter::default(),
                    };
                    counter.add(by.actor, *amount);
                    Object::Counter(counter)
                }
                (None | Some(Object::Cart(_)), Action::Add { .. } | Action::Remove { .. }) => {
                    let mut cart = match held {
                        Some(Object::Cart(cart)) => cart.clone(),
                        _ => Cart::default(),
                    };
                    change_cart(&mut cart, by.actor, action)?;
                    Object::Cart(cart)
                }
                _ => return Err(Refusal::Mismatch { kind, action: action.name() }),
            }
        };
        let version = object.version();
        Ok((object, version))
    }

    /// Takes in what another replica holds. Returns whether anything changed.
    pub(crate) fn merge(&mut self, other: &Object, rules: &Rules) -> bool {
        if self == other {
            return false;
        }
        let before = self.clone();
        match (&mut *self, other) {
            (Object::Lww(mine), Object::Lww(theirs)) => mine.merge(theirs, rules.tiebreak),
            (Object::MultiValue(mine), Object::MultiValue(theirs)) => mine.merge(theirs),
            (Object::Counter(mine), Object::Counter(theirs)) => mine.merge(theirs),
            (Object::Cart(mine), Object::Cart(theirs)) => mine.merge(theirs, rules.cart_union),
            // Peers of another flavour: a configuration error; what is held stays.
            _ => {}
        }
        *self != before
    }

    /// The version that a reader is given.
    #[must_use]
    pub fn version(&self) -> Value {
        match self {
            Object::Lww(lww) => stamp_version(lww),
            Object::MultiValue(register) => vector_version(&register.context),
            Object::Counter(counter) => Value::Map(
                counter
                    .shares
                    .iter()
                    .map(|(actor, share)| {
                        (actor.to_string(), int(share.added.saturating_add(share.taken)))
                    })
                    .collect(),
            ),
            Object::Cart(cart) => vector_version(&cart.context.vector),
        }
    }

    /// What a reader is shown.
    #[must_use]
    pub fn content(&self) -> Content {
        match self {
            Object::Lww(lww) => match &lww.payload {
                Payload::Value(value) => Content::Values(vec![value.clone()]),
                Payload::Count(sum) => Content::Sum(*sum),
                Payload::Cart(entries) => Content::Items(
                    entries
                        .iter()
                        .map(|(element, &quantity)| Item {
                            element: element.clone(),
                            quantity,
                            dots: Vec::new(),
                        })
                        .collect(),
                ),
            },
            Object::MultiValue(register) => {
                Content::Values(register.siblings.values().cloned().collect())
            }
            Object::Counter(counter) => Content::Sum(counter.sum()),
            Object::Cart(cart) => Content::Items(
                cart.entries
                    .iter()
                    .map(|(element, adds)| Item {
                        element: element.clone(),
                        quantity: adds.values().fold(0, |sum, q| sum.saturating_add(*q)),
                        dots: adds.keys().copied().collect(),
                    })
                    .collect(),
            ),
        }
    }

    /// The greatest clock reading in the state, which a restarted clock must not fall behind.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        match self {
            Object::Lww(lww) => Some(lww.stamp.into()),
            _ => None,
        }
    }

    /// What a reader is shown of an object that nobody has written, and its version.
    #[must_use]
    pub fn nothing(kind: DataType, rules: &Rules) -> (Content, Value) {
        let (content, lww) = match kind {
            DataType::Register => (Content::Values(Vec::new()), rules.register_lww),
            DataType::Counter => (Content::Sum(0), rules.counter_lww),
            DataType::Cart => (Content::Items(Vec::new()), rules.cart_lww),
        };
        (content, if lww { Value::List(Vec::new()) } else { Value::Map(Vec::new()) })
    }
}

/// The whole new content that a change to an LWW object writes: read, modify, write.
fn overwrite(held: Option<&Object>, kind: DataType, action: &Action) -> Result<Payload, Refusal> {
    let held = match held {
        Some(Object::Lww(lww)) => Some(&lww.payload),
        _ => None,
    };
    match (held, action) {
        (_, Action::Write(value)) => Ok(Payload::Value(value.clone())),
        (_, Action::Change(by)) => {
            let sum = match held {
                Some(Payload::Count(sum)) => *sum,
                _ => 0,
            };
            Ok(Payload::Count(sum.saturating_add(*by)))
        }
        (_, Action::Add { .. } | Action::Remove { .. }) => {
            let mut entries = match held {
                Some(Payload::Cart(entries)) => entries.clone(),
                _ => BTreeMap::new(),
            };
            match action {
                Action::Add { element, quantity } => {
                    if entries.len() >= ELEMENTS_MAX && !entries.contains_key(element) {
                        return Err(Refusal::Full("the cart holds as many elements as it may"));
                    }
                    let held = entries.entry(element.clone()).or_insert(0);
                    *held = held.saturating_add(*quantity);
                }
                Action::Remove { element, .. } => {
                    entries.remove(element);
                }
                _ => {}
            }
            Ok(Payload::Cart(entries))
        }
        (_, Action::Read) => Err(Refusal::Mismatch { kind, action: action.name() }),
    }
}

fn change_cart(cart: &mut Cart, actor: Actor, action: &Action) -> Result<(), Refusal> {
    match action {
        Action::Add { element, quantity } => {
            if cart.entries.len() >= ELEMENTS_MAX && !cart.entries.contains_key(element) {
                return Err(Refusal::Full("the cart holds as many elements as it may"));
            }
            cart.add(actor, element, *quantity);
        }
        Action::Remove { element, dots } if dots.is_empty() => {
            let held = cart.dots(element);
            cart.remove(element, &held);
        }
        Action::Remove { element, dots } => cart.remove(element, dots),
        _ => {}
    }
    Ok(())
}

fn stamp_version(lww: &Lww) -> Value {
    let stamp = lww.stamp;
    Value::List(vec![
        int(stamp.wall_ms),
        Value::Int(i64::from(stamp.logical)),
        Value::Int(i64::from(stamp.actor.node.0)),
        Value::Int(i64::from(stamp.actor.incarnation)),
    ])
}

fn vector_version(vector: &VersionVector) -> Value {
    Value::Map(vector.0.iter().map(|(actor, &n)| (actor.to_string(), int(n))).collect())
}

fn int(n: u64) -> Value {
    Value::Int(i64::try_from(n).unwrap_or(i64::MAX))
}
