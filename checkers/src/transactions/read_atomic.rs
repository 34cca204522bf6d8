//! Read atomic (RA): a transaction sees all of another, or nothing of it.
//!
//! Premise: `t1 →(so ∪ wr) t3`, in one step: `t1` is an earlier transaction of the same session, or `t3` reads from it
//! (Biswas and Enea, OOPSLA 2019; Bailis et al., RAMP, SIGMOD 2014). Two reads of one key that return two transactions'
//! values are part of this: each must come before the other.

use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL, NONE};
use super::sorted::Sorted;
use super::visible::Offers;

/// Finds the conflicts of read atomic.
pub(super) fn conflicts(
    facts: &Facts<'_>,
    sorted: &Sorted,
    which: Which,
    found: &mut dyn FnMut(Conflict),
) {
    let mut offers = Offers::new(facts, sorted, which);
    // By key: the last transaction of the session that wrote it.
    let mut own = vec![(NONE, NONE); facts.history.keys()];
    for session in 0..facts.history.sessions() as u32 {
        for &txn in facts.sessions.of(session) {
            offers.begin(txn);
            for read in facts.reads_of(txn) {
                let (of, writer) = own[read.key as usize];
                if of == session {
                    offers.offer(read.key, writer);
                }
                if read.from != INITIAL {
                    offers.offer_all(read.from);
                }
            }
            for read in facts.reads_range(txn) {
                offers.judge(read as u32, found);
            }
            for &key in facts.writes.of(txn) {
                own[key as usize] = (session, txn);
            }
        }
    }
}
