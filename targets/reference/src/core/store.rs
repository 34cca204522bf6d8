//! Everything that a replica holds: its objects, and the digests and lists that follow from them.

use super::api::{Key, OBJECTS_MAX};
use super::chat::Chats;
use super::effects::Effects;
use super::identity::NodeId;
use super::merkle::{Tree, entry_digest};
use super::object::Object;
use super::record::encoded;
use super::ring::Ring;
use super::rules::Rules;
use std::collections::BTreeMap;
use std::ops::Bound;

/// The bug `stale-snapshot` brings to disk only every so-manieth change.
const SNAPSHOT_EVERY: u64 = 16;

#[derive(Debug, Clone)]
struct Entry {
    object: Object,
    digest: u128,
}

/// What a replica holds.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    /// In the order of the digest tree's leaves.
    entries: BTreeMap<(u16, Key), Entry>,
    /// Of all objects, where every node holds all; else of none.
    tree: Tree,
    /// Else, by peer, of the objects that it holds as well.
    shared: BTreeMap<NodeId, Tree>,
    me: NodeId,
    ring: Ring,
    chats: Chats,
    /// Counts changes, for the bug `stale-snapshot` alone.
    changes: u64,
}

impl Store {
    pub(super) fn new(me: NodeId, ring: Ring) -> Self {
        let (entries, shared, chats) = Default::default();
        Store { entries, tree: Tree::new(), shared, me, ring, chats, changes: 0 }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= OBJECTS_MAX
    }

    /// The tree of what a peer holds as well.
    pub(crate) fn tree_with(&self, peer: NodeId) -> &Tree {
        self.shared.get(&peer).unwrap_or(&self.tree)
    }

    pub(crate) fn chats(&self) -> &Chats {
        &self.chats
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Object> {
        self.entries.get(&(Tree::leaf(key), key.clone())).map(|entry| &entry.object)
    }

    /// Takes back what an earlier life has stored.
    pub(crate) fn restore(&mut self, key: Key, object: Object) {
        let bytes = encoded(&object);
        self.insert(key, object, &bytes);
    }

    /// Stores an object: in memory, in the tree, and as an effect on disk.
    pub(crate) fn put(&mut self, key: Key, object: Object, rules: &Rules, effects: &mut Effects) {
        let bytes = encoded(&object);
        self.changes += 1;
        if !rules.bugs.old_snapshot || self.changes.is_multiple_of(SNAPSHOT_EVERY) {
            effects.persist.push((encoded(&key), bytes.clone()));
        }
        self.insert(key, object, &bytes);
    }

    fn insert(&mut self, key: Key, object: Object, bytes: &[u8]) {
        let digest = entry_digest(&key, bytes);
        let place = (Tree::leaf(&key), key);
        let before = self.entries.get(&place);
        let was = before.map_or(0, |entry| entry.digest);
        match self.ring.holders(&place.1) {
            None => self.tree.replace(place.0, was, digest),
            Some(holders) => {
                for peer in holders.into_iter().filter(|&holder| holder != self.me) {
                    let tree = self.shared.entry(peer).or_insert_with(Tree::new);
                    tree.replace(place.0, was, digest);
                }
            }
        }
        if let Object::Post(post) = &object {
            let before = before.and_then(|entry| match &entry.object {
                Object::Post(before) => Some(before),
                _ => None,
            });
            self.chats.note(&place.1, before, post);
        }
        self.entries.insert(place, Entry { object, digest });
    }

    /// Takes in an object from a peer; returns whether it was news.
    pub(crate) fn merge(
        &mut self,
        key: &Key,
        theirs: &Object,
        rules: &Rules,
        effects: &mut Effects,
    ) -> bool {
        let merged = match self.get(key) {
            // Most of what is told is known already, and merging it with itself changes nothing.
            Some(held) if held == theirs => None,
            Some(held) => {
                let mut object = held.clone();
                object.merge(theirs, rules).then_some(object)
            }
            None if self.is_full() => None,
            None => Some(theirs.clone()),
        };
        let is_news = merged.is_some();
        if let Some(object) = merged {
            self.put(key.clone(), object, rules, effects);
        }
        is_news
    }

    /// The digest of an object, if there is one.
    pub(crate) fn digest(&self, key: &Key) -> Option<u128> {
        self.entries.get(&(Tree::leaf(key), key.clone())).map(|entry| entry.digest)
    }

    /// The objects that follow one, or all, in an order that does not change, and their digests.
    pub(crate) fn after(&self, key: Option<&Key>) -> impl Iterator<Item = (Key, u128)> {
        let from = match key {
            Some(key) => Bound::Excluded((Tree::leaf(key), key.clone())),
            None => Bound::Unbounded,
        };
        let entries = self.entries.range((from, Bound::Unbounded));
        entries.map(|((_, key), entry)| (key.clone(), entry.digest))
    }

    /// The objects of a leaf that a peer holds as well, and their digests.
    pub(crate) fn leaf_with(
        &self,
        peer: NodeId,
        leaf: u16,
    ) -> impl Iterator<Item = (&Key, &Object, u128)> {
        let first = (leaf, Key { kind: super::api::DataType::Register, name: String::new() });
        self.entries
            .range(first..)
            .take_while(move |((at, _), _)| *at == leaf)
            .map(|((_, key), entry)| (key, &entry.object, entry.digest))
            .filter(move |(key, _, _)| self.ring.holds(peer, key))
    }
}
