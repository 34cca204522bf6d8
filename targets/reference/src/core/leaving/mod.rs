//! A node leaves in an orderly way, and joins again.
//!
//! Who leaves answers no client and takes nothing more in, so that what it has is what it had. It hands that to whoever takes
//! part, and is out only once one at least has all of it on disk, and nobody that is heard from lacks anything. Two that leave at
//! once cannot rely on each other: who leaves confirms nothing. Who joins is handed what it lacks by a member before it
//! answers clients. Majorities stay those of all nodes: a node that is out is one that does not answer.

use super::api::{Key, Refusal};
use super::clock::Moment;
use super::effects::Effects;
use super::handover::Handover;
use super::identity::{NodeId, VersionVector};
use super::message::{Message, OBJECTS_PER_MESSAGE_MAX};
use super::node::Node;
use super::object::Object;
use super::peers::choose;
use super::record;
use super::ring::Ring;
use super::standing::{Membership, Standing, Turn};

/// A peer that has said nothing for so long is not waited for.
const SILENT_NS: u64 = 1_000_000_000;
/// For how long who joins waits for the next thing that it lacks from any member, before it takes part with what it has.
const JOINS_ALONE_NS: u64 = 1_000_000_000;
/// For how long it waits before it asks other members.
const ASKS_AGAIN_NS: u64 = 200_000_000;

impl Node {
    /// Whether the node can leave the cluster and join it again: its flavour has it, and every node holds everything.
    #[must_use]
    pub fn can_leave(&self) -> bool {
        self.config.flavour.has_membership() && matches!(self.ring, Ring::Whole)
    }

    /// How it and the others stand to the cluster.
    #[must_use]
    pub fn membership(&self) -> Membership {
        let standing = self.standing();
        let others = self.config.peers.iter().map(|&peer| (peer, self.members.standing(peer)));
        let leaves = standing == Standing::Leaving;
        Membership {
            standing,
            others: others.filter(|&(_, standing)| standing != Standing::Member).collect(),
            taken_by: if leaves { self.taken_by() } else { 0 },
            owes: if leaves { self.owes() } else { 0 },
        }
    }

    pub(super) fn standing(&self) -> Standing {
        self.members.standing(self.config.id)
    }

    /// Why clients are refused, where they are.
    pub(super) fn is_away(&self) -> Option<Refusal> {
        match self.standing() {
            Standing::Member => None,
            standing => Some(Refusal::Away(standing)),
        }
    }

    /// Leaves the cluster, unless the node has done so.
    pub(super) fn leave(&mut self, now: Moment, effects: &mut Effects) {
        if !self.can_leave() || !self.standing().takes_in() {
            return;
        }
        self.turn(now, Standing::Leaving, effects);
        if self.rules.bugs.leaves_early {
            for (peer, key) in self.hints.forget() {
                effects.persist.push(record::no_hint(peer, &key));
            }
            self.turn(now, Standing::Out, effects);
        }
    }

    /// Joins the cluster, unless the node is in it.
    pub(super) fn join(&mut self, now: Moment, effects: &mut Effects) {
        if !self.can_leave() || self.standing().takes_in() {
            return;
        }
        match self.rules.bugs.leaves_early {
            true => self.turn(now, Standing::Member, effects),
            false => self.turn(now, Standing::Joining, effects),
        }
    }

    /// Makes a turn, which is told to all at once, and again with the usual rounds.
    fn turn(&mut self, now: Moment, standing: Standing, effects: &mut Effects) {
        self.members.turns.make(self.config.id, self.actor.incarnation, standing);
        self.begin_standing(effects);
        self.note_news(now, effects);
        let rows = self.members.turns.rows();
        for peer in self.config.peers.clone() {
            self.send_membership(peer, Message::Members { rows: rows.clone() }, effects);
        }
    }

    /// Something has changed in who takes part.
    fn note_news(&mut self, now: Moment, effects: &mut Effects) {
        effects.persist.push(record::members(&self.members.turns.rows()));
        self.members.heat(now.mono_ns);
    }

    /// Begins what is to be done in the standing that the node is in now.
    fn begin_standing(&mut self, effects: &mut Effects) {
        self.members.begin();
        // Who is out tells no news; what is news then is news when the node is back.
        self.rumor_at_ns = None;
        if let Some(refusal) = self.is_away() {
            for id in self.refuse_waiting() {
                self.figures.requests_refused += 1;
                self.reply(id, Err(refusal.clone()), effects);
            }
        }
    }

