//! What the operations of each data type do, on states of 128 bits.
//!
//! | data type | state |
//! |---|---|
//! | register | the number of its value among the values of the key; 0: nothing |
//! | counter, inventory | the sum |
//! | set with removes | a bit for each element, of which there are at most 128 |
//! | text | a polynomial hash, by which appending is arithmetic |
//! | lock | 0 free, 1 held |
//!
//! So one search serves them all, and a state costs nothing to keep or to compare.

use crate::context::Context;
use afterall_history::{Datum, Function, KeyId, OpId, OpView, Status, View, Workload};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeSet;

/// An operation, as the search sees it: by the indices of its events.
#[derive(Debug, Clone, Copy)]
pub(super) struct Op {
    pub(super) invoked: u32,
    /// Absent where nobody knows.
    pub(super) completed: Option<u32>,
    pub(super) step: Step,
    pub(super) id: OpId,
}

/// What an operation does to a state, or demands of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Step {
    /// The state is this.
    Read(u128),
    /// It becomes this.
    Write(u128),
    /// It is the one and becomes the other.
    Swap(u128, u128),
    /// So much is added.
    Add(u128),
    /// So much is taken, and there is enough.
    Take(u128),
    /// Elements are added.
    Insert(u128),
    /// Elements are removed.
    Erase(u128),
    /// A text is appended.
    Append(Piece),
}

impl Step {
    /// Whether it cannot follow every state.
    pub(super) fn observes(self) -> bool {
        matches!(self, Step::Read(_) | Step::Swap(..) | Step::Take(_))
    }

    /// The state after it; none where it cannot follow.
    pub(super) fn apply(self, state: u128) -> Option<u128> {
        match self {
            Step::Read(value) => (state == value).then_some(state),
            Step::Write(value) => Some(value),
            Step::Swap(old, new) => (state == old).then_some(new),
            Step::Add(amount) => Some(state.wrapping_add(amount)),
            Step::Take(amount) => state.checked_sub(amount),
            Step::Insert(elements) => Some(state | elements),
            Step::Erase(elements) => Some(state & !elements),
            Step::Append(piece) => Some(piece.after(state)),
        }
    }
}

/// 2⁶¹ − 1, a prime.
const PRIME: u64 = (1 << 61) - 1;
const BASES: [u64; 2] = [0x05c1_7ab3_9d2e_6f41, 0x11f3_08c5_b7a2_94ed];

/// A text to append: its two hashes, and what they multiply those before it by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Piece {
    hash: [u64; 2],
    shift: [u64; 2],
}

fn times(a: u64, b: u64) -> u64 {
    // Modulo 2⁶¹ − 1 the upper bits count as much as the lower.
    let product = u128::from(a) * u128::from(b);
    let folded = (product as u64 & PRIME) + (product >> 61) as u64;
    if folded >= PRIME { folded - PRIME } else { folded }
}

impl Piece {
    pub(super) fn new(text: &str) -> Piece {
        let mut piece = Piece { hash: [0; 2], shift: [1; 2] };
        for byte in text.bytes() {
            for (at, base) in BASES.into_iter().enumerate() {
                // No byte is zero, so that texts of different lengths differ.
                piece.hash[at] = (times(piece.hash[at], base) + u64::from(byte) + 1) % PRIME;
                piece.shift[at] = times(piece.shift[at], base);
            }
        }
        piece
    }

    fn state(self) -> u128 {
        (u128::from(self.hash[0]) << 64) | u128::from(self.hash[1])
    }

    fn after(self, state: u128) -> u128 {
        let before = [(state >> 64) as u64, state as u64];
        let hash = [0, 1].map(|at| (times(before[at], self.shift[at]) + self.hash[at]) % PRIME);
        Piece { hash, ..self }.state()
    }
}

/// Elements of a set with removes, a bit of the state each.
const ELEMENTS_MAX: usize = 128;

/// The operations on a key, and the state in which it begins.
pub(super) struct Steps {
    pub(super) ops: Vec<Op>,
    pub(super) initial: u128,
    /// Why they cannot be judged.
    pub(super) undecided: Option<String>,
}

/// The states of a key by number.
#[derive(Default)]
struct Numbers {
    of: FxHashMap<Datum, u128>,
}

impl Numbers {
    fn of(&mut self, value: Datum) -> u128 {
        if value.is_nil() {
            return 0;
        }
        let next = self.of.len() as u128 + 1;
        *self.of.entry(value).or_insert(next)
    }

    /// The bit of an element; beyond [`ELEMENTS_MAX`] the set is not judged.
    fn bit(&mut self, element: Datum) -> u128 {
        let next = self.of.len() as u128;
        1_u128.checked_shl(*self.of.entry(element).or_insert(next) as u32).unwrap_or(0)
    }
}

