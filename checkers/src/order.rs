//! The causal order hb = (so ∪ wr)⁺ of a history, by vector clocks over sessions.
//!
//! One pass in an order that respects both relations; each session carries one clock, and each update keeps the
//! clock it was made with. No transitive closure is built: `a →hb b` is one look into the clock of b.
//! After Plume (OOPSLA 2024) and AWDIT (PLDI 2025).

use crate::clock::Clock;
use crate::context::Context;
use crate::sources::Sources;
use afterall_history::{KeyId, OpId, OpView, Status};
use std::collections::BTreeMap;

/// No position: the operation is not part of the order.
const OUT: u32 = u32::MAX;

/// The updates of one key, a list a session, each with its position in the session.
pub(crate) type UpdatesOf = Vec<(u32, Vec<(u32, OpId)>)>;

/// The causal order of a history.
///
/// Part of it are acknowledged operations, and of those nobody knows about, the updates that somebody read.
#[derive(Debug)]
pub(crate) struct CausalOrder {
    /// By operation: its position among the operations of its session that are part of the order.
    position: Vec<u32>,
    /// By session: the operations that are part of the order.
    sessions: Vec<Vec<OpId>>,
    /// By key.
    updates: Vec<UpdatesOf>,
    /// By operation: which clock an update has; [`OUT`] for others. A session's clock does not count its own
    /// operations, so that updates between which it saw nothing new share one.
    clock_of: Vec<u32>,
    clocks: Vec<Clock>,
    /// The operations that could not be ordered: those on a cycle of so ∪ wr, and those after one.
    pub(crate) cyclic: Vec<OpId>,
    session_of: Vec<u32>,
}

/// What is before a moment of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<'a> {
    clock: &'a Clock,
    session: u32,
    /// Of the session itself.
    own: u32,
}

impl Past<'_> {
    /// How many operations of a session are before it.
    fn get(&self, session: u32) -> u32 {
        if session == self.session { self.own } else { self.clock.get(session) }
    }
}

