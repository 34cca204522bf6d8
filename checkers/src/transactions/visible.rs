//! The writers that a transaction is known to see directly, for the keys that it reads.

use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL, NONE};
use super::sorted::Sorted;

/// Writers of one key that are looked at for one read, newest first; the others are older.
const OFFERS_MAX: usize = 64;

/// What one transaction after another sees directly.
pub(super) struct Offers<'f> {
    facts: &'f Facts<'f>,
    sorted: &'f Sorted,
    which: Which,
    txn: u32,
    /// By key: the transaction that reads it and was looked at last, and its first offer.
    of_key: Vec<(u32, u32)>,
    /// By transaction: the one that was offered all of it last.
    offered: Vec<u32>,
    /// The writers, newest of the order first, each with the next.
    offers: Vec<(u32, u32)>,
}

impl<'f> Offers<'f> {
    pub(super) fn new(facts: &'f Facts<'f>, sorted: &'f Sorted, which: Which) -> Self {
        Offers {
            facts,
            sorted,
            which,
            txn: NONE,
            of_key: vec![(NONE, NONE); facts.history.keys()],
            offered: vec![NONE; facts.len()],
            offers: Vec::new(),
        }
    }

    /// Turns to a transaction that sees nothing yet.
    pub(super) fn begin(&mut self, txn: u32) {
        self.txn = txn;
        self.offers.clear();
        for read in self.facts.reads_of(txn) {
            self.of_key[read.key as usize] = (txn, NONE);
        }
    }

    /// It sees what the writer wrote to the key.
    pub(super) fn offer(&mut self, key: u32, writer: u32) {
        let (reader, first) = self.of_key[key as usize];
        if reader != self.txn {
            return;
        }
        let rank = |txn: u32| self.sorted.rank[txn as usize];
        // Into its place, unless that is far down the list.
        let (mut before, mut after) = (NONE, first);
        for _ in 0..OFFERS_MAX {
            if after == NONE || rank(self.offers[after as usize].0) <= rank(writer) {
                break;
            }
            (before, after) = (after, self.offers[after as usize].1);
        }
        if after != NONE && rank(self.offers[after as usize].0) >= rank(writer) {
            return; // It is there already, or too far down.
        }
        let at = self.offers.len() as u32;
        self.offers.push((writer, after));
        match before {
            NONE => self.of_key[key as usize].1 = at,
            _ => self.offers[before as usize].1 = at,
        }
    }

    /// It sees all that the transaction wrote.
    pub(super) fn offer_all(&mut self, writer: u32) {
        if std::mem::replace(&mut self.offered[writer as usize], self.txn) == self.txn {
            return;
        }
        let facts = self.facts;
        for &key in facts.writes.of(writer) {
            self.offer(key, writer);
        }
    }

    /// Reports the writers that must come before the one that was read from.
    pub(super) fn judge(&self, read: u32, found: &mut dyn FnMut(Conflict)) {
        let Some(&of) = self.facts.reads.get(read as usize) else { return };
        let rank = |txn: u32| self.sorted.rank[txn as usize];
        let (reader, mut at) = self.of_key[of.key as usize];
        if reader != self.txn {
            return;
        }
        for _ in 0..OFFERS_MAX {
            let Some(&(writer, next)) = self.offers.get(at as usize) else { return };
            at = next;
            if writer == of.from {
                continue;
            }
            let contradicts = of.from == INITIAL || rank(writer) > rank(of.from);
            if !contradicts && self.which != Which::All {
                return;
            }
            found(Conflict { then: of.from, first: writer, read });
            if self.which == Which::One {
                return;
            }
        }
    }
}
