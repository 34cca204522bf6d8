//! Read committed (RC): nothing is read that was not committed, and no transaction reads older states the further it
//! goes.
//!
//! Premise: `t3` has read from `t1` before it makes the read in question (Biswas and Enea, OOPSLA 2019; the monotonic form
//! of Adya's PL-2, 1999).

use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL};
use super::sorted::Sorted;
use super::visible::Offers;

/// Finds the conflicts of read committed.
pub(super) fn conflicts(
    facts: &Facts<'_>,
    sorted: &Sorted,
    which: Which,
    found: &mut dyn FnMut(Conflict),
) {
    let mut offers = Offers::new(facts, sorted, which);
    for &txn in &facts.sessions.items {
        offers.begin(txn);
        for read in facts.reads_range(txn) {
            offers.judge(read as u32, found);
            let from = facts.reads[read].from;
            if from != INITIAL {
                offers.offer_all(from);
            }
        }
    }
}
