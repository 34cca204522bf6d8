//! The operations of a coordinator that wait for other replicas.

use super::api::{Answer, Request};
use super::effects::RequestId;
use super::identity::NodeId;
use super::object::Object;
use std::collections::{BTreeMap, BTreeSet};

/// The most operations that wait for other replicas. Beyond it they are refused.
const OPEN_MAX: usize = 4_096;

/// How far an operation has come.
#[derive(Debug, Clone)]
pub(super) enum Stage {
    /// The others are asked what they hold.
    Asking(BTreeMap<NodeId, Option<Object>>),
    /// The change is made, and the others are to confirm it.
    Confirming(BTreeSet<NodeId>, Box<Answer>),
}

/// An operation that waits for other replicas.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) id: RequestId,
    pub(super) request: Request,
    /// How many replicas are asked for what they hold, this one included.
    pub(super) asked: usize,
    /// How many have to hold what comes of it, this one included.
    pub(super) wanted: usize,
    pub(super) deadline_ns: u64,
    pub(super) stage: Stage,
}

/// The operations of a coordinator that wait for other replicas.
#[derive(Debug, Clone)]
pub(super) struct Coordinator {
    /// By number, and so in the order of their beginning.
    pub(super) open: BTreeMap<u64, Operation>,
    last: u64,
}

impl Coordinator {
    /// The numbers of each life of a node are its own: what answers an operation of an earlier one answers none of these.
    pub(super) fn new(incarnation: u32) -> Self {
        Coordinator { open: BTreeMap::new(), last: u64::from(incarnation) << 40 }
    }

    /// A number for one more operation, unless too many wait.
    pub(super) fn next_number(&mut self) -> Option<u64> {
        (self.open.len() < OPEN_MAX).then(|| {
            self.last += 1;
            self.last
        })
    }

    /// When the first has waited long enough.
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        self.open.values().next().map(|operation| operation.deadline_ns)
    }
}
