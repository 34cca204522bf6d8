//! What one session can have seen: an order of the writes that explains its own reads.
//!
//! Bouajjani, Enea, Guerraoui and Hamza, "On verifying causal consistency" (POPL 2017): with distinct values, session p
//! can explain its reads by one order of all writes in their past if and only if the least relation is acyclic that
//! contains a base and, for every read r of p, puts each write of the key that is before r before the write that r
//! returned, and nothing of the key before a read of nothing. The base is hb for causal memory; for PRAM it is
//! session order, and reads-from into p's own reads alone. The last operation of p has all of its reads before it, so
//! it alone is looked at.
//!
//! Rounds: one walk along p's session finds what comes before each of its reads; of each other session it is a
//! beginning, so of each key and session the last write in it stands for all. What must then come before what is
//! added, and the next round walks again, until nothing is added. What the base has before a write is in the clocks of
//! the causal order, so a round costs p's operations times the sessions, and what was forced.

use super::base::Base;
use crate::inference::causal_order::CausalOrder;
use crate::inference::reads_from::ReadsFrom;
use crate::inference::vector_clock::VectorClock;
use afterall_history::{History, OpId};
use rustc_hash::FxHashMap;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, VecDeque};

/// Forced orders from which a shortest cycle is looked for.
const STARTS_MAX: usize = 16;
/// Operations that are walked in search of one, at a rough count.
const SEARCHED_MAX: usize = 4_000_000;

/// A write that must come before another, because the session read the other although it had this one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forced {
    pub(crate) first: OpId,
    pub(crate) then: OpId,
    pub(crate) read: OpId,
}

/// Why one operation comes before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Because {
    So,
    ReadsFrom,
    /// By its number among those that were forced.
    Forced(u32),
}

/// Why a session cannot explain its reads: operations each before the next.
#[derive(Debug, Clone)]
pub(crate) enum Contradiction {
    /// The read returned nothing, and the first of the path is a write of its key.
    Nothing { read: OpId, path: Vec<Before> },
    /// The last is before the first.
    Cycle(Vec<Before>),
}

/// What the rounds ended with.
enum Unsettled {
    Nothing(OpId, OpId),
    /// The numbers of what was forced and is on a cycle.
    Stuck(Vec<u32>),
}

/// One operation is before another.
pub(crate) type Before = (OpId, OpId, Because);

/// The views of the sessions of a history, one after the other.
pub(crate) struct Views<'a> {
    history: &'a History,
    order: &'a CausalOrder<'a>,
    reads_from: &'a ReadsFrom,
    base: Base,
    session: u32,
    /// What its reads force, in the order in which it was found: each follows from those before it.
    pub(crate) forced: Vec<Forced>,
    /// By the later write: the numbers of what was forced.
    incoming: FxHashMap<OpId, Vec<u32>>,
    /// By operation, a bit: whether it is in there.
    is_later: Vec<u64>,
    /// The same operations by session and position.
    later: BTreeMap<(u32, u32), OpId>,
    /// For PRAM, by update of the session: what it had read before.
    own: FxHashMap<OpId, VectorClock>,
    /// By session: how many of its operations are before the read that was reached.
    before: Vec<u32>,
    touched: Vec<u32>,
}

impl<'a> Views<'a> {
    pub(crate) fn new(
        history: &'a History,
        order: &'a CausalOrder<'a>,
        reads_from: &'a ReadsFrom,
        base: Base,
    ) -> Self {
        let sessions = order.sessions();
        Views {
            history,
            order,
            reads_from,
            base,
            session: 0,
            forced: Vec::new(),
            incoming: FxHashMap::default(),
            is_later: vec![0; history.len().div_ceil(64)],
            later: BTreeMap::new(),
            own: FxHashMap::default(),
            before: vec![0; sessions],
            touched: Vec::new(),
        }
    }

    /// How the reads of a session, up to a position, contradict each other.
    pub(crate) fn contradiction(&mut self, session: u32, until: u32) -> Option<Contradiction> {
        match self.settle(session, until)? {
            Unsettled::Nothing(read, write) => {
                let path = self.path(write, read, self.forced.len() as u32)?;
                Some(Contradiction::Nothing { read, path })
            }
            Unsettled::Stuck(stuck) => self.shortest_cycle(&stuck).map(Contradiction::Cycle),
        }
    }

    /// Rounds, until nothing more is forced (then nothing is left unsettled) or a contradiction shows.
    fn settle(&mut self, session: u32, until: u32) -> Option<Unsettled> {
        self.session = session;
        self.forced.clear();
        self.later.clear();
        self.read_before_updates();
        for (op, _) in self.incoming.drain() {
            self.is_later[op.0 as usize / 64] = 0;
        }
        loop {
            let known = self.forced.len();
            if let Some((read, write)) = self.round(until) {
                return Some(Unsettled::Nothing(read, write));
            }
            if self.forced.len() == known {
                return None;
            }
            let stuck = self.stuck();
            if !stuck.is_empty() {
                return Some(Unsettled::Stuck(stuck));
            }
        }
    }

