//! Whether a session can explain its reads by one order of the writes: decided in one walk along the session.
//!
//! The relation is that of `explain`: a base, and a write w of the key of each read before the write v that it returned, if
//! w comes before the read. Here it is kept as *arrivals*: for each write, the first operation of the session that has it
//! in its past (or is it). What comes before something else has not arrived later, so:
//!
//! - a write arrives with what the base puts before an operation of the session;
//! - a read that returned v has each write w of the key that arrived by then arrive no later than v;
//! - with a write arrives all that the base puts before it.
//!
//! To let a write arrive earlier than was thought may put it before other reads of its key, and so on. Arrivals only ever
//! become earlier, so this ends. A contradiction is a read of nothing at or after the arrival of a write of its key; a write
//! that arrives before something of the session that it comes after; or a cycle, which can only be among writes that
//! arrive together. Those are looked for by [`cycle`].
//!
//! Time: each write arrives once, and again for each time that it must arrive earlier; in most histories that is rare and
//! not much earlier. So a session costs its past, and all of them the sessions times the history.

use super::base::Base;
use crate::inference::causal_order::CausalOrder;
use crate::inference::reads_from::ReadsFrom;
use crate::inference::vector_clock::VectorClock;
use afterall_history::{History, KeyId, OpId};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, VecDeque};

/// Operations of a session after which it is first looked for a cycle; then after four times as many, and so on.
const CHECKED_FIRST: u32 = 256;

/// Writes that arrive together and must come after others, up to which they are compared one by one.
const ENDS_MAX: usize = 16;

/// It has not arrived.
const NOT: u32 = u32::MAX;

/// A read of the session: its position, and the write that it returned, or [`NOTHING`].
type Read = (u32, OpId);

/// No write: the read returned nothing.
const NOTHING: OpId = OpId(u32::MAX);

/// What has arrived of a key, in the order in which it was first thought to, and what the session read of it.
#[derive(Debug, Default)]
struct Key {
    arrived: Vec<(u32, OpId)>,
    reads: Vec<Read>,
    /// How many of `arrived` the last read of the key has been held against.
    held_against: usize,
}

/// A write that must come before another that arrives together with it; the third is the position of the operation that
/// showed it.
type Edge = (OpId, OpId, u32);

/// The contradiction was there when the session had made the operation at this position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContradictionAt(pub(crate) u32);

/// The arrivals of the sessions of a history, one session after the other.
pub(crate) struct Arrivals<'a> {
    history: &'a History,
    order: &'a CausalOrder<'a>,
    reads_from: &'a ReadsFrom,
    base: Base,
    session: u32,
    /// By operation: when it arrives; [`NOT`], also for reads.
    arrival: Vec<u32>,
    /// By session: how many of its operations have arrived.
    count: Vec<u32>,
    /// The sessions of which any have.
    begun: Vec<u32>,
    keys: Vec<Key>,
    touched: Vec<KeyId>,
    /// By write that was read: the last read that returned it.
    last_read: FxHashMap<OpId, u32>,
    /// Writes that arrive earlier than was thought, and when they had been thought to.
    earlier: Vec<(OpId, u32)>,
    edges: Vec<Edge>,
    past: Vec<(u32, u32)>,
    /// Counts the calls of [`Arrivals::all_before`]; by session, the last that dealt with it.
    call: u32,
    last_call: Vec<u32>,
    /// Where clocks are trees, what the base puts before each operation of the session, so that what comes before a write
    /// need not be walked as far as it is known; the last is of the operation at hand.
    clocks: Vec<VectorClock>,
}

impl<'a> Arrivals<'a> {
    pub(crate) fn new(
        history: &'a History,
        order: &'a CausalOrder<'a>,
        reads_from: &'a ReadsFrom,
    ) -> Self {
        Arrivals {
            history,
            order,
            reads_from,
            base: Base::All,
            session: 0,
            arrival: vec![NOT; history.len()],
            count: vec![0; order.sessions()],
            begun: Vec::new(),
            keys: (0..history.keys()).map(|_| Key::default()).collect(),
            touched: Vec::new(),
            last_read: FxHashMap::default(),
            earlier: Vec::new(),
            edges: Vec::new(),
            past: Vec::new(),
            call: 0,
            last_call: vec![0; order.sessions()],
            clocks: Vec::new(),
        }
    }

