//! Requests for objects that this node does not hold: one of those that do is asked, and its answer is handed on.

use super::api::{Answer, Refusal, Request};
use super::clock::Moment;
use super::effects::{Effects, RequestId};
use super::forwards::{Asked, OF_PEERS, OPEN_MAX};
use super::identity::NodeId;
use super::message::Message;
use super::node::Node;
use super::told::{Refused, Told};

/// How long an answer is waited for. Clients should be more patient.
const PATIENCE_NS: u64 = 800_000_000;
impl Node {
    /// Asks a node that holds the object: that which was heard of last.
    pub(super) fn forward(
        &mut self,
        now: Moment,
        id: RequestId,
        request: Request,
        effects: &mut Effects,
    ) {
        let holders = self.others(&request.key);
        let last = |node: &&NodeId| self.forwards.heard_ns.get(node).copied();
        let refused = Refusal::Unavailable { wanted: 1, found: 0 };
        let Some(&holder) = holders.iter().max_by_key(last) else {
            return self.reply(id, Err(refused), effects);
        };
        if self.forwards.asked.len() >= OPEN_MAX {
            return self.reply(id, Err(refused), effects);
        }
        self.figures.requests_forwarded += 1;
        self.forwards.last += 1;
        let number = self.forwards.last;
        let deadline_ns = now.mono_ns.saturating_add(PATIENCE_NS);
        let asked = Asked { id, is_read: request.action.is_read(), deadline_ns };
        self.forwards.asked.insert(number, asked);
        let request = Box::new(request);
        effects.sends.push((holder, Message::Forward { number, request }));
    }

    /// A peer hands over a request.
    pub(super) fn forwarded(
        &mut self,
        now: Moment,
        from: NodeId,
        number: u64,
        request: Request,
        effects: &mut Effects,
    ) {
        if !self.forwards.is_new(from, number) {
            return;
        }
        self.forwards.last += 1;
        let id = OF_PEERS | self.forwards.last;
        let is_mine = self.ring.holds(self.config.id, &request.key);
        self.forwards.asking.insert(id, (from, number));
        // Nodes that do not agree on who holds what would hand it on for ever.
        if !is_mine || self.forwards.asking.len() > OPEN_MAX {
            let refusal = Refusal::Unavailable { wanted: 1, found: 0 };
            return self.reply(id, Err(refusal), effects);
        }
        self.ask(now, id, request, effects);
    }

    /// Tells a peer what came of its request.
    pub(super) fn tell(
        &mut self,
        (to, number): (NodeId, u64),
        answer: Result<Answer, Refusal>,
        effects: &mut Effects,
    ) {
        let told = answer.map(|answer| Box::new(Told::of(answer)));
        let answer = told.map_err(|refusal| Refused::of(&refusal));
        effects.sends.push((to, Message::Forwarded { number, answer }));
    }

    /// A holder has answered.
    pub(super) fn told(
        &mut self,
        number: u64,
        answer: Result<Box<Told>, Refused>,
        effects: &mut Effects,
    ) {
        let Some(asked) = self.forwards.asked.remove(&number) else { return };
        let told = answer.map(|told| told.answer(self.config.id));
        let answer = told.map_err(Refused::refusal);
        self.reply(asked.id, answer, effects);
    }

    /// Gives up what no holder has answered.
    pub(super) fn give_up_forwards(&mut self, now: Moment, effects: &mut Effects) {
        while let Some(asked) = self.forwards.asked.first_entry()
            && asked.get().deadline_ns <= now.mono_ns
        {
            let Asked { id, is_read, .. } = asked.remove();
            self.figures.requests_refused += 1;
            let refusal = match is_read {
                true => Refusal::Unavailable { wanted: 1, found: 0 },
                // The change may have been made, and its answer be lost.
                false => Refusal::Unconfirmed { wanted: 1, found: 0 },
            };
            self.reply(id, Err(refusal), effects);
        }
    }
}
