//! From operations that no order explains to the fewest of them that none explains.
//!
//! First the shortest beginning of the history that fails, by bisection: linearizability is closed under prefixes. Then
//! operations are left out, many at a time and then one after the other, if the rest still fails and must fail in the
//! whole as well: a read always may go, and an update where states tell values apart, together with those that read it.

use super::search::{Found, search};
use super::steps::{Op, Step, Steps};
use crate::context::Context;
use afterall_history::Workload;

/// Configurations that may be tried in all, beyond what it took to find that there is no order.
const BUDGET: u64 = 1_000_000;

/// The witness, in the order of invocation.
pub(super) fn shrink(ctx: &Context<'_>, steps: &Steps) -> Vec<Op> {
    let mut budget = BUDGET;
    let mut fails = |ops: &[Op]| search(ops, steps.initial, &mut budget) == Found::No;
    let mut ops = steps.ops.clone();
    ops.sort_unstable_by_key(|op| op.invoked);
    let mut ends: Vec<u32> = ops.iter().filter_map(|op| op.completed).collect();
    ends.sort_unstable();
    // What is not over by the end of a prefix need not have happened.
    let prefix = |end: u32| -> Vec<Op> {
        let begun = ops.iter().filter(|op| op.invoked < end);
        begun.map(|op| Op { completed: op.completed.filter(|&over| over <= end), ..*op }).collect()
    };
    let registers = ctx.history.header().workload == Workload::Register;
    let (mut low, mut high) = (0, ends.len().saturating_sub(1));
    while low < high {
        let middle = (low + high) / 2;
        if fails(&prefix(ends[middle])) { high = middle } else { low = middle + 1 }
    }
    if let Some(&end) = ends.get(low) {
        let is_read = |op: &Op| matches!(op.step, Step::Read(_));
        let begun: Vec<Op> = ops
            .iter()
            .filter(|op| op.invoked < end)
            .filter(|op| !is_read(op) || op.completed.is_some_and(|over| over <= end))
            .copied()
            .collect();
        // Unless something of it was over only after somebody else had begun to write what it shows.
        let last = begun
            .iter()
            .filter(|op| registers || op.step.observes())
            .filter_map(|op| op.completed)
            .max();
        let beside = ops.iter().filter(|op| op.invoked >= end && Some(op.invoked) < last);
        let again = |op: &Op| match op.step {
            Step::Write(value) | Step::Swap(_, value) if registers => {
                begun.iter().any(|begun| shows(begun, op, value))
            }
            Step::Read(_) => false,
            _ => true,
        };
        if !beside.copied().any(|op| again(&op)) {
            ops = begun;
        }
    }
    // Many at a time first, then one by one; that again and again, since an update can go when its readers have gone.
    let mut many = ops.len() / 2;
    loop {
        let before = ops.len();
        let mut end = before;
        while end > 0 {
            let begin = end.saturating_sub(many.max(1));
            let out: Vec<Op> = ops[begin.min(ops.len())..end.min(ops.len())].to_vec();
            let rest = out.iter().fold(ops.clone(), |rest, out| leave_out(rest, out, registers));
            if rest.len() < ops.len() && fails(&rest) {
                ops = rest;
            }
            end = begin;
        }
        if many > 1 {
            many /= 2;
        } else if ops.len() == before {
            return ops;
        }
    }
}

/// The operations without one, and without what proves less then; all of them if it cannot be spared.
fn leave_out(ops: Vec<Op>, out: &Op, registers: bool) -> Vec<Op> {
    match out.step {
        // With a write go those that read it.
        Step::Write(value) | Step::Swap(_, value) if registers => without(&ops, out, value),
        Step::Read(_) => ops.into_iter().filter(|op| op.id != out.id).collect(),
        _ => ops,
    }
}

/// The operations without one that wrote a value: who showed it then proves nothing.
fn without(ops: &[Op], by: &Op, value: u128) -> Vec<Op> {
    let proves_less = |op: &Op| {
        if !shows(op, by, value) {
            return Some(*op);
        }
        match op.step {
            Step::Swap(_, new) => Some(Op { step: Step::Write(new), ..*op }),
            _ => None,
        }
    };
    ops.iter().filter(|op| op.id != by.id).filter_map(proves_less).collect()
}

/// Whether an operation may show the value that another wrote.
fn shows(op: &Op, by: &Op, value: u128) -> bool {
    op.id != by.id
        && op.completed.is_none_or(|over| over > by.invoked)
        && matches!(op.step, Step::Read(seen) | Step::Swap(seen, _) if seen == value)
}
