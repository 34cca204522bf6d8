//! Operations in which several replicas take part (Attiya, Bar-Noy and Dolev, Sharing memory robustly in message-passing
//! systems, 1995; DeCandia et al., Dynamo, 2007, section 4.5). A read asks the others, takes the newest of what enough of them
//! hold, and hands that to those that are stale (read repair); it answers once enough hold it, so that no later read finds
//! something older. A write first asks what is newest, so that it is newer whatever the clocks say, and is acknowledged after
//! enough have it on disk.

use super::api::{DataType, Key, Level, Refusal, Request};
use super::clock::Moment;
use super::coordinator::{Operation, Stage};
use super::effects::{Effects, RequestId};
use super::identity::NodeId;
use super::message::Message;
use super::node::Node;
use super::object::Object;
use std::collections::{BTreeMap, BTreeSet};

/// How long an operation waits for other replicas. Clients should be more patient.
const PATIENCE_NS: u64 = 700_000_000;

impl Node {
    /// How many replicas are asked for what they hold and how many have to hold what comes of it, this one included. A chat is many
    /// objects, and each replica answers for itself.
    pub(super) fn participants(&self, request: &Request) -> (usize, usize) {
        if request.key.kind == DataType::Chat {
            return (1, 1);
        }
        let (copies, nodes) = (self.config.copies, self.config.nodes());
        let all = usize::from(copies.replicas(nodes));
        match request.level.unwrap_or(self.rules.level) {
            Level::One => (1, 1),
            Level::Quorum if self.rules.bugs.quorum_of_half => (all / 2, all / 2),
            Level::Quorum => {
                let (asked, told) = (copies.reads(nodes).into(), copies.writes(nodes).into());
                // What is read has to be where the next read meets it. Where reads may miss changes anyway, it need not.
                let meets = copies.meet(nodes) || !request.action.is_read();
                (asked, if meets { told } else { asked })
            }
            Level::All => (all, all),
        }
    }

    /// Begins an operation in which others take part.
    pub(super) fn coordinate(
        &mut self,
        now: Moment,
        id: RequestId,
        request: Request,
        (asked, wanted): (usize, usize),
        effects: &mut Effects,
    ) {
        let Some(number) = self.coordinator.next_number() else {
            return self.reply(id, Err(Refusal::Unavailable { wanted, found: 1 }), effects);
        };
        let fetch = Message::Fetch { number, key: request.key.clone() };
        let bug = self.rules.bugs.reads_from_one && request.action.is_read();
        let alone = bug || asked == 1;
        let others = self.members.in_cluster(&self.others(&request.key));
        let stage = Stage::Asking(BTreeMap::new());
        let deadline_ns = now.mono_ns.saturating_add(PATIENCE_NS);
        let (asked, wanted) = if bug { (1, 1) } else { (asked, wanted) };
        let operation = Operation { id, request, asked, wanted, deadline_ns, stage };
        self.coordinator.open.insert(number, operation);
        if !alone {
            effects.sends.extend(others.into_iter().map(|peer| (peer, fetch.clone())));
        }
        self.go_on(now, number, effects);
    }

    /// A replica has told what it holds.
    pub(super) fn fetched(
        &mut self,
        now: Moment,
        from: NodeId,
        number: u64,
        object: Option<Object>,
        effects: &mut Effects,
    ) {
        let Some(operation) = self.coordinator.open.get_mut(&number) else { return };
        let Stage::Asking(heard) = &mut operation.stage else { return };
        heard.insert(from, object.clone());
        let key = operation.request.key.clone();
        if let Some(object) = object {
            self.take(&key, &object, effects);
        }
        self.go_on(now, number, effects);
    }

    /// A replica has a change on disk.
    pub(super) fn stored(&mut self, now: Moment, from: NodeId, number: u64, effects: &mut Effects) {
        let Some(operation) = self.coordinator.open.get_mut(&number) else { return };
        let Stage::Confirming(heard, _) = &mut operation.stage else { return };
        heard.insert(from);
        self.go_on(now, number, effects);
    }

