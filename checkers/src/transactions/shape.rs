//! What is wrong, without words: the operations of a witness and how they depend on each other.

use super::conflict::Conflict;
use super::facts::{Facts, INITIAL, Odd};
use super::level::Level;
use super::paths::{Link, Paths, Step};
use super::sorted::Sorted;
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{OpId, Transactions, TxnId};

/// One operation depends on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tie {
    pub(super) from: OpId,
    pub(super) to: OpId,
    pub(super) label: Label,
    /// Of a conflict: the read that forces it.
    pub(super) because: Option<OpId>,
}

/// What is wrong.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) kind: AnomalyKind,
    /// The read that is wrong, where one is.
    pub(super) read: Option<OpId>,
    /// What it should have known: a write.
    pub(super) newer: Option<OpId>,
    pub(super) ties: Vec<Tie>,
}

impl Shape {
    /// The operations, each once.
    pub(super) fn ops(&self) -> Vec<OpId> {
        let tied = self.ties.iter().flat_map(|tie| [Some(tie.from), Some(tie.to), tie.because]);
        let mut ops: Vec<OpId> = tied.chain([self.read, self.newer]).flatten().collect();
        ops.sort_unstable();
        ops.dedup();
        ops
    }

    /// Its transactions, and its operations.
    pub(super) fn size(&self, history: &Transactions) -> (usize, usize) {
        let ops = self.ops();
        let mut txns: Vec<TxnId> = ops.iter().map(|&op| history.txn_of(op)).collect();
        txns.dedup();
        (txns.len(), ops.len())
    }

    /// The same in the history that this one's is a part of.
    pub(super) fn within(mut self, ops: &[OpId]) -> Shape {
        let whole = |op: OpId| ops[op.0 as usize];
        for tie in &mut self.ties {
            (tie.from, tie.to) = (whole(tie.from), whole(tie.to));
            tie.because = tie.because.map(whole);
        }
        (self.read, self.newer) = (self.read.map(whole), self.newer.map(whole));
        self
    }
}

/// A read that is wrong by itself.
pub(super) fn odd(facts: &Facts<'_>, op: OpId, odd: Odd) -> Shape {
    let of = facts.history.op(op);
    let reader = facts.history.txn_of(op);
    let write = |txn: TxnId| {
        let mut writes = facts.history.ops_of(txn).filter(|other| other.write);
        writes.find(|other| (other.key, other.value) == (of.key, of.value)).map(|other| other.id)
    };
    let own = || {
        let before = facts.history.ops_of(reader).rev().filter(|other| other.id < op);
        before.filter(|other| other.write).find(|other| other.key == of.key).map(|other| other.id)
    };
    let newer = match odd {
        Odd::ThinAir => None,
        Odd::Aborted(txn) | Odd::Intermediate(txn) => write(txn),
        Odd::Future => write(reader),
        Odd::NotMyOwn | Odd::NotMyLast => own(),
    };
    Shape { kind: odd.kind(), read: Some(op), newer, ties: Vec::new() }
}

