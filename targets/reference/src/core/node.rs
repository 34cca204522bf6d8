//! The replica as a state machine: inputs and the time in, effects out.

use super::api::{Action, Answer, Content, DataType, ELEMENTS_MAX, Key, Refusal, Request};
use super::cache::Cache;
use super::chat::Chats;
use super::clock::{Clock, Moment};
use super::config::Config;
use super::coordinator::Coordinator;
use super::effects::{Effects, Input, RequestId};
use super::figures::Figures;
use super::flavour::Flavour;
use super::forwards::Forwards;
use super::hints::Hints;
use super::identity::{Actor, Dot, NodeId, VersionVector};
use super::log::Log;
use super::membership::Members;
use super::message::Message;
use super::object::{Change, Object};
use super::record::{DamagedRecord, Record};
use super::ring::Ring;
use super::rules::{Durability, Rules};
use super::rumor::Rumors;
use super::standing::Standing;
use super::store::Store;
use super::textbook::{self, Textbook};
use super::waiting::Waiting;
use afterall_history::Value;
use rand::SeedableRng;
use rand_pcg::Pcg64;

/// A replica.
#[derive(Debug, Clone)]
pub struct Node {
    pub(super) config: Config,
    pub(super) rules: Rules,
    pub(super) actor: Actor,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) ring: Ring,
    pub(super) forwards: Forwards,
    /// What the holders have answered, where it may be used again.
    pub(super) cache: Option<Cache>,
    pub(super) rumors: Rumors,
    pub(super) log: Log,
    pub(super) coordinator: Coordinator,
    pub(super) hints: Hints,
    pub(super) members: Members,
    waiting: Waiting,
    /// Whether something has come from a peer since those that wait were looked at.
    has_news: bool,
    /// In place of all that, for its flavour.
    pub(super) textbook: Option<Textbook>,
    pub(super) rumor_at_ns: Option<u64>,
    pub(super) sync_at_ns: u64,
    pub(super) random: Pcg64,
    pub(super) figures: Figures,
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
        let rules = config.rules();
        let actor = Actor { node: config.id, incarnation };
        let seed = config.seed ^ (u64::from(config.id.0) << 32) ^ u64::from(incarnation);
        let by_tree = config.flavour == Flavour::TextbookTree;
        let textbook = config
            .flavour
            .is_a_textbooks()
            .then(|| Textbook::new(config.id, config.peers.clone(), config.fanout, by_tree));
        let mut members = config.peers.clone();
        members.push(config.id);
        let ring = match members.iter().min() {
            Some(&first) if rules.caches => Ring::Sole(first),
            _ => Ring::new(&members, config.copies.replicas(config.nodes()).into()),
        };
        let mut node = Node {
            rules,
            actor,
            clock: Clock::new(rules.stamps),
            store: Store::new(config.id, ring.clone()),
            ring,
            forwards: Forwards::new(incarnation),
            cache: rules.caches.then(|| Cache::new(rules.bugs.cache_never_expires)),
            rumors: Rumors::new(config.peers.len() + 1),
            // Of peers' changes only the log of this flavour knows: for thousands of nodes that is much.
            log: Log::new(if rules.causal { &config.peers } else { &[] }, rules.rumors),
            coordinator: Coordinator::new(incarnation),
            hints: Hints::new(incarnation),
            members: Members::new(config.peers.len() + 1, incarnation),
            waiting: Waiting::default(),
            has_news: false,
            textbook,
            rumor_at_ns: None,
            sync_at_ns: 0,
            random: Pcg64::seed_from_u64(seed),
            figures: Figures::default(),
            config,
        };
        for (key, bytes) in stored {
            match Record::read(&key, &bytes)? {
                Record::Object(key, object) => {
                    if let Some(reading) = object.reading() {
                        node.clock.observe(reading);
                    }
                    node.store.restore(key, object);
                }
                Record::Update(place, update) => node.log.restore(place, update),
                Record::Applied(applied) => node.log.restore_applied(applied),
                Record::Hint(peer, key) => node.hints.restore(peer, key),
                Record::Members(rows) => node.restore_members(&rows),
            }
        }
        Ok(node)
    }

    /// When the node wants [`Input::Wake`], in nanoseconds of [`Moment::mono_ns`].
    #[must_use]
    pub fn wake_at(&self) -> u64 {
        let sync = self.syncs().then_some(self.sync_at_ns);
        let deadlines = [
            self.waiting.deadline_ns(),
            self.coordinator.deadline_ns(),
            self.hints_due_ns(),
            self.members_due_ns(),
            self.forwards.deadline_ns(),
        ];
        let times = [self.rumor_at_ns, sync].into_iter().chain(deadlines).flatten();
        times.min().unwrap_or(u64::MAX)
    }

    /// What the node has done so far.
    #[must_use]
    pub fn figures(&self) -> Figures {
        Figures { updates_early: self.log.early(), ..self.figures }
    }

    /// The number of objects held.
    #[must_use]
    pub fn objects(&self) -> usize {
        self.textbook.as_ref().map_or(self.store.len(), Textbook::len)
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
                match self.is_away() {
                    None => self.ask(now, id, request, effects),
                    Some(refusal) => {
                        self.figures.requests_refused += 1;
                        self.reply(id, Err(refusal), effects);
                    }
                }
            }
            Input::Message(from, message) if !self.hears(now, from, &message) => {}
            Input::Message(from, message) => {
                self.has_news = true;
                self.correct(from, &message, effects);
                if self.ring.is_partial() {
                    self.forwards.heard(from, now.mono_ns);
                }
                self.receive(now, from, message, effects);
                if self.standing() != Standing::Out {
                    self.hand_over(now, from, true, effects);
                }
            }
            Input::Leave => self.leave(now, effects),
            Input::Join => self.join(now, effects),
            Input::Wake => {}
        }
        self.give_up(now, effects);
        self.give_up_forwards(now, effects);
        self.hand_over_to_the_silent(now, effects);
        self.look_at_waiting(now, effects);
        self.members_round(now, effects);
        if self.textbook.is_some() {
            self.gossip(now, effects);
        } else if self.standing() != Standing::Out {
            self.spread_news(now, effects);
        }
        effects.hold = self.rules.durability == Durability::Sync;
    }

    fn spread_news(&mut self, now: Moment, effects: &mut Effects) {
        let is_calm = self.rumors.is_empty() && !self.log.has_news();
        if self.rumor_at_ns.is_none() && !is_calm {
            self.rumor_at_ns = Some(now.mono_ns + self.config.rumor_interval_ns);
        }
        if self.rumor_at_ns.is_some_and(|at| at <= now.mono_ns) {
            self.spread_rumors(effects);
            let is_calm = self.rumors.is_empty() && !self.log.has_news();
            self.rumor_at_ns = (!is_calm).then_some(now.mono_ns + self.config.rumor_interval_ns);
        }
        if self.syncs() && self.sync_at_ns <= now.mono_ns {
            self.begin_sync(now, effects);
        }
    }

    fn gossip(&mut self, now: Moment, effects: &mut Effects) {
        let Some(textbook) = &mut self.textbook else { return };
        if self.sync_at_ns <= now.mono_ns {
            self.sync_at_ns = now.mono_ns + self.config.rumor_interval_ns;
            let mut sends = Vec::new();
            textbook.round(&mut self.random, &mut sends);
            self.figures.rumor_messages_sent += sends.len() as u64;
            by_the_book(sends, effects);
        }
    }

    fn syncs(&self) -> bool {
        let is_out = self.standing() == Standing::Out;
        self.rules.anti_entropy && !self.config.peers.is_empty() && !is_out
    }

    pub(super) fn ask(
        &mut self,
        now: Moment,
        id: RequestId,
        request: Request,
        effects: &mut Effects,
    ) {
        if let Err(refusal) = request.check() {
            return self.reply(id, Err(refusal), effects);
        }
        if let Some(reading) = request.token.clock {
            self.clock.observe_token(reading);
        }
        if let Some(textbook) = &mut self.textbook {
            let content = textbook.answer(&request, now.wall_ms);
            let answer = content.map(|content| self.answer_of(None, None, content));
            return self.reply(id, answer, effects);
        }
        if !self.ring.holds(self.config.id, &request.key) {
            let cached = self.cache.as_ref().filter(|_| request.action.is_read());
            return match cached.and_then(|cache| cache.get(now.mono_ns, &request.key)) {
                Some(answer) => self.reply(id, Ok(answer), effects),
                None => self.forward(now, id, request, effects),
            };
        }
        if !self.is_behind(&request) {
            return self.carry_out(now, id, request, effects);
        }
        self.figures.requests_waited += 1;
        if !self.waiting.push(now.mono_ns, id, request) {
            self.reply(id, Err(Refusal::Behind), effects);
        }
    }

    fn carry_out(&mut self, now: Moment, id: RequestId, request: Request, effects: &mut Effects) {
        let (asked, wanted) = self.participants(&request);
        if asked.max(wanted) > 1 {
            return self.coordinate(now, id, request, (asked, wanted), effects);
        }
        let answer = self.answer(now, &request, effects);
        self.reply(id, answer, effects);
        if request.action.is_read() {
            self.repair_after_read(&request.key, effects);
        }
    }

    pub(super) fn reply(
        &mut self,
        id: RequestId,
        answer: Result<Answer, Refusal>,
        effects: &mut Effects,
    ) {
        match self.forwards.answered(id) {
            Some(peer) => self.tell(peer, answer, effects),
            None => effects.replies.push((id, answer)),
        }
    }

    /// The other nodes that hold an object.
    pub(super) fn others(&self, key: &Key) -> Vec<NodeId> {
        match self.ring.holders(key) {
            None => self.config.peers.clone(),
            Some(mut holders) => {
                holders.retain(|&holder| holder != self.config.id);
                holders
            }
        }
    }

    /// The other nodes that take part in the cluster.
    pub(super) fn others_here(&self) -> Vec<NodeId> {
        self.members.in_cluster(&self.config.peers)
    }

    /// Takes out the requests that wait for what their session has been given elsewhere.
    pub(super) fn refuse_waiting(&mut self) -> Vec<RequestId> {
        self.waiting.clear()
    }

    /// Whether the session has been given something that this replica has not heard of.
    fn is_behind(&self, request: &Request) -> bool {
        if self.rules.causal {
            return !self.log.applied().covers(&request.token.past);
        }
        if !self.rules.waits_for_sessions {
            return false;
        }
        let seen = &request.token.seen.vector;
        let held = self.store.get(&request.key).and_then(Object::vector).unwrap_or_default();
        !held.covers(seen)
    }

    fn look_at_waiting(&mut self, now: Moment, effects: &mut Effects) {
        let Some(deadline_ns) = self.waiting.deadline_ns() else { return };
        if !self.has_news && deadline_ns > now.mono_ns {
            return;
        }
        self.has_news = false;
        let mut waiting = std::mem::take(&mut self.waiting);
        let out = waiting.take(now.mono_ns, |request| !self.is_behind(request));
        self.waiting = waiting;
        for (id, request, in_vain) in out {
            if in_vain {
                self.figures.requests_refused += 1;
                self.reply(id, Err(Refusal::Behind), effects);
            } else {
                self.carry_out(now, id, request, effects);
            }
        }
    }

    /// Answers from what this replica holds.
    pub(super) fn answer(
        &mut self,
        now: Moment,
        request: &Request,
        effects: &mut Effects,
    ) -> Result<Answer, Refusal> {
        let key = &request.key;
        let (version, dot, content) = if !request.action.is_read() {
            self.change(now, request, effects)?
        } else if key.kind == DataType::Chat {
            (None, None, Content::Messages(self.store.chats().read(key)))
        } else {
            match self.store.get(key) {
                Some(object) => (object.version(), None, object.content()),
                None => {
                    let (content, version) = Object::nothing(key.kind, &self.rules);
                    (version, None, content)
                }
            }
        };
        Ok(self.answer_of(version, dot, content))
    }

    fn answer_of(&self, version: Option<Value>, dot: Option<Dot>, content: Content) -> Answer {
        let past =
            if self.rules.causal { self.log.applied().clone() } else { VersionVector::default() };
        Answer { node: self.config.id, version, dot, clock: self.clock.reading(), past, content }
    }

    fn change(
        &mut self,
        now: Moment,
        request: &Request,
        effects: &mut Effects,
    ) -> Result<(Option<Value>, Option<Dot>, Content), Refusal> {
        let Request { key, action, token, .. } = request;
        let place = match action {
            Action::Post { message, .. } | Action::Edit { edit: message, .. } => {
                if self.store.chats().len(key) >= ELEMENTS_MAX {
                    return Err(Refusal::Full("the chat holds as many messages as it may"));
                }
                Chats::key(key, message)
            }
            _ => key.clone(),
        };
        let held = self.store.get(&place);
        if self.log.is_full() || held.is_none() && self.store.is_full() {
            return Err(Refusal::Full("the node holds as much as it may"));
        }
        if self.is_owing_too_much() {
            return Err(Refusal::Full("the node holds as many hints as it may"));
        }
        let mut by = Change {
            actor: self.actor,
            now,
            clock: &mut self.clock,
            rules: &self.rules,
            seen: &token.seen,
        };
        let changed = Object::change(held, key.kind, action, &mut by);
        if let (Err(Refusal::SoldOut { .. }), Action::Sell(n), Some(Object::Stock(stock))) =
            (&changed, action, held)
            && let Some(lender) =
                stock.richest(|node| node != self.config.id && !self.members.is_out(node))
        {
            // Next time the replica may have its share.
            effects.sends.push((lender, Message::Want { key: key.clone(), n: *n }));
        }
        let (object, version) = changed?;
        let dot = if self.rules.client_context { object.dot(self.actor) } else { None };
        match action {
            Action::Change(amount) if self.rules.bugs.counter_replay => {
                self.rumors.count(self.actor, &place, *amount);
            }
            _ => self.spread(now, &place, &object, effects),
        }
        self.store.put(place, object, &self.rules, effects);
        Ok((version, dot, Content::Done))
    }

    /// What was changed here is news.
    pub(super) fn spread(
        &mut self,
        now: Moment,
        key: &Key,
        object: &Object,
        effects: &mut Effects,
    ) {
        if self.rules.causal {
            self.log.append(self.actor, key.clone(), object.clone(), effects);
        } else {
            self.heat(key);
            self.owe(now, key, object, effects);
        }
    }

    /// The object is news, where news is told.
    pub(super) fn heat(&mut self, key: &Key) {
        if self.rules.rumors {
            self.rumors.heat(key);
        }
    }

    /// Takes in an object from a peer that waits for a confirmation; returns whether there is one: a node that is full confirms
    /// nothing.
    pub(super) fn keeps(&mut self, key: &Key, theirs: &Object, effects: &mut Effects) -> bool {
        self.take(key, theirs, effects);
        self.store.get(key).is_some()
    }

    /// Takes in an object from a peer; returns whether it was news.
    pub(super) fn take(&mut self, key: &Key, theirs: &Object, effects: &mut Effects) -> bool {
        if let Some(reading) = theirs.reading() {
            self.clock.observe(reading);
        }
        let is_news = self.store.merge(key, theirs, &self.rules, effects);
        if is_news {
            self.figures.merges += 1;
        } else {
            self.figures.merges_idle += 1;
        }
        is_news
    }
}

pub(super) fn by_the_book(sends: Vec<(NodeId, textbook::Message)>, effects: &mut Effects) {
    effects.sends.extend(sends.into_iter().map(|(to, message)| (to, Message::Textbook(message))));
}
