//! What the properties are judged on: for every read that returned another transaction's value, that transaction;
//! and the reads that are wrong by themselves.
//!
//! | what a committed transaction read | it is called |
//! |---|---|
//! | a value that nobody wrote | ThinAirRead |
//! | a value of an aborted transaction (G1a, Adya 1999) | AbortedRead |
//! | a value that its writer replaced in the same transaction (G1b) | IntermediateRead |
//! | a value that it wrote itself, but only later | FutureRead |
//! | another's value, after a write of its own | NotMyOwnWrite |
//! | a value of its own that it had replaced | NotMyLastWrite |
//!
//! The names are those of Plume (OOPSLA 2024). Such a read breaks every property, and gives no order.
//!
//! A value that several transactions wrote cannot be traced; if only one of them was committed, it is that one.
//! A transaction of which nobody knows whether it was committed is part of the history if somebody read from it; its
//! own reads are not judged.

use super::writers::{Writer, Writers, writer};
use crate::verdict::AnomalyKind;
use afterall_history::{Initial, KeyId, OpId, Status, Transactions, TxnId, ValueId};

/// In the place of a transaction: the initial state.
pub(super) const INITIAL: u32 = u32::MAX;
/// In the place of a transaction or its position: none.
pub(super) const NONE: u32 = u32::MAX;

/// Lists of numbers, one after another.
#[derive(Debug, Default)]
pub(super) struct Lists {
    pub(super) starts: Vec<u32>,
    pub(super) items: Vec<u32>,
}

impl Lists {
    /// From pairs of a list and an item; items keep their order.
    pub(super) fn new<I>(lists: usize, pairs: impl Fn() -> I) -> Self
    where
        I: Iterator<Item = (u32, u32)>,
    {
        let mut starts = vec![0_u32; lists + 1];
        for (list, _) in pairs() {
            starts[list as usize + 1] += 1;
        }
        for at in 1..starts.len() {
            starts[at] += starts[at - 1];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts.last().copied().unwrap_or(0) as usize];
        for (list, item) in pairs() {
            let at = &mut next[list as usize];
            items[*at as usize] = item;
            *at += 1;
        }
        Lists { starts, items }
    }

    pub(super) fn of(&self, list: u32) -> &[u32] {
        let list = list as usize;
        &self.items[self.starts[list] as usize..self.starts[list + 1] as usize]
    }
}

/// A read that returned what another transaction wrote, or the initial state.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read {
    pub(super) key: u32,
    /// The transaction, or [`INITIAL`].
    pub(super) from: u32,
    pub(super) op: OpId,
}

/// What is wrong with a read by itself.
#[derive(Debug, Clone, Copy)]
pub(super) enum Odd {
    ThinAir,
    Aborted(TxnId),
    Intermediate(TxnId),
    Future,
    NotMyOwn,
    NotMyLast,
}

impl Odd {
    pub(super) fn kind(self) -> AnomalyKind {
        match self {
            Odd::ThinAir => AnomalyKind::ThinAirRead,
            Odd::Aborted(_) => AnomalyKind::AbortedRead,
            Odd::Intermediate(_) => AnomalyKind::IntermediateRead,
            Odd::Future => AnomalyKind::FutureRead,
            Odd::NotMyOwn => AnomalyKind::NotMyOwnWrite,
            Odd::NotMyLast => AnomalyKind::NotMyLastWrite,
        }
    }
}

/// What the properties are judged on.
pub(super) struct Facts<'h> {
    pub(super) history: &'h Transactions,
    /// By transaction: its position among the transactions of its session that are part of the order; [`NONE`] if it
    /// is no part of it.
    pub(super) position: Vec<u32>,
    pub(super) session: Vec<u32>,
    /// By session: the transactions that are part of the order.
    pub(super) sessions: Lists,
    /// All transactions' reads, in the order of transactions and their programs.
    pub(super) reads: Vec<Read>,
    /// By transaction: where its reads end.
    read_ends: Vec<u32>,
    /// By transaction that is part of the order: the keys that it wrote, each once.
    pub(super) writes: Lists,
    pub(super) odd: Vec<(OpId, Odd)>,
    /// Why some reads cannot be traced.
    pub(super) untraced: Option<String>,
    /// Reads of keys that a committed transaction wrote.
    pub(super) chances: u64,
}

