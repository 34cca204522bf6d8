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
        let life = self.forwards.lives.get(&holder).copied().unwrap_or(0);
        let asked = Asked {
            id,
            holder,
            life,
            request: Box::new(request),
            deadline_ns: now.mono_ns.saturating_add(PATIENCE_NS),
        };
        let request = asked.request.clone();
        effects.sends.push((holder, Message::Forward { number, life, request }));
        self.forwards.asked.insert(number, asked);
    }

    /// A peer hands over a request, and says which life of this node it asks. One that comes twice is carried out once, also where
    /// this node was started again in between: a request to another life is not carried out.
    pub(super) fn forwarded(
        &mut self,
        now: Moment,
        from: NodeId,
        (number, life): (u64, u32),
        request: Request,
        effects: &mut Effects,
    ) {
        if life != self.actor.incarnation {
            let life = self.actor.incarnation;
            effects.sends.push((from, Message::OtherLife { number, life }));
            return;
        }
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

    /// A holder is in another life than the one that was asked. What no life can have carried out is asked again; a change that
    /// an earlier one may have made is not.
    pub(super) fn lives_again(
        &mut self,
        from: NodeId,
        (number, life): (u64, u32),
        effects: &mut Effects,
    ) {
        self.forwards.lives(from, life);
        let Some(asked) = self.forwards.asked.get_mut(&number) else { return };
        if asked.holder != from || asked.life >= life {
            return;
        }
        if asked.life == 0 || asked.request.action.is_read() {
            asked.life = life;
            let request = asked.request.clone();
            effects.sends.push((from, Message::Forward { number, life, request }));
        } else if let Some(asked) = self.forwards.asked.remove(&number) {
            self.figures.requests_refused += 1;
            let refusal = Refusal::Unconfirmed { wanted: 1, found: 0 };
            self.reply(asked.id, Err(refusal), effects);
        }
    }

    /// A holder has answered.
    pub(super) fn told(
        &mut self,
        now: Moment,
        number: u64,
        answer: Result<Box<Told>, Refused>,
        effects: &mut Effects,
    ) {
        let Some(asked) = self.forwards.asked.remove(&number) else { return };
        let told = answer.map(|told| told.answer(self.config.id));
        let answer = told.map_err(Refused::refusal);
        if let (Some(cache), Ok(answer)) = (&mut self.cache, &answer)
            && asked.request.action.is_read()
        {
            cache.keep(now.mono_ns, asked.request.key, answer.clone());
        }
        self.reply(asked.id, answer, effects);
    }

    /// Gives up what no holder has answered.
    pub(super) fn give_up_forwards(&mut self, now: Moment, effects: &mut Effects) {
        while let Some(asked) = self.forwards.asked.first_entry()
            && asked.get().deadline_ns <= now.mono_ns
        {
            let Asked { id, request, .. } = asked.remove();
            self.figures.requests_refused += 1;
            let refusal = match request.action.is_read() {
                true => Refusal::Unavailable { wanted: 1, found: 0 },
                // The change may have been made, and its answer be lost.
                false => Refusal::Unconfirmed { wanted: 1, found: 0 },
            };
            self.reply(id, Err(refusal), effects);
        }
    }
}
