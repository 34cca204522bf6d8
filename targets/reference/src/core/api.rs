//! What clients can ask, and what they get.

use super::clock::Reading;
use super::identity::{CausalContext, Dot, NodeId, VersionVector};
use super::standing::Standing;
pub use afterall_history::Level;
use afterall_history::Value;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest key or element name, in bytes.
pub const NAME_BYTES_MAX: usize = 256;
/// The longest text value, and the longest text, in bytes.
pub const TEXT_BYTES_MAX: usize = 64 * 1024;
/// The most objects a node holds.
pub const OBJECTS_MAX: usize = 1_000_000;
/// The most elements a cart holds, and the most pieces a text.
pub const ELEMENTS_MAX: usize = 10_000;
/// The greatest amount one increment, decrement or cart quantity may carry.
pub const AMOUNT_MAX: u64 = 1_000_000_000;
/// The most siblings a register holds.
pub const SIBLINGS_MAX: usize = 1_000;
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
    /// Sets: carts without quantities.
    Set,
    /// Stock that is sold.
    Inventory,
    /// Messages, answers and edits. Each message is an object of its own; a request names the chat.
    Chat,
    /// Positions that only move forward.
    Position,
    /// Texts that are appended to.
    Text,
}

/// What stands between the name of a chat and that of a message in the name of the message's object.
pub(crate) const PART: char = '\0';

/// The name of an object. The data types do not share names: register `x` and counter `x` are two objects.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Its data type.
    pub kind: DataType,
    /// Its name, 1 to [`NAME_BYTES_MAX`] bytes.
    pub name: String,
}

/// A client's request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The object.
    pub key: Key,
    /// What to do with it.
    pub action: Action,
    /// What the client's session has been given before.
    pub token: Token,
    /// How many replicas take part; none: as the flavour has it.
    pub level: Option<Level>,
}

/// What a session carries from answer to request, so that it can go to any replica and find what it had.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Token {
    /// The greatest clock reading that it has been given.
    pub clock: Option<Reading>,
    /// What it has been given of this object: the changes behind what it read, and those that it made.
    pub seen: CausalContext,
    /// Every change, of any object, that its answers may have followed from: the flavour `causal` alone gives it.
    pub past: VersionVector,
}

/// What to do with an object.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Action {
    /// Read it.
    Read,
    /// Write a register, or move a position forward.
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
    /// Remove an element from a cart or a set.
    Remove {
        /// Which.
        element: String,
        /// The adds that the client has seen; none: whatever the replica holds.
        dots: Vec<Dot>,
    },
    /// Put something into stock, at least 1.
    Restock(u64),
    /// Sell from stock, at least 1; refused if there is not enough.
    Sell(u64),
    /// Post a message to a chat.
    Post {
        /// Its name, fresh.
        message: String,
        /// The message that it answers.
        parent: Option<String>,
    },
    /// Change a message of a chat.
    Edit {
        /// The name of the edit, fresh.
        edit: String,
        /// The message that it changes.
        message: String,
    },
    /// Append a piece to a text.
    Append(String),
}

/// A replica's answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The replica.
    pub node: NodeId,
    /// The object's version after the request: `[wall_ms, logical, node, incarnation]` where the last write wins
    /// (`[]`: never written), else a version vector `{"n1.1": 3, …}`. A chat has none.
    pub version: Option<Value>,
    /// The change that was made, where a session must be told it apart from what the replica holds besides: siblings.
    pub dot: Option<Dot>,
    /// The replica's clock, for the session to carry.
    pub clock: Reading,
    /// Every change that the answer may follow from, for the session to carry; the flavour `causal` alone gives it.
    pub past: VersionVector,
    /// What was read.
    pub content: Content,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// Nothing: the request was a change.
    Done,
    /// A register's values, or the one of a position or a text; none: never written.
    Values(Vec<Scalar>),
    /// A counter's sum.
    Sum(i64),
    /// The elements of a cart or a set.
    Items(Vec<Item>),
    /// A chat's messages and edits, oldest first.
    Messages(Vec<String>),
}

/// An element of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name.
    pub element: String,
    /// How many.
    pub quantity: u64,
    /// The adds behind it, to be named when it is removed.
    pub dots: Vec<Dot>,
}

