//! An order of all transactions that respects session order, reads-from and further edges: the witness that they have
//! no cycle.

use super::facts::{Facts, INITIAL, Lists, NONE};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An order of transactions.
#[derive(Debug)]
pub(super) struct Sorted {
    /// The transactions that could be ordered.
    pub(super) order: Vec<u32>,
    /// By transaction: its place in the order, [`NONE`] if it has none.
    pub(super) rank: Vec<u32>,
    /// The transactions that could not be ordered: those on a cycle, and those after one.
    pub(super) stuck: Vec<u32>,
}

/// A transaction must come before another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Before {
    pub(super) then: u32,
    pub(super) first: u32,
}

/// Orders the transactions; where there is a choice, the one with the smallest `prefer` comes first.
///
/// Each session waits with its next transaction until all that it depends on is there.
pub(super) fn sort(facts: &Facts<'_>, extra: &[Before], prefer: &[u32]) -> Sorted {
    let extra = (!extra.is_empty())
        .then(|| Lists::new(facts.len(), || extra.iter().map(|b| (b.then, b.first))));
    let sessions = facts.history.sessions();
    let mut sorted = Sorted {
        order: Vec::with_capacity(facts.sessions.items.len()),
        rank: vec![NONE; facts.len()],
        stuck: Vec::new(),
    };
    // By session: its next transaction, and how many of that one's dependencies are known to be met.
    let mut next = vec![0_u32; sessions];
    let mut met = vec![0_usize; sessions];
    // By transaction the first session that waits for it, and by session the next that waits for the same.
    let mut waits = vec![NONE; facts.len()];
    let mut waits_too = vec![NONE; sessions];
    let head = |session: u32, next: &[u32]| {
        facts.sessions.of(session).get(next[session as usize] as usize).copied()
    };
    let mut ready: BinaryHeap<Reverse<(u32, u32)>> = BinaryHeap::with_capacity(sessions);
    for session in 0..sessions as u32 {
        if let Some(txn) = head(session, &next) {
            ready.push(Reverse((prefer[txn as usize], session)));
        }
    }
    while let Some(Reverse((_, session))) = ready.pop() {
        let at = session as usize;
        let Some(txn) = head(session, &next) else { continue };
        let reads = facts.reads_of(txn);
        let others = extra.as_ref().map_or(&[][..], |extra| extra.of(txn));
        let open = loop {
            let first = match reads.get(met[at]) {
                Some(read) => read.from,
                None => match others.get(met[at] - reads.len()) {
                    Some(&first) => first,
                    None => break None,
                },
            };
            if first != INITIAL && sorted.rank[first as usize] == NONE {
                break Some(first);
            }
            met[at] += 1;
        };
        if let Some(first) = open {
            waits_too[at] = waits[first as usize];
            waits[first as usize] = session;
            continue;
        }
        sorted.rank[txn as usize] = sorted.order.len() as u32;
        sorted.order.push(txn);
        next[at] += 1;
        met[at] = 0;
        if let Some(txn) = head(session, &next) {
            ready.push(Reverse((prefer[txn as usize], session)));
        }
        let mut woken = std::mem::replace(&mut waits[txn as usize], NONE);
        while woken != NONE {
            if let Some(txn) = head(woken, &next) {
                ready.push(Reverse((prefer[txn as usize], woken)));
            }
            woken = std::mem::replace(&mut waits_too[woken as usize], NONE);
        }
    }
    for session in 0..sessions as u32 {
        sorted.stuck.extend(&facts.sessions.of(session)[next[session as usize] as usize..]);
    }
    sorted
}

/// What to prefer at first: the order of the file; or, where the file has one session after another, the order that
/// comes of all sessions going on at one pace.
pub(super) fn first_guess(facts: &Facts<'_>) -> Vec<u32> {
    let session = |txn: u32| facts.session[txn as usize];
    let txns = facts.len() as u32;
    let turns = (1..txns).filter(|&txn| session(txn) != session(txn - 1)).count();
    if turns >= 2 * facts.history.sessions() || facts.history.sessions() < 2 {
        return (0..txns).collect();
    }
    let mut guess = vec![0; facts.len()];
    for session in 0..facts.history.sessions() as u32 {
        let txns_of = facts.sessions.of(session);
        for (at, &txn) in txns_of.iter().enumerate() {
            guess[txn as usize] = (at as u64 * u64::from(txns) / txns_of.len() as u64) as u32;
        }
    }
    guess
}
