//! The flavour `textbook`: a gossip node as a textbook prints it, to the letter, so that the harness can find out what is wrong
//! with it. What is not printed there, it does not have: no disk, no tie-break, no tree.
//!
//! - A write takes the node's next version, is stamped by the wall clock, and replaces what the node holds, whatever that is.
//! - A rumor is dropped after ⌈ln n⌉ sends in all, not rounds.
//! - Anti-entropy asks a peer for its version vector: per node the greatest version that it has seen, with whatever gaps. It
//!   sends every key to a peer that has seen less of any node.
//! - Of two values of a key the one with the greater timestamp stays; of equal ones, the first to come.

use super::api::{Action, Content, DataType, Key, OBJECTS_MAX, Refusal, Request, Scalar};
use super::identity::NodeId;
use super::peers::choose;
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What a node holds of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The value.
    pub value: Scalar,
    /// The writer's wall clock, milliseconds.
    pub wall_ms: u64,
    /// Which of the writer's writes it was.
    pub version: u64,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Message {
    /// A rumor.
    Rumor {
        /// The key.
        key: Key,
        /// What was written.
        held: Held,
        /// Who wrote it.
        origin: NodeId,
    },
    /// A question for the version vector.
    Ask,
    /// The version vector.
    Versions(BTreeMap<NodeId, u64>),
    /// What anti-entropy found.
    Repair {
        /// The key.
        key: Key,
        /// What the sender holds.
        held: Held,
        /// A node of which the sender has seen more; not always the one that wrote this.
        origin: NodeId,
    },
}

#[derive(Debug, Clone)]
struct Rumor {
    key: Key,
    held: Held,
    origin: NodeId,
    sent: u32,
}

/// A node.
#[derive(Debug, Clone)]
pub(super) struct Textbook {
    id: NodeId,
    peers: Vec<NodeId>,
    fanout: usize,
    data: BTreeMap<Key, Held>,
    versions: BTreeMap<NodeId, u64>,
    pending: Vec<Rumor>,
    /// Which rumors it has ever had.
    known: BTreeSet<(NodeId, Key, u64)>,
}

impl Textbook {
    pub(super) fn new(id: NodeId, peers: Vec<NodeId>, fanout: usize) -> Self {
        Textbook {
            id,
            peers,
            fanout,
            data: BTreeMap::new(),
            versions: BTreeMap::new(),
            pending: Vec::new(),
            known: BTreeSet::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    /// Answers a request from what the node holds.
    pub(super) fn answer(&mut self, request: &Request, wall_ms: u64) -> Result<Content, Refusal> {
        let Request { key, action, .. } = request;
        match action {
            Action::Read if key.kind == DataType::Register => {
                let held = self.data.get(key).map(|held| held.value.clone());
                Ok(Content::Values(held.into_iter().collect()))
            }
            Action::Write(_) if self.data.len() >= OBJECTS_MAX && !self.data.contains_key(key) => {
                Err(Refusal::Full("the node holds as many objects as it may"))
            }
            Action::Write(value) => {
                self.write(key.clone(), value.clone(), wall_ms);
                Ok(Content::Done)
            }
            _ => Err(Refusal::Mismatch { kind: key.kind, action: action.name() }),
        }
    }

    /// Writes locally; returns what was written.
    fn write(&mut self, key: Key, value: Scalar, wall_ms: u64) -> Held {
        let version = self.versions.entry(self.id).or_insert(0);
        *version += 1;
        let held = Held { value, wall_ms, version: *version };
        self.data.insert(key.clone(), held.clone());
        self.spread(key, held.clone(), self.id);
        held
    }

    fn spread(&mut self, key: Key, held: Held, origin: NodeId) {
        if self.known.insert((origin, key.clone(), held.version)) {
            self.pending.push(Rumor { key, held, origin, sent: 0 });
        }
    }

    /// One round of gossip.
    pub(super) fn round(&mut self, random: &mut Pcg64, sends: &mut Vec<(NodeId, Message)>) {
        let peers = choose(&self.peers, self.fanout, random);
        let sends_max = sends_of_a_rumor(self.peers.len() + 1);
        for &peer in &peers {
            for rumor in &mut self.pending {
                let message = Message::Rumor {
                    key: rumor.key.clone(),
                    held: rumor.held.clone(),
                    origin: rumor.origin,
                };
                sends.push((peer, message));
                rumor.sent += 1;
            }
            self.pending.retain(|rumor| rumor.sent < sends_max);
        }
        sends.extend(peers.into_iter().map(|peer| (peer, Message::Ask)));
    }

    /// Takes in what a peer says.
    pub(super) fn receive(
        &mut self,
        from: NodeId,
        message: Message,
        sends: &mut Vec<(NodeId, Message)>,
    ) {
        match message {
            Message::Rumor { key, held, origin } => {
                self.apply(&key, &held, origin);
                self.spread(key, held, origin);
            }
            Message::Ask => sends.push((from, Message::Versions(self.versions.clone()))),
            Message::Versions(theirs) => {
                for (key, held) in &self.data {
                    for (&origin, &ours) in &self.versions {
                        if ours > theirs.get(&origin).copied().unwrap_or(0) {
                            let (key, held) = (key.clone(), held.clone());
                            sends.push((from, Message::Repair { key, held, origin }));
                        }
                    }
                }
            }
            Message::Repair { key, held, origin } => self.apply(&key, &held, origin),
        }
    }

    fn apply(&mut self, key: &Key, held: &Held, origin: NodeId) {
        if self.data.get(key).is_none_or(|mine| held.wall_ms > mine.wall_ms) {
            self.data.insert(key.clone(), held.clone());
        }
        let seen = self.versions.entry(origin).or_insert(0);
        *seen = (*seen).max(held.version);
    }
}

/// ⌈ln n⌉
fn sends_of_a_rumor(nodes: usize) -> u32 {
    // A cluster has at most 65,535 nodes: the logarithm is below 12.
    (nodes as f64).ln().ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key { kind: DataType::Register, name: name.into() }
    }

    fn nodes() -> [Textbook; 2] {
        let [a, b] = [NodeId(1), NodeId(2)];
        [Textbook::new(a, vec![b], 3), Textbook::new(b, vec![a], 3)]
    }

    #[test]
    fn equal_timestamps_keep_what_each_has() {
        let [mut a, mut b] = nodes();
        let one = a.write(key("x"), Scalar::Int(1), 5);
        let two = b.write(key("x"), Scalar::Int(2), 5);
        let mut sends = Vec::new();
        let rumor = |held, origin| Message::Rumor { key: key("x"), held, origin };
        b.receive(a.id, rumor(one, a.id), &mut sends);
        a.receive(b.id, rumor(two, b.id), &mut sends);
        assert_ne!(a.data.get(&key("x")), b.data.get(&key("x")));
    }

    #[test]
    fn a_version_that_was_passed_over_is_never_asked_for() {
        let [mut a, mut b] = nodes();
        a.write(key("x"), Scalar::Int(1), 5);
        let later = a.write(key("y"), Scalar::Int(2), 6);
        let mut sends = Vec::new();
        b.receive(a.id, Message::Rumor { key: key("y"), held: later, origin: a.id }, &mut sends);
        b.receive(a.id, Message::Ask, &mut sends);
        let Some((_, versions)) = sends.pop() else { panic!() };
        a.receive(b.id, versions, &mut sends);
        assert_eq!(sends, [], "x is lost on the way, and nobody notices");
        assert_eq!(b.data.get(&key("x")), None);
    }
}