    /// Whether what a peer says is for this node in its standing. Who is out hears of members alone; who leaves takes nothing
    /// in, and confirms nothing.
    pub(super) fn hears(&mut self, now: Moment, from: NodeId, message: &Message) -> bool {
        if matches!(message, Message::Members { .. }) {
            return true;
        }
        match self.standing() {
            Standing::Member => true,
            Standing::Joining => {
                if matches!(message, Message::Offer { .. } | Message::HandOver { .. }) {
                    self.members.got_ns = Some(now.mono_ns);
                }
                true
            }
            Standing::Leaving => {
                self.members.heard_ns.insert(from, now.mono_ns);
                !message.brings()
            }
            Standing::Out => false,
        }
    }

    /// A peer tells who takes part. Who knows more tells it back.
    pub(super) fn told_of_members(
        &mut self,
        now: Moment,
        from: NodeId,
        mut rows: Vec<(NodeId, Turn)>,
        effects: &mut Effects,
    ) {
        let (me, peers) = (self.config.id, &self.config.peers);
        rows.retain(|(node, _)| *node == me || peers.contains(node));
        let before = self.standing();
        let changed = self.members.turns.merge(&rows);
        if changed.contains(&me) && self.standing() != before {
            // The disk has lost what the node knew of itself.
            self.begin_standing(effects);
        }
        if !changed.is_empty() {
            self.note_news(now, effects);
        }
        for node in changed {
            if self.standing() == Standing::Leaving && !self.members.standing(node).takes_in() {
                self.members.handovers.remove(&node);
            }
        }
        if self.members.turns.knows_more_than(&rows) {
            self.tell_members(from, effects);
        }
    }

    /// A peer that is out as far as is known here says something else than who takes part: one of both is behind.
    pub(super) fn correct(&mut self, from: NodeId, message: &Message, effects: &mut Effects) {
        if self.members.is_out(from) && !matches!(message, Message::Members { .. }) {
            self.tell_members(from, effects);
        }
    }

    fn send_membership(&mut self, to: NodeId, message: Message, effects: &mut Effects) {
        self.figures.membership_messages_sent += 1;
        effects.sends.push((to, message));
    }

    fn tell_members(&mut self, to: NodeId, effects: &mut Effects) {
        self.send_membership(to, Message::Members { rows: self.members.turns.rows() }, effects);
    }

    /// When the next round is.
    pub(super) fn members_due_ns(&self) -> Option<u64> {
        self.members.round_ns
    }

    /// Tells who takes part, and goes on with leaving, joining, and handing over.
    pub(super) fn members_round(&mut self, now: Moment, effects: &mut Effects) {
        if self.members.round_ns.is_none_or(|at| at > now.mono_ns) {
            return;
        }
        let is_hot = self.members.hot > 0;
        self.members.hot = self.members.hot.saturating_sub(1);
        // Those that are out are told as well: they may have lost their disk, and with it that they are.
        let count = if is_hot { self.config.fanout } else { 1 };
        for peer in choose(&self.config.peers, count, &mut self.random) {
            self.tell_members(peer, effects);
        }
        match self.standing() {
            Standing::Leaving => self.go_on_leaving(now, effects),
            Standing::Joining => self.go_on_joining(now, effects),
            Standing::Member => {
                self.members.handovers.retain(|&peer, handover| {
                    self.members.turns.of(peer)
                        == Turn { epoch: handover.epoch, standing: Standing::Joining }
                });
                self.offer_what_is_due(now, effects);
            }
            Standing::Out => {}
        }
        let is_busy = matches!(self.standing(), Standing::Leaving | Standing::Joining)
            || !self.members.handovers.is_empty();
        let pause_ns = match is_hot || is_busy {
            true => self.config.rumor_interval_ns,
            false => self.config.sync_interval_ns,
        };
        self.members.round_ns = Some(now.mono_ns.saturating_add(pause_ns.max(1)));
    }

    /// How many others have all that a node that leaves has.
    fn taken_by(&self) -> usize {
        self.config.peers.iter().filter(|&&peer| self.has_taken_all(peer)).count()
    }

    fn has_taken_all(&self, peer: NodeId) -> bool {
        self.members.standing(peer).takes_in()
            && match self.rules.causal {
                true => self.members.heard_ns.contains_key(&peer) && self.log.is_had_by(peer),
                false => self.members.handovers.get(&peer).is_some_and(|it| it.is_done),
            }
    }

    /// How many changes a node owes to others that take part. Where replicas compare what they hold, nobody relies on hints.
    fn owes(&self) -> u64 {
        match self.rules.anti_entropy {
            true => 0,
            false => self.hints.owed_to(|peer| !self.members.is_out(peer)) as u64,
        }
    }

