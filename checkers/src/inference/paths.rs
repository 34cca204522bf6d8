//! Shortest chains of dependencies between operations: what witnesses are made of.
//!
//! Session order is transitive, so any earlier operation of a session is one step from any later one.

use crate::context::Context;
use crate::findings::Dependency;
use crate::inference::causal_order::CausalOrder;
use crate::inference::reads_from::ReadsFrom;
use crate::verdict::Label;
use afterall_history::OpId;
use std::collections::VecDeque;

const UNSEEN: u32 = u32::MAX;

/// Operations that are walked at most in search of shortest witnesses; violations beyond that are counted.
const WALK_MAX: usize = 20_000_000;

/// How many searches over the whole history may be made.
pub(crate) fn searches(ctx: &Context<'_>) -> usize {
    (WALK_MAX / ctx.history.len().max(1)).clamp(8, 2_000)
}

/// An update that must come before another, because a read returned the other's value although it had this one
/// in its causal past.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Conflict {
    pub(crate) first: OpId,
    pub(crate) then: OpId,
    pub(crate) read: OpId,
}

/// The dependencies of a history, to be walked in both directions.
pub(crate) struct Paths<'a> {
    order: &'a CausalOrder<'a>,
    reads_from: &'a ReadsFrom,
    /// Cut at `starts`: the reads that return each update.
    starts: Vec<u32>,
    readers: Vec<OpId>,
    /// Sorted; empty where only so and wr are to be walked.
    conflicts: &'a [Conflict],
}

/// Where a search came from, and how far it is.
pub(crate) struct Reached {
    /// The operation before, on a shortest path; itself where the search began.
    via: Vec<u32>,
    label: Vec<Label>,
    pub(crate) distance: Vec<u32>,
}

impl Reached {
    fn new(ops: usize) -> Self {
        Reached { via: vec![UNSEEN; ops], label: vec![Label::So; ops], distance: vec![UNSEEN; ops] }
    }

    pub(crate) fn is(&self, op: OpId) -> bool {
        self.distance[op.0 as usize] != UNSEEN
    }

    fn add(&mut self, from: OpId, to: OpId, label: Label) -> bool {
        let at = to.0 as usize;
        if self.distance[at] != UNSEEN {
            return false;
        }
        self.distance[at] = self.distance[from.0 as usize] + 1;
        self.via[at] = from.0;
        self.label[at] = label;
        true
    }
}