impl Steps {
    /// Left out are reads of which all is `told`, those that show what was written outside of this part of a history, and
    /// updates that nobody knows about and no read shows.
    pub(super) fn new(ctx: &Context<'_>, key: KeyId, told: &BTreeSet<OpId>) -> Steps {
        let workload = ctx.history.header().workload;
        let mut steps = Steps { ops: Vec::new(), initial: 0, undecided: None };
        let mut numbers = Numbers::default();
        let over = ctx.on(key).filter(|op| op.is_ok()).filter_map(OpView::completion_index);
        let last = over.max().unwrap_or(0);
        for op in ctx.on(key).filter(|op| op.status() != Status::Fail) {
            if op.f().is_read() && (!op.is_ok() || told.contains(&op.id())) {
                continue;
            }
            let Some(step) = step(ctx, workload, op, last, &mut numbers) else { continue };
            steps.ops.push(Op {
                invoked: op.index(),
                completed: op.completion_index().filter(|_| op.is_ok()),
                step,
                id: op.id(),
            });
        }
        if workload == Workload::Set && numbers.of.len() > ELEMENTS_MAX {
            steps.undecided = Some(format!(
                "{} has more than {ELEMENTS_MAX} elements: sets with removes are searched up to that",
                ctx.history.key_name(key)
            ));
        }
        // An update that may or may not have happened, and that nobody saw, may as well not have.
        if steps.ops.iter().all(|op| op.completed.is_some()) {
            return steps;
        }
        let mut seen: FxHashSet<u128> = FxHashSet::default();
        let mut sees_sums = false;
        for op in &steps.ops {
            match op.step {
                Step::Read(value) | Step::Swap(value, _) => {
                    seen.insert(value);
                }
                Step::Take(_) => sees_sums = true,
                _ => {}
            }
        }
        steps.ops.retain(|op| {
            op.completed.is_some()
                || match op.step {
                    Step::Write(value) | Step::Swap(_, value) => {
                        seen.contains(&value) || workload != Workload::Register
                    }
                    _ => sees_sums || !seen.is_empty(),
                }
        });
        steps
    }
}

fn step(
    ctx: &Context<'_>,
    workload: Workload,
    op: OpView<'_>,
    last: u32,
    numbers: &mut Numbers,
) -> Option<Step> {
    let history = ctx.history;
    let data = history.data();
    let text = |datum| match data.view(datum) {
        View::Text(text) => Piece::new(text),
        _ => Piece::new(""),
    };
    let amount = || op.input().as_int().unwrap_or(0) as u128;
    // What nobody knows about need not have happened before the last that is known to be over.
    let until = op.completion_index().filter(|_| op.is_ok()).unwrap_or(last);
    let elsewhere = |value| history.written_elsewhere(op.key(), value, until);
    Some(match (workload, op.f()) {
        (Workload::Register, Function::Read) => {
            // Several values at once are judged apart: no register returns them.
            let value = data.items(op.output()).next().unwrap_or(Datum::NIL);
            if elsewhere(value) {
                return None;
            }
            Step::Read(numbers.of(value))
        }
        (Workload::Register, Function::Cas) => {
            let mut pair = data.items(op.input());
            let old = pair.next().unwrap_or(Datum::NIL);
            let new = numbers.of(pair.next().unwrap_or(Datum::NIL));
            if elsewhere(old) { Step::Write(new) } else { Step::Swap(numbers.of(old), new) }
        }
        // A delete writes nothing.
        (Workload::Register, _) => Step::Write(numbers.of(op.input())),
        (Workload::Text, Function::Read) => Step::Read(text(op.output()).state()),
        (Workload::Text, Function::Write) => Step::Write(text(op.input()).state()),
        (Workload::Text, _) => Step::Append(text(op.input())),
        (Workload::Set, Function::Read) => {
            let all = data.items(op.output()).filter(|&element| !elsewhere(element));
            Step::Read(all.fold(0, |set, element| set | numbers.bit(element)))
        }
        (Workload::Set, Function::Remove) => Step::Erase(numbers.bit(op.input())),
        (Workload::Set, _) => Step::Insert(numbers.bit(op.input())),
        (Workload::Counter | Workload::Inventory, Function::Read) => {
            Step::Read(op.output().as_int().unwrap_or(0) as u128)
        }
        (Workload::Counter, Function::Decrement) => Step::Add(amount().wrapping_neg()),
        (Workload::Inventory, Function::Sell) => Step::Take(amount()),
        (Workload::Counter | Workload::Inventory, _) => Step::Add(amount()),
        (Workload::Mutex, Function::Acquire) => Step::Swap(0, 1),
        (Workload::Mutex, Function::Release) => Step::Swap(1, 0),
        _ => return None,
    })
}
