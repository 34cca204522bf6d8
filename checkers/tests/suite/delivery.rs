//! Replicated registers, a copy for each session, to which the writes of others are delivered one by one at random: in
//! causal order (causal memory, after Ahamad et al.), each writer's in its order (PRAM), or in causal order with the last
//! write winning by logical clocks (causal convergence).

use crate::store::Dice;
use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, OpEvent, Outcome, Value, Workload,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// Writes come in causal order; each session takes concurrent ones in its own.
    CausalMemory,
    /// The writes of each session come in their order, otherwise at random.
    Pram,
    /// Writes come in causal order, and the later by logical time and session stays.
    Convergent,
}

/// A write on its way.
#[derive(Debug, Clone)]
struct Write {
    key: usize,
    value: i64,
    /// When, by logical time, and whose.
    stamp: (u64, usize),
    /// How many writes of each session the writer had seen, its own before this one included.
    after: Vec<usize>,
}

/// A session and its copy.
#[derive(Debug, Clone)]
struct Session {
    copy: Vec<Option<(i64, (u64, usize))>>,
    seen: Vec<usize>,
    clock: u64,
}

struct Store {
    delivery: Delivery,
    sessions: Vec<Session>,
    /// By session: its writes, in order.
    writes: Vec<Vec<Write>>,
    events: Vec<Event>,
}

/// The header and the events of so many operations of so many sessions; with `stale`, one session reads at last what it
/// wrote before its last write.
pub(crate) fn run(
    delivery: Delivery,
    (sessions, keys, ops): (usize, usize, u64),
    stale: bool,
    seed: u64,
) -> (Header, Vec<Event>) {
    let nodes: Vec<String> = (0..sessions).map(|at| format!("n{at}")).collect();
    let header = Header::new("delivery", Workload::Register, seed, nodes);
    let session = Session { copy: vec![None; keys], seen: vec![0; sessions], clock: 0 };
    let mut store = Store {
        delivery,
        sessions: vec![session; sessions],
        writes: vec![Vec::new(); sessions],
        events: Vec::new(),
    };
    let mut dice = Dice::new(seed);
    for value in 1..=ops as i64 {
        for _ in 0..dice.below(2 * sessions as u64) {
            let (from, to) = (dice.below(sessions as u64), dice.below(sessions as u64));
            store.deliver(from as usize, to as usize);
        }
        let (at, key) = (dice.below(sessions as u64) as usize, dice.below(keys as u64) as usize);
        if dice.below(2) == 0 {
            store.write(at, key, value);
        } else {
            store.read(at, key, store.sessions[at].copy[key].map(|(value, _)| value));
        }
    }
    if stale {
        let value = ops as i64 + 1;
        store.write(0, 0, value);
        store.write(0, 0, value + 1);
        store.read(0, 0, Some(value));
    }
    let index = store.events.len() as u64;
    let (time, how) = (index as i64 * 10, EndHow::Complete);
    store.events.push(Event::End(EndEvent { index, time, how, detail: None }));
    (header, store.events)
}

impl Store {
    /// The next write of one session comes to another, if it may.
    fn deliver(&mut self, from: usize, to: usize) {
        let there = &mut self.sessions[to];
        let Some(write) = self.writes[from].get(there.seen[from]).filter(|_| from != to) else {
            return;
        };
        let known = write.after.iter().zip(&there.seen).all(|(after, seen)| after <= seen);
        if self.delivery != Delivery::Pram && !known {
            return;
        }
        there.seen[from] += 1;
        there.clock = there.clock.max(write.stamp.0);
        let copy = &mut there.copy[write.key];
        let newer = copy.is_none_or(|(_, stamp)| stamp < write.stamp);
        if newer || self.delivery != Delivery::Convergent {
            *copy = Some((write.value, write.stamp));
        }
    }

    fn write(&mut self, at: usize, key: usize, value: i64) {
        let session = &mut self.sessions[at];
        session.clock += 1;
        let stamp = (session.clock, at);
        self.writes[at].push(Write { key, value, stamp, after: session.seen.clone() });
        session.seen[at] += 1;
        session.copy[key] = Some((value, stamp));
        self.record(at, key, Function::Write, Value::Int(value));
    }

    fn read(&mut self, at: usize, key: usize, value: Option<i64>) {
        self.record(at, key, Function::Read, Vec::from_iter(value).into());
    }

    fn record(&mut self, at: usize, key: usize, f: Function, value: Value) {
        for outcome in [Outcome::Invoke, Outcome::Ok] {
            let asked = if f.is_read() { Value::Nil } else { value.clone() };
            self.events.push(Event::Op(OpEvent {
                level: None,
                index: self.events.len() as u64,
                time: self.events.len() as i64 * 10,
                outcome,
                process: at as u64,
                node: format!("n{at}"),
                f,
                key: format!("k{key}"),
                value: if outcome == Outcome::Ok { value.clone() } else { asked },
                version: None,
                error: None,
                last: false,
            }));
        }
    }
}
