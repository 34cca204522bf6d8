//! The flavours `textbook` and `textbook-tree`: a gossip node as a textbook prints it, to the letter, so that the harness can find
//! out what is wrong with it. What is not printed there, it does not have: no disk, no tie-break.
//!
//! - A write takes the node's next version, is stamped by the wall clock, and replaces what the node holds, whatever that is.
//! - A rumor is dropped after ⌈ln n⌉ sends in all, not rounds.
//! - Anti-entropy asks a peer for its version vector: per node the greatest version that it has seen, with whatever gaps. It
//!   sends every key to a peer that has seen less of any node.
//! - Of two values of a key the one with the greater timestamp stays; of equal ones, the first to come.
//! - A set is two maps, of the elements that were added and of those that were removed, each with the latest timestamp: an
//!   element is in the set if it was added later than it was removed. Here each entry of the maps is a key of its own.
//! - With `textbook-tree` anti-entropy compares hash trees in place of version vectors (`textbook_tree`).

use super::api::{
    Action, Content, DataType, Item, Key, OBJECTS_MAX, PART, Refusal, Request, Scalar,
};
use super::identity::NodeId;
use super::peers::choose;
use super::textbook_tree::{Tree, bucket, leaf_hashes};
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
    /// A question for the hash tree.
    AskTree,
    /// The hashes of the tree's leaves, from which all above them follow.
    Leaves(Vec<u64>),
    /// What the sender holds in a leaf of its own that differs from one of the receiver's.
    Leaf {
        /// Which of the receiver's.
        leaf: usize,
        /// The keys, and what the sender holds of them.
        entries: Vec<(Key, Held)>,
    },
    /// What the comparison of two leaves found.
    Mend {
        /// The key.
        key: Key,
        /// What the sender holds.
        held: Held,
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
    /// Whether anti-entropy compares trees.
    by_tree: bool,
    data: BTreeMap<Key, Held>,
    versions: BTreeMap<NodeId, u64>,
    pending: Vec<Rumor>,
    /// Which rumors it has ever had.
    known: BTreeSet<(NodeId, Key, u64)>,
}

impl Textbook {
    pub(super) fn new(id: NodeId, peers: Vec<NodeId>, fanout: usize, by_tree: bool) -> Self {
        Textbook {
            id,
            peers,
            fanout,
            by_tree,
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
            Action::Read if key.kind == DataType::Set => {
                let item = |element| Item { element, quantity: 1, dots: Vec::new() };
                Ok(Content::Items(self.elements(key).into_iter().map(item).collect()))
            }
            Action::Write(value) if key.kind == DataType::Register => {
                self.accept(key.clone(), value.clone(), wall_ms)
            }
            Action::Add { element, .. } if key.kind == DataType::Set => {
                self.accept(entry(key, ADDED, element), Scalar::Int(1), wall_ms)
            }
            Action::Remove { element, .. } if key.kind == DataType::Set => {
                self.accept(entry(key, REMOVED, element), Scalar::Int(1), wall_ms)
            }
            _ => Err(Refusal::Mismatch { kind: key.kind, action: action.name() }),
        }
    }

    fn accept(&mut self, key: Key, value: Scalar, wall_ms: u64) -> Result<Content, Refusal> {
        if self.data.len() >= OBJECTS_MAX && !self.data.contains_key(&key) {
            return Err(Refusal::Full("the node holds as many objects as it may"));
        }
        self.write(key, value, wall_ms);
        Ok(Content::Done)
    }

    /// The elements that were added later than they were removed.
    fn elements(&self, set: &Key) -> Vec<String> {
        let first = entry(set, ADDED, "");
        let prefix = first.name.clone();
        let added = self.data.range(first..).map_while(|(key, held)| {
            Some((key.name.strip_prefix(&prefix)?, held.wall_ms)).filter(|_| key.kind == set.kind)
        });
        let removed = |element| self.data.get(&entry(set, REMOVED, element));
        added
            .filter(|&(element, at)| removed(element).is_none_or(|removed| at > removed.wall_ms))
            .map(|(element, _)| element.to_owned())
            .collect()
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
        let ask = if self.by_tree { Message::AskTree } else { Message::Ask };
        sends.extend(peers.into_iter().map(|peer| (peer, ask.clone())));
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
            Message::AskTree => sends.push((from, Message::Leaves(leaf_hashes(&self.data)))),
            Message::Leaves(theirs) => {
                let mine = Tree::of(&leaf_hashes(&self.data));
                for (leaf, of_theirs) in mine.differing(&Tree::of(&theirs)) {
                    let entries = bucket(&self.data, leaf).collect();
                    sends.push((from, Message::Leaf { leaf: of_theirs, entries }));
                }
            }
            Message::Leaf { leaf, entries } => {
                let theirs: BTreeMap<Key, Held> = entries.into_iter().collect();
                let mine: Vec<_> = bucket(&self.data, leaf).collect();
                let differs = |(key, held): &(Key, Held)| theirs.get(key) != Some(held);
                let mend = |(key, held)| (from, Message::Mend { key, held });
                sends.extend(mine.into_iter().filter(differs).map(mend));
                for (key, held) in theirs {
                    self.keep(&key, &held);
                }
            }
            Message::Mend { key, held } => self.keep(&key, &held),
        }
    }

    fn keep(&mut self, key: &Key, held: &Held) {
        if self.data.get(key).is_none_or(|mine| held.wall_ms > mine.wall_ms) {
            self.data.insert(key.clone(), held.clone());
        }
    }

    fn apply(&mut self, key: &Key, held: &Held, origin: NodeId) {
        self.keep(key, held);
        let seen = self.versions.entry(origin).or_insert(0);
        *seen = (*seen).max(held.version);
    }
}

/// What marks the two maps of a set.
const ADDED: &str = "+";
const REMOVED: &str = "-";

/// The key of an entry of one of the maps of a set.
fn entry(set: &Key, map: &str, element: &str) -> Key {
    Key { kind: set.kind, name: format!("{}{PART}{map}{element}", set.name) }
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
        [Textbook::new(a, vec![b], 3, false), Textbook::new(b, vec![a], 3, false)]
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

    #[test]
    fn an_element_that_was_removed_in_the_millisecond_of_its_add_is_gone() {
        let [mut a, _] = nodes();
        let set = Key { kind: DataType::Set, name: "s".into() };
        for (map, element, at) in
            [(ADDED, "e1", 5), (ADDED, "e2", 5), (REMOVED, "e2", 5), (REMOVED, "e1", 4)]
        {
            a.write(entry(&set, map, element), Scalar::Int(1), at);
        }
        a.write(Key { kind: DataType::Set, name: "t".into() }, Scalar::Int(1), 5);
        assert_eq!(a.elements(&set), ["e1"]);
    }
}