impl<'h> Facts<'h> {
    pub(super) fn new(history: &'h Transactions) -> Self {
        let mut spelled_out = vec![false; history.len()];
        for txn in history.spelled_out() {
            spelled_out[txn.0 as usize] = true;
        }
        let mut writers = Writers::new(history, |txn| !spelled_out[txn.0 as usize]);
        let mut facts = Facts {
            history,
            position: vec![NONE; history.len()],
            session: history.txns().map(|txn| history.session_of(txn).0).collect(),
            sessions: Lists::default(),
            reads: Vec::with_capacity(history.ops() - writers.len()),
            read_ends: Vec::with_capacity(history.len()),
            writes: Lists::default(),
            odd: Vec::new(),
            untraced: None,
            chances: 0,
        };
        let mut resolver = Resolver {
            own: vec![(NONE, ValueId::INITIAL); history.keys()],
            initial: history.initial_value(),
            sure: matches!(history.initial(), Initial::Unwritten(_)),
        };
        let mut part: Vec<bool> =
            history.txns().map(|txn| history.status(txn) == Status::Ok).collect();
        for txn in history.txns() {
            if part[txn.0 as usize]
                && history.status(txn) == Status::Ok
                && !spelled_out[txn.0 as usize]
            {
                resolver.txn(&mut facts, &mut writers, txn);
            }
            facts.read_ends.push(facts.reads.len() as u32);
        }
        drop(writers);
        facts.reads.shrink_to_fit();
        for read in facts.reads.iter().filter(|read| read.from != INITIAL) {
            part[read.from as usize] = true;
        }
        for (part, spelled_out) in part.iter_mut().zip(&spelled_out) {
            *part &= !spelled_out;
        }
        facts.place(&part);
        facts
    }

    /// Puts the transactions that are part of the order into their sessions, and gathers what they wrote.
    fn place(&mut self, part: &[bool]) {
        let txns = || self.history.txns().filter(|txn| part[txn.0 as usize]);
        let pairs = || txns().map(|txn| (self.session[txn.0 as usize], txn.0));
        self.sessions = Lists::new(self.history.sessions(), pairs);
        for session in 0..self.history.sessions() as u32 {
            for (position, &txn) in self.sessions.of(session).iter().enumerate() {
                self.position[txn as usize] = position as u32;
            }
        }
        let mut last = vec![NONE; self.history.keys()];
        let (mut starts, mut items) = (Vec::with_capacity(self.history.len() + 1), Vec::new());
        starts.push(0);
        for txn in self.history.txns() {
            if part[txn.0 as usize] {
                for op in self.history.ops_of(txn).filter(|op| op.write) {
                    let known = &mut last[op.key.0 as usize];
                    if *known != txn.0 {
                        *known = txn.0;
                        items.push(op.key.0);
                    }
                }
            }
            starts.push(items.len() as u32);
        }
        items.shrink_to_fit();
        self.writes = Lists { starts, items };
    }

    /// The number of transactions, whether they are part of the order or not.
    pub(super) fn len(&self) -> usize {
        self.history.len()
    }

    /// The reads of a transaction, in its program's order.
    pub(super) fn reads_of(&self, txn: u32) -> &[Read] {
        let range = self.reads_range(txn);
        &self.reads[range]
    }

    /// Where the reads of a transaction are among all reads.
    pub(super) fn reads_range(&self, txn: u32) -> std::ops::Range<usize> {
        let at = txn as usize;
        let from = if at == 0 { 0 } else { self.read_ends[at - 1] as usize };
        from..self.read_ends[at] as usize
    }