impl CausalOrder {
    /// Orders the history, and calls `visit` on every acknowledged read in that order with what its session had
    /// before it, before the read and after it had taken in what it read.
    pub(crate) fn new(
        ctx: &Context<'_>,
        sources: &Sources,
        mut visit: impl FnMut(&CausalOrder, OpView<'_>, Past<'_>, Past<'_>),
    ) -> Self {
        let mut order = CausalOrder::unordered(ctx, sources);
        let sessions = order.sessions.len();
        let mut clocks = vec![Clock::default(); sessions];
        // By session: the number of its clock among those that updates have, if it is still the same.
        let mut kept = vec![OUT; sessions];
        let mut next = vec![0_usize; sessions];
        let mut done = vec![false; ctx.history.len()];
        let mut waiting: BTreeMap<OpId, Vec<u32>> = BTreeMap::new();
        let mut ready: Vec<u32> = (0..sessions as u32).rev().collect();
        while let Some(session) = ready.pop() {
            let at = session as usize;
            while let Some(&id) = order.sessions[at].get(next[at]) {
                let from = sources.of(id);
                if let Some(&open) = from.iter().find(|source| !done[source.0 as usize]) {
                    waiting.entry(open).or_default().push(session);
                    break;
                }
                let op = ctx.op(id);
                let reads = op.f().is_read();
                if reads || !from.is_empty() {
                    let before = if reads { clocks[at].clone() } else { Clock::default() };
                    for &source in from {
                        let position = order.position[source.0 as usize];
                        let of = order.session_of[source.0 as usize];
                        if of != session && clocks[at].get(of) <= position {
                            let clock = order.clock_of[source.0 as usize];
                            if let Some(clock) = order.clocks.get(clock as usize) {
                                clocks[at].join(clock);
                            }
                            if clocks[at].get(of) <= position {
                                clocks[at].set(of, position + 1);
                            }
                        }
                    }
                    if reads {
                        let own = next[at] as u32;
                        let before = Past { clock: &before, session, own };
                        visit(&order, op, before, Past { clock: &clocks[at], session, own });
                    }
                }
                if !reads {
                    let same = order.clocks.get(kept[at] as usize);
                    if !same.is_some_and(|clock| clock.is_shared_with(&clocks[at])) {
                        kept[at] = order.clocks.len() as u32;
                        order.clocks.push(clocks[at].clone());
                    }
                    order.clock_of[id.0 as usize] = kept[at];
                }
                next[at] += 1;
                done[id.0 as usize] = true;
                if let Some(woken) = waiting.remove(&id) {
                    ready.extend(woken);
                }
            }
        }
        order.cyclic = order
            .sessions
            .iter()
            .zip(&next)
            .flat_map(|(ops, &next)| ops[next..].iter().copied())
            .collect();
        order
    }

    fn unordered(ctx: &Context<'_>, sources: &Sources) -> Self {
        let history = ctx.history;
        let mut read = vec![false; history.len()];
        for op in history.ops() {
            for source in sources.of(op.id()) {
                read[source.0 as usize] = true;
            }
        }
        let mut order = CausalOrder {
            position: vec![OUT; history.len()],
            sessions: vec![Vec::new(); history.sessions()],
            updates: vec![Vec::new(); history.keys()],
            clock_of: vec![OUT; history.len()],
            clocks: Vec::new(),
            cyclic: Vec::new(),
            session_of: history.ops().map(|op| op.session().0).collect(),
        };
        for op in history.ops() {
            let id = op.id();
            let part =
                op.status() == Status::Ok || (op.status() == Status::Info && read[id.0 as usize]);
            if !part {
                continue;
            }
            let session = op.session().0;
            let ops = &mut order.sessions[session as usize];
            let position = ops.len() as u32;
            order.position[id.0 as usize] = position;
            ops.push(id);
            if !op.f().is_read() {
                let updates = &mut order.updates[op.key().0 as usize];
                match updates.binary_search_by_key(&session, |(session, _)| *session) {
                    Ok(at) => updates[at].1.push((position, id)),
                    Err(at) => updates.insert(at, (session, vec![(position, id)])),
                }
            }
        }
        order
    }

    /// Whether a →hb b, for an update b (and any a that is part of the order).
    pub(crate) fn before(&self, a: OpId, b: OpId) -> bool {
        let position = self.position[a.0 as usize];
        let Some(clock) = self.clocks.get(self.clock_of[b.0 as usize] as usize) else {
            return false;
        };
        let session = self.session_of[a.0 as usize];
        if session == self.session_of[b.0 as usize] {
            position < self.position[b.0 as usize]
        } else {
            position != OUT && clock.get(session) > position
        }
    }

    /// Calls `visit` with every other session of which operations are before an update, and how many.
    pub(crate) fn each_past(&self, update: OpId, visit: &mut impl FnMut(u32, u32)) {
        if let Some(clock) = self.clocks.get(self.clock_of[update.0 as usize] as usize) {
            clock.each(visit);
        }
    }

    /// The last update of the key that each session had made by then.
    pub(crate) fn last_updates(&self, key: KeyId, past: Past<'_>) -> impl Iterator<Item = OpId> {
        self.last_updates_by(key, move |session| past.get(session))
    }

    /// The last update of the key among so many operations of each session.
    pub(crate) fn last_updates_by(
        &self,
        key: KeyId,
        count: impl Fn(u32) -> u32,
    ) -> impl Iterator<Item = OpId> {
        self.updates[key.0 as usize].iter().filter_map(move |(session, updates)| {
            let count = count(*session);
            let within = updates.partition_point(|&(position, _)| position < count);
            within.checked_sub(1).map(|at| updates[at].1)
        })
    }

    /// All updates of the key that had been made by then.
    pub(crate) fn updates_within(&self, key: KeyId, past: Past<'_>) -> impl Iterator<Item = OpId> {
        self.updates[key.0 as usize].iter().flat_map(move |(session, updates)| {
            let count = past.get(*session);
            let within = updates.partition_point(|&(position, _)| position < count);
            updates[..within].iter().map(|&(_, id)| id)
        })
    }

    /// The operations of a session that are part of the order.
    pub(crate) fn session(&self, session: u32) -> &[OpId] {
        &self.sessions[session as usize]
    }

    /// Whether both are part of the order and of one session, the first before the second.
    pub(crate) fn earlier_in_session(&self, a: OpId, b: OpId) -> bool {
        match (self.place(a), self.place(b)) {
            (Some((of, at)), Some((other, then))) => of == other && at < then,
            _ => false,
        }
    }

    /// The number of sessions.
    pub(crate) fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// The session of an operation, and its position there, if it is part of the order.
    pub(crate) fn place(&self, op: OpId) -> Option<(u32, u32)> {
        let position = self.position[op.0 as usize];
        (position != OUT).then(|| (self.session_of[op.0 as usize], position))
    }
}
