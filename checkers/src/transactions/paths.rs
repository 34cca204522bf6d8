//! Shortest chains of dependencies between transactions: what witnesses are made of.
//!
//! Session order is transitive, so any earlier transaction of a session is one step from any later one.

use super::conflict::Conflict;
use super::facts::{Facts, INITIAL, Lists, NONE};

/// How one transaction depends on the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// One session made both.
    Session,
    /// The later one made this read of the earlier one.
    Read(u32),
    /// The earlier one must come first because of this read of a third one.
    Conflict(u32),
}

/// A dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) from: u32,
    pub(super) to: u32,
    pub(super) step: Step,
}

/// The dependencies of a history, to be walked in both directions.
pub(super) struct Paths<'f> {
    facts: &'f Facts<'f>,
    /// By transaction: the reads that returned its values.
    readers: Lists,
    /// By read: its transaction.
    reader_of: Vec<u32>,
    /// In the order of what comes first.
    conflicts: Vec<Conflict>,
}

/// Where a search came from, and how far it is.
pub(super) struct Reached {
    via: Vec<u32>,
    step: Vec<Step>,
    distance: Vec<u32>,
}

impl Reached {
    fn new(txns: usize) -> Self {
        Reached {
            via: vec![NONE; txns],
            step: vec![Step::Session; txns],
            distance: vec![NONE; txns],
        }
    }

    /// How far a transaction is, if it was reached.
    pub(super) fn distance(&self, txn: u32) -> Option<u32> {
        Some(self.distance[txn as usize]).filter(|&distance| distance != NONE)
    }
}

/// Transactions that are to be walked from, nearest first.
struct Queue {
    by_distance: Vec<Vec<u32>>,
    near: usize,
}

impl Queue {
    fn new(start: u32) -> Self {
        Queue { by_distance: vec![vec![start]], near: 0 }
    }

    fn push(&mut self, distance: u32, txn: u32) {
        let distance = distance as usize;
        if self.by_distance.len() <= distance {
            self.by_distance.resize_with(distance + 1, Vec::new);
        }
        self.by_distance[distance].push(txn);
    }

    fn pop(&mut self) -> Option<(u32, u32)> {
        while self.near < self.by_distance.len() {
            if let Some(txn) = self.by_distance[self.near].pop() {
                return Some((self.near as u32, txn));
            }
            self.near += 1;
        }
        None
    }
}

/// A conflict brings the transaction that made the read into the witness too.
const CONFLICT_COST: u32 = 2;

impl<'f> Paths<'f> {
    pub(super) fn new(facts: &'f Facts<'f>, mut conflicts: Vec<Conflict>) -> Self {
        conflicts.retain(|conflict| conflict.then != INITIAL);
        conflicts.sort_unstable_by_key(|conflict| (conflict.first, conflict.then, conflict.read));
        conflicts.dedup_by_key(|conflict| (conflict.first, conflict.then));
        let traced = || (0_u32..).zip(&facts.reads).filter(|(_, read)| read.from != INITIAL);
        let readers = Lists::new(facts.len(), || traced().map(|(at, read)| (read.from, at)));
        let mut reader_of = Vec::with_capacity(facts.reads.len());
        for txn in 0..facts.len() as u32 {
            reader_of.resize(facts.reads_range(txn).end, txn);
        }
        Paths { facts, readers, reader_of, conflicts }
    }

    /// The conflicts in which the transaction comes first.
    pub(super) fn conflicts_of(&self, first: u32) -> &[Conflict] {
        let from = self.conflicts.partition_point(|conflict| conflict.first < first);
        let to = self.conflicts.partition_point(|conflict| conflict.first <= first);
        &self.conflicts[from..to]
    }

    /// All conflicts, each pair of transactions once.
    pub(super) fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// The next transaction of the session, those that read from this one, and those it must come before.
    pub(super) fn successors(&self, txn: u32) -> impl Iterator<Item = u32> {
        let facts = self.facts;
        let place = facts.position[txn as usize] as usize;
        let next = facts.sessions.of(facts.session[txn as usize]).get(place + 1).copied();
        let readers = self.readers.of(txn).iter().map(|&read| self.reader_of[read as usize]);
        let later = self.conflicts_of(txn).iter().map(|conflict| conflict.then);
        next.into_iter().chain(readers).chain(later)
    }