    /// The transaction of a read.
    pub(super) fn reader(&self, read: u32) -> u32 {
        self.read_ends.partition_point(|&end| end <= read) as u32
    }

    /// Takes out the reads for which `keep` does not hold; it is given the transaction that reads.
    pub(super) fn retain_reads(&mut self, keep: impl Fn(u32, &Read) -> bool) {
        let (mut kept, mut from) = (0, 0);
        for txn in 0..self.len() {
            for at in from..self.read_ends[txn] as usize {
                if keep(txn as u32, &self.reads[at]) {
                    self.reads[kept] = self.reads[at];
                    kept += 1;
                }
            }
            from = self.read_ends[txn] as usize;
            self.read_ends[txn] = kept as u32;
        }
        self.reads.truncate(kept);
    }

    /// The last write of a transaction to a key.
    pub(super) fn last_write(&self, txn: u32, key: u32) -> Option<OpId> {
        self.history.ops_of(TxnId(txn)).rev().find(|op| op.write && op.key.0 == key).map(|op| op.id)
    }
}

/// Tells for the reads of one transaction after another whose values they returned.
struct Resolver {
    /// By key: the transaction that wrote it last in its own course, and what.
    own: Vec<(u32, ValueId)>,
    /// The number that stands for the initial state.
    initial: Option<ValueId>,
    /// Whether that number is a write's wherever there is one.
    sure: bool,
}

impl Resolver {
    fn txn(&mut self, facts: &mut Facts<'_>, writers: &mut Writers, txn: TxnId) {
        let history = facts.history;
        for op in history.ops_of(txn) {
            let key = op.key.0 as usize;
            if op.write {
                self.own[key] = (txn.0, op.value);
                continue;
            }
            facts.chances += u64::from(writers.any_committed(op.key));
            if self.own[key].0 == txn.0 {
                if self.own[key].1 != op.value {
                    let mut writes = writers.of(op.key, op.value).iter();
                    let mine = writes.any(|write| write.txn() == txn);
                    facts.odd.push((op.id, if mine { Odd::NotMyLast } else { Odd::NotMyOwn }));
                }
                continue;
            }
            let nothing = op.value == ValueId::INITIAL;
            let found = if nothing {
                Writer::Nobody
            } else {
                writer(history, writers.of(op.key, op.value), txn)
            };
            let initial = nothing || Some(op.value) == self.initial;
            let from = match found {
                Writer::Several(one, other) => {
                    facts.twice(op.key, op.value, one, Some(other));
                    continue;
                }
                Writer::One(write) if initial && !self.sure => {
                    facts.twice(op.key, op.value, write.txn(), None);
                    continue;
                }
                Writer::One(write) if write.replaced() => {
                    facts.odd.push((op.id, Odd::Intermediate(write.txn())));
                    continue;
                }
                Writer::One(write) => write.txn().0,
                _ if initial => INITIAL,
                Writer::Aborted(aborted) => {
                    facts.odd.push((op.id, Odd::Aborted(aborted)));
                    continue;
                }
                Writer::Nobody => {
                    let mut writes = writers.of(op.key, op.value).iter();
                    let future = writes.any(|write| write.txn() == txn);
                    facts.odd.push((op.id, if future { Odd::Future } else { Odd::ThinAir }));
                    continue;
                }
            };
            facts.reads.push(Read { key: op.key.0, from, op: op.id });
        }
    }
}

impl Facts<'_> {
    fn twice(&mut self, key: KeyId, value: ValueId, one: TxnId, other: Option<TxnId>) {
        let history = self.history;
        self.untraced.get_or_insert_with(|| {
            let (key, one) = (history.key_name(key), one.0);
            let value = history.value(value).map_or("nothing".to_owned(), |v| v.to_string());
            match other {
                Some(TxnId(other)) => format!(
                    "transactions {one} and {other} both wrote {key}={value}, so its reads cannot be traced"
                ),
                None => format!(
                    "transaction {one} wrote {key}={value}, which is the initial value too, so its reads cannot be traced"
                ),
            }
        });
    }
}
