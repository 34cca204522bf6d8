//! What happened besides the operations: faults, changes of nodes, the end.

use crate::event::{EndHow, FaultStage, NodeChange};
use crate::fault_kind::FaultKind;
use crate::ids::NodeId;
use crate::value::Value;

/// A fault, from injection to healing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counts from 0 in the order of injection.
    pub id: u32,
    /// Its kind.
    pub kind: FaultKind,
    /// The nodes that it acts on.
    pub nodes: Vec<NodeId>,
    /// The directed links that it acts on.
    pub links: Vec<(NodeId, NodeId)>,
    /// Its parameters.
    pub value: Value,
    /// When the nemesis began to inject it, in nanoseconds since the run began.
    pub inject: i64,
    /// When evidence showed that it had taken hold.
    pub took: Option<i64>,
    /// When it was given up: nothing showed that it took hold.
    pub missed: Option<i64>,
    /// When evidence showed, just before it was healed, that it still held.
    pub held: Option<i64>,
    /// When evidence showed, just before it was healed, that it no longer held.
    pub lapsed: Option<i64>,
    /// When the nemesis began to heal it.
    pub heal: Option<i64>,
    /// When it was healed.
    pub healed: Option<i64>,
    /// When healing it failed.
    pub stuck: Option<i64>,
    /// What was measured, with the stage it belongs to.
    pub evidence: Vec<(FaultStage, String)>,
}

impl Fault {
    /// Whether evidence shows that it took hold, and none shows that it let go before it was healed. Somebody's word that it
    /// took hold is no evidence.
    #[must_use]
    pub fn took_hold(&self) -> bool {
        let shown = |(stage, said): &(FaultStage, String)| {
            *stage == FaultStage::Took && !said.trim().is_empty()
        };
        self.took.is_some()
            && self.missed.is_none()
            && self.lapsed.is_none()
            && self.evidence.iter().any(shown)
    }

    /// Whether it may have been in force at some moment of `from..=to`.
    #[must_use]
    pub fn in_force(&self, from: i64, to: i64) -> bool {
        self.inject <= to && self.healed.is_none_or(|healed| from <= healed)
    }

    /// Whether it acts on the node or on one of its links; a fault that names neither acts on all.
    #[must_use]
    pub fn touches(&self, node: NodeId) -> bool {
        (self.nodes.is_empty() && self.links.is_empty())
            || self.nodes.contains(&node)
            || self.links.iter().any(|&(from, to)| from == node || to == node)
    }
}

/// A node became ready, or died although no fault asked it to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeTurn {
    /// In nanoseconds since the run began.
    pub time: i64,
    /// The node.
    pub node: NodeId,
    /// What happened.
    pub change: NodeChange,
    /// In words.
    pub detail: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// In nanoseconds since the run began.
    pub time: i64,
    /// How.
    pub how: EndHow,
    /// Why, where it did not complete.
    pub detail: Option<String>,
}
