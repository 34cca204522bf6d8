//! What a node needs of a library of CRDTs.

use afterall_history::{Value, Workload};
use afterall_workloads::Operation;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Debug;

/// Why a library does not do what it is asked, in its own words.
pub type Trouble = Box<dyn Error + Send + Sync>;

/// What came of a peer's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// What the peer is told in turn.
    pub answer: Option<Vec<u8>>,
    /// Whether the document is another one now, and has to be stored.
    pub changed: bool,
}

/// A document of a library: a replica of one object.
pub trait Library: Debug + Clone + Sized {
    /// What a replica remembers of a peer between two messages.
    type Peer: Debug + Clone + Default;

    /// An empty document, for a writer with this id, a number below 2⁵³. All replicas begin with the same.
    ///
    /// # Errors
    /// What the library says.
    fn new(writer: u64) -> Result<Self, Trouble>;

    /// The document that was saved, for a writer with this id.
    ///
    /// # Errors
    /// It cannot be read.
    fn load(writer: u64, saved: &[u8]) -> Result<Self, Trouble>;

    /// The document as bytes.
    fn save(&mut self) -> Vec<u8>;

    /// Makes an update of the document.
    ///
    /// # Errors
    /// Why it is refused. Nothing was changed then.
    fn update(&mut self, operation: &Operation) -> Result<(), Trouble>;

    /// What the document holds, as a history of this workload writes it.
    ///
    /// # Errors
    /// It holds no such thing.
    fn read(&self, workload: Workload) -> Result<Value, Trouble>;

    /// What is said to a peer to begin with, if anything. It is said again and again: messages get lost.
    fn begin(&mut self, peer: &mut Self::Peer) -> Option<Vec<u8>>;

    /// Takes in what a peer said.
    ///
    /// # Errors
    /// The message is not understood, or its changes cannot be applied.
    fn hear(&mut self, peer: &mut Self::Peer, message: &[u8]) -> Result<Heard, Trouble>;
}

/// What is added to a cart, `[element, quantity]`, or to a set, an element.
///
/// # Errors
/// It is neither.
pub fn item(value: &Value) -> Result<(&str, i64), Trouble> {
    let item = match value {
        Value::Text(element) => Some((element.as_str(), 1)),
        Value::List(pair) => match pair.as_slice() {
            [Value::Text(element), Value::Int(quantity)] => Some((element.as_str(), *quantity)),
            _ => None,
        },
        _ => None,
    };
    item.ok_or_else(|| format!("expected an element or [element, quantity], found {value}").into())
}

/// Elements with their quantities as a history of carts or of sets writes them.
///
/// # Errors
/// A history of another workload has no items.
pub fn items(workload: Workload, items: BTreeMap<String, i64>) -> Result<Value, Trouble> {
    let pair = |(element, quantity): (String, i64)| vec![element.into(), Value::Int(quantity)];
    match workload {
        Workload::Set => Ok(items.into_keys().collect::<Vec<_>>().into()),
        Workload::Cart => Ok(items.into_iter().map(pair).collect::<Vec<_>>().into()),
        other => Err(format!("there is no {} here", other.name()).into()),
    }
}

/// What is said of an operation that a library does not have.
#[must_use]
pub fn no_such(operation: &Operation) -> Trouble {
    format!("there is no {} of {} here", operation.f, operation.value).into()
}