    fn go_on_leaving(&mut self, now: Moment, effects: &mut Effects) {
        let since_ns = *self.members.leaves_since_ns.get_or_insert(now.mono_ns);
        // What is under way may still change something here.
        if !self.coordinator.open.is_empty() {
            return;
        }
        let takers = self.config.peers.iter().copied();
        let takers: Vec<NodeId> =
            takers.filter(|&peer| self.members.standing(peer).takes_in()).collect();
        for &peer in &takers {
            if !self.rules.causal {
                self.members.handovers.entry(peer).or_default();
            } else if !self.has_taken_all(peer) {
                self.ask_what_is_applied(peer, effects);
            }
        }
        self.offer_what_is_due(now, effects);
        let (taken, lacking): (Vec<NodeId>, Vec<NodeId>) =
            takers.into_iter().partition(|&peer| self.has_taken_all(peer));
        let is_silent = |peer: &NodeId| {
            let heard_ns = self.members.heard_ns.get(peer).copied().unwrap_or(since_ns);
            heard_ns.saturating_add(SILENT_NS) <= now.mono_ns
        };
        if !taken.is_empty() && lacking.iter().all(is_silent) && self.owes() == 0 {
            self.turn(now, Standing::Out, effects);
        }
    }

    fn go_on_joining(&mut self, now: Moment, effects: &mut Effects) {
        let got_ns = *self.members.got_ns.get_or_insert(now.mono_ns);
        let waited_ns = now.mono_ns.saturating_sub(got_ns);
        let peers = self.config.peers.iter().copied();
        let members: Vec<NodeId> =
            peers.filter(|&peer| self.members.standing(peer) == Standing::Member).collect();
        // Of several that were asked the first to end may be the one that has least.
        let is_helped = self.members.helpers.values().any(|&is_done| is_done);
        let patience_ns = if is_helped { ASKS_AGAIN_NS } else { JOINS_ALONE_NS };
        if members.is_empty() || waited_ns >= patience_ns {
            return self.turn(now, Standing::Member, effects);
        }
        if self.rules.causal || waited_ns == 0 || waited_ns >= ASKS_AGAIN_NS {
            for peer in choose(&members, self.config.fanout, &mut self.random) {
                if self.rules.causal {
                    self.ask_what_is_applied(peer, effects);
                } else {
                    let epoch = self.members.turns.of(self.config.id).epoch;
                    self.members.helpers.entry(peer).or_insert(false);
                    self.send_membership(peer, Message::CatchUp { epoch }, effects);
                }
            }
        }
    }

    /// While the node joins under causal replication: what a member has is what it waits for, of the first that tells.
    pub(super) fn catch_up_causally(
        &mut self,
        now: Moment,
        from: NodeId,
        theirs: Option<&VersionVector>,
        effects: &mut Effects,
    ) {
        if self.standing() != Standing::Joining || !self.rules.causal {
            return;
        }
        if self.members.standing(from) != Standing::Member {
            return;
        }
        let applied = self.log.applied();
        match (&mut self.members.to_apply, theirs) {
            (Some((all, lacking)), _) => {
                let is_lacking = applied.lacks(all);
                // Words alone are no progress: what everybody else has applied nobody keeps, and a node that has lost its disk
                // will not be sent it again.
                if is_lacking < *lacking {
                    *lacking = is_lacking;
                    self.members.got_ns = Some(now.mono_ns);
                }
            }
            (to_apply @ None, Some(theirs)) => {
                *to_apply = Some((theirs.clone(), applied.lacks(theirs)));
                self.members.got_ns = Some(now.mono_ns);
            }
            (None, None) => self.members.got_ns = Some(now.mono_ns),
        }
        if self.members.to_apply.as_ref().is_some_and(|&(_, lacking)| lacking == 0) {
            self.turn(now, Standing::Member, effects);
        }
    }

    /// Who joins asks for what it lacks.
    pub(super) fn help(&mut self, now: Moment, joiner: NodeId, epoch: u64, effects: &mut Effects) {
        if self.standing() != Standing::Member {
            return;
        }
        let handovers = &mut self.members.handovers;
        if handovers.get(&joiner).is_none_or(|handover| handover.epoch < epoch) {
            handovers.insert(joiner, Handover::new(epoch));
            self.offer_if_due(now, joiner, effects);
            self.members.round_ns = Some(now.mono_ns.saturating_add(self.config.rumor_interval_ns));
        }
        self.tell_if_done(joiner, effects);
    }

    fn tell_if_done(&mut self, joiner: NodeId, effects: &mut Effects) {
        if let Some(handover) = self.members.handovers.get(&joiner).filter(|it| it.is_done)
            && handover.epoch > 0
        {
            let epoch = handover.epoch;
            self.send_membership(joiner, Message::CaughtUp { epoch }, effects);
        }
    }

