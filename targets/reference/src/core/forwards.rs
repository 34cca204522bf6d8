//! The requests that wait for the answer of a node that holds their object.

use super::api::Request;
use super::effects::RequestId;
use super::identity::NodeId;
use std::collections::{BTreeMap, BTreeSet};

/// The most requests that wait for an answer, and that others wait for. Beyond it they are refused.
pub(super) const OPEN_MAX: usize = 4_096;
/// Of how many requests of each peer it is remembered that they have come.
const SEEN_MAX: usize = 4_096;
/// The requests of peers are numbered from here; those of clients are far below.
pub(super) const OF_PEERS: RequestId = 1 << 63;

/// A request that waits for the answer of a holder.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) holder: NodeId,
    /// The life of the holder that was asked; 0: not known, and so not carried out by any.
    pub(super) life: u32,
    pub(super) request: Box<Request>,
    pub(super) deadline_ns: u64,
}

/// The requests that were handed to others, and those that others have handed to this node.
#[derive(Debug, Clone)]
pub(super) struct Forwards {
    /// By number, and so in the order of their deadlines.
    pub(super) asked: BTreeMap<u64, Asked>,
    /// Who waits for the answer to a request of a peer's, and the number there.
    pub(super) asking: BTreeMap<RequestId, (NodeId, u64)>,
    /// By peer: the numbers of its last requests, since a message may come twice and a change must not.
    seen: BTreeMap<NodeId, BTreeSet<u64>>,
    /// The last life of each peer that is known.
    pub(super) lives: BTreeMap<NodeId, u32>,
    pub(super) last: u64,
    /// When each peer has said something last.
    pub(super) heard_ns: BTreeMap<NodeId, u64>,
}

impl Forwards {
    /// The numbers of each life of a node are its own.
    pub(super) fn new(incarnation: u32) -> Self {
        let (asked, asking, seen, lives, heard_ns) = Default::default();
        Forwards { asked, asking, seen, lives, last: u64::from(incarnation) << 32, heard_ns }
    }

    /// When the first has waited long enough.
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        self.asked.values().next().map(|asked| asked.deadline_ns)
    }

    /// A peer lives.
    pub(super) fn heard(&mut self, peer: NodeId, now_ns: u64) {
        self.heard_ns.insert(peer, now_ns);
    }

    /// Notes that a peer is in this life, or a later one.
    pub(super) fn lives(&mut self, peer: NodeId, life: u32) {
        let known = self.lives.entry(peer).or_insert(0);
        *known = (*known).max(life);
    }

    /// Notes a request of a peer's; returns whether it is new. One that is too old to tell is not.
    pub(super) fn is_new(&mut self, peer: NodeId, number: u64) -> bool {
        let seen = self.seen.entry(peer).or_default();
        let is_old = seen.len() >= SEEN_MAX && seen.first().is_some_and(|&first| number < first);
        if is_old || !seen.insert(number) {
            return false;
        }
        if seen.len() > SEEN_MAX {
            seen.pop_first();
        }
        true
    }

    /// Who waits for the answer to a request, if a peer does.
    pub(super) fn answered(&mut self, id: RequestId) -> Option<(NodeId, u64)> {
        if id < OF_PEERS { None } else { self.asking.remove(&id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_comes_twice_is_new_once() {
        let mut forwards = Forwards::new(1);
        let (one, two) = (NodeId(1), NodeId(2));
        assert!(forwards.is_new(one, 7) && forwards.is_new(two, 7));
        assert!(!forwards.is_new(one, 7));
        assert!(forwards.is_new(one, 6) && !forwards.is_new(one, 6));
        for number in 10..10 + SEEN_MAX as u64 {
            assert!(forwards.is_new(one, number));
        }
        assert!(!forwards.is_new(one, 7) && !forwards.is_new(one, 3));
    }
}
