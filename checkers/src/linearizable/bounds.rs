//! Counters and stock: what a read may return at least and at most.
//!
//! All that was over before it began is in it, and of what it ran beside, any part. Necessary, not sufficient; what
//! passes is searched. It spares the search where a read is plainly stale. O(n log n).

use super::steps::{Op, Step};

/// A read that returned less or more than it can have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outside {
    /// Its position in the list.
    pub(super) read: usize,
    pub(super) lowest: i128,
    pub(super) highest: i128,
}

/// The reads that are out of their bounds.
pub(super) fn outside(ops: &[Op]) -> Vec<Outside> {
    let amount = |op: &Op| match op.step {
        Step::Add(amount) => Some(amount as i128),
        Step::Take(amount) => Some(-(amount as i128)),
        _ => None,
    };
    // Sums of increases and decreases, by when they began and by when they were over.
    let (mut begun, mut over) = (Vec::new(), Vec::new());
    for (op, amount) in ops.iter().filter_map(|op| Some((op, amount(op)?))) {
        begun.push((op.invoked, amount));
        over.extend(op.completed.map(|at| (at, amount)));
    }
    let begun = Sums::new(begun);
    let over = Sums::new(over);
    let mut found = Vec::new();
    for (read, op) in ops.iter().enumerate() {
        let (Step::Read(value), Some(until)) = (op.step, op.completed) else { continue };
        let (more_over, less_over) = over.before(op.invoked);
        let (more_begun, less_begun) = begun.before(until);
        let (lowest, highest) = (more_over + less_begun, more_begun + less_over);
        if !(lowest..=highest).contains(&(value as i128)) {
            found.push(Outside { read, lowest, highest });
        }
    }
    found
}

/// Running sums of what is positive and of what is negative.
struct Sums {
    at: Vec<u32>,
    sums: Vec<(i128, i128)>,
}

impl Sums {
    fn new(mut changes: Vec<(u32, i128)>) -> Sums {
        changes.sort_unstable();
        let mut sums = Sums { at: Vec::new(), sums: vec![(0, 0)] };
        let (mut more, mut less) = (0_i128, 0_i128);
        for (at, change) in changes {
            more += change.max(0);
            less += change.min(0);
            sums.at.push(at);
            sums.sums.push((more, less));
        }
        sums
    }

    fn before(&self, at: u32) -> (i128, i128) {
        self.sums[self.at.partition_point(|&change| change < at)]
    }
}
