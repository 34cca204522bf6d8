//! The replica as a state machine: inputs and the time in, effects out.

use super::api::{Action, Answer, Content, Key, OBJECTS_MAX, Refusal, Request};
use super::clock::{Clock, Moment};
use super::figures::Figures;
use super::flavour::{Durability, Flavour, Mutant, Rules};
use super::identity::{Actor, NodeId};
use super::merkle::{DEPTH, Tree, entry_digest};
use super::message::{DIGESTS_PER_MESSAGE_MAX, Delta, Message, OBJECTS_PER_MESSAGE_MAX};
use super::object::{Change, Object};
use super::rumor::Rumors;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who it is.
    pub id: NodeId,
    /// The other replicas.
    pub peers: Vec<NodeId>,
    /// Its conflict rules.
    pub flavour: Flavour,
    /// Its bug, if any.
    pub mutant: Option<Mutant>,
    /// When it acknowledges.
    pub durability: Durability,
    /// How many peers a rumor goes to in a round.
    pub fanout: usize,
    /// Nanoseconds between rumor rounds.
    pub rumor_interval_ns: u64,
    /// Nanoseconds between anti-entropy rounds.
    pub sync_interval_ns: u64,
    /// What its choices follow from.
    pub seed: u64,
}

impl Config {
    /// The defaults for a node of a cluster: fanout 3, rumors every 50 ms, anti-entropy every 200 ms, durable.
    #[must_use]
    pub fn new(
        id: NodeId,
        peers: Vec<NodeId>,
        flavour: Flavour,
        mutant: Option<Mutant>,
        seed: u64,
    ) -> Self {
        Config {
            id,
            peers,
            flavour,
            mutant,
            durability: Durability::Sync,
            fanout: 3,
            rumor_interval_ns: 50_000_000,
            sync_interval_ns: 200_000_000,
            seed,
        }
    }
}

/// Names a request until its reply.
pub type RequestId = u64;

/// Something that happens to a node.
#[derive(Debug, Clone)]
pub enum Input {
    /// A client asks.
    Request(RequestId, Request),
    /// A peer says something.
    Message(NodeId, Message),
    /// [`Node::wake_at`] has come.
    Wake,
}

/// What a node wants done. Where `hold` is true, replies and messages must wait until everything in `persist`,
/// here and before, is on disk.
#[derive(Debug, Default)]
pub struct Effects {
    /// Records to store, by key, each replacing the one before.
    pub persist: Vec<(Vec<u8>, Vec<u8>)>,
    /// Answers to clients.
    pub replies: Vec<(RequestId, Result<Answer, Refusal>)>,
    /// Messages to peers.
    pub sends: Vec<(NodeId, Message)>,
    /// Whether replies and messages wait for the disk.
    pub hold: bool,
}