    /// What comes after a transaction, nearest first. Only those for which `within` holds are walked, until `enough` holds
    /// for one and its distance.
    pub(super) fn after(
        &self,
        from: u32,
        within: impl Fn(u32) -> bool,
        mut enough: impl FnMut(u32, u32) -> bool,
    ) -> Reached {
        let facts = self.facts;
        let mut reached = Reached::new(facts.len());
        reached.distance[from as usize] = 0;
        let mut queue = Queue::new(from);
        // By session: from where on all of its transactions were reached by session order.
        let mut seen_from = vec![u32::MAX; facts.history.sessions()];
        while let Some((distance, txn)) = queue.pop() {
            if reached.distance[txn as usize] < distance {
                continue;
            }
            if enough(txn, distance) {
                break;
            }
            let mut add = |to: u32, step: Step, cost: u32| {
                let at = to as usize;
                if distance + cost < reached.distance[at] && within(to) {
                    reached.distance[at] = distance + cost;
                    (reached.via[at], reached.step[at]) = (txn, step);
                    queue.push(distance + cost, to);
                }
            };
            for &read in self.readers.of(txn) {
                add(self.reader_of[read as usize], Step::Read(read), 1);
            }
            for conflict in self.conflicts_of(txn) {
                add(conflict.then, Step::Conflict(conflict.read), CONFLICT_COST);
            }
            let session = facts.session[txn as usize];
            let later = facts.sessions.of(session);
            let next = facts.position[txn as usize] + 1;
            let seen = &mut seen_from[session as usize];
            let to = (*seen).min(later.len() as u32);
            for &txn in later.get(next as usize..to as usize).unwrap_or_default() {
                add(txn, Step::Session, 1);
            }
            *seen = (*seen).min(next);
        }
        reached
    }

    /// What comes before a transaction by session order and reads, nearest first. Only those for which `within` holds
    /// are walked, until `enough` holds for one.
    pub(super) fn before(
        &self,
        to: u32,
        within: impl Fn(u32) -> bool,
        mut enough: impl FnMut(u32) -> bool,
    ) -> Reached {
        let facts = self.facts;
        let mut reached = Reached::new(facts.len());
        reached.distance[to as usize] = 0;
        let mut queue = Queue::new(to);
        let mut seen_to = vec![0_u32; facts.history.sessions()];
        while let Some((distance, txn)) = queue.pop() {
            if reached.distance[txn as usize] < distance {
                continue;
            }
            if enough(txn) {
                break;
            }
            let mut add = |from: u32, step: Step| {
                let at = from as usize;
                if distance + 1 < reached.distance[at] && within(from) {
                    reached.distance[at] = distance + 1;
                    (reached.via[at], reached.step[at]) = (txn, step);
                    queue.push(distance + 1, from);
                }
            };
            for read in facts.reads_range(txn) {
                if facts.reads[read].from != INITIAL {
                    add(facts.reads[read].from, Step::Read(read as u32));
                }
            }
            let session = facts.session[txn as usize];
            let position = facts.position[txn as usize];
            let seen = &mut seen_to[session as usize];
            let earlier = facts.sessions.of(session);
            let earlier = earlier.get(*seen as usize..position as usize).unwrap_or_default();
            for &txn in earlier.iter().rev() {
                add(txn, Step::Session);
            }
            *seen = (*seen).max(position);
        }
        reached
    }
}

impl Reached {
    /// The path that a search forward took to a transaction.
    pub(super) fn path_to(&self, to: u32) -> Vec<Link> {
        let (mut path, mut at) = (Vec::new(), to);
        while self.via[at as usize] != NONE {
            let from = self.via[at as usize];
            path.push(Link { from, to: at, step: self.step[at as usize] });
            at = from;
        }
        path.reverse();
        path
    }

    /// The path that a search backward took from a transaction.
    pub(super) fn path_from(&self, from: u32) -> Vec<Link> {
        let (mut path, mut at) = (Vec::new(), from);
        while self.via[at as usize] != NONE {
            let to = self.via[at as usize];
            path.push(Link { from: at, to, step: self.step[at as usize] });
            at = to;
        }
        path
    }
}
