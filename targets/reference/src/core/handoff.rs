//! Hinted handoff: a change goes to each other replica at once, and is handed over again until that has it on its disk. The
//! hint is stored with the change itself, in one commit, so that a node that is killed right after it still owes it.

use super::api::Key;
use super::clock::Moment;
use super::effects::Effects;
use super::identity::NodeId;
use super::message::{Message, OBJECTS_PER_MESSAGE_MAX};
use super::node::Node;
use super::object::Object;
use super::record;
use super::standing::Standing;

impl Node {
    /// Whether a change cannot be taken because nobody could be sure to hear of it. Where replicas compare what they hold,
    /// they do without a hint.
    pub(super) fn is_owing_too_much(&self) -> bool {
        self.rules.hints && !self.rules.anti_entropy && self.hints.is_full(self.config.peers.len())
    }

    /// Sends what was changed here to each other replica, and owes it to them until they confirm it.
    pub(super) fn owe(&mut self, now: Moment, key: &Key, object: &Object, effects: &mut Effects) {
        if !self.rules.hints {
            return;
        }
        if self.hints.is_full(self.config.peers.len()) {
            self.figures.hints_dropped += self.config.peers.len() as u64;
            return;
        }
        for peer in self.others(key) {
            if self.rules.bugs.leaves_early && self.members.is_out(peer) {
                continue;
            }
            let number = self.hints.note(peer, key, now.mono_ns);
            if !self.rules.bugs.hints_in_memory {
                effects.persist.push(record::hint(peer, key));
            }
            if self.members.is_out(peer) {
                // It waits for the peer on disk.
                continue;
            }
            self.figures.hint_messages_sent += 1;
            let (key, object) = (key.clone(), object.clone());
            effects.sends.push((peer, Message::Hint { number, key, object }));
        }
    }

    /// A peer hands over an object: it is confirmed once it is on disk.
    pub(super) fn handed(
        &mut self,
        from: NodeId,
        number: u64,
        key: Key,
        object: Object,
        effects: &mut Effects,
    ) {
        if self.keeps(&key, &object, effects) {
            self.figures.hint_messages_sent += 1;
            effects.sends.push((from, Message::Hinted { number, key }));
        }
    }

    /// A peer has on its disk what it was handed.
    pub(super) fn handed_over(
        &mut self,
        peer: NodeId,
        number: u64,
        key: &Key,
        effects: &mut Effects,
    ) {
        if let Some(again) = self.hints.confirmed(peer, key, number) {
            self.figures.hints_handed_over += u64::from(again);
            effects.persist.push(record::no_hint(peer, key));
        }
    }

    /// A peer has said something: it is handed what it has not confirmed.
    pub(super) fn hand_over(
        &mut self,
        now: Moment,
        peer: NodeId,
        is_heard: bool,
        effects: &mut Effects,
    ) {
        if self.members.is_out(peer) {
            return;
        }
        for (key, number) in
            self.hints.overdue(peer, is_heard, now.mono_ns, OBJECTS_PER_MESSAGE_MAX)
        {
            let Some(object) = self.store.get(&key).cloned() else { continue };
            self.figures.hint_messages_sent += 1;
            effects.sends.push((peer, Message::Hint { number, key, object }));
        }
    }

    /// When that time comes. Who is out is not tried, and does not try.
    pub(super) fn hints_due_ns(&self) -> Option<u64> {
        if self.standing() == Standing::Out {
            return None;
        }
        self.hints.due_ns(|peer| !self.members.is_out(peer))
    }

    /// The time has come to try those peers again that have not said anything.
    pub(super) fn hand_over_to_the_silent(&mut self, now: Moment, effects: &mut Effects) {
        if self.hints_due_ns().is_some_and(|due_ns| due_ns <= now.mono_ns) {
            for peer in self.hints.peers() {
                self.hand_over(now, peer, false, effects);
            }
        }
        self.figures.hints_held = self.hints.held() as u64;
    }
}
