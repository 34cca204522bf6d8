//! What clients can ask, and what they get.

use super::clock::Reading;
use super::identity::{Dot, NodeId};
use afterall_history::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest key or element name, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// The longest text value, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The most objects a node holds.
pub const OBJECTS_MAX: usize = 1_000_000;
/// The most elements a cart holds.
pub const ELEMENTS_MAX: usize = 10_000;
/// The greatest amount one increment, decrement or cart quantity may carry.
pub const AMOUNT_MAX: u64 = 1_000_000_000;
/// The most siblings' or adds' dots a request may name.
pub const DOTS_MAX: usize = 1_000;

/// A register's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scalar {
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
}

impl From<Scalar> for Value {
    fn from(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Int(n) => Value::Int(n),
            Scalar::Text(text) => Value::Text(text),
        }
    }
}

/// The data types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DataType {
    /// Registers.
    Register,
    /// Counters.
    Counter,
    /// Carts.
    Cart,
}

/// The name of an object. The data types do not share names: register `x` and counter `x` are two objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Its data type.
    pub kind: DataType,
    /// Its name, 1 to [`NAME_BYTES_MAX`] bytes.
    pub name: String,
}

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The object.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
    /// The greatest clock reading that the client's session has been given.
    pub after: Option<Reading>,
}

/// What to do with an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Read it.
    Read,
    /// Write a register.
    Write(Scalar),
    /// Change a counter by an amount other than 0.
    Change(i64),
    /// Add an element to a cart.
    Add {
        /// Which.
        element: String,
        /// How many, at least 1.
        quantity: u64,
    },
    /// Remove an element from a cart.
    Remove {
        /// Which.
        element: String,
        /// The adds that the client has seen; none: whatever the replica holds.
        dots: Vec<Dot>,
    },
}

/// A replica's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The replica.
    pub node: NodeId,
    /// The object's version after the request: `[wall_ms, logical, node, incarnation]` where the last write wins
    /// (`[]`: never written), else a version vector `{"n1.1": 3, …}`.
    pub version: Value,
    /// The replica's clock, for the session to carry.
    pub clock: Reading,
    /// What was read.
    pub content: Content,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: the request was a change.
    Done,
    /// A register's values; none: never written.
    Values(Vec<Scalar>),
    /// A counter's sum.
    Sum(i64),
    /// A cart's elements.
    Items(Vec<Item>),
}

/// An element of a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its name.
    pub element: String,
    /// How many.
    pub quantity: u64,
    /// The adds behind it, to be named when it is removed.
    pub dots: Vec<Dot>,
}

/// Why a request was refused. A refused request has changed nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A name of no bytes or too many.
    #[error("expected {what} of 1 to {NAME_BYTES_MAX} bytes, found {bytes}")]
    NameLength {
        /// Whose name.
        what: &'static str,
        /// Its length.
        bytes: usize,
    },
    /// A value too long.
    #[error("expected a value of at most {TEXT_BYTES_MAX} bytes, found {0}")]
    ValueLength(usize),
    /// An amount out of bounds.
    #[error("expected an amount of 1 to {AMOUNT_MAX} (for counters also negative), found {0}")]
    Amount(i128),
    /// Too many dots.
    #[error("expected a remove of at most {DOTS_MAX} adds, found {0}")]
    Dots(usize),
    /// An action that the object's type does not know.
    #[error("a {kind} cannot be asked to {action}")]
    Mismatch {
        /// The object's type.
        kind: DataType,
        /// The action.
        action: &'static str,
    },
    /// The node or the object is full.
    #[error("full: {0}")]
    Full(&'static str),
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataType::Register => "register",
            DataType::Counter => "counter",
            DataType::Cart => "cart",
        })
    }
}

impl Action {
    /// The action in a word.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Action::Read => "read",
            Action::Write(_) => "write",
            Action::Change(_) => "change",
            Action::Add { .. } => "add",
            Action::Remove { .. } => "remove",
        }
    }

    /// Whether the action only reads.
    #[must_use]
    pub fn is_read(&self) -> bool {
        matches!(self, Action::Read)
    }
}

impl Request {
    /// Checks every bound, so that the state machine behind can rely on them.
    ///
    /// # Errors
    /// The first bound that is broken.
    pub fn check(&self) -> Result<(), Refusal> {
        let name = |what, name: &str| match name.len() {
            1..=NAME_BYTES_MAX => Ok(()),
            bytes => Err(Refusal::NameLength { what, bytes }),
        };
        let amount = |amount: u64, signed: i128| match amount {
            1..=AMOUNT_MAX => Ok(()),
            _ => Err(Refusal::Amount(signed)),
        };
        name("a key", &self.key.name)?;
        match (&self.action, self.key.kind) {
            (Action::Read, _) => Ok(()),
            (Action::Write(Scalar::Int(_)), DataType::Register) => Ok(()),
            (Action::Write(Scalar::Text(text)), DataType::Register) => match text.len() {
                0..=TEXT_BYTES_MAX => Ok(()),
                bytes => Err(Refusal::ValueLength(bytes)),
            },
            (Action::Change(by), DataType::Counter) => amount(by.unsigned_abs(), i128::from(*by)),
            (Action::Add { element, quantity }, DataType::Cart) => {
                name("an element", element)?;
                amount(*quantity, i128::from(*quantity))
            }
            (Action::Remove { element, dots }, DataType::Cart) => {
                name("an element", element)?;
                if dots.len() > DOTS_MAX { Err(Refusal::Dots(dots.len())) } else { Ok(()) }
            }
            (action, kind) => Err(Refusal::Mismatch { kind, action: action.name() }),
        }
    }
}
