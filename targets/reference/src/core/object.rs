//! An object of any type: how it changes, merges, and shows itself.

use super::api::{Action, Content, DataType, ELEMENTS_MAX, Item, Refusal, SIBLINGS_MAX, Scalar};
use super::cart::Cart;
use super::chat::Post;
use super::clock::{Clock, Moment, Reading};
use super::counter::PnCounter;
use super::identity::{Actor, CausalContext, Dot, VersionVector};
use super::position::Position;
use super::register::{Lww, MultiValue, Payload};
use super::rules::{Bugs, Rules};
use super::set::LwwSet;
use super::stock::Stock;
use super::text::{self, Text};
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
    /// A counter of shares; also stock that anybody may sell.
    Counter(PnCounter),
    /// An observed-remove cart or set.
    Cart(Cart),
    /// A set whose elements are registers.
    LwwSet(LwwSet),
    /// Stock of which each replica sells its share.
    Stock(Stock),
    /// A message of a chat.
    Post(Post),
    /// A position of which the greatest wins.
    Position(Position),
    /// A text of which every piece stays.
    Text(Text),
}

/// Who changes an object, and when.
pub(crate) struct Change<'a> {
    pub(crate) actor: Actor,
    pub(crate) now: Moment,
    pub(crate) clock: &'a mut Clock,
    pub(crate) rules: &'a Rules,
    /// What the client had been given of the object.
    pub(crate) seen: &'a CausalContext,
}

impl Object {
    /// Makes a change to what is held (`None`: nothing yet) and returns the new state and the version of the
    /// change. The request's bounds have been checked.
    pub(crate) fn change(
        held: Option<&Object>,
        kind: DataType,
        action: &Action,
        by: &mut Change<'_>,
    ) -> Result<(Object, Option<Value>), Refusal> {
        if by.rules.is_overwritten(kind) {
            return overwritten(held, kind, action, by);
        }
        let mut object = match held {
            Some(held) => held.clone(),
            None => Object::empty(kind, action, by)?,
        };
        match (&mut object, action) {
            (Object::MultiValue(register), Action::Write(value)) => {
                if register.siblings.len() >= SIBLINGS_MAX {
                    return Err(Refusal::Full("the register holds as many siblings as it may"));
                }
                let seen = by.rules.client_context.then_some(by.seen);
                register.write(by.actor, value.clone(), seen);
                if by.rules.bugs.contexts_pruned {
                    register.prune();
                }
            }
            (Object::Counter(counter), Action::Change(amount)) => counter.add(by.actor, *amount),
            (Object::Counter(counter), Action::Restock(n)) => counter.add(by.actor, signed(*n)),
            (Object::Counter(counter), Action::Sell(n)) => {
                sellable(u64::try_from(counter.sum()).unwrap_or(0), *n)?;
                counter.add(by.actor, -signed(*n));
            }
            (Object::Stock(stock), Action::Restock(n)) => stock.restock(by.actor.node, *n),
            (Object::Stock(stock), Action::Sell(n)) => {
                let node = by.actor.node;
                let mut left =
                    if by.rules.bugs.shares_ignored { stock.left() } else { stock.share(node) };
                if by.rules.bugs.share_lent_twice {
                    left = left.saturating_add(stock.handed_by(node));
                }
                sellable(left, *n)?;
                stock.sell(by.actor.node, *n);
            }
            (Object::Cart(cart), Action::Add { .. } | Action::Remove { .. }) => {
                change_cart(cart, action, by)?;
            }
            (Object::LwwSet(set), Action::Add { element, .. }) => {
                if set.elements.len() >= ELEMENTS_MAX && !set.elements.contains_key(element) {
                    return Err(Refusal::Full("the set remembers as many elements as it may"));
                }
                let stamp = by.clock.stamp(by.now, by.actor);
                set.change(element, stamp, true);
                return Ok((object, Some(stamp.to_value())));
            }
            (Object::LwwSet(set), Action::Remove { element, .. }) => {
                // A remove is remembered for ever, also of what was never added.
                if set.elements.len() >= ELEMENTS_MAX && !set.elements.contains_key(element) {
                    return Err(Refusal::Full("the set remembers as many elements as it may"));
                }
                let stamp = by.clock.stamp(by.now, by.actor);
                set.change(element, stamp, false);
                return Ok((object, Some(stamp.to_value())));
            }
            (Object::Position(position), Action::Write(Scalar::Int(at))) => {
                position.reach(by.actor, at.unsigned_abs());
            }
            (Object::Text(text), Action::Append(piece)) => {
                text.takes(piece)?;
                text.append(by.clock.stamp(by.now, by.actor), piece);
            }
            (Object::Post(_), Action::Post { .. } | Action::Edit { .. }) => {}
            _ => return Err(Refusal::Mismatch { kind, action: action.name() }),
        }
        let version = object.version();
        Ok((object, version))
    }

