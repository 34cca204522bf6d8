//! Causal replication (Lloyd et al., Don't settle for eventual: COPS, 2011; the log and its exchange as in Petersen et al.,
//! Flexible update propagation: Bayou, 1997): each change carries what it may follow from, and a replica applies it only
//! after that. A change stays in the log until every peer has it.

use super::api::Key;
use super::effects::Effects;
use super::identity::{Actor, Dot, NodeId, VersionVector};
use super::message::UPDATES_PER_MESSAGE_MAX;
use super::news::News;
use super::object::Object;
use super::record;
use super::rules::Rules;
use super::update::Update;
use std::collections::BTreeMap;

/// The most changes that are kept for peers that do not have them. A node with more takes no writes.
const KEPT_MAX: usize = 1_000_000;
/// The most changes that wait for others. Beyond it they are dropped, and asked for again.
const WAITING_MAX: usize = 4_096;

/// The changes that a replica has applied, those that peers may still need, and those that wait.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    applied: VersionVector,
    /// In the order in which they were applied here, so that any beginning of it can be applied elsewhere.
    kept: BTreeMap<u64, Update>,
    next_place: u64,
    waiting: BTreeMap<Dot, Update>,
    /// What each peer has said that it has applied.
    peers: BTreeMap<NodeId, VersionVector>,
    /// Whether news is told.
    tells: bool,
    fresh: News<Update>,
    /// How many changes came in the order of their maker, and before something that they follow from.
    early: u64,
}

impl Log {
    pub(crate) fn new(peers: &[NodeId], tells: bool) -> Self {
        Log {
            applied: VersionVector::default(),
            kept: BTreeMap::new(),
            next_place: 0,
            waiting: BTreeMap::new(),
            peers: peers.iter().map(|&peer| (peer, VersionVector::default())).collect(),
            tells,
            fresh: News::new(peers.len() + 1),
            early: 0,
        }
    }

    /// Takes back what an earlier life has stored.
    pub(crate) fn restore_applied(&mut self, applied: VersionVector) {
        self.applied = applied;
    }

    /// The same for a change.
    pub(crate) fn restore(&mut self, place: u64, update: Update) {
        self.next_place = self.next_place.max(place.saturating_add(1));
        self.kept.insert(place, update);
    }

    /// Everything that this replica has applied.
    pub(crate) fn applied(&self) -> &VersionVector {
        &self.applied
    }

    /// Whether a peer has said that it has applied all that this replica has.
    pub(crate) fn is_had_by(&self, peer: NodeId) -> bool {
        self.peers.get(&peer).is_some_and(|theirs| theirs.covers(&self.applied))
    }

    /// How many changes came in the order of their maker, and before something that they follow from.
    pub(crate) fn early(&self) -> u64 {
        self.early
    }

    pub(crate) fn is_full(&self) -> bool {
        self.kept.len() >= KEPT_MAX
    }

    /// Notes a change that was made here.
    pub(crate) fn append(&mut self, actor: Actor, key: Key, object: Object, effects: &mut Effects) {
        let past = self.applied.clone();
        let dot = self.applied.next(actor);
        self.keep(Update { dot, past, key, object }, effects);
        effects.persist.push(record::applied(&self.applied));
    }

    fn keep(&mut self, update: Update, effects: &mut Effects) {
        if self.peers.is_empty() {
            return;
        }
        effects.persist.push(record::update(self.next_place, &update));
        if self.tells {
            self.fresh.push(update.clone());
        }
        self.kept.insert(self.next_place, update);
        self.next_place += 1;
    }

    /// Takes in changes from a peer; returns those that can be applied now, in order.
    pub(crate) fn receive(
        &mut self,
        updates: Vec<Update>,
        rules: &Rules,
        effects: &mut Effects,
    ) -> Vec<Update> {
        let mut ready = Vec::new();
        for update in updates {
            if self.applied.contains(update.dot) {
                continue;
            }
            let in_turn =
                self.applied.get(update.dot.actor).saturating_add(1) == update.dot.counter;
            self.early += u64::from(in_turn && !self.applied.covers(&update.past));
            if self.waiting.len() < WAITING_MAX {
                self.waiting.insert(update.dot, update);
            } else if self.is_ready(&update, rules) {
                // What is in turn needs no room; without it, those that wait would wait for ever.
                self.waiting.insert(update.dot, update);
                self.apply_ready(rules, effects, &mut ready);
            }
        }
        self.apply_ready(rules, effects, &mut ready);
        if !ready.is_empty() {
            effects.persist.push(record::applied(&self.applied));
        }
        let applied = &self.applied;
        self.waiting.retain(|&dot, _| !applied.contains(dot));
        ready
    }