/// What a read ignores: the smallest way to say it, and `None` if it ignores nothing after all.
///
/// `then` was read, or it was the initial state; `first` must have been visible, and came after `then`.
pub(super) fn stale(
    facts: &Facts<'_>,
    base: &Sorted,
    paths: &Paths<'_>,
    level: Level,
    conflict: Conflict,
) -> Option<Shape> {
    let read = facts.reads[conflict.read as usize];
    let reader = facts.reader(conflict.read);
    // All that matters lies between the two in every order.
    let rank = |txn: u32| base.rank[txn as usize];
    let oldest = if read.from == INITIAL { 0 } else { rank(read.from) };
    let within = |txn: u32| (oldest..rank(reader)).contains(&rank(txn));
    let writer =
        |txn: u32| txn != read.from && txn != reader && facts.writes.of(txn).contains(&read.key);
    let by_past = matches!(level, Level::CausalConvergence | Level::Causal);
    let seen = (!by_past).then(|| seen_directly(facts, level, conflict.read));
    // For the initial state the nearest writer will do.
    let mut nearest = None;
    let to_reader = seen.is_none().then(|| {
        paths.before(reader, within, |txn| {
            nearest = nearest.or(Some(txn).filter(|&txn| writer(txn)));
            read.from == INITIAL && nearest.is_some()
        })
    });
    let (first, from_then) = if read.from == INITIAL {
        let seen = seen.into_iter().flatten().filter(|&txn| writer(txn));
        (nearest.or_else(|| seen.min_by_key(|&txn| rank(txn)))?, None)
    } else {
        let mut best: Option<(u32, u32)> = None;
        let reached = paths.after(read.from, within, |txn, distance| {
            let left = match (&to_reader, &seen) {
                (Some(reached), _) => reached.distance(txn),
                (_, Some(seen)) => seen.binary_search(&txn).is_ok().then_some(1),
                _ => None,
            };
            if let Some(left) = left.filter(|_| writer(txn)) {
                best = best.min(Some((distance + left, txn))).or(Some((distance + left, txn)));
            }
            best.is_some_and(|(whole, _)| distance + 1 >= whole)
        });
        (best?.1, Some(reached))
    };
    let mut links = from_then.map_or(Vec::new(), |reached| reached.path_to(first));
    match to_reader {
        Some(reached) => links.extend(reached.path_from(first)),
        None => links.extend(premise(facts, paths, level, first, conflict.read)),
    }
    let newer = facts.last_write(first, read.key);
    let older = (read.from != INITIAL).then(|| facts.last_write(read.from, read.key)).flatten();
    let told: Vec<OpId> = [Some(read.op), newer, older].into_iter().flatten().collect();
    let mut ties = ties(facts, &links, &told);
    match (newer, read.from) {
        (Some(newer), INITIAL) => {
            let label = Label::Conflict;
            ties.push(Tie { from: read.op, to: newer, label, because: None });
        }
        _ => {
            let link = Link { from: first, to: read.from, step: Step::Conflict(conflict.read) };
            ties.extend(conflict_ties(facts, link, conflict.read));
        }
    }
    let kind = Kinds::default().of(facts, level, Conflict { first, ..conflict });
    Some(Shape { kind, read: Some(read.op), newer, ties: each_once(ties) })
}

/// Tells what reads that ignore a writer are called.
#[derive(Default)]
pub(super) struct Kinds {
    /// The reads of one transaction, sorted by key and source.
    reader: Option<u32>,
    reads: Vec<(u32, u32)>,
}

impl Kinds {
    pub(super) fn of(
        &mut self,
        facts: &Facts<'_>,
        level: Level,
        conflict: Conflict,
    ) -> AnomalyKind {
        let read = facts.reads[conflict.read as usize];
        match level {
            Level::CausalConvergence | Level::Causal if read.from == INITIAL => {
                AnomalyKind::CausalInitialRead
            }
            Level::CausalConvergence | Level::Causal => AnomalyKind::CausalStaleRead,
            Level::ReadCommitted => AnomalyKind::NonMonotonicRead,
            Level::ReadAtomic => {
                let reader = facts.reader(conflict.read);
                if self.reader != Some(reader) {
                    self.reader = Some(reader);
                    self.reads = facts.reads_of(reader).iter().map(|r| (r.key, r.from)).collect();
                    self.reads.sort_unstable();
                }
                let twice = self.reads.binary_search(&(read.key, conflict.first)).is_ok();
                if twice { AnomalyKind::NonRepeatableRead } else { AnomalyKind::FracturedRead }
            }
        }
    }
}

