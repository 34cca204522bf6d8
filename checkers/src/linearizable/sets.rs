//! Sets that only grow: linearizability by levels.
//!
//! In a linearization the reads grow, so by size they form a chain. An element's level is that of the first read in the
//! chain that holds it. Then every operation has a place: adds of level 0, the reads of level 0, adds of level 1 …
//! The set is linearizable if and only if the reads are a chain and nothing that has a later place was over before
//! something that has an earlier one began. O(n log n) for n elements in all reads together.
//!
//! Of several adds of an element the one that takes effect first counts, and the others change nothing: together they are one
//! that begins with the first of them and is over with the first that is over. That is exact: the add that began first can
//! take effect at any moment between the two, and every other at its own end.

use crate::context::Context;
use crate::inference::mix::mix;
use crate::inference::reads_from::ReadsFrom;
use afterall_history::{Function, KeyId, OpId, OpView, Status};

/// What shows that a set is not linearizable.
#[derive(Debug, Clone)]
pub(super) enum Unset {
    /// Neither of two reads holds all that the other does: an add that only the first shows, and one that only the
    /// second does.
    Apart { reads: [OpId; 2], adds: [OpId; 2] },
    /// The first was over before the second began, and yet the second does not show this add.
    Shrunk { reads: [OpId; 2], add: OpId },
    /// The add was over before the read began, which does not show it.
    Missed { add: OpId, read: OpId },
    /// The first add was over before the second began, and the read shows the second alone.
    Overtaken { adds: [OpId; 2], read: OpId },
}

/// No read shows it.
const UNREAD: u32 = u32::MAX / 2;

/// A read, with the adds whose elements it shows, sorted.
struct Read {
    op: OpId,
    shows: Vec<OpId>,
    hash: u128,
    level: u32,
}

impl Read {
    fn shows(&self, add: OpId) -> bool {
        self.shows.binary_search(&add).is_ok()
    }

    /// An add that this shows and the other does not.
    fn beyond(&self, other: &Read) -> Option<OpId> {
        self.shows.iter().copied().find(|&add| !other.shows(add))
    }
}

/// Judges the sets, one after the other: what is wrong with one, and the number of operations that are too late.
///
pub(super) struct Sets<'a> {
    ctx: &'a Context<'a>,
    reads_from: &'a ReadsFrom,
    /// By operation: the level of what it added.
    level: Vec<u32>,
}

impl<'a> Sets<'a> {
    pub(super) fn new(ctx: &'a Context<'a>, reads_from: &'a ReadsFrom) -> Self {
        Sets { ctx, reads_from, level: vec![UNREAD; ctx.history.len()] }
    }

    pub(super) fn judge(&mut self, key: KeyId) -> (Option<Unset>, u64) {
        let read = |op: OpView<'_>| {
            let mut shows: Vec<OpId> = self.reads_from.shown(op.id()).collect();
            shows.sort_unstable();
            shows.dedup();
            let hash = shows.iter().fold(0, |hash, add| hash ^ mix(u128::from(add.0) + 1));
            Read { op: op.id(), shows, hash, level: 0 }
        };
        let of_key = self.ctx.on(key).filter(|op| op.f().is_read() && op.is_ok());
        let mut reads: Vec<Read> = of_key.map(read).collect();
        reads.sort_unstable_by_key(|read| (read.shows.len(), read.hash, read.op));
        let (mut level, mut known) = (0, 0);
        for at in 0..reads.len() {
            let new = at == 0 || reads[at].hash != reads[at - 1].hash;
            if new {
                level = at as u32;
                for &add in &reads[at].shows {
                    let first = &mut self.level[add.0 as usize];
                    if *first == UNREAD {
                        *first = level;
                        known += 1;
                    }
                }
                if known != reads[at].shows.len() {
                    // Up to the one before this the reads were a chain, so that one shows all that any of them does.
                    let (smaller, larger) = (&reads[at - 1], &reads[at]);
                    if let (Some(first), Some(second)) =
                        (smaller.beyond(larger), larger.beyond(smaller))
                    {
                        let reads = [smaller.op, larger.op];
                        return (Some(Unset::Apart { reads, adds: [first, second] }), 1);
                    }
                }
            }
            reads[at].level = level;
        }
        reads.sort_unstable_by_key(|read| read.op);
        self.late(key, &reads)
    }

    /// The first operation that began after something with a later place was over, and how many there are.
    fn late(&self, key: KeyId, reads: &[Read]) -> (Option<Unset>, u64) {
        let find =
            |op: OpId| reads.binary_search_by_key(&op, |read| read.op).ok().map(|at| &reads[at]);
        let mut events: Vec<(u32, bool, u32, OpId)> = Vec::new();
        for op in self.ctx.on(key) {
            let over = |op: OpView<'_>| op.completion_index().filter(|_| op.is_ok());
            let (place, over) = match op.f() {
                Function::Add if op.status() != Status::Fail => {
                    let first = self.reads_from.first_of_same(op.id());
                    if first.is_some_and(|first| first != op.id()) {
                        continue;
                    }
                    let over = match first {
                        None => over(op),
                        Some(first) => {
                            let same = self.reads_from.same(first).into_iter();
                            same.filter_map(|add| over(self.ctx.op(add))).min()
                        }
                    };
                    let level = self.level[op.id().0 as usize];
                    if level == UNREAD && over.is_none() {
                        continue;
                    }
                    (level * 2, over)
                }
                _ => match find(op.id()) {
                    Some(read) => (read.level * 2 + 1, over(op)),
                    None => continue,
                },
            };
            events.push((op.index(), false, place, op.id()));
            if let Some(index) = over {
                events.push((index, true, place, op.id()));
            }
        }
        events.sort_unstable();
        let mut furthest: Option<(u32, OpId)> = None;
        let (mut first, mut count) = (None, 0);
        for (_, over, place, op) in events {
            if over {
                if furthest.is_none_or(|(known, _)| known < place) {
                    furthest = Some((place, op));
                }
            } else if let Some((_, ahead)) = furthest.filter(|&(known, _)| known > place) {
                count += 1;
                first = first.or(Some((ahead, op)));
            }
        }
        let unset = first.and_then(|(ahead, behind)| match (find(ahead), find(behind)) {
            (Some(more), Some(less)) => {
                let add = more.beyond(less)?;
                Some(Unset::Shrunk { reads: [ahead, behind], add })
            }
            (None, Some(_)) => Some(Unset::Missed { add: ahead, read: behind }),
            (None, None) => {
                let between = reads.iter().find(|read| read.shows(behind) && !read.shows(ahead))?;
                Some(Unset::Overtaken { adds: [ahead, behind], read: between.op })
            }
            // A read that shows what was added after it: it was traced to nobody.
            (Some(_), None) => None,
        });
        (unset, count)
    }
}