    /// An object that nothing has been done to, for its first change. A message is made by it.
    fn empty(kind: DataType, action: &Action, by: &mut Change<'_>) -> Result<Object, Refusal> {
        Ok(match kind {
            DataType::Register => Object::MultiValue(MultiValue::default()),
            DataType::Counter => Object::Counter(PnCounter::default()),
            DataType::Inventory if by.rules.stock_in_shares => Object::Stock(Stock::default()),
            DataType::Inventory => Object::Counter(PnCounter::default()),
            DataType::Set if by.rules.set_lww => Object::LwwSet(LwwSet::default()),
            DataType::Cart | DataType::Set => Object::Cart(Cart::default()),
            DataType::Position => Object::Position(Position::default()),
            DataType::Text => Object::Text(Text::default()),
            DataType::Chat => {
                let (about, edit) = match action {
                    Action::Post { parent, .. } => (parent.clone(), false),
                    Action::Edit { message, .. } => (Some(message.clone()), true),
                    _ => return Err(Refusal::Mismatch { kind, action: action.name() }),
                };
                Object::Post(Post { stamp: by.clock.stamp(by.now, by.actor), about, edit })
            }
        })
    }

    /// Takes in what another replica holds. Returns whether anything changed.
    pub(crate) fn merge(&mut self, other: &Object, rules: &Rules) -> bool {
        if self == other {
            return false;
        }
        let before = self.clone();
        match (&mut *self, other) {
            (Object::Lww(mine), Object::Lww(theirs)) => mine.merge(theirs, !rules.bugs.no_tiebreak),
            (Object::MultiValue(mine), Object::MultiValue(theirs)) => {
                mine.merge(theirs);
                if rules.bugs.one_sibling {
                    mine.siblings = mine.siblings.pop_last().into_iter().collect();
                }
            }
            (Object::Counter(mine), Object::Counter(theirs)) if rules.bugs.greater_counter => {
                *mine = std::cmp::max_by_key(mine.clone(), theirs.clone(), PnCounter::sum);
            }
            (Object::Counter(mine), Object::Counter(theirs)) => mine.merge(theirs),
            (Object::Cart(mine), Object::Cart(theirs)) => {
                mine.merge(theirs, rules.bugs.cart_union, rules.bugs.merges_half);
            }
            (Object::LwwSet(mine), Object::LwwSet(theirs)) => mine.merge(theirs),
            (Object::Stock(mine), Object::Stock(theirs)) => mine.merge(theirs),
            (Object::Post(mine), Object::Post(theirs)) => mine.merge(theirs),
            (Object::Position(mine), Object::Position(theirs)) => mine.merge(theirs),
            (Object::Text(mine), Object::Text(theirs)) => {
                mine.merge(theirs, !rules.bugs.pieces_as_they_came);
            }
            // Peers of another flavour: a configuration error; what is held stays.
            _ => {}
        }
        *self != before
    }

    /// The version vector, where the version is one.
    #[must_use]
    pub fn vector(&self) -> Option<VersionVector> {
        match self {
            Object::MultiValue(register) => Some(register.context.clone()),
            Object::Counter(counter) => Some(counter.version()),
            Object::Cart(cart) => Some(cart.context.vector.clone()),
            Object::Stock(stock) => Some(stock.version()),
            Object::Position(position) => Some(position.version()),
            Object::Text(text) => Some(text.version()),
            Object::Lww(_) | Object::LwwSet(_) | Object::Post(_) => None,
        }
    }

