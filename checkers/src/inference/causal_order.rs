//! The causal order hb = (so ∪ wr)⁺ of a history, by vector clocks over sessions.
//!
//! One pass in an order that respects both relations; each session carries one clock, and each update keeps the
//! clock it was made with. No transitive closure is built: `a →hb b` is one look into the clock of b.
//! After Plume (OOPSLA 2024) and AWDIT (PLDI 2025).

use crate::context::Context;
use crate::inference::reads_from::ReadsFrom;
use crate::inference::vector_clock::{Running, VectorClock, VectorClocks};
use afterall_history::{History, KeyId, OpId, OpView, Status};
use rustc_hash::FxHashMap;

/// No position: the operation is not part of the order.
const OUT: u32 = u32::MAX;

/// The updates of each key, session by session.
#[derive(Debug, Default)]
struct Updates {
    /// By key: where its groups begin.
    keys: Vec<u32>,
    /// One for each key and session that updated it: the session, and where its updates begin.
    groups: Vec<(u32, u32)>,
    /// Each with its position in the session.
    updates: Vec<(u32, OpId)>,
}

impl Updates {
    fn new(ctx: &Context<'_>, position: &[u32]) -> Updates {
        let mut all = Updates { keys: vec![0], ..Updates::default() };
        let mut of_key: Vec<(u32, u32, OpId)> = Vec::new();
        for key in ctx.keys() {
            let updates = ctx.on(key).filter(|op| !op.f().is_read());
            let placed = updates.map(|op| (op.session().0, position[op.id().0 as usize], op.id()));
            of_key.clear();
            of_key.extend(placed.filter(|&(_, position, _)| position != OUT));
            of_key.sort_unstable();
            for group in of_key.chunk_by(|a, b| a.0 == b.0) {
                all.groups.push((group[0].0, all.updates.len() as u32));
                all.updates.extend(group.iter().map(|&(_, position, id)| (position, id)));
            }
            all.keys.push(all.groups.len() as u32);
        }
        all
    }

    /// Where the updates of the key begin.
    fn start(&self, key: KeyId) -> usize {
        let first = self.groups.get(self.keys[key.0 as usize] as usize);
        first.map_or(self.updates.len(), |&(_, start)| start as usize)
    }

    /// Each session that updated the key, with its updates.
    fn of(&self, key: KeyId) -> impl Iterator<Item = (u32, &[(u32, OpId)])> {
        let (from, to) = (self.keys[key.0 as usize], self.keys[key.0 as usize + 1]);
        (from as usize..to as usize).map(|at| {
            let (session, start) = self.groups[at];
            let end = self.groups.get(at + 1).map_or(self.updates.len(), |next| next.1 as usize);
            (session, &self.updates[start as usize..end])
        })
    }
}

/// The causal order of a history.
///
/// Part of it are acknowledged operations, and of those nobody knows about, the updates that somebody read.
#[derive(Debug)]
pub(crate) struct CausalOrder<'h> {
    /// By operation: its position among the operations of its session that are part of the order.
    position: Vec<u32>,
    /// Cut at `starts`, by session: the operations that are part of the order.
    starts: Vec<u32>,
    ops: Vec<OpId>,
    updates: Updates,
    /// By operation: which clock an update has; [`OUT`] for others. A session's clock does not count its own
    /// operations, so that updates between which it saw nothing new share one.
    clock_of: Vec<u32>,
    clocks: VectorClocks,
    /// The operations that could not be ordered: those on a cycle of so ∪ wr, and those after one.
    pub(crate) cyclic: Vec<OpId>,
    history: &'h History,
}

/// What is before a moment of a session.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past<'a> {
    clock: &'a Running,
    session: u32,
    /// Of the session itself.
    own: u32,
}

impl Past<'_> {
    /// Whether an update of the order is before it.
    fn has(&self, order: &CausalOrder<'_>, update: OpId) -> bool {
        let at = update.0 as usize;
        order.position[at] < self.get(order.session_of(update))
    }

    /// How many operations of a session are before it.
    fn get(&self, session: u32) -> u32 {
        if session == self.session { self.own } else { self.clock.get(session) }
    }
}

/// What the visitor of reads is told of one.
pub(crate) struct Seen<'a> {
    pub(crate) order: &'a CausalOrder<'a>,
    /// What its session had before it, before the read …
    pub(crate) before: Past<'a>,
    /// … and after it had taken in what it read.
    pub(crate) after: Past<'a>,
    /// The updates of its key so far, in the order of the walk: this contains the read's causal past.
    made: &'a [OpId],
    /// By update: its place among those of its key.
    place: &'a [u32],
}

/// Updates among which the walk looks back one by one, before it asks session by session.
const LOOK_BACK: usize = 32;