    /// Takes an operation as far as it can go.
    fn go_on(&mut self, now: Moment, number: u64, effects: &mut Effects) {
        let Some(operation) = self.coordinator.open.get(&number) else { return };
        match &operation.stage {
            Stage::Asking(heard) if heard.len() + 1 >= operation.asked => {
                if let Some(operation) = self.coordinator.open.remove(&number) {
                    self.decide(now, number, operation, effects);
                }
            }
            Stage::Confirming(heard, _) if heard.len() + 1 >= operation.wanted => {
                let Some(operation) = self.coordinator.open.remove(&number) else { return };
                if let Stage::Confirming(_, answer) = operation.stage {
                    self.reply(operation.id, Ok(*answer), effects);
                }
            }
            _ => {}
        }
    }

    /// Enough replicas have told what they hold: makes the change here, or takes the newest, and has the others confirm it.
    fn decide(&mut self, now: Moment, number: u64, operation: Operation, effects: &mut Effects) {
        let Operation { id, request, asked, mut wanted, deadline_ns, stage } = operation;
        let Stage::Asking(heard) = stage else { return };
        let (key, is_read) = (&request.key, request.action.is_read());
        if is_read && self.rules.bugs.repair_restamps {
            self.restamp(now, key, &heard, effects);
        }
        let answer = match self.answer(now, &request, effects) {
            Ok(answer) => Box::new(answer),
            Err(refusal) => return self.reply(id, Err(refusal), effects),
        };
        let newest = self.store.get(key).cloned();
        let mut confirmed = BTreeSet::new();
        if is_read {
            let held = heard.iter().filter(|(_, held)| **held == newest);
            confirmed.extend(held.map(|(&node, _)| node));
        }
        if !is_read && self.rules.bugs.writes_confirmed_by_one {
            wanted = 1;
        }
        if newest.is_none() && heard.values().any(Option::is_some) {
            // What others told could not be taken in.
            return self.reply(id, Err(Refusal::Full("no room for another object")), effects);
        }
        if newest.is_none() {
            // Where nothing is, there is nothing that others would have to hold.
            wanted = 1;
        }
        if let Some(object) = newest {
            // A read mends those that it has heard of, where these are enough; a write tells all.
            let tells_all = !is_read || asked < wanted;
            let mut others = self.members.in_cluster(&self.others(key));
            others.retain(|peer| {
                !confirmed.contains(peer) && (tells_all || heard.contains_key(peer))
            });
            if is_read {
                self.figures.read_repairs += others.len() as u64;
            }
            for peer in others {
                let (key, object) = (key.clone(), object.clone());
                effects.sends.push((peer, Message::Store { number, key, object }));
            }
        }
        let stage = Stage::Confirming(confirmed, answer);
        let operation = Operation { id, request, asked, wanted, deadline_ns, stage };
        self.coordinator.open.insert(number, operation);
        self.go_on(now, number, effects);
    }

    /// The bug `repair-restamps`: what is read and is not everywhere is written again, with a new timestamp.
    fn restamp(
        &mut self,
        now: Moment,
        key: &Key,
        heard: &BTreeMap<NodeId, Option<Object>>,
        effects: &mut Effects,
    ) {
        let Some(newest) = self.store.get(key).cloned() else { return };
        if heard.values().all(|held| held.as_ref() == Some(&newest)) {
            return;
        }
        if let Object::Lww(mut lww) = newest {
            lww.stamp = self.clock.stamp(now, self.actor);
            self.take(key, &Object::Lww(lww), effects);
        }
    }

    /// Ends the operations that have waited long enough.
    pub(super) fn give_up(&mut self, now: Moment, effects: &mut Effects) {
        while let Some(operation) = self.coordinator.open.first_entry()
            && operation.get().deadline_ns <= now.mono_ns
        {
            let Operation { id, request, asked, wanted, stage, .. } = operation.remove();
            self.figures.requests_refused += 1;
            let refusal = match stage {
                Stage::Asking(heard) => {
                    Refusal::Unavailable { wanted: asked, found: heard.len() + 1 }
                }
                Stage::Confirming(heard, _) if request.action.is_read() => {
                    Refusal::NotHandedOn { wanted, found: heard.len() + 1 }
                }
                Stage::Confirming(heard, _) => {
                    Refusal::Unconfirmed { wanted, found: heard.len() + 1 }
                }
            };
            self.reply(id, Err(refusal), effects);
        }
    }
}
