//! What a peer says.

use super::api::Key;
use super::clock::Moment;
use super::counter::PnCounter;
use super::effects::Effects;
use super::identity::NodeId;
use super::message::{Delta, Message, OBJECTS_PER_MESSAGE_MAX};
use super::node::{Node, by_the_book};
use super::object::Object;

impl Node {
    pub(super) fn receive(
        &mut self,
        now: Moment,
        from: NodeId,
        message: Message,
        effects: &mut Effects,
    ) {
        match message {
            Message::Rumor { objects, deltas } => {
                for (key, object) in objects.iter() {
                    if self.take(key, object, effects) {
                        self.heat(key);
                    }
                }
                for delta in deltas {
                    self.apply_delta(&delta, effects);
                }
            }
            Message::Digests { level, nodes } => self.compare_digests(from, level, &nodes, effects),
            Message::Leaf { leaf, entries } => self.compare_leaf(from, leaf, &entries, effects),
            Message::Push { objects } => {
                for (key, object) in &objects {
                    self.take(key, object, effects);
                }
            }
            Message::Pull { keys } => {
                let objects = self.objects_of(keys.into_iter().take(OBJECTS_PER_MESSAGE_MAX));
                self.push(from, objects, effects);
            }
            Message::Updates { updates } => {
                for update in self.log.receive(updates, &self.rules, effects) {
                    self.take(&update.key, &update.object, effects);
                }
                self.catch_up_causally(now, from, None, effects);
            }
            Message::Have { applied, ask } => {
                let updates = self.log.heard(from, &applied, effects);
                if !updates.is_empty() {
                    self.figures.updates_sent += updates.len() as u64;
                    self.send_sync(from, Message::Updates { updates }, effects);
                }
                if ask {
                    let applied = self.log.applied().clone();
                    self.send_sync(from, Message::Have { applied, ask: false }, effects);
                }
                self.catch_up_causally(now, from, Some(&applied), effects);
            }
            Message::Fetch { number, key } => {
                let object = self.store.get(&key).cloned();
                effects.sends.push((from, Message::Fetched { number, object }));
            }
            Message::Fetched { number, object } => {
                self.fetched(now, from, number, object, effects);
            }
            Message::Store { number, key, object } => {
                if self.keeps(&key, &object, effects) {
                    effects.sends.push((from, Message::Stored { number }));
                }
            }
            Message::Stored { number } => self.stored(now, from, number, effects),
            Message::Compare { key, entries } => self.compare_read(from, &key, entries, effects),
            Message::Mend { objects, wanted } => self.mended(from, objects, wanted, effects),
            Message::Forward { number, life, request } => {
                self.forwarded(now, from, (number, life), *request, effects);
            }
            Message::OtherLife { number, life } => {
                self.lives_again(from, (number, life), effects);
            }
            Message::Forwarded { number, answer } => self.told(now, number, answer, effects),
            Message::Hint { number, key, object } => {
                self.handed(from, number, key, object, effects);
            }
            Message::Hinted { number, key } => self.handed_over(from, number, &key, effects),
            Message::Members { rows } => self.told_of_members(now, from, rows, effects),
            Message::CatchUp { epoch } => self.help(now, from, epoch, effects),
            Message::CaughtUp { epoch } => self.caught_up(now, from, epoch, effects),
            Message::Offer { number, entries } => self.offered(from, number, entries, effects),
            Message::Lacking { number, keys } => self.lacked(now, from, number, keys, effects),
            Message::HandOver { number, objects } => {
                self.take_over(from, number, objects, effects);
            }
            Message::TakenOver { number } => self.taken_over(now, from, number, effects),
            Message::Want { key, n } => self.lend(now, from, key, n, effects),
            Message::Textbook(message) => {
                if let Some(textbook) = &mut self.textbook {
                    let mut sends = Vec::new();
                    textbook.receive(from, message, &mut sends);
                    by_the_book(sends, effects);
                }
            }
        }
    }

    /// Hands a part of this replica's share of the stock to one that has sold out: what that needs, or half.
    fn lend(&mut self, now: Moment, to: NodeId, key: Key, n: u64, effects: &mut Effects) {
        let Some(Object::Stock(stock)) = self.store.get(&key) else { return };
        let share = stock.share(self.config.id);
        let handed = share.min(n.max(share / 2));
        if handed == 0 {
            return;
        }
        let mut stock = stock.clone();
        stock.hand(self.config.id, to, handed);
        let object = Object::Stock(stock);
        self.spread(now, &key, &object, effects);
        self.store.put(key.clone(), object.clone(), &self.rules, effects);
        self.push(to, vec![(key, object)], effects);
    }

    /// The mutant `counter-replay`: adds a received increment without asking whether it is new, unless it is the
    /// very last one that was received from that actor.
    fn apply_delta(&mut self, delta: &Delta, effects: &mut Effects) {
        if self.rumors.is_last_from(delta) {
            return;
        }
        let mut counter = match self.store.get(&delta.key) {
            Some(Object::Counter(counter)) => counter.clone(),
            Some(_) => return,
            None => PnCounter::default(),
        };
        counter.add(delta.actor, delta.by);
        self.store.put(delta.key.clone(), Object::Counter(counter), &self.rules, effects);
    }
}