    /// Whether the reads of a session contradict each other, and from where on.
    pub(crate) fn contradict(&mut self, session: u32, base: Base) -> Result<(), ContradictionAt> {
        self.begin(session);
        self.base = base;
        self.clocks.clear();
        let order = self.order;
        let mut checked = CHECKED_FIRST;
        for (at, &op) in (0..).zip(order.session(session)) {
            self.step(at, op).ok_or(ContradictionAt(at))?;
            if at == checked {
                checked = checked.saturating_mul(4);
                self.no_cycle()?;
            }
        }
        self.no_cycle()
    }

    fn no_cycle(&self) -> Result<(), ContradictionAt> {
        let arrival = |op: OpId| self.arrival[op.0 as usize];
        let together = |&&(first, then, _): &&Edge| arrival(first) == arrival(then);
        let mut edges: Vec<Edge> = self.edges.iter().filter(together).copied().collect();
        edges.sort_unstable_by_key(|&(first, then, at)| (arrival(then), then, first, at));
        edges.dedup_by_key(|&mut (first, then, _)| (first, then));
        for group in edges.chunk_by(|a, b| arrival(a.1) == arrival(b.1)) {
            let mut ends: Vec<OpId> = group.iter().map(|&(_, then, _)| then).collect();
            ends.dedup();
            // An edge is on no cycle if the end of none comes before its beginning.
            let follows = |&&(first, ..): &&Edge| {
                ends.iter().any(|&end| end == first || self.is_before(end, first))
            };
            let found = if ends.len() > ENDS_MAX {
                cycle(self.order, self.base, group)
            } else {
                let left: Vec<Edge> = group.iter().filter(follows).copied().collect();
                cycle(self.order, self.base, &left)
            };
            if let Some(at) = found {
                return Err(ContradictionAt(at));
            }
        }
        Ok(())
    }

    /// Whether the base puts a write before another.
    fn is_before(&self, first: OpId, then: OpId) -> bool {
        match self.base {
            Base::All => self.order.before(first, then),
            Base::Own => self.order.earlier_in_session(first, then),
        }
    }

    fn begin(&mut self, session: u32) {
        self.session = session;
        for session in self.begun.drain(..) {
            self.count[session as usize] = 0;
        }
        self.last_read.clear();
        self.edges.clear();
        self.earlier.clear();
        for key in self.touched.drain(..) {
            let key = &mut self.keys[key.0 as usize];
            for (_, op) in key.arrived.drain(..) {
                self.arrival[op.0 as usize] = NOT;
            }
            key.reads.clear();
            key.held_against = 0;
        }
    }

    /// Takes in one operation of the session; none if that is a contradiction.
    fn step(&mut self, at: u32, op: OpId) -> Option<()> {
        let reads_from = self.reads_from.of(op);
        if self.base == Base::All && self.order.clocks_are_trees() {
            self.clocks.push(self.clocks.last().cloned().unwrap_or_default());
        }
        for &source in reads_from {
            self.arrive(at, source);
        }
        self.arrive_until(self.session, at + 1, at);
        let view = self.history.op(op);
        if !view.f().is_read() || self.reads_from.partly(op) {
            return Some(());
        }
        let key = view.key();
        match *reads_from {
            [] if self.history.data().items(view.output()).next().is_none() => {
                let of = self.key(key);
                of.reads.push((at, NOTHING));
                of.arrived.is_empty().then_some(())
            }
            [returned] => {
                self.returned(at, key, returned)?;
                self.settle(at)
            }
            // Of several values it does not tell which replaced a write; of a phantom it does not tell when.
            _ => Some(()),
        }
    }

    fn key(&mut self, key: KeyId) -> &mut Key {
        let of = &mut self.keys[key.0 as usize];
        if of.arrived.is_empty() && of.reads.is_empty() {
            self.touched.push(key);
        }
        of
    }

