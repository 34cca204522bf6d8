//! Reads that ignore a writer which they must have known.

use super::causal::Pasts;
use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL};
use super::level::Level;
use super::sorted::Sorted;

/// Conflicts that are gathered before they are looked at.
const BATCH: usize = 8_000_000;

/// The reads whose value is before a writer of the key that they must have known, each with one such writer; in the
/// order of reads.
pub(super) fn stale_reads(facts: &Facts<'_>, base: &Sorted, level: Level) -> Vec<Conflict> {
    let mut stale: Vec<Conflict> = Vec::new();
    let mut open: Vec<Conflict> = Vec::new();
    level.conflicts(facts, base, Which::Contradicting, &mut |conflict| {
        if conflict.then == INITIAL {
            stale.push(conflict);
            return;
        }
        open.push(conflict);
        if open.len() == BATCH {
            keep_proven(facts, base, &mut open, &mut stale);
        }
    });
    keep_proven(facts, base, &mut open, &mut stale);
    stale.sort_unstable_by_key(|conflict| (conflict.read, conflict.first));
    stale.dedup_by_key(|conflict| conflict.read);
    stale
}

/// Keeps those whose `then` is in the causal past of `first`.
fn keep_proven(
    facts: &Facts<'_>,
    base: &Sorted,
    open: &mut Vec<Conflict>,
    stale: &mut Vec<Conflict>,
) {
    if open.is_empty() {
        return;
    }
    open.sort_unstable_by_key(|conflict| base.rank[conflict.first as usize]);
    let mut pasts = Pasts::new(facts);
    let mut at = 0;
    for &txn in &base.order {
        let clock = pasts.enter(txn);
        while let Some(conflict) = open.get(at).filter(|conflict| conflict.first == txn) {
            let then = conflict.then as usize;
            if clock.get(facts.session[then]) > facts.position[then] {
                stale.push(*conflict);
            }
            at += 1;
        }
        pasts.leave(txn);
        if at == open.len() {
            break;
        }
    }
    open.clear();
}