/// A stored record that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("a stored record is damaged")]
pub struct DamagedRecord(#[from] postcard::Error);

#[derive(Debug)]
struct Entry {
    object: Object,
    digest: u128,
}

/// A replica.
#[derive(Debug)]
pub struct Node {
    config: Config,
    rules: Rules,
    actor: Actor,
    clock: Clock,
    /// Everything held, in the order of the digest tree's leaves.
    entries: BTreeMap<(u16, Key), Entry>,
    tree: Tree,
    rumors: Rumors,
    rumor_at_ns: Option<u64>,
    sync_at_ns: u64,
    random: Pcg64,
    figures: Figures,
}

impl Node {
    /// Starts a node on what an earlier incarnation has stored.
    ///
    /// # Errors
    /// A record that this version did not write.
    pub fn start(
        config: Config,
        incarnation: u32,
        stored: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    ) -> Result<Node, DamagedRecord> {
        let rules = Rules::new(config.flavour, config.mutant, config.durability);
        let actor = Actor { node: config.id, incarnation };
        let seed = config.seed ^ (u64::from(config.id.0) << 32) ^ u64::from(incarnation);
        let mut node = Node {
            rules,
            actor,
            clock: Clock::new(rules.stamps),
            entries: BTreeMap::new(),
            tree: Tree::new(),
            rumors: Rumors::new(config.peers.len() + 1),
            rumor_at_ns: None,
            sync_at_ns: 0,
            random: Pcg64::seed_from_u64(seed),
            figures: Figures::default(),
            config,
        };
        for (key, bytes) in stored {
            let key: Key = postcard::from_bytes(&key)?;
            let object: Object = postcard::from_bytes(&bytes)?;
            if let Some(reading) = object.reading() {
                node.clock.observe(reading);
            }
            let digest = entry_digest(&key, &bytes);
            let leaf = Tree::leaf(&key);
            node.tree.replace(leaf, 0, digest);
            node.entries.insert((leaf, key), Entry { object, digest });
        }
        Ok(node)
    }

    /// When the node wants [`Input::Wake`], in nanoseconds of [`Moment::mono_ns`].
    #[must_use]
    pub fn wake_at(&self) -> u64 {
        let sync = if self.syncs() { self.sync_at_ns } else { u64::MAX };
        self.rumor_at_ns.map_or(sync, |rumor| rumor.min(sync))
    }

    /// What the node has done so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        self.figures
    }

    /// The number of objects held.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.entries.len()
    }

    /// This life of the node.
    #[must_use]
    pub fn actor(&self) -> Actor {
        self.actor
    }

    /// Its configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Handles one input.
    pub fn handle(&mut self, now: Moment, input: Input, effects: &mut Effects) {
        match input {
            Input::Request(id, request) => {
                self.figures.requests += 1;
                let reply = self.answer(now, &request, effects);
                effects.replies.push((id, reply));
            }
            Input::Message(from, message) => self.receive(from, message, effects),
            Input::Wake => {}
        }
        if self.rumor_at_ns.is_none() && !self.rumors.is_empty() {
            self.rumor_at_ns = Some(now.mono_ns + self.config.rumor_interval_ns);
        }
        if self.rumor_at_ns.is_some_and(|at| at <= now.mono_ns) {
            self.spread_rumors(effects);
            self.rumor_at_ns =
                (!self.rumors.is_empty()).then_some(now.mono_ns + self.config.rumor_interval_ns);
        }
        if self.syncs() && self.sync_at_ns <= now.mono_ns {
            self.begin_sync(now, effects);
        }
        effects.hold = self.rules.durability == Durability::Sync;
    }

    fn syncs(&self) -> bool {
        self.rules.anti_entropy && !self.config.peers.is_empty()
    }

    fn answer(
        &mut self,
        now: Moment,
        request: &Request,
        effects: &mut Effects,
    ) -> Result<Answer, Refusal> {
        request.check()?;
        if let Some(reading) = request.after {
            self.clock.observe(reading);
        }
        let (version, content) = if request.action.is_read() {
            match self.get(&request.key) {
                Some(object) => (object.version(), object.content()),
                None => {
                    let (content, version) = Object::nothing(request.key.kind, &self.rules);
                    (version, content)
                }
            }
        } else {
            let version = self.change(now, &request.key, &request.action, effects)?;
            (version, Content::Done)
        };
        Ok(Answer { node: self.config.id, version, clock: self.clock.reading(), content })
    }

    fn change(
        &mut self,
        now: Moment,
        key: &Key,
        action: &Action,
        effects: &mut Effects,
    ) -> Result<afterall_history::Value, Refusal> {
        let place = (Tree::leaf(key), key.clone());
        let held = self.entries.get(&place).map(|entry| &entry.object);
        if held.is_none() && self.entries.len() >= OBJECTS_MAX {
            return Err(Refusal::Full("the node holds as many objects as it may"));
        }
        let mut by = Change { actor: self.actor, now, clock: &mut self.clock, rules: &self.rules };
        let (object, version) = Object::change(held, key.kind, action, &mut by)?;
        match action {
            Action::Change(amount) if self.rules.counter_replay => {
                self.rumors.count(self.actor, key, *amount);
            }
            _ => self.rumors.heat(key),
        }
        self.put(place, object, effects);
        Ok(version)
    }

    fn get(&self, key: &Key) -> Option<&Object> {
        self.entries.get(&(Tree::leaf(key), key.clone())).map(|entry| &entry.object)
    }

    /// Stores an object: in memory, in the tree, and as an effect on disk.
    fn put(&mut self, place: (u16, Key), object: Object, effects: &mut Effects) {
        // Writing to a growing vector fails for no object: the error arm only keeps the types honest.
        let (Ok(key), Ok(bytes)) = (postcard::to_stdvec(&place.1), postcard::to_stdvec(&object))
        else {
            return;
        };
        let digest = entry_digest(&place.1, &bytes);
        let old = self.entries.get(&place).map_or(0, |entry| entry.digest);
        self.tree.replace(place.0, old, digest);
        self.entries.insert(place, Entry { object, digest });
        effects.persist.push((key, bytes));
    }

    /// Takes in an object from a peer; returns whether it was news.
    fn take(&mut self, key: Key, theirs: Object, effects: &mut Effects) -> bool {
        if let Some(reading) = theirs.reading() {
            self.clock.observe(reading);
        }
        let place = (Tree::leaf(&key), key);
        let merged = match self.entries.get(&place) {
            Some(entry) => {
                let mut object = entry.object.clone();
                object.merge(&theirs, &self.rules).then_some(object)
            }
            None if self.entries.len() >= OBJECTS_MAX => None,
            None => Some(theirs),
        };
        match merged {
            Some(object) => {
                self.figures.merges += 1;
                self.put(place, object, effects);
                true
            }
            None => {
                self.figures.merges_idle += 1;
                false
            }
        }
    }

    fn receive(&mut self, from: NodeId, message: Message, effects: &mut Effects) {
        match message {
            Message::Rumor { objects, deltas } => {
                for (key, object) in objects {
                    if self.take(key.clone(), object, effects) {
                        self.rumors.heat(&key);
                    }
                }
                for delta in deltas {
                    self.apply_delta(&delta, effects);
                }
            }
            Message::Digests { level, nodes } => self.compare_digests(from, level, &nodes, effects),
            Message::Leaf { leaf, entries } => self.compare_leaf(from, leaf, &entries, effects),
            Message::Push { objects } => {
                for (key, object) in objects {
                    self.take(key, object, effects);
                }
            }
            Message::Pull { keys } => {
                let objects = keys
                    .into_iter()
                    .take(OBJECTS_PER_MESSAGE_MAX)
                    .filter_map(|key| self.get(&key).cloned().map(|object| (key, object)))
                    .collect();
                self.push(from, objects, effects);
            }
        }
    }

    /// The mutant `counter-replay`: adds a received increment without asking whether it is new, unless it is the
    /// very last one that was received from that actor.
    fn apply_delta(&mut self, delta: &Delta, effects: &mut Effects) {
        if self.rumors.is_last_from(delta) {
            return;
        }
        let place = (Tree::leaf(&delta.key), delta.key.clone());
        let mut counter = match self.entries.get(&place).map(|entry| &entry.object) {
            Some(Object::Counter(counter)) => counter.clone(),
            Some(_) => return,
            None => super::counter::PnCounter::default(),
        };
        counter.add(delta.actor, delta.by);
        self.put(place, Object::Counter(counter), effects);
    }

    fn spread_rumors(&mut self, effects: &mut Effects) {
        let peers = self.choose_peers(self.config.fanout);
        let (keys, deltas) = self.rumors.next_round(OBJECTS_PER_MESSAGE_MAX);
        let objects: Vec<_> = keys
            .into_iter()
            .filter_map(|key| self.get(&key).cloned().map(|object| (key, object)))
            .collect();
        for peer in peers {
            self.figures.rumor_messages_sent += 1;
            self.figures.rumor_objects_sent += objects.len() as u64;
            let message = Message::Rumor { objects: objects.clone(), deltas: deltas.clone() };
            effects.sends.push((peer, message));
        }
    }

    fn begin_sync(&mut self, now: Moment, effects: &mut Effects) {
        // The interval is jittered by a quarter, so that replicas do not fall into step.
        let interval = self.config.sync_interval_ns.max(4);
        let jitter = self.random.random_range(0..interval / 2);
        self.sync_at_ns = now.mono_ns + interval - interval / 4 + jitter;
        self.figures.sync_rounds += 1;
        let root = self.tree.digest(0, 0).unwrap_or(0);
        for peer in self.choose_peers(1) {
            let message = Message::Digests { level: 0, nodes: vec![(0, root)] };
            self.send_sync(peer, message, effects);
        }
    }

    /// Answers digests with those one level down, where they differ; at the bottom with the leaf's entries.
    fn compare_digests(
        &mut self,
        from: NodeId,
        level: u8,
        nodes: &[(u16, u128)],
        effects: &mut Effects,
    ) {
        let differing = nodes
            .iter()
            .take(DIGESTS_PER_MESSAGE_MAX)
            .filter(|&&(index, digest)| self.tree.digest(level, index).is_some_and(|d| d != digest))
            .map(|&(index, _)| index);
        if level >= DEPTH {
            let leaves: Vec<u16> = differing.collect();
            for leaf in leaves {
                let entries = self
                    .leaf_entries(leaf)
                    .map(|(key, entry)| (key.clone(), entry.digest))
                    .collect();
                self.send_sync(from, Message::Leaf { leaf, entries }, effects);
            }
        } else {
            let mut below: Vec<_> =
                differing.flat_map(|index| self.tree.children(level, index)).collect();
            below.truncate(DIGESTS_PER_MESSAGE_MAX);
            if !below.is_empty() {
                let message = Message::Digests { level: level + 1, nodes: below };
                self.send_sync(from, message, effects);
            }
        }
    }

    /// Answers a leaf with the objects that its sender lacks or holds differently, and asks for those that this
    /// replica lacks or holds differently.
    fn compare_leaf(
        &mut self,
        from: NodeId,
        leaf: u16,
        theirs: &[(Key, u128)],
        effects: &mut Effects,
    ) {
        let theirs: BTreeMap<&Key, u128> =
            theirs.iter().map(|(key, digest)| (key, *digest)).collect();
        let mut push: Vec<_> = self
            .leaf_entries(leaf)
            .filter(|(key, entry)| theirs.get(key) != Some(&entry.digest))
            .map(|(key, entry)| (key.clone(), entry.object.clone()))
            .collect();
        push.truncate(OBJECTS_PER_MESSAGE_MAX);
        let mut pull: Vec<Key> = theirs
            .iter()
            .filter(|&(key, digest)| {
                let place = (leaf, (*key).clone());
                self.entries.get(&place).is_none_or(|entry| entry.digest != *digest)
            })
            .map(|(&key, _)| key.clone())
            .collect();
        pull.truncate(OBJECTS_PER_MESSAGE_MAX);
        self.push(from, push, effects);
        if !pull.is_empty() {
            self.send_sync(from, Message::Pull { keys: pull }, effects);
        }
    }

    fn leaf_entries(&self, leaf: u16) -> impl Iterator<Item = (&Key, &Entry)> {
        let first = (leaf, Key { kind: super::api::DataType::Register, name: String::new() });
        self.entries
            .range(first..)
            .take_while(move |((at, _), _)| *at == leaf)
            .map(|((_, key), entry)| (key, entry))
    }

    fn push(&mut self, to: NodeId, objects: Vec<(Key, Object)>, effects: &mut Effects) {
        if !objects.is_empty() {
            self.figures.sync_objects_sent += objects.len() as u64;
            self.send_sync(to, Message::Push { objects }, effects);
        }
    }

    fn send_sync(&mut self, to: NodeId, message: Message, effects: &mut Effects) {
        self.figures.sync_messages_sent += 1;
        effects.sends.push((to, message));
    }

    /// Up to `count` different peers, at random.
    fn choose_peers(&mut self, count: usize) -> Vec<NodeId> {
        let mut peers = self.config.peers.clone();
        let count = count.min(peers.len());
        for chosen in 0..count {
            let other = self.random.random_range(chosen..peers.len());
            peers.swap(chosen, other);
        }
        peers.truncate(count);
        peers
    }
}