    /// The version that a reader is given; a message has none.
    #[must_use]
    pub fn version(&self) -> Option<Value> {
        match self {
            Object::Lww(lww) => Some(lww.stamp.to_value()),
            Object::LwwSet(set) => {
                Some(set.last().map_or(Value::List(Vec::new()), |s| s.to_value()))
            }
            other => other.vector().map(|vector| vector.to_value()),
        }
    }

    /// What a reader is shown.
    #[must_use]
    pub fn content(&self) -> Content {
        let item = |element: &str, quantity| Item {
            element: element.to_owned(),
            quantity,
            dots: Vec::new(),
        };
        match self {
            Object::Lww(lww) => match &lww.payload {
                Payload::Value(value) => Content::Values(vec![value.clone()]),
                Payload::Count(sum) => Content::Sum(*sum),
                Payload::Cart(entries) => {
                    Content::Items(entries.iter().map(|(e, &quantity)| item(e, quantity)).collect())
                }
            },
            Object::MultiValue(register) => {
                Content::Values(register.siblings.values().cloned().collect())
            }
            Object::Counter(counter) => Content::Sum(counter.sum()),
            Object::Stock(stock) => Content::Sum(signed(stock.left())),
            Object::Position(position) => {
                Content::Values(vec![Scalar::Int(signed(position.furthest()))])
            }
            Object::Text(text) => Content::Values(vec![Scalar::Text(text.whole())]),
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
            Object::LwwSet(set) => Content::Items(set.present().map(|e| item(e, 1)).collect()),
            // Messages are read through the chat.
            Object::Post(_) => Content::Messages(Vec::new()),
        }
    }

    /// The greatest clock reading in the state, which a restarted clock must not fall behind.
    #[must_use]
    pub fn reading(&self) -> Option<Reading> {
        match self {
            Object::Lww(lww) => Some(lww.stamp.into()),
            Object::LwwSet(set) => set.last().map(Reading::from),
            Object::Post(post) => Some(post.stamp.into()),
            Object::Text(text) => text.last().map(Reading::from),
            _ => None,
        }
    }

    /// The change of this actor that was made last, where a client must be told it by itself.
    pub(crate) fn dot(&self, actor: Actor) -> Option<Dot> {
        match self {
            Object::MultiValue(register) => {
                Some(Dot { actor, counter: register.context.get(actor) })
            }
            _ => None,
        }
    }

    /// What a reader is shown of an object that nobody has written, and its version.
    pub(crate) fn nothing(kind: DataType, rules: &Rules) -> (Content, Option<Value>) {
        let content = match kind {
            DataType::Register | DataType::Position | DataType::Text => Content::Values(Vec::new()),
            DataType::Counter | DataType::Inventory => Content::Sum(0),
            DataType::Cart | DataType::Set => Content::Items(Vec::new()),
            DataType::Chat => return (Content::Messages(Vec::new()), None),
        };
        let stamped = rules.is_overwritten(kind) || kind == DataType::Set && rules.set_lww;
        (content, Some(if stamped { Value::List(Vec::new()) } else { Value::Map(Vec::new()) }))
    }
}

fn sellable(left: u64, n: u64) -> Result<(), Refusal> {
    if n <= left { Ok(()) } else { Err(Refusal::SoldOut { left }) }
}

/// Amounts are bounded far below where this would saturate.
fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// A change of an object of which the last write wins as a whole.
fn overwritten(
    held: Option<&Object>,
    kind: DataType,
    action: &Action,
    by: &mut Change<'_>,
) -> Result<(Object, Option<Value>), Refusal> {
    let payload = overwrite(held, kind, action)?;
    let change = Lww { stamp: by.clock.stamp(by.now, by.actor), payload };
    let version = change.stamp.to_value();
    let mut object = held.cloned().unwrap_or_else(|| Object::Lww(change.clone()));
    // On its own replica a write of the same millisecond follows what it finds: no tie to break.
    object.merge(&Object::Lww(change), &Rules { bugs: Bugs::default(), ..*by.rules });
    Ok((object, Some(version)))
}