    /// A write arrives, and what the base puts before it.
    fn arrive(&mut self, at: u32, write: OpId) {
        let Some((session, position)) = self.order.place(write) else { return };
        if self.count[session as usize] > position {
            return;
        }
        self.arrive_until(session, position + 1, at);
        if self.base == Base::All {
            let mut past = self.past_beyond(write, at);
            for (other, count) in past.drain(..) {
                self.arrive_until(other, count, at);
            }
            self.past = past;
            if let Some(clock) = self.clocks.last_mut() {
                self.order.join_past(write, clock);
            }
        }
    }

    /// How many operations of other sessions the base puts before a write; perhaps without what it puts before the session's
    /// operation at the position.
    fn past_beyond(&mut self, write: OpId, position: u32) -> Vec<(u32, u32)> {
        let mut past = std::mem::take(&mut self.past);
        let mut add = |other, count| past.push((other, count));
        match self.clocks.get(position as usize) {
            Some(known) => self.order.each_past_beyond(write, known, &mut add),
            None => self.order.each_past(write, &mut add),
        }
        past
    }

    /// So many operations of a session arrive.
    fn arrive_until(&mut self, session: u32, count: u32, at: u32) {
        let before = self.count[session as usize];
        if before >= count {
            return;
        }
        if before == 0 {
            self.begun.push(session);
        }
        self.count[session as usize] = count;
        let ops = self.order.session(session);
        for &op in ops.get(before as usize..count as usize).unwrap_or_default() {
            if !self.history.op(op).f().is_read() {
                self.arrival[op.0 as usize] = at;
                let key = self.history.op(op).key();
                self.key(key).arrived.push((at, op));
            }
        }
    }

    /// A read of the session returned the write.
    fn returned(&mut self, at: u32, key: KeyId, write: OpId) -> Option<()> {
        self.last_read.insert(write, at);
        let of = self.key(key);
        let again = of.reads.last().is_some_and(|&(_, last)| last == write);
        of.reads.push((at, write));
        let from = if again { of.held_against } else { 0 };
        of.held_against = of.arrived.len();
        self.all_before(key, write, from, at)
    }

    /// What has arrived of the key (from the place `from` on) by the last read that returned the write comes before it.
    fn all_before(&mut self, key: KeyId, write: OpId, from: usize, at: u32) -> Option<()> {
        let Some(&until) = self.last_read.get(&write) else { return Some(()) };
        let arrival = self.arrival[write.0 as usize];
        self.call = self.call.wrapping_add(1);
        for place in (from..self.keys[key.0 as usize].arrived.len()).rev() {
            let (thought, first) = self.keys[key.0 as usize].arrived[place];
            // They stand in the order of when they were first thought to arrive, and that is never too early.
            if thought < arrival {
                break;
            }
            if first == write || self.arrival[first.0 as usize] > until {
                continue;
            }
            // Of each session the last says it all; it comes first here.
            let (session, _) = self.order.place(first)?;
            if std::mem::replace(&mut self.last_call[session as usize], self.call) != self.call {
                self.before(first, write, at)?;
            }
        }
        Some(())
    }

    /// The first of two writes comes before the other.
    fn before(&mut self, first: OpId, then: OpId, at: u32) -> Option<()> {
        let (of_first, of_then) = (self.arrival[first.0 as usize], self.arrival[then.0 as usize]);
        if of_first < of_then {
            return Some(());
        }
        let own = |op| self.order.place(op).is_some_and(|(session, _)| session == self.session);
        // Nothing of the session that comes after the second comes before it.
        if own(first) {
            return None;
        }
        if !own(then) && !self.is_before(first, then) {
            self.edges.push((first, then, at));
        }
        if of_first > of_then { self.arrive_earlier(first, of_then) } else { Some(()) }
    }

