//! The requests that wait for the answer of a node that holds their object, and how that is told.

use super::api::{Answer, Content, Refusal};
use super::clock::Reading;
use super::effects::RequestId;
use super::identity::{Dot, NodeId, VersionVector};
use afterall_history::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The most requests that wait for an answer, and that others wait for. Beyond it they are refused.
pub(super) const OPEN_MAX: usize = 4_096;
/// Of how many requests of each peer it is remembered that they have come.
const SEEN_MAX: usize = 4_096;
/// The requests of peers are numbered from here; those of clients are far below.
pub(super) const OF_PEERS: RequestId = 1 << 63;

/// What a holder answers, as peers write it: versions of histories have no binary form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    version: ToldVersion,
    dot: Option<Dot>,
    clock: Reading,
    past: VersionVector,
    content: Content,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum ToldVersion {
    None,
    Stamp(Vec<i64>),
    Vector(VersionVector),
}

/// Why a holder refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    what: String,
    is_open: bool,
}

impl Refused {
    pub(super) fn of(refusal: &Refusal) -> Refused {
        Refused { what: refusal.to_string(), is_open: refusal.is_open() }
    }

    pub(super) fn refusal(self) -> Refusal {
        Refusal::Elsewhere { what: self.what, is_open: self.is_open }
    }
}

impl Told {
    pub(super) fn of(answer: Answer) -> Told {
        let version = match &answer.version {
            Some(Value::List(numbers)) => {
                ToldVersion::Stamp(numbers.iter().filter_map(Value::as_int).collect())
            }
            Some(value) => {
                VersionVector::of_value(value).map_or(ToldVersion::None, ToldVersion::Vector)
            }
            None => ToldVersion::None,
        };
        let Answer { dot, clock, past, content, .. } = answer;
        Told { version, dot, clock, past, content }
    }

    /// The node that was asked answers for the one that it has asked.
    pub(super) fn answer(self, node: NodeId) -> Answer {
        let version = match self.version {
            ToldVersion::None => None,
            ToldVersion::Stamp(numbers) => {
                Some(Value::List(numbers.into_iter().map(Value::Int).collect()))
            }
            ToldVersion::Vector(vector) => Some(vector.to_value()),
        };
        let Told { dot, clock, past, content, .. } = self;
        Answer { node, version, dot, clock, past, content }
    }
}

/// A request that waits for the answer of a holder.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: RequestId,
    pub(super) is_read: bool,
    pub(super) deadline_ns: u64,
}

/// The requests that were handed to others, and those that others have handed to this node.
#[derive(Debug)]
pub(super) struct Forwards {
    /// By number, and so in the order of their deadlines.
    pub(super) asked: BTreeMap<u64, Asked>,
    /// Who waits for the answer to a request of a peer's, and the number there.
    pub(super) asking: BTreeMap<RequestId, (NodeId, u64)>,
    /// By peer: the numbers of its last requests, since a message may come twice and a change must not.
    seen: BTreeMap<NodeId, BTreeSet<u64>>,
    pub(super) last: u64,
    /// When each peer has said something last.
    pub(super) heard_ns: BTreeMap<NodeId, u64>,
}

impl Forwards {
    /// The numbers of each life of a node are its own.
    pub(super) fn new(incarnation: u32) -> Self {
        let (asked, asking, seen, heard_ns) = Default::default();
        Forwards { asked, asking, seen, last: u64::from(incarnation) << 32, heard_ns }
    }

    /// When the first has waited long enough.
    pub(super) fn deadline_ns(&self) -> Option<u64> {
        self.asked.values().next().map(|asked| asked.deadline_ns)
    }

    /// A peer lives.
    pub(super) fn heard(&mut self, peer: NodeId, now_ns: u64) {
        self.heard_ns.insert(peer, now_ns);
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