    fn apply_ready(&mut self, rules: &Rules, effects: &mut Effects, ready: &mut Vec<Update>) {
        while let Some(dot) = self.next_ready(rules) {
            let Some(update) = self.waiting.remove(&dot) else { break };
            self.applied.0.insert(dot.actor, dot.counter);
            self.keep(update.clone(), effects);
            ready.push(update);
        }
    }

    fn next_ready(&self, rules: &Rules) -> Option<Dot> {
        let mut waiting = self.waiting.values();
        waiting.find(|update| self.is_ready(update, rules)).map(|update| update.dot)
    }

    fn is_ready(&self, update: &Update, rules: &Rules) -> bool {
        let next = self.applied.get(update.dot.actor).saturating_add(1);
        let in_turn =
            update.dot.counter == next || rules.bugs.gaps_skipped && update.dot.counter > next;
        in_turn
            && (rules.bugs.past_ignored
                || rules.bugs.gaps_skipped
                || self.applied.covers(&update.past))
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.fresh.is_empty()
    }

    /// What goes out as news in this round, oldest first.
    pub(crate) fn next_round(&mut self) -> Vec<Update> {
        self.fresh.next_round(UPDATES_PER_MESSAGE_MAX)
    }

    /// A peer has said what it has: forgets what all have, and returns what the peer lacks.
    pub(crate) fn heard(
        &mut self,
        from: NodeId,
        theirs: &VersionVector,
        effects: &mut Effects,
    ) -> Vec<Update> {
        match self.peers.get_mut(&from) {
            Some(known) => known.merge(theirs),
            None => return Vec::new(),
        }
        let peers = &self.peers;
        let mut done = Vec::new();
        for (&place, update) in &self.kept {
            if !peers.values().all(|peer| peer.contains(update.dot)) {
                break;
            }
            done.push(place);
        }
        for place in done {
            self.kept.remove(&place);
            effects.persist.push(record::no_update(place));
        }
        let lacking = self.kept.values().filter(|update| !theirs.contains(update.dot));
        lacking.take(UPDATES_PER_MESSAGE_MAX).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::DataType;
    use super::super::cart::Cart;
    use super::super::flavour::Flavour;
    use super::super::mechanisms::Mechanisms;
    use super::super::rules::Durability;
    use super::*;

    #[test]
    fn a_replica_far_behind_catches_up_though_no_more_may_wait() {
        let rules = Rules::new(Flavour::Causal, Durability::Sync, Mechanisms::USUAL);
        let actor = Actor { node: NodeId(1), incarnation: 1 };
        let update = |counter| Update {
            dot: Dot { actor, counter },
            past: VersionVector([(actor, counter - 1)].into_iter().filter(|e| e.1 > 0).collect()),
            key: Key { kind: DataType::Cart, name: "c".into() },
            object: Object::Cart(Cart::default()),
        };
        let mut log = Log::new(&[NodeId(1)], true);
        let mut effects = Effects::default();
        let (behind, last) = (300, 300 + WAITING_MAX as u64);
        let news = (behind + 1..=last).map(update).collect();
        assert_eq!(log.receive(news, &rules, &mut effects), []);
        assert_eq!(log.waiting.len(), WAITING_MAX);
        let first = log.receive((1..=200).map(update).collect(), &rules, &mut effects);
        assert_eq!((first.len(), log.waiting.len()), (200, WAITING_MAX));
        let rest = log.receive((201..=behind).map(update).collect(), &rules, &mut effects);
        assert_eq!(rest.last().map(|update| update.dot.counter), Some(last));
        assert_eq!((log.applied.get(actor), log.waiting.len()), (last, 0));
    }
}