    /// A write, and all that the base puts before it, arrives no later than this.
    fn arrive_earlier(&mut self, write: OpId, by: u32) -> Option<()> {
        let (session, position) = self.order.place(write)?;
        self.prefix_earlier(session, position + 1, by);
        if self.base == Base::Own {
            return Some(());
        }
        let mut past = self.past_beyond(write, by);
        let mut possible = true;
        for (other, count) in past.drain(..) {
            if other == self.session {
                // It comes after something that comes after its arrival, or is that.
                possible &= count <= by;
            } else {
                self.prefix_earlier(other, count, by);
            }
        }
        self.past = past;
        possible.then_some(())
    }

    fn prefix_earlier(&mut self, session: u32, count: u32, by: u32) {
        let ops = self.order.session(session).get(..count as usize).unwrap_or_default();
        for &op in ops.iter().rev().filter(|&&op| !self.history.op(op).f().is_read()) {
            let arrival = &mut self.arrival[op.0 as usize];
            if *arrival <= by {
                break;
            }
            self.earlier.push((op, std::mem::replace(arrival, by)));
        }
    }

    /// Draws the conclusions from what arrives earlier than was thought, until there are no more.
    fn settle(&mut self, at: u32) -> Option<()> {
        while let Some((write, thought)) = self.earlier.pop() {
            let key = self.history.op(write).key();
            let arrival = self.arrival[write.0 as usize];
            // Reads that it was not thought to come before.
            let reads = &self.keys[key.0 as usize].reads;
            let from = reads.partition_point(|&(position, _)| position < arrival);
            let until = reads.partition_point(|&(position, _)| position < thought);
            for place in from..until {
                let (_, returned) = self.keys[key.0 as usize].reads[place];
                if returned == NOTHING {
                    return None;
                }
                if returned != write {
                    self.before(write, returned, at)?;
                }
            }
            // If it was itself read, what comes before it arrives with it.
            self.all_before(key, write, 0, at)?;
        }
        Some(())
    }
}

