//! Causal convergence of transactions (CCv), and causal consistency (CC).
//!
//! Premise: `t1 →(so ∪ wr)⁺ t3`. No transaction ignores what is in its causal past (Biswas and Enea, OOPSLA 2019, who call it
//! causal consistency; in the single-operation form of Bouajjani, Enea, Guerraoui and Hamza, POPL 2017, it is CCv, since a
//! commit order is one that all sessions agree on). CC, which is called causal here for transactions as for registers, asks for
//! no such order: only a read whose value is itself in the past of a later writer breaks it.
//!
//! The causal past is a vector clock over sessions; each session carries one along the order, and the clock of a
//! transaction is kept until its last reader has passed. For a read of `t2`, the writers of the key are walked back from
//! the newest of the order until `t2` comes up: those between are few where the order is a good guess. If it takes too
//! long, each session's last write within the clock is looked up instead (AWDIT, PLDI 2025).

use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL, Lists, NONE};
use super::sorted::Sorted;
use crate::inference::vector_clock::VectorClock;
use std::cell::OnceCell;

/// Writers of a key that are walked before each session's last write is looked up.
const WALK_MAX: usize = 64;

/// The causal past along an order.
pub(super) struct Pasts<'f> {
    facts: &'f Facts<'f>,
    /// By session.
    clocks: Vec<VectorClock>,
    /// By transaction, while somebody is still to read from it.
    kept: Vec<Option<VectorClock>>,
    /// By transaction: the reads that are still to come.
    readers: Vec<u32>,
}

impl<'f> Pasts<'f> {
    pub(super) fn new(facts: &'f Facts<'f>) -> Self {
        let mut readers = vec![0_u32; facts.len()];
        for read in facts.reads.iter().filter(|read| read.from != INITIAL) {
            readers[read.from as usize] += 1;
        }
        Pasts {
            facts,
            clocks: vec![VectorClock::default(); facts.history.sessions()],
            kept: vec![None; facts.len()],
            readers,
        }
    }

    /// Takes in what the transaction read: its causal past, itself not counted. To be called in the order.
    pub(super) fn enter(&mut self, txn: u32) -> &VectorClock {
        let facts = self.facts;
        let clock = &mut self.clocks[facts.session[txn as usize] as usize];
        for read in facts.reads_of(txn).iter().filter(|read| read.from != INITIAL) {
            let from = read.from as usize;
            if clock.get(facts.session[from]) <= facts.position[from]
                && let Some(theirs) = &self.kept[from]
            {
                clock.join(theirs);
            }
        }
        clock
    }

    /// Whether one transaction is in the past of another that was entered and is still to be read.
    fn before(&self, first: u32, then: u32) -> bool {
        let (first, clock) = (first as usize, self.kept[then as usize].as_ref());
        clock.is_some_and(|clock| clock.get(self.facts.session[first]) > self.facts.position[first])
    }

    /// The transaction is over: it is in the past of its session and of its readers.
    pub(super) fn leave(&mut self, txn: u32) {
        let facts = self.facts;
        let session = facts.session[txn as usize];
        let clock = &mut self.clocks[session as usize];
        clock.set(session, facts.position[txn as usize] + 1);
        if self.readers[txn as usize] > 0 {
            self.kept[txn as usize] = Some(clock.clone());
        }
        for read in facts.reads_of(txn).iter().filter(|read| read.from != INITIAL) {
            let from = read.from as usize;
            self.readers[from] -= 1;
            if self.readers[from] == 0 {
                self.kept[from] = None;
            }
        }
    }
}

/// The writers of each key, session after session.
struct BySession {
    writers: Lists,
    /// By key: where the writers of a session begin.
    blocks: Lists,
}

impl BySession {
    fn new(facts: &Facts<'_>) -> Self {
        let keys = facts.history.keys();
        let all = || {
            facts
                .sessions
                .items
                .iter()
                .flat_map(|&txn| facts.writes.of(txn).iter().map(move |&key| (key, txn)))
        };
        let writers = Lists::new(keys, all);
        let (mut starts, mut items) = (vec![0], Vec::new());
        for key in 0..keys {
            let (from, to) = (writers.starts[key], writers.starts[key + 1]);
            let mut last = NONE;
            for at in from..to {
                let session = facts.session[writers.items[at as usize] as usize];
                if session != last {
                    items.push(at);
                    last = session;
                }
            }
            starts.push(items.len() as u32);
        }
        BySession { writers, blocks: Lists { starts, items } }
    }

    /// Of each session that wrote the key within the clock, the last transaction that did.
    fn last_within(
        &self,
        facts: &Facts<'_>,
        key: u32,
        clock: &VectorClock,
    ) -> impl Iterator<Item = u32> {
        let end = self.writers.starts[key as usize + 1];
        let blocks = self.blocks.of(key);
        blocks.iter().enumerate().filter_map(move |(at, &from)| {
            let to = blocks.get(at + 1).copied().unwrap_or(end);
            let block = &self.writers.items[from as usize..to as usize];
            let count = clock.get(facts.session[block[0] as usize]);
            let within = block.partition_point(|&txn| facts.position[txn as usize] < count);
            within.checked_sub(1).map(|last| block[last])
        })
    }
}

/// Finds the conflicts of causal consistency.
pub(super) fn conflicts(
    facts: &Facts<'_>,
    sorted: &Sorted,
    which: Which,
    found: &mut dyn FnMut(Conflict),
) {
    let mut pasts = Pasts::new(facts);
    let mut writers: Vec<Vec<u32>> = vec![Vec::new(); facts.history.keys()];
    let by_session = OnceCell::new();
    for &txn in &sorted.order {
        pasts.enter(txn);
        let clock = &pasts.clocks[facts.session[txn as usize] as usize];
        let range = facts.reads_range(txn);
        for (read, &facts_read) in range.clone().zip(&facts.reads[range]) {
            let (key, from) = (facts_read.key, facts_read.from);
            let seen = |&writer: &u32| {
                clock.get(facts.session[writer as usize]) > facts.position[writer as usize]
            };
            let newer =
                writers[key as usize].iter().rev().copied().take_while(|&writer| writer != from);
            let mut walked = newer.take(WALK_MAX + 1);
            let first = walked.by_ref().take(WALK_MAX).find(seen);
            let far = first.is_none() && walked.next().is_some();
            if first.is_none() && !far && which != Which::All {
                continue;
            }
            let mut report = |first| found(Conflict { then: from, first, read: read as u32 });
            if let (Some(first), Which::One) = (first, which) {
                report(first);
                continue;
            }
            let by_session = by_session.get_or_init(|| BySession::new(facts));
            let rank = |txn: u32| sorted.rank[txn as usize];
            let lasts = by_session.last_within(facts, key, clock).filter(|&writer| writer != from);
            match which {
                Which::All => lasts
                    .filter(|&writer| from == INITIAL || !pasts.before(writer, from))
                    .for_each(&mut report),
                Which::Contradicting => lasts
                    .filter(|&writer| from == INITIAL || rank(writer) > rank(from))
                    .for_each(&mut report),
                Which::One => {
                    let newest = lasts
                        .filter(|&writer| from == INITIAL || rank(writer) > rank(from))
                        .max_by_key(|&writer| rank(writer));
                    newest.into_iter().for_each(&mut report);
                }
            }
        }
        pasts.leave(txn);
        for &key in facts.writes.of(txn) {
            writers[key as usize].push(txn);
        }
    }
}
