//! The search for a linearization: Wing and Gong's (1993), in Lowe's form (2017): a list of invocations and
//! completions from which operations are lifted as they are linearized, and a memory of what was tried.
//!
//! A configuration is the set of operations linearized so far and the state they lead to. It is remembered as a hash of
//! 128 bits, not as itself: sixteen bytes each however many operations there are. Two of a hundred million
//! configurations share a hash with a probability below 10⁻²².

use super::steps::{Op, mix};
use rustc_hash::FxHashSet;

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

/// Looks for a linearization of the operations of one object, beginning with a state, within so many
/// configurations; those that were tried are taken from `budget`.
pub(super) fn search(ops: &[Op], initial: u128, budget: &mut u64) -> Found {
    let mut events = Events::new(ops);
    // Operations that nobody knows about need not have happened.
    let mut must = ops.iter().filter(|op| op.completed.is_some()).count();
    let mut tried: FxHashSet<u128> = FxHashSet::default();
    let mut path: Vec<(u32, u128)> = Vec::new();
    let (mut state, mut linearized) = (initial, 0_u128);
    let mut at = events.next[HEAD as usize];
    while must > 0 {
        let invokes = at != HEAD && at % 2 == 1;
        if invokes {
            let number = (at - 1) / 2;
            let op = &ops[number as usize];
            if let Some(after) = op.step.apply(state) {
                let with = linearized ^ mix(u128::from(number) + 1);
                if tried.insert(with ^ mix(after ^ (0x5354_4154 << 96))) {
                    if *budget == 0 {
                        return Found::GaveUp;
                    }
                    *budget -= 1;
                    path.push((number, state));
                    (state, linearized) = (after, with);
                    events.lift(at);
                    if op.completed.is_some() {
                        events.lift(at + 1);
                        must -= 1;
                    }
                    at = events.next[HEAD as usize];
                    continue;
                }
            }
            at = events.next[at as usize];
            continue;
        }
        // A completion: what it completes must come before everything that follows, and did not fit.
        let Some((number, earlier)) = path.pop() else { return Found::No };
        let invoke = number * 2 + 1;
        state = earlier;
        linearized ^= mix(u128::from(number) + 1);
        if ops[number as usize].completed.is_some() {
            events.unlift(invoke + 1);
            must += 1;
        }
        events.unlift(invoke);
        at = events.next[invoke as usize];
    }
    Found::Yes
}