    /// One walk along the session; what it forces that was not known is added. A read of nothing, and a write of its
    /// key before it, end the walk.
    fn round(&mut self, until: u32) -> Option<(OpId, OpId)> {
        self.rewind();
        let (order, reads_from) = (self.order, self.reads_from);
        let mut waiting: Vec<OpId> = Vec::new();
        for (position, &op) in (0..=until).zip(order.session(self.session)) {
            self.raise(self.session, position + 1, &mut waiting);
            waiting.extend(reads_from.of(op));
            self.include(&mut waiting);
            let view = self.history.op(op);
            if !view.f().is_read() || reads_from.partly(op) {
                continue;
            }
            let before = &self.before;
            let mut last_writes =
                order.last_updates_by(view.key(), |session| before[session as usize]);
            match reads_from.of(op) {
                [] if self.history.data().items(view.output()).next().is_none() => {
                    if let Some(write) = last_writes.next() {
                        return Some((op, write));
                    }
                }
                &[returned] => {
                    for first in last_writes.filter(|&write| write != returned) {
                        let implied = match self.base {
                            Base::All => order.before(first, returned),
                            Base::Own => order.earlier_in_session(first, returned),
                        };
                        if implied {
                            continue;
                        }
                        let known = self.incoming.entry(returned).or_default();
                        let forced = &self.forced;
                        if !known.iter().any(|&at| forced[at as usize].first == first) {
                            known.push(self.forced.len() as u32);
                            self.is_later[returned.0 as usize / 64] |= 1 << (returned.0 % 64);
                            self.later.extend(order.place(returned).map(|place| (place, returned)));
                            self.forced.push(Forced { first, then: returned, read: op });
                        }
                    }
                }
                // Of several values it does not tell which replaced a write; of a phantom it does not tell when.
                _ => {}
            }
        }
        None
    }

    fn rewind(&mut self) {
        for session in self.touched.drain(..) {
            self.before[session as usize] = 0;
        }
    }

    /// What comes directly before an operation, other than in its session.
    fn directly(&self, op: OpId) -> impl Iterator<Item = (OpId, Because)> {
        let reads = self.base == Base::All
            || self.order.place(op).is_some_and(|(session, _)| session == self.session);
        let from: &[OpId] = if reads { self.reads_from.of(op) } else { &[] };
        let later = self.is_later[op.0 as usize / 64] & (1 << (op.0 % 64)) != 0;
        let forced =
            if !later { &[][..] } else { self.incoming.get(&op).map_or(&[][..], Vec::as_slice) };
        let from = from.iter().map(|&source| (source, Because::ReadsFrom));
        from.chain(forced.iter().map(|&at| (self.forced[at as usize].first, Because::Forced(at))))
    }

    /// Takes in so many operations of a session; what was forced to be before them is still to be taken in.
    fn raise(&mut self, session: u32, count: u32, waiting: &mut Vec<OpId>) {
        let before = &mut self.before[session as usize];
        if *before >= count {
            return;
        }
        if *before == 0 {
            self.touched.push(session);
        }
        for (_, then) in self.later.range((session, *before)..(session, count)) {
            let forced = self.incoming.get(then).map_or(&[][..], Vec::as_slice);
            waiting.extend(forced.iter().map(|&at| self.forced[at as usize].first));
        }
        *before = count;
    }

    /// Takes in updates and all that comes before them: by the clocks of the base, and by what was forced.
    fn include(&mut self, waiting: &mut Vec<OpId>) {
        let mut found: Vec<(u32, u32)> = Vec::new();
        while let Some(update) = waiting.pop() {
            let Some((session, position)) = self.order.place(update) else { continue };
            if self.before[session as usize] > position {
                continue;
            }
            self.raise(session, position + 1, waiting);
            found.clear();
            self.each_before(update, &mut |other, count| found.push((other, count)));
            for &(other, count) in &found {
                self.raise(other, count, waiting);
            }
        }
    }