impl Seen<'_> {
    /// The last update of the key that the read has before it, if the walk passed it after this one.
    pub(crate) fn newer(&self, key: KeyId, update: OpId) -> Option<OpId> {
        let back = self.made.iter().rev().copied();
        for other in back.take(LOOK_BACK) {
            if other == update {
                return None;
            }
            if self.after.has(self.order, other) {
                return Some(other);
            }
        }
        let place = |op: OpId| self.place[op.0 as usize];
        let last = self.order.last_updates(key, self.after).max_by_key(|&op| place(op))?;
        (place(last) > place(update)).then_some(last)
    }
}

impl<'h> CausalOrder<'h> {
    /// Orders the history, and calls `visit` on every acknowledged read with what its session had before it.
    ///
    /// The order of the walk is that of the invocations, as far as so, wr and `waits` allow it: pairs of an update and another
    /// that must come before it, sorted. What cannot be reached is left in `cyclic`.
    pub(crate) fn new(
        ctx: &Context<'h>,
        reads_from: &ReadsFrom,
        waits: &[(OpId, OpId)],
        mut visit: impl FnMut(OpView<'_>, &Seen<'_>),
    ) -> Self {
        let mut order = CausalOrder::unordered(ctx, reads_from);
        let mut walk = Walk::new(&order, ctx.history.keys(), waits);
        let mut ready: Vec<u32> = Vec::new();
        for id in (0..ctx.history.len() as u32).map(OpId) {
            let session = order.session_of(id);
            if order.position[id.0 as usize] == OUT || walk.blocked[session as usize] {
                continue;
            }
            ready.push(session);
            while let Some(session) = ready.pop() {
                let at = session as usize;
                while let Some(&op) = order.session(session).get(walk.next[at] as usize) {
                    if op > id {
                        break;
                    }
                    if let Some(open) = walk.open(&order, reads_from, op) {
                        walk.blocked[at] = true;
                        walk.waiting.entry(open).or_default().push(session);
                        break;
                    }
                    walk.step(&mut order, ctx.op(op), reads_from.of(op), &mut visit);
                    if !walk.waiting.is_empty() {
                        for woken in walk.waiting.remove(&op).into_iter().flatten() {
                            walk.blocked[woken as usize] = false;
                            ready.push(woken);
                        }
                    }
                }
            }
        }
        let left =
            (0..).zip(&walk.next).map(|(session, &next)| &order.session(session)[next as usize..]);
        order.cyclic = left.flatten().copied().collect();
        order
    }

    fn unordered(ctx: &Context<'h>, reads_from: &ReadsFrom) -> Self {
        let history = ctx.history;
        let read = reads_from.read();
        let is_part = |op: &OpView<'_>| {
            op.status() == Status::Ok || (op.status() == Status::Info && read[op.id().0 as usize])
        };
        let mut starts = vec![0_u32; history.sessions() + 1];
        for op in history.ops().filter(is_part) {
            starts[op.session().0 as usize + 1] += 1;
        }
        for session in 1..starts.len() {
            starts[session] += starts[session - 1];
        }
        let mut made = vec![0_u32; history.sessions()];
        let mut position = vec![OUT; history.len()];
        let mut ops = vec![OpId(0); starts[history.sessions()] as usize];
        for op in history.ops().filter(is_part) {
            let session = op.session().0 as usize;
            position[op.id().0 as usize] = made[session];
            ops[(starts[session] + made[session]) as usize] = op.id();
            made[session] += 1;
        }
        CausalOrder {
            updates: Updates::new(ctx, &position),
            position,
            starts,
            ops,
            clock_of: vec![OUT; history.len()],
            clocks: VectorClocks::new(history.sessions()),
            cyclic: Vec::new(),
            history,
        }
    }

    fn session_of(&self, op: OpId) -> u32 {
        self.history.op(op).session().0
    }

    /// Whether a →hb b, for an update b (and any a that is part of the order).
    pub(crate) fn before(&self, a: OpId, b: OpId) -> bool {
        let position = self.position[a.0 as usize];
        let clock = self.clock_of[b.0 as usize];
        let session = self.session_of(a);
        if clock == OUT {
            false
        } else if session == self.session_of(b) {
            position < self.position[b.0 as usize]
        } else {
            position != OUT && self.clocks.get(clock, session) > position
        }
    }

    /// Calls `visit` with every other session of which operations are before an update, and how many.
    pub(crate) fn each_past(&self, update: OpId, visit: &mut impl FnMut(u32, u32)) {
        self.clocks.each(self.clock_of[update.0 as usize], visit);
    }

    /// How many operations of another session are before an update.
    pub(crate) fn count_before(&self, update: OpId, session: u32) -> u32 {
        self.clocks.get(self.clock_of[update.0 as usize], session)
    }

    /// As [`CausalOrder::each_past`], without what is in the past of the clock; it may be visited all the same.
    pub(crate) fn each_past_beyond(
        &self,
        update: OpId,
        known: &VectorClock,
        visit: &mut impl FnMut(u32, u32),
    ) {
        self.clocks.each_beyond(self.clock_of[update.0 as usize], known, visit);
    }

    /// Whether it pays to know a clock there.
    pub(crate) fn clocks_are_trees(&self) -> bool {
        self.clocks.are_trees()
    }

    /// Adds the past of an update to a clock.
    pub(crate) fn join_past(&self, update: OpId, clock: &mut VectorClock) {
        self.clocks.join_into_tree(self.clock_of[update.0 as usize], clock);
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
        self.updates.of(key).filter_map(move |(session, updates)| {
            let count = count(session);
            let within = updates.partition_point(|&(position, _)| position < count);
            within.checked_sub(1).map(|at| updates[at].1)
        })
    }

    /// All updates of the key that had been made by then.
    pub(crate) fn updates_within(&self, key: KeyId, past: Past<'_>) -> impl Iterator<Item = OpId> {
        self.updates.of(key).flat_map(move |(session, updates)| {
            let count = past.get(session);
            let within = updates.partition_point(|&(position, _)| position < count);
            updates[..within].iter().map(|&(_, id)| id)
        })
    }

    /// The operations of a session that are part of the order.
    pub(crate) fn session(&self, session: u32) -> &[OpId] {
        let session = session as usize;
        &self.ops[self.starts[session] as usize..self.starts[session + 1] as usize]
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
        self.starts.len() - 1
    }

    /// The session of an operation, and its position there, if it is part of the order.
    pub(crate) fn place(&self, op: OpId) -> Option<(u32, u32)> {
        let position = self.position[op.0 as usize];
        (position != OUT).then(|| (self.session_of(op), position))
    }
}