impl<'a> Paths<'a> {
    pub(crate) fn new(
        ctx: &Context<'_>,
        order: &'a CausalOrder<'a>,
        reads_from: &'a ReadsFrom,
        conflicts: &'a [Conflict],
    ) -> Self {
        let ops = ctx.history.len();
        let mut starts = vec![0_u32; ops + 1];
        let reads = || (0..ops as u32).map(OpId).filter(|&op| order.place(op).is_some());
        for read in reads() {
            for source in reads_from.of(read) {
                starts[source.0 as usize + 1] += 1;
            }
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut readers = vec![OpId(0); starts[ops] as usize];
        for read in reads() {
            for source in reads_from.of(read) {
                let at = &mut next[source.0 as usize];
                readers[*at as usize] = read;
                *at += 1;
            }
        }
        Paths { order, reads_from, starts, readers, conflicts }
    }

    /// The reads that return the update.
    pub(crate) fn readers(&self, update: OpId) -> &[OpId] {
        let at = update.0 as usize;
        &self.readers[self.starts[at] as usize..self.starts[at + 1] as usize]
    }

    /// The conflicts in which the update comes first.
    pub(crate) fn conflicts_of(&self, update: OpId) -> &[Conflict] {
        let from = self.conflicts.partition_point(|conflict| conflict.first < update);
        let to = self.conflicts.partition_point(|conflict| conflict.first <= update);
        &self.conflicts[from..to]
    }

    /// What comes after an operation, nearest first. Only operations for which `within` holds are walked.
    pub(crate) fn after(&self, from: OpId, ops: usize, within: impl Fn(OpId) -> bool) -> Reached {
        let mut reached = Reached::new(ops);
        reached.distance[from.0 as usize] = 0;
        let mut queue = VecDeque::from([from]);
        let mut seen_from: Vec<u32> = vec![UNSEEN; self.order.sessions()];
        while let Some(op) = queue.pop_front() {
            for &read in self.readers(op) {
                if within(read) && reached.add(op, read, Label::ReadsFrom) {
                    queue.push_back(read);
                }
            }
            for conflict in self.conflicts_of(op) {
                if within(conflict.then) && reached.add(op, conflict.then, Label::Conflict) {
                    queue.push_back(conflict.then);
                }
            }
            let Some((session, position)) = self.order.place(op) else { continue };
            let later = self.order.session(session);
            let seen = &mut seen_from[session as usize];
            let until = (*seen).min(later.len() as u32);
            for &op_after in later.get(position as usize + 1..until as usize).unwrap_or_default() {
                if within(op_after) && reached.add(op, op_after, Label::So) {
                    queue.push_back(op_after);
                }
            }
            *seen = until.min(position + 1);
        }
        reached
    }

    /// What comes before an operation by session order and reads-from, nearest first.
    pub(crate) fn before(&self, to: OpId, ops: usize) -> Reached {
        let mut reached = Reached::new(ops);
        reached.distance[to.0 as usize] = 0;
        let mut queue = VecDeque::from([to]);
        let mut seen_to: Vec<u32> = vec![0; self.order.sessions()];
        while let Some(op) = queue.pop_front() {
            for &source in self.reads_from.of(op) {
                if reached.add(op, source, Label::ReadsFrom) {
                    queue.push_back(source);
                }
            }
            let Some((session, position)) = self.order.place(op) else { continue };
            let earlier = self.order.session(session);
            let seen = &mut seen_to[session as usize];
            for &op_before in earlier.get(*seen as usize..position as usize).unwrap_or_default() {
                if reached.add(op, op_before, Label::So) {
                    queue.push_back(op_before);
                }
            }
            *seen = (*seen).max(position);
        }
        reached
    }

    /// The path that a search forward took to an operation.
    pub(crate) fn path_to(
        &self,
        ctx: &Context<'_>,
        reached: &Reached,
        to: OpId,
    ) -> Vec<Dependency> {
        let mut path = Vec::new();
        let mut at = to;
        while reached.via[at.0 as usize] != UNSEEN {
            let from = OpId(reached.via[at.0 as usize]);
            path.push(self.dependency(ctx, from, at, reached.label[at.0 as usize]));
            at = from;
        }
        path.reverse();
        path
    }

    /// The path that a search backward took from an operation.
    pub(crate) fn path_from(
        &self,
        ctx: &Context<'_>,
        reached: &Reached,
        from: OpId,
    ) -> Vec<Dependency> {
        let mut path = Vec::new();
        let mut at = from;
        while reached.via[at.0 as usize] != UNSEEN {
            let to = OpId(reached.via[at.0 as usize]);
            path.push(self.dependency(ctx, at, to, reached.label[at.0 as usize]));
            at = to;
        }
        path
    }

    fn dependency(&self, ctx: &Context<'_>, from: OpId, to: OpId, label: Label) -> Dependency {
        let why = match label {
            Label::ReadsFrom => why_reads_from(ctx, from, to),
            Label::Conflict => {
                let conflict = self.conflicts_of(from).iter().find(|c| c.then == to);
                conflict.map_or(String::new(), |conflict| conflict_why(ctx, *conflict))
            }
            _ => format!(
                "session {} made #{} before #{}",
                ctx.op(from).process(),
                ctx.op(from).number(),
                ctx.op(to).number()
            ),
        };
        Dependency { from, to, label, why }
    }
}

/// Why a read depends on an update.
pub(crate) fn why_reads_from(ctx: &Context<'_>, update: OpId, read: OpId) -> String {
    format!("#{} shows the effect of #{}", ctx.op(read).number(), ctx.op(update).number())
}

/// Why one update must be ordered before another.
pub(crate) fn conflict_why(ctx: &Context<'_>, conflict: Conflict) -> String {
    let number = |op| ctx.op(op).number();
    let (read, first, then) =
        (number(conflict.read), number(conflict.first), number(conflict.then));
    format!(
        "#{read} came after #{first}, but shows the value of #{then}: so #{first} must be ordered before #{then}"
    )
}

/// The operations on the edges, each once.
pub(crate) fn ops_on(edges: &[Dependency]) -> Vec<OpId> {
    let mut ops: Vec<OpId> = edges.iter().flat_map(|edge| [edge.from, edge.to]).collect();
    ops.sort_unstable();
    ops.dedup();
    ops
}