    /// What was forced and is on a cycle, by number; nothing, if all can be put in an order. By session, later writes wait
    /// for what is before the earlier ones.
    fn stuck(&self) -> Vec<u32> {
        let mut left: BTreeMap<u32, VecDeque<(u32, OpId)>> = BTreeMap::new();
        for (&(session, position), &then) in &self.later {
            left.entry(session).or_default().push_back((position, then));
        }
        let mut ready: Vec<u32> = left.keys().copied().collect();
        // By session: those that wait for it to go on.
        let mut waiting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        while let Some(session) = ready.pop() {
            let before = left.get(&session).map_or(0, VecDeque::len);
            while let Some(&(_, then)) = left.get(&session).and_then(VecDeque::front) {
                if let Some((_, open)) = self.waits_for(then, &left) {
                    waiting.entry(open).or_default().push(session);
                    break;
                }
                left.get_mut(&session).map(VecDeque::pop_front);
            }
            if left.get(&session).map_or(0, VecDeque::len) < before {
                ready.extend(waiting.remove(&session).unwrap_or_default());
            }
        }
        // Whoever is left waits for somebody who is left: from one to the next until one comes again.
        let mut seen: Vec<(u32, u32)> = Vec::new();
        let mut session = left.iter().find(|(_, left)| !left.is_empty()).map(|(&of, _)| of);
        while let Some(of) = session {
            if let Some(from) = seen.iter().position(|&(session, _)| session == of) {
                return seen[from..].iter().map(|&(_, at)| at).collect();
            }
            let Some(&(_, then)) = left.get(&of).and_then(VecDeque::front) else { break };
            let Some((at, open)) = self.waits_for(then, &left) else { break };
            seen.push((of, at));
            session = Some(open);
        }
        Vec::new()
    }

    /// By what was forced a write waits (its number), and a session in which something is left that comes before it.
    fn waits_for(
        &self,
        then: OpId,
        left: &BTreeMap<u32, VecDeque<(u32, OpId)>>,
    ) -> Option<(u32, u32)> {
        let open = |session: u32, count: u32| {
            let first = left.get(&session).and_then(VecDeque::front);
            first.is_some_and(|&(position, _)| position < count)
        };
        for &at in self.incoming.get(&then)? {
            let first = self.forced[at as usize].first;
            let (session, position) = self.order.place(first)?;
            if open(session, position + 1) {
                return Some((at, session));
            }
            let mut found = None;
            self.each_before(first, &mut |session, count| {
                if found.is_none() && open(session, count) {
                    found = Some((at, session));
                }
            });
            if found.is_some() {
                return found;
            }
        }
        None
    }

    /// How many operations of other sessions the base has before an update, session by session.
    fn each_before(&self, update: OpId, visit: &mut impl FnMut(u32, u32)) {
        match self.base {
            Base::All => self.order.each_past(update, visit),
            Base::Own => {
                if let Some(clock) = self.own.get(&update) {
                    clock.each(visit);
                }
            }
        }
    }

    /// For PRAM, what the session had read before each of its updates.
    fn read_before_updates(&mut self) {
        self.own.clear();
        if self.base == Base::All {
            return;
        }
        let mut seen = VectorClock::default();
        for &op in self.order.session(self.session) {
            for &source in self.reads_from.of(op) {
                if let Some((session, position)) = self.order.place(source)
                    && seen.get(session) <= position
                {
                    seen.set(session, position + 1);
                }
            }
            if !self.history.op(op).f().is_read() {
                self.own.insert(op, seen.clone());
            }
        }
    }

    /// The shortest cycle through something of this that was forced; of those that are looked for.
    fn shortest_cycle(&self, among: &[u32]) -> Option<Vec<Before>> {
        let starts = (SEARCHED_MAX / self.history.len().max(1)).clamp(2, STARTS_MAX);
        let cycles = among.iter().filter_map(|&at| {
            let Forced { first, then, .. } = self.forced[at as usize];
            let mut cycle = self.path(then, first, u32::MAX)?;
            cycle.push((first, then, Because::Forced(at)));
            Some(cycle)
        });
        cycles.take(starts).min_by_key(Vec::len)
    }

    /// The shortest way from one operation to another, by what was forced before the number `until`.
    pub(crate) fn path(&self, from: OpId, to: OpId, until: u32) -> Option<Vec<Before>> {
        // What follows each operation on its shortest way.
        let mut next: FxHashMap<OpId, (OpId, Because)> = FxHashMap::default();
        let mut seen: FxHashMap<u32, u32> = FxHashMap::default();
        let mut queue = VecDeque::from([to]);
        while let Some(op) = queue.pop_front() {
            if op == from && op != to {
                break;
            }
            let mut add = |earlier: OpId, because| {
                if earlier == to {
                    return;
                }
                if let Entry::Vacant(unseen) = next.entry(earlier) {
                    unseen.insert((op, because));
                    queue.push_back(earlier);
                }
            };
            for (earlier, because) in self.directly(op) {
                if !matches!(because, Because::Forced(at) if at >= until) {
                    add(earlier, because);
                }
            }
            let Some((session, position)) = self.order.place(op) else { continue };
            let known = seen.entry(session).or_insert(0);
            let ops = self.order.session(session);
            for &earlier in ops.get(*known as usize..position as usize).unwrap_or_default() {
                // What nothing else comes before leads nowhere.
                if earlier == from || self.directly(earlier).next().is_some() {
                    add(earlier, Because::So);
                }
            }
            *known = position.max(*known);
        }
        let mut path = Vec::new();
        let mut at = from;
        while at != to {
            let &(then, because) = next.get(&at)?;
            path.push((at, then, because));
            at = then;
        }
        Some(path)
    }
}
