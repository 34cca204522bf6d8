//! What replicas send to each other.

use super::api::{Key, Request};
use super::identity::{Actor, NodeId, VersionVector};
use super::object::Object;
use super::standing::Turn;
use super::textbook;
use super::told::{Refused, Told};
use super::update::Update;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The most objects one message carries; what is left waits for the next round.
pub(crate) const OBJECTS_PER_MESSAGE_MAX: usize = 256;
/// The most tree nodes one message carries.
pub(crate) const DIGESTS_PER_MESSAGE_MAX: usize = 256;

/// The most changes of a log that one message carries.
pub(crate) const UPDATES_PER_MESSAGE_MAX: usize = 256;

/// A message between replicas. None expects an answer to arrive: each stands for itself, and repeating or losing
/// any does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// Rumor mongering: news, pushed.
    Rumor {
        /// Objects as they are now: one list for all peers of a round.
        objects: Arc<Vec<(Key, Object)>>,
        /// Counter increments, one by one: the mutant `counter-replay` alone sends them.
        deltas: Vec<Delta>,
    },
    /// Anti-entropy: digests of nodes of one level of the sender's tree.
    Digests {
        /// The level, 0 for the root.
        level: u8,
        /// Nodes and their digests.
        nodes: Vec<(u16, u128)>,
    },
    /// Anti-entropy: the entries of a leaf in which sender and receiver differ.
    Leaf {
        /// The leaf.
        leaf: u16,
        /// The sender's entries and their digests.
        entries: Vec<(Key, u128)>,
    },
    /// Anti-entropy: objects that the receiver lacks or holds differently.
    Push {
        /// The objects.
        objects: Vec<(Key, Object)>,
    },
    /// Anti-entropy: a request for objects.
    Pull {
        /// Which.
        keys: Vec<Key>,
    },
    /// Changes of a log.
    Updates {
        /// In an order in which they can be applied.
        updates: Vec<Update>,
    },
    /// What the sender has applied: a request for what it lacks.
    Have {
        /// Every change that it has applied.
        applied: VersionVector,
        /// Whether the sender wants to know what the receiver has.
        ask: bool,
    },
    /// A coordinator asks for an object.
    Fetch {
        /// Which of the coordinator's operations.
        number: u64,
        /// The object.
        key: Key,
    },
    /// The answer to [`Message::Fetch`].
    Fetched {
        /// The same.
        number: u64,
        /// What the replica holds.
        object: Option<Object>,
    },
    /// A coordinator hands over an object.
    Store {
        /// Which of the coordinator's operations waits for a confirmation.
        number: u64,
        /// The object.
        key: Key,
        /// Its state.
        object: Object,
    },
    /// The answer to [`Message::Store`]: it is on disk.
    Stored {
        /// The same.
        number: u64,
    },
    /// A replica asks for a share of the stock.
    Want {
        /// The item.
        key: Key,
        /// How many it could not sell.
        n: u64,
    },
    /// What the flavour `textbook` says.
    Textbook(textbook::Message),
    /// Read repair: what the sender holds of what was read there.
    Compare {
        /// What was read: an object, or a chat.
        key: Key,
        /// The objects behind it and their digests.
        entries: Vec<(Key, u128)>,
    },
    /// Read repair: objects that the receiver lacks or holds differently, and a request for others.
    Mend {
        /// The objects.
        objects: Vec<(Key, Object)>,
        /// Those that the sender lacks or holds differently.
        wanted: Vec<Key>,
    },
    /// A request of a client's for an object that the sender does not hold. One that comes again is not carried out again.
    Forward {
        /// Which of the sender's it is.
        number: u64,
        /// Which life of the receiver it asks.
        life: u32,
        /// The request.
        request: Box<Request>,
    },
    /// An answer to [`Message::Forward`]: it was not carried out, since the sender is in another life than it asks.
    OtherLife {
        /// The same.
        number: u64,
        /// The life.
        life: u32,
    },
    /// The answer to [`Message::Forward`].
    Forwarded {
        /// The same.
        number: u64,
        /// What the holder answers.
        answer: Result<Box<Told>, Refused>,
    },
    /// Hinted handoff: an object that the receiver may lack.
    Hint {
        /// Which change of the sender's it is to confirm.
        number: u64,
        /// The object.
        key: Key,
        /// Its state.
        object: Object,
    },
    /// The answer to [`Message::Hint`]: it is on disk.
    Hinted {
        /// The same.
        number: u64,
        /// The object.
        key: Key,
    },
    /// Membership: who has left the cluster, and who has joined it again, as far as the sender knows.
    Members {
        /// The last turn of each node that has made one.
        rows: Vec<(NodeId, Turn)>,
    },
    /// Membership: the sender joins, and asks to be handed what it lacks.
    CatchUp {
        /// The sender's turn.
        epoch: u64,
    },
    /// Membership: who joins has been handed all that the sender had when it was asked.
    CaughtUp {
        /// The receiver's turn.
        epoch: u64,
    },
    /// Membership: what the sender holds, to be handed over.
    Offer {
        /// Which of the sender's pages it is.
        number: u64,
        /// Objects and their digests.
        entries: Vec<(Key, u128)>,
    },
    /// An answer to [`Message::Offer`].
    Lacking {
        /// The same.
        number: u64,
        /// Those that the sender lacks or holds otherwise.
        keys: Vec<Key>,
    },
    /// The answer to [`Message::Lacking`].
    HandOver {
        /// The same.
        number: u64,
        /// The objects.
        objects: Vec<(Key, Object)>,
    },
    /// The page is on the sender's disk.
    TakenOver {
        /// The same.
        number: u64,
    },
}

impl Message {
    /// How many bytes it is on the wire.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        // What cannot be encoded is never sent.
        postcard::to_stdvec(self).map_or(0, |bytes| bytes.len() as u64)
    }
}

/// One increment of a counter, as the mutant `counter-replay` spreads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delta {
    /// Who counted.
    pub actor: Actor,
    /// The how-manieth increment of that actor.
    pub number: u64,
    /// The counter.
    pub key: Key,
    /// By how much.
    pub by: i64,
}
