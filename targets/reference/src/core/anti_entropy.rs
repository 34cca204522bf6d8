//! Anti-entropy on the digest tree, and rumors: how a node's objects come to its peers.

use super::api::Key;
use super::clock::Moment;
use super::effects::Effects;
use super::identity::NodeId;
use super::merkle::{DEPTH, FANOUT};
use super::message::{DIGESTS_PER_MESSAGE_MAX, Message, OBJECTS_PER_MESSAGE_MAX};
use super::node::Node;
use super::object::Object;
use super::peers::choose;
use rand::RngExt;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Node {
    pub(super) fn spread_rumors(&mut self, effects: &mut Effects) {
        let peers = choose(&self.others_here(), self.config.fanout, &mut self.random);
        if self.rules.causal {
            let updates = self.log.next_round();
            for peer in peers {
                self.figures.rumor_messages_sent += 1;
                self.figures.updates_sent += updates.len() as u64;
                effects.sends.push((peer, Message::Updates { updates: updates.clone() }));
            }
            return;
        }
        let (keys, deltas) = self.rumors.next_round(OBJECTS_PER_MESSAGE_MAX);
        let objects: Vec<_> = keys
            .into_iter()
            .filter_map(|key| self.store.get(&key).cloned().map(|object| (key, object)))
            .collect();
        let objects = Arc::new(objects);
        for peer in peers {
            let mut objects = objects.clone();
            if self.ring.is_partial() {
                Arc::make_mut(&mut objects).retain(|(key, _)| self.ring.holds(peer, key));
                if objects.is_empty() {
                    continue;
                }
            }
            self.figures.rumor_messages_sent += 1;
            self.figures.rumor_objects_sent += objects.len() as u64;
            let message = Message::Rumor { objects, deltas: deltas.clone() };
            effects.sends.push((peer, message));
        }
    }

    pub(super) fn begin_sync(&mut self, now: Moment, effects: &mut Effects) {
        // The interval is jittered by a quarter, so that replicas do not fall into step.
        let interval = self.config.sync_interval_ns.max(4);
        let jitter = self.random.random_range(0..interval / 2);
        self.sync_at_ns = now.mono_ns + interval - interval / 4 + jitter;
        self.figures.sync_rounds += 1;
        for peer in choose(&self.others_here(), 1, &mut self.random) {
            if self.rules.causal {
                self.ask_what_is_applied(peer, effects);
            } else {
                let root = self.store.tree_with(peer).digest(0, 0).unwrap_or(0);
                self.send_sync(
                    peer,
                    Message::Digests { level: 0, nodes: vec![(0, root)] },
                    effects,
                );
            }
        }
    }

    /// Answers digests with those one level down, where they differ; at the bottom with the leaf's entries.
    pub(super) fn compare_digests(
        &mut self,
        from: NodeId,
        level: u8,
        nodes: &[(u16, u128)],
        effects: &mut Effects,
    ) {
        let tree = self.store.tree_with(from);
        let differing = nodes
            .iter()
            .take(DIGESTS_PER_MESSAGE_MAX)
            .filter(|&&(index, digest)| tree.digest(level, index).is_some_and(|d| d != digest))
            .map(|&(index, _)| index);
        if level >= DEPTH {
            let leaves: Vec<u16> = differing.collect();
            for leaf in leaves {
                let of_leaf = self.store.leaf_with(from, leaf);
                let entries = of_leaf.map(|(key, _, digest)| (key.clone(), digest)).collect();
                self.send_sync(from, Message::Leaf { leaf, entries }, effects);
            }
        } else {
            let mut below: Vec<_> =
                differing.flat_map(|index| tree.children(level, index)).collect();
            if self.rules.bugs.half_tree && level == 0 {
                below.truncate(FANOUT / 2);
            }
            below.truncate(DIGESTS_PER_MESSAGE_MAX);
            if !below.is_empty() {
                let message = Message::Digests { level: level + 1, nodes: below };
                self.send_sync(from, message, effects);
            }
        }
    }

    /// Answers a leaf with the objects that its sender lacks or holds differently, and asks for those that this
    /// replica lacks or holds differently.
    pub(super) fn compare_leaf(
        &mut self,
        from: NodeId,
        leaf: u16,
        theirs: &[(Key, u128)],
        effects: &mut Effects,
    ) {
        let theirs: BTreeMap<&Key, u128> =
            theirs.iter().map(|(key, digest)| (key, *digest)).collect();
        let mut push: Vec<_> = self
            .store
            .leaf_with(from, leaf)
            .filter(|(key, _, digest)| theirs.get(key) != Some(digest))
            .map(|(key, object, _)| (key.clone(), object.clone()))
            .collect();
        push.truncate(OBJECTS_PER_MESSAGE_MAX);
        let mut pull: Vec<Key> = theirs
            .iter()
            .filter(|&(key, digest)| self.store.digest(key) != Some(*digest))
            .map(|(&key, _)| key.clone())
            .collect();
        pull.truncate(OBJECTS_PER_MESSAGE_MAX);
        self.push(from, push, effects);
        if !pull.is_empty() {
            self.send_sync(from, Message::Pull { keys: pull }, effects);
        }
    }

    pub(super) fn push(&mut self, to: NodeId, objects: Vec<(Key, Object)>, effects: &mut Effects) {
        if !objects.is_empty() {
            self.figures.sync_objects_sent += objects.len() as u64;
            self.send_sync(to, Message::Push { objects }, effects);
        }
    }

    /// Under causal replication: tells a peer what is applied here, and asks what is applied there.
    pub(super) fn ask_what_is_applied(&mut self, peer: NodeId, effects: &mut Effects) {
        let applied = self.log.applied().clone();
        self.send_sync(peer, Message::Have { applied, ask: true }, effects);
    }

    pub(super) fn send_sync(&mut self, to: NodeId, message: Message, effects: &mut Effects) {
        self.figures.sync_messages_sent += 1;
        effects.sends.push((to, message));
    }
}
