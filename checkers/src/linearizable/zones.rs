//! Registers whose writes carry distinct values: linearizability by zones.
//!
//! Gibbons and Korach, "Testing shared memories" (SIAM J. Comput. 26, 1997): a write and the reads that return it are a
//! *cluster*, which every linearization keeps together. Its zone reaches from the first completion in it to the last
//! invocation. If that is forward in time, the value was surely there from the one to the other: no other value can
//! have been there within. So the register is linearizable if and only if no two forward zones overlap, and no
//! zone that is backward (all of its operations have a moment in common) lies within a forward one. What was read
//! before anything was written belongs to a write before all time. O(n log n).

use super::steps::{Op, Step};
use rustc_hash::FxHashMap;

/// When something happened that has no event in the history.
const NEVER: i64 = i64::MAX;
const BEFORE_ALL: i64 = -1;

/// The zone of a cluster, and the operations that make its ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Zone {
    /// The first completion, and whose it is (by position in the list; none: the initial state's).
    first: (i64, Option<usize>),
    /// The last invocation.
    last: (i64, Option<usize>),
    write: Option<usize>,
}

impl Zone {
    fn is_forward(&self) -> bool {
        self.first.0 < self.last.0
    }
}

/// Two values that must each come before the other: positions in the list of operations.
#[derive(Debug, Clone)]
pub(super) struct Clash {
    /// Of the value that was there: it was there when this was over …
    pub(super) there: Option<usize>,
    /// … and still when this began.
    pub(super) still: usize,
    /// Of the other value: this was over before `still` began …
    pub(super) over: Option<usize>,
    /// … and this began after `there` was over.
    pub(super) begun: usize,
    /// The writes of both.
    pub(super) writes: [Option<usize>; 2],
}

impl Clash {
    /// All operations of it, each once.
    pub(super) fn all(&self) -> Vec<usize> {
        let mut all: Vec<usize> = [
            self.there,
            Some(self.still),
            self.over,
            Some(self.begun),
            self.writes[0],
            self.writes[1],
        ]
        .into_iter()
        .flatten()
        .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// The zones of a register; none if a value is written twice, or read before anybody had begun to write it.
pub(super) fn zones(ops: &[Op]) -> Option<Vec<Zone>> {
    let none = Zone { first: (NEVER, None), last: (BEFORE_ALL, None), write: None };
    let mut zones = vec![Zone { first: (BEFORE_ALL, None), ..none }];
    let mut of_value: FxHashMap<u128, usize> = FxHashMap::default();
    of_value.insert(0, 0);
    for (at, op) in ops.iter().enumerate() {
        let (value, writes) = match op.step {
            Step::Read(value) => (value, false),
            Step::Write(value) => (value, true),
            _ => return None,
        };
        let place = *of_value.entry(value).or_insert_with(|| {
            zones.push(none);
            zones.len() - 1
        });
        let zone = &mut zones[place];
        if writes && (value == 0 || zone.write.replace(at).is_some()) {
            return None;
        }
        let completed = op.completed.map_or(NEVER, i64::from);
        if completed < zone.first.0 {
            zone.first = (completed, Some(at));
        }
        if i64::from(op.invoked) > zone.last.0 {
            zone.last = (i64::from(op.invoked), Some(at));
        }
    }
    let written = |zone: &Zone| {
        let begun = zone.write.map(|at| i64::from(ops[at].invoked));
        begun.is_some_and(|begun| begun < zone.first.0)
    };
    zones.iter().skip(1).all(written).then_some(zones)
}

/// One clash for every zone that is not where it can be.
pub(super) fn clashes(zones: &[Zone]) -> Vec<Clash> {
    let mut forward: Vec<&Zone> = zones.iter().filter(|zone| zone.is_forward()).collect();
    forward.sort_by_key(|zone| (zone.first.0, zone.last.0));
    // Among the forward zones up to each, the one that ends last.
    let mut longest: Vec<&Zone> = Vec::with_capacity(forward.len());
    for zone in &forward {
        let longer = longest.last().filter(|known| known.last.0 >= zone.last.0);
        longest.push(longer.copied().unwrap_or(zone));
    }
    let mut clashes = Vec::new();
    for zone in zones {
        // The forward zones that began before this one's last invocation (backward), or before itself.
        let until = if zone.is_forward() { zone.first.0 } else { zone.last.0 };
        let before = forward.partition_point(|other| other.first.0 < until);
        let Some(other) = before.checked_sub(1).map(|at| longest[at]) else { continue };
        if let (true, Some(still), Some(begun)) =
            (zone.first.0 < other.last.0, other.last.1, zone.last.1)
        {
            clashes.push(Clash {
                there: other.first.1,
                still,
                over: zone.first.1,
                begun,
                writes: [other.write, zone.write],
            });
        }
    }
    clashes
}
