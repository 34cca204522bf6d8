//! What goes into a node and what comes out of it.

use super::api::{Answer, Refusal, Request};
use super::identity::NodeId;
use super::message::Message;

/// Names a request until its reply.
pub type RequestId = u64;

/// Something that happens to a node.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client asks.
    Request(RequestId, Request),
    /// A peer says something.
    Message(NodeId, Message),
    /// Its operator lets the node leave the cluster. One that has left, or cannot, goes on as it is.
    Leave,
    /// The same the other way round.
    Join,
    /// [`super::Node::wake_at`] has come.
    Wake,
}

/// What a node wants done. Where `hold` is true, replies and messages must wait until everything in `persist`,
/// here and before, is on disk.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    /// Records to store, by key, each replacing the one before; an empty record removes it.
    pub persist: Vec<(Vec<u8>, Vec<u8>)>,
    /// Answers to clients.
    pub replies: Vec<(RequestId, Result<Answer, Refusal>)>,
    /// Messages to peers.
    pub sends: Vec<(NodeId, Message)>,
    /// Whether replies and messages wait for the disk.
    pub hold: bool,
}
