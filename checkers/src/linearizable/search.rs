//! The search for a linearization: Wing and Gong's (1993), in Lowe's form (2017): a list of invocations and
//! completions from which operations are lifted as they are linearized, and a memory of what was tried.
//!
//! Three things spare most of it. What fits and changes nothing, as a read does, is linearized at once: there is nothing that
//! it could prevent. Of operations that do the same, only the first is tried: see [`twins`]. And what need not have
//! happened is tried only where something is to see it: if it changes nothing, or the next is a write, it may as well not have.
//!
//! A configuration is the set of operations linearized so far and the state they lead to. It is remembered as a hash of
//! 128 bits, not as itself: sixteen bytes each however many operations there are. Two of a hundred million
//! configurations share a hash with a probability below 10⁻²².

use super::steps::{Op, Step};
use crate::inference::mix::mix;
use rustc_hash::{FxHashMap, FxHashSet};

/// What came of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// There is a linearization.
    Yes,
    /// There is none.
    No,
    /// Not within the configurations that were allowed.
    GaveUp,
}

/// What sets the hash of a state apart from those of operations: by whether the last operation may have been in vain, since
/// then fewer can follow.
const SEEN: u128 = 0x5354_4154 << 96;
const UNSEEN: u128 = 0x4e45_5753 << 96;

/// The head of the list, which is also its end.
const HEAD: u32 = 0;

/// The events in their order as a doubly linked list: entry `2i + 1` invokes operation i, entry `2i + 2` completes it.
struct Events {
    next: Vec<u32>,
    before: Vec<u32>,
}

impl Events {
    fn new(ops: &[Op]) -> Events {
        let mut order: Vec<(u32, u32)> = Vec::with_capacity(ops.len() * 2);
        for (op, at) in ops.iter().zip((1_u32..).step_by(2)) {
            order.push((op.invoked, at));
            if let Some(completed) = op.completed {
                order.push((completed, at + 1));
            }
        }
        order.sort_unstable();
        let mut events = Events { next: vec![HEAD; ops.len() * 2 + 1], before: Vec::new() };
        events.before = events.next.clone();
        let mut last = HEAD;
        for (_, at) in order {
            events.next[last as usize] = at;
            events.before[at as usize] = last;
            last = at;
        }
        events.next[last as usize] = HEAD;
        events.before[HEAD as usize] = last;
        events
    }

    /// An operation that must have happened, can come next and changes nothing.
    fn free(&self, ops: &[Op], state: u128) -> Option<u32> {
        let mut at = self.next[HEAD as usize];
        while at != HEAD && at % 2 == 1 {
            let op = &ops[((at - 1) / 2) as usize];
            let changes_nothing = match op.step {
                Step::Read(seen) => seen == state,
                Step::Swap(old, new) => old == new && old == state,
                _ => false,
            };
            if changes_nothing && op.completed.is_some() {
                return Some(at);
            }
            at = self.next[at as usize];
        }
        None
    }

    fn lift(&mut self, at: u32) {
        let (before, next) = (self.before[at as usize], self.next[at as usize]);
        self.next[before as usize] = next;
        self.before[next as usize] = before;
    }

    fn unlift(&mut self, at: u32) {
        let (before, next) = (self.before[at as usize], self.next[at as usize]);
        self.next[before as usize] = at;
        self.before[next as usize] = at;
    }
}

/// An operation that was linearized, and the state before.
struct Taken {
    number: u32,
    before: u128,
    /// Nothing else need be tried in its stead.
    free: bool,
    /// It need not have happened, and a write would hide it.
    unseen: bool,
}

/// Looks for a linearization of the operations of one object, beginning with a state, within so many
/// configurations; those that were tried are taken from `budget`.
pub(super) fn search(ops: &[Op], initial: u128, budget: &mut u64) -> Found {
    let mut events = Events::new(ops);
    let twins = twins(ops);
    let mut done = vec![false; ops.len()];
    // Operations that nobody knows about need not have happened.
    let mut must = ops.iter().filter(|op| op.completed.is_some()).count();
    let mut tried: FxHashSet<u128> = FxHashSet::default();
    let mut path: Vec<Taken> = Vec::new();
    let (mut state, mut linearized) = (initial, 0_u128);
    let mut free = events.free(ops, state);
    let mut at = free.unwrap_or(events.next[HEAD as usize]);
    while must > 0 {
        if at != HEAD && at % 2 == 1 {
            let number = (at - 1) / 2;
            let op = &ops[number as usize];
            let waits = twins[number as usize].is_some_and(|twin| !done[twin as usize]);
            let hides =
                matches!(op.step, Step::Write(_)) && path.last().is_some_and(|last| last.unseen);
            let fits = |after: &u128| {
                free.is_some() || !(waits || hides || (op.completed.is_none() && *after == state))
            };
            if let Some(after) = op.step.apply(state).filter(fits) {
                let unseen =
                    op.completed.is_none() && matches!(op.step, Step::Write(_) | Step::Swap(..));
                let with = linearized ^ mix(u128::from(number) + 1);
                let mark = if unseen { UNSEEN } else { SEEN };
                if tried.insert(with ^ mix(after ^ mark)) {
                    if *budget == 0 {
                        return Found::GaveUp;
                    }
                    *budget -= 1;
                    path.push(Taken { number, before: state, free: free.is_some(), unseen });
                    (state, linearized) = (after, with);
                    done[number as usize] = true;
                    events.lift(at);
                    if op.completed.is_some() {
                        events.lift(at + 1);
                        must -= 1;
                    }
                    free = events.free(ops, state);
                    at = free.unwrap_or(events.next[HEAD as usize]);
                    continue;
                }
            }
            if free.is_none() {
                at = events.next[at as usize];
                continue;
            }
        }
        // A completion: what it completes must come before everything that follows, and did not fit.
        loop {
            let Some(Taken { number, before, free, .. }) = path.pop() else { return Found::No };
            let invoke = number * 2 + 1;
            state = before;
            linearized ^= mix(u128::from(number) + 1);
            done[number as usize] = false;
            if ops[number as usize].completed.is_some() {
                events.unlift(invoke + 1);
                must += 1;
            }
            events.unlift(invoke);
            at = events.next[invoke as usize];
            if !free {
                break;
            }
        }
        free = None;
    }
    Found::Yes
}

/// Of operations that do the same, which come before which: one that began and was over before another comes first in some
/// linearization if there is any, since the two can change places. Of each, the last such.
fn twins(ops: &[Op]) -> Vec<Option<u32>> {
    let mut order: Vec<u32> = (0..ops.len() as u32).collect();
    order.sort_unstable_by_key(|&at| ops[at as usize].invoked);
    let over = |at: u32| ops[at as usize].completed.unwrap_or(u32::MAX);
    let mut twins = vec![None; ops.len()];
    // By what they do: those that began so far, without those that were over after a later one.
    let mut of_step: FxHashMap<Step, Vec<u32>> = FxHashMap::default();
    for at in order {
        let before = of_step.entry(ops[at as usize].step).or_default();
        while before.last().is_some_and(|&last| over(last) > over(at)) {
            before.pop();
        }
        twins[at as usize] = before.last().copied();
        before.push(at);
    }
    twins
}