/// The whole new content that a change to an LWW object writes: read, modify, write.
fn overwrite(held: Option<&Object>, kind: DataType, action: &Action) -> Result<Payload, Refusal> {
    let held = match held {
        Some(Object::Lww(lww)) => Some(&lww.payload),
        _ => None,
    };
    let sum = match held {
        Some(Payload::Count(sum)) => *sum,
        _ => 0,
    };
    let count = |by: i64| Ok(Payload::Count(sum.saturating_add(by)));
    match action {
        Action::Write(value) => Ok(Payload::Value(value.clone())),
        Action::Append(piece) => {
            let held = match held {
                Some(Payload::Value(Scalar::Text(held))) => held.as_str(),
                _ => "",
            };
            text::has_room(held.len(), piece)?;
            Ok(Payload::Value(Scalar::Text(format!("{held}{piece}"))))
        }
        Action::Change(by) => count(*by),
        Action::Restock(n) => count(signed(*n)),
        Action::Sell(n) => {
            sellable(u64::try_from(sum).unwrap_or(0), *n)?;
            count(-signed(*n))
        }
        Action::Add { .. } | Action::Remove { .. } => {
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
        Action::Read | Action::Post { .. } | Action::Edit { .. } => {
            Err(Refusal::Mismatch { kind, action: action.name() })
        }
    }
}

fn change_cart(cart: &mut Cart, action: &Action, by: &Change<'_>) -> Result<(), Refusal> {
    match action {
        Action::Add { element, quantity } => {
            if cart.entries.len() >= ELEMENTS_MAX && !cart.entries.contains_key(element) {
                return Err(Refusal::Full("the cart holds as many elements as it may"));
            }
            cart.add(by.actor, element, *quantity);
        }
        Action::Remove { element, dots } => {
            let held = cart.dots(element);
            let dots =
                if dots.is_empty() || by.rules.bugs.removes_forgotten { &held } else { dots };
            let unknown = dots.iter().filter(|&&dot| !cart.context.contains(dot)).count();
            if unknown > 0 && cart.context.cloud.len() + unknown > ELEMENTS_MAX {
                return Err(Refusal::Full("the cart remembers as many adds to come as it may"));
            }
            cart.remove(by.actor, element, dots);
            if by.rules.bugs.tombstones_dropped {
                cart.forget_removed(by.actor);
            }
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::api::DOTS_MAX;
    use super::super::clock::Stamps;
    use super::super::flavour::Flavour;
    use super::super::identity::NodeId;
    use super::super::mechanisms::Mechanisms;
    use super::super::rules::Durability;
    use super::*;

    /// Removes what was never added until it is refused; returns how often it was not.
    fn removes(flavour: Flavour, dots: usize) -> usize {
        let rules = Rules::new(flavour, Durability::Sync, Mechanisms::USUAL);
        let mut clock = Clock::new(Stamps::Hybrid);
        let [actor, other] = [1, 2].map(|node| Actor { node: NodeId(node), incarnation: 1 });
        let mut held = None;
        for count in 0..=ELEMENTS_MAX {
            // Even counters alone: no gap closes.
            let dot = |at: usize| Dot { actor: other, counter: 2 * (count * dots + at + 1) as u64 };
            let action =
                Action::Remove { element: count.to_string(), dots: (0..dots).map(dot).collect() };
            let mut by = Change {
                actor,
                now: Moment { mono_ns: 0, wall_ms: 1 },
                clock: &mut clock,
                rules: &rules,
                seen: &CausalContext::default(),
            };
            match Object::change(held.as_ref(), DataType::Set, &action, &mut by) {
                Ok((object, _)) => held = Some(object),
                Err(refusal) => {
                    assert!(matches!(refusal, Refusal::Full(_)), "{refusal}");
                    return count;
                }
            }
        }
        panic!("expected a limit, found none");
    }

    #[test]
    fn what_removes_leave_behind_is_bounded() {
        assert_eq!(removes(Flavour::Crdt, DOTS_MAX), ELEMENTS_MAX / DOTS_MAX);
    }

    #[test]
    fn a_set_of_registers_remembers_no_more_removes_than_elements() {
        assert_eq!(removes(Flavour::Lww, 0), ELEMENTS_MAX);
    }
}