/// The walk that orders a history.
struct Walk<'w> {
    /// By session: how many of its operations have been passed.
    next: Vec<u32>,
    blocked: Vec<bool>,
    clocks: Vec<Running>,
    /// By session: the number of its clock among those that updates have, if it is still the same.
    kept: Vec<u32>,
    /// By operation that is not passed: the sessions that wait for it.
    waiting: FxHashMap<OpId, Vec<u32>>,
    waits: &'w [(OpId, OpId)],
    /// Cut where the updates of each key begin, by key: its updates that have been passed, and how many they are; by update,
    /// its place among them.
    made: Vec<OpId>,
    count: Vec<u32>,
    place: Vec<u32>,
}

impl<'w> Walk<'w> {
    fn new(order: &CausalOrder<'_>, keys: usize, waits: &'w [(OpId, OpId)]) -> Self {
        let sessions = order.sessions();
        Walk {
            next: vec![0; sessions],
            blocked: vec![false; sessions],
            clocks: vec![order.clocks.running(); sessions],
            kept: vec![OUT; sessions],
            waiting: FxHashMap::default(),
            waits,
            made: vec![OpId(0); order.updates.updates.len()],
            count: vec![0; keys],
            place: vec![OUT; order.position.len()],
        }
    }

    /// Something that must come before the operation and has not been passed.
    fn open(&self, order: &CausalOrder<'_>, reads_from: &ReadsFrom, op: OpId) -> Option<OpId> {
        let is_open = |&other: &OpId| {
            let session = order.session_of(other);
            self.next[session as usize] <= order.position[other.0 as usize]
        };
        let source = reads_from.of(op).iter().copied().find(is_open);
        if source.is_some() || self.waits.is_empty() {
            return source;
        }
        let from = self.waits.partition_point(|&(then, _)| then < op);
        let of = self.waits[from..].iter().take_while(|&&(then, _)| then == op);
        of.map(|&(_, first)| first).find(is_open)
    }

    fn step(
        &mut self,
        order: &mut CausalOrder<'_>,
        op: OpView<'_>,
        from: &[OpId],
        visit: &mut impl FnMut(OpView<'_>, &Seen<'_>),
    ) {
        let session = op.session().0;
        let (at, key) = (session as usize, op.key().0 as usize);
        let is_new = |clock: &Running, source: OpId| {
            let of = order.session_of(source);
            of != session && clock.get(of) <= order.position[source.0 as usize]
        };
        let reads = op.f().is_read();
        // Copied only where it changes.
        let mut before = None;
        let clock = &mut self.clocks[at];
        for &source in from {
            if !is_new(clock, source) {
                continue;
            }
            if reads && before.is_none() {
                before = Some(clock.clone());
            }
            order.clocks.join_into(order.clock_of[source.0 as usize], clock);
            let of = order.session_of(source);
            let position = order.position[source.0 as usize];
            if clock.get(of) <= position {
                clock.set(of, position + 1);
            }
        }
        if reads {
            let own = self.next[at];
            let after = Past { clock, session, own };
            let before = Past { clock: before.as_ref().unwrap_or(clock), session, own };
            let start = order.updates.start(op.key());
            let made = &self.made[start..start + self.count[key] as usize];
            let place = &self.place;
            visit(op, &Seen { order, before, after, made, place });
        } else {
            self.kept[at] = order.clocks.keep(clock, self.kept[at]);
            order.clock_of[op.id().0 as usize] = self.kept[at];
            let place = self.count[key];
            self.place[op.id().0 as usize] = place;
            self.made[order.updates.start(op.key()) + place as usize] = op.id();
            self.count[key] += 1;
        }
        self.next[at] += 1;
    }
}
