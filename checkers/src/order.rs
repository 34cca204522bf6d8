//! The causal order hb = (so ∪ wr)⁺ of a history, by vector clocks over sessions.
//!
//! One pass in an order that respects both relations; each session carries one clock, and each update keeps the
//! clock it was made with. A clock is cut into chunks that are shared until they differ, so that sessions
//! that have ended cost nothing more. No transitive closure is built: `a →hb b` is one look into the clock of b.
//! After Plume (OOPSLA 2024) and AWDIT (PLDI 2025).

use crate::context::Context;
use crate::sources::Sources;
use afterall_history::{KeyId, OpId, OpView, Status};
use std::collections::BTreeMap;
use std::rc::Rc;

const CHUNK: usize = 16;
/// No position: the operation is not part of the order.
const OUT: u32 = u32::MAX;

/// For every session, how many of its operations are in the past.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock {
    chunks: Vec<Rc<[u32; CHUNK]>>,
}

impl Clock {
    /// How many operations of the session are in the past.
    pub(crate) fn get(&self, session: u32) -> u32 {
        let session = session as usize;
        self.chunks.get(session / CHUNK).map_or(0, |chunk| chunk[session % CHUNK])
    }

    fn set(&mut self, session: u32, count: u32) {
        let session = session as usize;
        while self.chunks.len() <= session / CHUNK {
            self.chunks.push(Rc::new([0; CHUNK]));
        }
        Rc::make_mut(&mut self.chunks[session / CHUNK])[session % CHUNK] = count;
    }

    /// The past of both.
    fn join(&mut self, other: &Clock) {
        for (at, theirs) in other.chunks.iter().enumerate() {
            let Some(ours) = self.chunks.get_mut(at) else {
                self.chunks.push(Rc::clone(theirs));
                continue;
            };
            if Rc::ptr_eq(ours, theirs) {
                continue;
            }
            if ours.iter().zip(theirs.iter()).all(|(our, their)| our <= their) {
                *ours = Rc::clone(theirs);
            } else if ours.iter().zip(theirs.iter()).any(|(our, their)| our < their) {
                let ours = Rc::make_mut(ours);
                for (our, their) in ours.iter_mut().zip(theirs.iter()) {
                    *our = (*our).max(*their);
                }
            }
        }
    }
}

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
    /// By operation: the clock of an update, itself not counted.
    clocks: Vec<Option<Clock>>,
    /// The operations that could not be ordered: those on a cycle of so ∪ wr, and those after one.
    pub(crate) cyclic: Vec<OpId>,
    session_of: Vec<u32>,
}

impl CausalOrder {
    /// Orders the history, and calls `visit` on every acknowledged read in that order with the clock of its session
    /// before the read, and after it had taken in what it read.
    pub(crate) fn new(
        ctx: &Context<'_>,
        sources: &Sources,
        mut visit: impl FnMut(&CausalOrder, OpView<'_>, &Clock, &Clock),
    ) -> Self {
        let mut order = CausalOrder::unordered(ctx, sources);
        let sessions = order.sessions.len();
        let mut clocks = vec![Clock::default(); sessions];
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
                if op.f().is_read() {
                    let before = clocks[at].clone();
                    for &source in from {
                        let position = order.position[source.0 as usize];
                        let of = order.session_of[source.0 as usize];
                        if clocks[at].get(of) <= position {
                            if let Some(clock) = &order.clocks[source.0 as usize] {
                                clocks[at].join(clock);
                            }
                            if clocks[at].get(of) <= position {
                                clocks[at].set(of, position + 1);
                            }
                        }
                    }
                    visit(&order, op, &before, &clocks[at]);
                } else {
                    order.clocks[id.0 as usize] = Some(clocks[at].clone());
                }
                next[at] += 1;
                clocks[at].set(session, next[at] as u32);
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
            clocks: vec![None; history.len()],
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
        position != OUT
            && self.clocks[b.0 as usize]
                .as_ref()
                .is_some_and(|clock| clock.get(self.session_of[a.0 as usize]) > position)
    }

    /// The last update of the key that each session had made within the clock.
    pub(crate) fn last_updates(&self, key: KeyId, clock: &Clock) -> impl Iterator<Item = OpId> {
        self.updates[key.0 as usize].iter().filter_map(|(session, updates)| {
            let count = clock.get(*session);
            let within = updates.partition_point(|&(position, _)| position < count);
            within.checked_sub(1).map(|at| updates[at].1)
        })
    }

    /// All updates of the key within the clock.
    pub(crate) fn updates_within(&self, key: KeyId, clock: &Clock) -> impl Iterator<Item = OpId> {
        self.updates[key.0 as usize].iter().flat_map(|(session, updates)| {
            let count = clock.get(*session);
            let within = updates.partition_point(|&(position, _)| position < count);
            updates[..within].iter().map(|&(_, id)| id)
        })
    }

    /// The operations of a session that are part of the order.
    pub(crate) fn session(&self, session: u32) -> &[OpId] {
        &self.sessions[session as usize]
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