/// Whether these edges and the base have a cycle; if so, the position that showed the last edge of one.
///
/// By session, writes at the end of an edge wait for what is before the writes at its beginning.
fn cycle(order: &CausalOrder<'_>, base: Base, edges: &[Edge]) -> Option<u32> {
    /// A write at the end of edges, and its edges.
    type Later = (u32, Vec<(OpId, u32)>);
    let mut of_write: BTreeMap<(u32, u32), Vec<(OpId, u32)>> = BTreeMap::new();
    for &(first, then, at) in edges {
        of_write.entry(order.place(then)?).or_default().push((first, at));
    }
    let mut left: BTreeMap<u32, VecDeque<Later>> = BTreeMap::new();
    for ((session, position), firsts) in of_write {
        left.entry(session).or_default().push_back((position, firsts));
    }
    let waits_for = |firsts: &[(OpId, u32)], left: &BTreeMap<u32, VecDeque<Later>>| {
        firsts.iter().find_map(|&(first, at)| {
            let (of, position) = order.place(first)?;
            let open = left.iter().find(|&(&session, left)| {
                let count = match base {
                    _ if session == of => position + 1,
                    Base::All => order.count_before(first, session),
                    Base::Own => 0,
                };
                left.front().is_some_and(|&(position, _)| position < count)
            });
            open.map(|(&session, _)| (session, at))
        })
    };
    let mut ready: Vec<u32> = left.keys().copied().collect();
    // By session: those that wait for it to go on.
    let mut waiting: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    while let Some(session) = ready.pop() {
        let mut went = false;
        while let Some((_, firsts)) = left.get(&session).and_then(VecDeque::front) {
            if let Some((other, _)) = waits_for(firsts, &left) {
                waiting.entry(other).or_default().push(session);
                break;
            }
            went = true;
            left.get_mut(&session).map(VecDeque::pop_front);
        }
        if went {
            ready.extend(waiting.remove(&session).unwrap_or_default());
        }
    }
    // Whoever is left waits for somebody who is left: from one to the next until one comes again.
    let mut seen: Vec<(u32, u32)> = Vec::new();
    let mut session = left.iter().find(|(_, left)| !left.is_empty()).map(|(&of, _)| of)?;
    loop {
        if let Some(from) = seen.iter().position(|&(of, _)| of == session) {
            return seen[from..].iter().map(|&(_, at)| at).max();
        }
        let (_, firsts) = left.get(&session)?.front()?;
        let (other, at) = waits_for(firsts, &left)?;
        seen.push((session, at));
        session = other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::causal_memory::explain::Views;
    use crate::context::Context;
    use afterall_history::{Function, Header, HistoryBuilder, OpEvent, Outcome, Value, Workload};

    /// Sessions that read any of the last few values of any key, or nothing; some read each key's values in order only.
    fn random(seed: u64) -> History {
        let mut state = seed | 1;
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % n
        };
        let header = Header::new("test", Workload::Register, 0, ["n1"]);
        let mut builder = HistoryBuilder::new(header).expect("a header");
        let (ops, sessions, keys) = (10 + below(70), 2 + below(3), 1 + below(4));
        let (span, forward) = (1 + below(4), below(3) > 0);
        let mut values: Vec<Vec<i64>> = vec![Vec::new(); keys as usize];
        let mut last = vec![vec![0_usize; keys as usize]; sessions as usize];
        // Of many sessions clocks are trees: half of the histories have some that only write, once each.
        let others = if seed.is_multiple_of(2) { 0 } else { 70 };
        for n in 0..(others + ops) as i64 {
            let (mut process, mut key) = (below(sessions), below(keys));
            let mut write = below(2) == 0;
            if (n as u64) < others {
                (process, key, write) = (100 + n as u64, n as u64 % keys, true);
            }
            let known = &mut values[key as usize];
            let mut value = None;
            if write {
                known.push(n);
                value = Some(n);
            }
            if process < sessions {
                let seen = &mut last[process as usize][key as usize];
                if write {
                    *seen = if forward { known.len() } else { *seen };
                } else {
                    let oldest = known.len().saturating_sub(span as usize);
                    let at = oldest + below(known.len() as u64 - oldest as u64 + 1) as usize;
                    let at = if forward { at.max(*seen) } else { at };
                    if at > 0 && at <= known.len() {
                        *seen = at;
                        value = Some(known[at - 1]);
                    }
                }
            }
            for outcome in [Outcome::Invoke, Outcome::Ok] {
                let done = outcome == Outcome::Ok;
                let index = 2 * n as u64 + u64::from(done);
                builder
                    .push_op_event(&OpEvent {
                        level: None,
                        index,
                        time: index as i64,
                        outcome,
                        process,
                        node: "n1".to_owned(),
                        f: if write { Function::Write } else { Function::Read },
                        key: format!("k{key}"),
                        value: match (write, done) {
                            (true, _) => Value::Int(n),
                            (false, true) => {
                                value.map(Value::Int).into_iter().collect::<Vec<_>>().into()
                            }
                            (false, false) => Value::Nil,
                        },
                        version: None,
                        error: None,
                        last: false,
                    })
                    .expect("an event");
            }
        }
        builder.finish()
    }

    #[test]
    fn one_walk_and_rounds_until_nothing_is_added_decide_the_same() {
        let mut count = [[0; 2]; 2];
        for seed in 1..20_000 {
            let history = random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed));
            let ctx = Context::new(&history);
            let reads_from = ReadsFrom::new(&ctx);
            let order = CausalOrder::new(&ctx, &reads_from, &[], |_, _| {});
            for (which, base) in [Base::All, Base::Own].into_iter().enumerate() {
                let mut arrivals = Arrivals::new(&history, &order, &reads_from);
                let mut views = Views::new(&history, &order, &reads_from, base);
                for session in 0..order.sessions() as u32 {
                    let all = order.session(session).len() as u32;
                    let by_rounds = views.contradiction(session, all).is_some();
                    let by_walk = arrivals.contradict(session, base);
                    assert_eq!(by_walk.is_err(), by_rounds, "{seed} {base:?} {session}");
                    count[which][usize::from(by_rounds)] += 1;
                    if let Err(ContradictionAt(at)) = by_walk {
                        assert!(views.contradiction(session, at).is_some(), "{seed} {base:?}");
                    }
                }
            }
        }
        assert!(count.iter().flatten().all(|&of| of > 5_000), "{count:?}");
    }
}