    /// A member has handed over all that it had when it was asked.
    pub(super) fn caught_up(
        &mut self,
        now: Moment,
        from: NodeId,
        epoch: u64,
        effects: &mut Effects,
    ) {
        let joining = Turn { epoch, standing: Standing::Joining };
        if self.members.turns.of(self.config.id) != joining {
            return;
        }
        self.members.helpers.insert(from, true);
        if self.members.helpers.values().all(|&is_done| is_done) {
            self.turn(now, Standing::Member, effects);
        }
    }

    fn offer_what_is_due(&mut self, now: Moment, effects: &mut Effects) {
        let peers: Vec<NodeId> = self.members.handovers.keys().copied().collect();
        for peer in peers {
            self.offer_if_due(now, peer, effects);
        }
    }

    fn offer_if_due(&mut self, now: Moment, peer: NodeId, effects: &mut Effects) {
        let number = self.members.next_offer();
        let Some(handover) = self.members.handovers.get_mut(&peer) else { return };
        if !handover.is_due(now.mono_ns) {
            return;
        }
        let entries = self.store.after(handover.after.as_ref());
        let entries: Vec<(Key, u128)> = entries.take(OBJECTS_PER_MESSAGE_MAX).collect();
        let (last, is_last) = (entries.last(), entries.len() < OBJECTS_PER_MESSAGE_MAX);
        handover.offered(number, last.map(|(key, _)| key.clone()), is_last, now.mono_ns);
        self.send_membership(peer, Message::Offer { number, entries }, effects);
    }

    /// A peer offers what it has: it is asked for what is lacking here, or is otherwise.
    pub(super) fn offered(
        &mut self,
        from: NodeId,
        number: u64,
        entries: Vec<(Key, u128)>,
        effects: &mut Effects,
    ) {
        let entries = entries.into_iter().take(OBJECTS_PER_MESSAGE_MAX);
        let lacking = entries.filter(|(key, digest)| self.store.digest(key) != Some(*digest));
        let keys: Vec<Key> = lacking.map(|(key, _)| key).collect();
        let answer = match keys.is_empty() {
            true => Message::TakenOver { number },
            false => Message::Lacking { number, keys },
        };
        self.send_membership(from, answer, effects);
    }

    /// A peer lacks some of what it was offered.
    pub(super) fn lacked(
        &mut self,
        now: Moment,
        from: NodeId,
        number: u64,
        keys: Vec<Key>,
        effects: &mut Effects,
    ) {
        let handover = self.members.handovers.get_mut(&from);
        if handover.is_some_and(|handover| handover.is_at(number, now.mono_ns)) {
            let objects = self.objects_of(keys.into_iter().take(OBJECTS_PER_MESSAGE_MAX));
            self.send_membership(from, Message::HandOver { number, objects }, effects);
        }
    }

    /// A peer hands over what was lacking here: it is news, and confirmed once all of it is on disk.
    pub(super) fn take_over(
        &mut self,
        from: NodeId,
        number: u64,
        objects: Vec<(Key, Object)>,
        effects: &mut Effects,
    ) {
        let mut keeps_all = true;
        for (key, object) in objects {
            if self.take(&key, &object, effects) {
                self.heat(&key);
            }
            keeps_all &= self.store.get(&key).is_some();
        }
        if keeps_all {
            self.send_membership(from, Message::TakenOver { number }, effects);
        }
    }

    /// A peer has a page on its disk.
    pub(super) fn taken_over(
        &mut self,
        now: Moment,
        from: NodeId,
        number: u64,
        effects: &mut Effects,
    ) {
        let handover = self.members.handovers.get_mut(&from);
        if handover.is_some_and(|handover| handover.taken(number)) {
            self.offer_if_due(now, from, effects);
            self.tell_if_done(from, effects);
        }
    }

    /// What a node stored of who takes part.
    pub(super) fn restore_members(&mut self, rows: &[(NodeId, Turn)]) {
        self.members.turns.merge(rows);
        self.members.round_ns = Some(0);
    }
}

impl Message {
    /// Whether it brings something that the receiver would keep, or would answer for.
    fn brings(&self) -> bool {
        matches!(
            self,
            Message::Rumor { .. }
                | Message::Push { .. }
                | Message::Updates { .. }
                | Message::Store { .. }
                | Message::Mend { .. }
                | Message::Hint { .. }
                | Message::Offer { .. }
                | Message::HandOver { .. }
                | Message::CatchUp { .. }
                | Message::Forward { .. }
                | Message::Want { .. }
        )
    }
}

#[cfg(test)]
mod tests;
