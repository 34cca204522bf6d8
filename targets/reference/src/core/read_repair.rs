//! Read repair of reads that one replica answers (DeCandia et al., Dynamo, 2007, section 5): the answer does not wait for it. The
//! replica tells the others digests of what it has read; each answers with what it holds otherwise, and asks for what it
//! lacks. Of reads in which several replicas take part, see `coordinate.rs`.

use super::api::{DataType, Key};
use super::chat::Chats;
use super::effects::Effects;
use super::identity::NodeId;
use super::message::{Message, OBJECTS_PER_MESSAGE_MAX};
use super::node::Node;
use super::object::Object;
use std::collections::BTreeMap;

impl Node {
    /// Compares what was read with the other replicas.
    pub(super) fn repair_after_read(&mut self, key: &Key, effects: &mut Effects) {
        if !self.rules.read_repair {
            return;
        }
        let entries = self.entries_of(key);
        for peer in self.members.in_cluster(&self.others(key)) {
            self.figures.repair_messages_sent += 1;
            let (key, entries) = (key.clone(), entries.clone());
            effects.sends.push((peer, Message::Compare { key, entries }));
        }
    }

    /// The objects behind what a client reads under a key, and their digests: a chat is many.
    fn entries_of(&self, key: &Key) -> Vec<(Key, u128)> {
        let keys = if key.kind == DataType::Chat {
            self.store.chats().read(key).iter().map(|message| Chats::key(key, message)).collect()
        } else {
            vec![key.clone()]
        };
        let digest = |key: Key| self.store.digest(&key).map(|digest| (key, digest));
        keys.into_iter().filter_map(digest).collect()
    }

    /// Answers a peer's comparison.
    pub(super) fn compare_read(
        &mut self,
        from: NodeId,
        key: &Key,
        theirs: Vec<(Key, u128)>,
        effects: &mut Effects,
    ) {
        let mine: BTreeMap<Key, u128> = self.entries_of(key).into_iter().collect();
        let theirs: BTreeMap<Key, u128> = theirs.into_iter().collect();
        let other = |key: &Key| theirs.get(key) != mine.get(key);
        let held = mine.keys().filter(|&key| other(key)).take(OBJECTS_PER_MESSAGE_MAX);
        let objects = self.objects_of(held.cloned());
        let wanted = theirs.keys().filter(|&key| other(key)).take(OBJECTS_PER_MESSAGE_MAX);
        let wanted = wanted.cloned().collect();
        self.mend(from, objects, wanted, effects);
    }

    /// Takes in what a peer holds otherwise, and hands it what it asks for.
    pub(super) fn mended(
        &mut self,
        from: NodeId,
        objects: Vec<(Key, Object)>,
        wanted: Vec<Key>,
        effects: &mut Effects,
    ) {
        for (key, object) in objects {
            self.figures.read_repairs += u64::from(self.take(&key, &object, effects));
        }
        let objects = self.objects_of(wanted.into_iter().take(OBJECTS_PER_MESSAGE_MAX));
        self.mend(from, objects, Vec::new(), effects);
    }

    /// Those of the objects that are held here.
    pub(super) fn objects_of(&self, keys: impl Iterator<Item = Key>) -> Vec<(Key, Object)> {
        keys.filter_map(|key| self.store.get(&key).cloned().map(|object| (key, object))).collect()
    }

    fn mend(
        &mut self,
        to: NodeId,
        objects: Vec<(Key, Object)>,
        wanted: Vec<Key>,
        effects: &mut Effects,
    ) {
        if !(objects.is_empty() && wanted.is_empty()) {
            self.figures.repair_messages_sent += 1;
            effects.sends.push((to, Message::Mend { objects, wanted }));
        }
    }
}