/// Why a request was refused. A refused request has changed nothing, unless [`Refusal::is_open`].
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
    /// A name that holds what stands between the parts of a name.
    #[error("expected a name without U+0000")]
    Separator,
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
    /// A sale of more than there is, or than this replica may sell.
    #[error("sold out: {left} left here")]
    SoldOut {
        /// How many this replica could sell.
        left: u64,
    },
    /// The replica has not heard of what the session has been given, and waiting did not help.
    #[error("this replica is behind what the session has been given elsewhere")]
    Behind,
    /// Too few replicas answered for the level that was asked; nothing was changed.
    #[error("expected answers from {wanted} replicas, found {found}")]
    Unavailable {
        /// How many the level asks for, this one included.
        wanted: usize,
        /// How many there were.
        found: usize,
    },
    /// The change was made here, and too few replicas confirmed it in time: it may be kept or lost.
    #[error(
        "expected {wanted} replicas to confirm the change, found {found}: it may be kept or lost"
    )]
    Unconfirmed {
        /// How many the level asks for, this one included.
        wanted: usize,
        /// How many there were.
        found: usize,
    },
    /// Too few replicas confirmed the value that a read was about to return: it was not returned, and some replicas may hold it
    /// that did not.
    #[error(
        "expected {wanted} replicas to confirm the value that the read hands on, found {found}"
    )]
    NotHandedOn {
        /// How many the level asks for, this one included.
        wanted: usize,
        /// How many there were.
        found: usize,
    },
    /// The node takes no part in the cluster: it has left, or has not caught up since it is back.
    #[error("this node {}", if *.0 == Standing::Joining { "is joining the cluster" } else { "has left the cluster" })]
    Away(Standing),
    /// A node that holds the object was asked, and refused.
    #[error("{what}")]
    Elsewhere {
        /// What it said.
        what: String,
        /// Whether the change may have been made nevertheless.
        is_open: bool,
    },
}

impl Refusal {
    /// Whether the change may have been made nevertheless.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(
            self,
            Refusal::Unconfirmed { .. }
                | Refusal::NotHandedOn { .. }
                | Refusal::Elsewhere { is_open: true, .. }
        )
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DataType::Register => "register",
            DataType::Counter => "counter",
            DataType::Cart => "cart",
            DataType::Set => "set",
            DataType::Inventory => "inventory",
            DataType::Chat => "chat",
            DataType::Position => "position",
            DataType::Text => "text",
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
            Action::Restock(_) => "restock",
            Action::Sell(_) => "sell",
            Action::Post { .. } => "post",
            Action::Edit { .. } => "edit",
            Action::Append(_) => "append",
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
        // The name of a chat and of a message make up the name of an object together.
        let part = |part: &str| match part.contains(PART) {
            true => Err(Refusal::Separator),
            false => name("a message", part),
        };
        name("a key", &self.key.name)?;
        if self.key.kind == DataType::Chat {
            part(&self.key.name)?;
        }
        match (&self.action, self.key.kind) {
            (Action::Read, _) => Ok(()),
            (Action::Write(Scalar::Int(_)), DataType::Register) => Ok(()),
            (Action::Write(Scalar::Text(text)), DataType::Register)
            | (Action::Append(text), DataType::Text) => match text.len() {
                0..=TEXT_BYTES_MAX => Ok(()),
                bytes => Err(Refusal::ValueLength(bytes)),
            },
            (Action::Write(Scalar::Int(at)), DataType::Position) => {
                amount(u64::try_from(*at).unwrap_or(0), i128::from(*at))
            }
            (Action::Change(by), DataType::Counter) => amount(by.unsigned_abs(), i128::from(*by)),
            (Action::Add { element, quantity }, DataType::Cart) => {
                name("an element", element)?;
                amount(*quantity, i128::from(*quantity))
            }
            (Action::Remove { element, dots }, DataType::Cart | DataType::Set) => {
                name("an element", element)?;
                if dots.len() > DOTS_MAX { Err(Refusal::Dots(dots.len())) } else { Ok(()) }
            }
            (Action::Add { element, quantity: 1 }, DataType::Set) => name("an element", element),
            (Action::Restock(n) | Action::Sell(n), DataType::Inventory) => {
                amount(*n, i128::from(*n))
            }
            (Action::Post { message, parent }, DataType::Chat) => {
                part(message)?;
                parent.as_ref().map_or(Ok(()), |parent| part(parent))
            }
            (Action::Edit { edit, message }, DataType::Chat) => {
                part(edit)?;
                part(message)
            }
            (action, kind) => Err(Refusal::Mismatch { kind, action: action.name() }),
        }
    }
}