/// A cycle, with what makes its conflicts conflicts.
pub(super) fn cycle(facts: &Facts<'_>, paths: &Paths<'_>, level: Level, links: &[Link]) -> Shape {
    let mut all = links.to_vec();
    let mut conflicts = Vec::new();
    for link in links {
        if let Step::Conflict(read) = link.step {
            all.extend(premise(facts, paths, level, link.from, read));
            conflicts.extend(conflict_ties(facts, *link, read));
        }
    }
    all.retain(|link| !matches!(link.step, Step::Conflict(_)));
    let kind = if conflicts.is_empty() {
        AnomalyKind::CyclicCausality
    } else {
        AnomalyKind::CyclicConflict
    };
    let told: Vec<OpId> = conflicts.iter().flat_map(|tie: &Tie| [tie.from, tie.to]).collect();
    conflicts.extend(ties(facts, &all, &told));
    Shape { kind, read: None, newer: None, ties: each_once(conflicts) }
}

/// The transactions that the premise makes visible to a read in one step, sorted.
fn seen_directly(facts: &Facts<'_>, level: Level, read: u32) -> Vec<u32> {
    let reader = facts.reader(read);
    let range = facts.reads_range(reader);
    let reads = match level {
        Level::ReadCommitted => &facts.reads[range.start..read as usize],
        _ => &facts.reads[range],
    };
    let mut seen: Vec<u32> =
        reads.iter().map(|read| read.from).filter(|&from| from != INITIAL).collect();
    if level != Level::ReadCommitted {
        let place = facts.position[reader as usize] as usize;
        seen.extend(&facts.sessions.of(facts.session[reader as usize])[..place]);
    }
    seen.sort_unstable();
    seen.dedup();
    seen
}

/// How the premise makes `first` visible to the read: a shortest way.
fn premise(facts: &Facts<'_>, paths: &Paths<'_>, level: Level, first: u32, read: u32) -> Vec<Link> {
    let reader = facts.reader(read);
    let range = facts.reads_range(reader);
    let reads = if level == Level::ReadCommitted { range.start..read as usize } else { range };
    let direct = reads.clone().find(|&at| facts.reads[at].from == first);
    if let Some(direct) = direct {
        return vec![Link { from: first, to: reader, step: Step::Read(direct as u32) }];
    }
    if facts.session[first as usize] == facts.session[reader as usize] {
        return vec![Link { from: first, to: reader, step: Step::Session }];
    }
    paths.before(reader, |_| true, |txn| txn == first).path_from(first)
}

/// A conflict, and the read that makes it one.
fn conflict_ties(facts: &Facts<'_>, link: Link, read: u32) -> Vec<Tie> {
    let of = facts.reads[read as usize];
    let writes = (facts.last_write(link.from, of.key), facts.last_write(link.to, of.key));
    let (Some(from), Some(to)) = writes else { return Vec::new() };
    vec![
        Tie { from, to, label: Label::Conflict, because: Some(of.op) },
        Tie { from: to, to: of.op, label: Label::ReadsFrom, because: None },
    ]
}

/// Session order and reads as ties between operations: where any of a transaction will do, one of those that are told of
/// anyhow.
fn ties(facts: &Facts<'_>, links: &[Link], told: &[OpId]) -> Vec<Tie> {
    let mut ties = Vec::new();
    for link in links {
        if let Step::Read(read) = link.step {
            let of = facts.reads[read as usize];
            if let Some(from) = facts.last_write(link.from, of.key) {
                ties.push(Tie { from, to: of.op, label: Label::ReadsFrom, because: None });
            }
        }
    }
    let read = ties.iter().flat_map(|tie| [tie.from, tie.to]);
    let told: Vec<OpId> = told.iter().copied().chain(read).collect();
    let any_op = |txn: u32| {
        let told = told.iter().copied().find(|&op| facts.history.txn_of(op).0 == txn);
        let first = || facts.history.ops_of(TxnId(txn)).next().map(|op| op.id);
        told.or_else(first)
    };
    for link in links.iter().filter(|link| link.step == Step::Session) {
        if let (Some(from), Some(to)) = (any_op(link.from), any_op(link.to)) {
            ties.push(Tie { from, to, label: Label::So, because: None });
        }
    }
    ties
}

fn each_once(mut ties: Vec<Tie>) -> Vec<Tie> {
    ties.sort_by_key(|tie| (tie.from, tie.to, tie.label));
    ties.dedup();
    ties
}
