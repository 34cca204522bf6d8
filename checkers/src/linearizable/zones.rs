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
    /// What shows that they belong together: the write, or of texts a read that shows all of them.
    bond: Option<usize>,
}

impl Zone {
    /// Of no operation yet.
    pub(super) const NONE: Zone =
        Zone { first: (NEVER, None), last: (BEFORE_ALL, None), bond: None };
    /// Of what was before any operation.
    pub(super) const INITIAL: Zone = Zone { first: (BEFORE_ALL, None), ..Zone::NONE };

    /// With one more operation.
    pub(super) fn add(&mut self, at: usize, invoked: u32, completed: Option<u32>) {
        let completed = completed.map_or(NEVER, i64::from);
        if completed < self.first.0 {
            self.first = (completed, Some(at));
        }
        if i64::from(invoked) > self.last.0 {
            self.last = (i64::from(invoked), Some(at));
        }
    }

    pub(super) fn bound_by(self, bond: usize) -> Zone {
        Zone { bond: Some(bond), ..self }
    }

    fn is_forward(&self) -> bool {
        self.first.0 < self.last.0
    }
}

/// Two clusters that must each come before the other: positions in the list of operations, or operations.
#[derive(Debug, Clone, Copy)]
pub(super) struct Clash<T = usize> {
    /// Of the value that was there: it was there when this was over …
    pub(super) there: Option<T>,
    /// … and still when this began.
    pub(super) still: T,
    /// Of the other value: this was over before `still` began …
    pub(super) over: Option<T>,
    /// … and this began after `there` was over.
    pub(super) begun: T,
    /// What bonds the one and the other.
    pub(super) bonds: [Option<T>; 2],
}

impl<T: Copy + Ord> Clash<T> {
    /// All operations of it, each once.
    pub(super) fn all(&self) -> Vec<T> {
        // What was there from the beginning was there first: when the other value was last seen tells nothing more.
        let begun = (self.there.is_some() || self.over.is_none()).then_some(self.begun);
        let ends = [self.there, Some(self.still), self.over, begun];
        let mut all: Vec<T> = ends.into_iter().chain(self.bonds).flatten().collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    pub(super) fn map<U>(self, name: impl Fn(T) -> U) -> Clash<U> {
        Clash {
            there: self.there.map(&name),
            still: name(self.still),
            over: self.over.map(&name),
            begun: name(self.begun),
            bonds: self.bonds.map(|bond| bond.map(&name)),
        }
    }
}

/// The zones of a register; none if a value is written twice, or read before anybody had begun to write it.
pub(super) fn zones(ops: &[Op]) -> Option<Vec<Zone>> {
    let mut zones = vec![Zone::INITIAL];
    let mut of_value: FxHashMap<u128, usize> = FxHashMap::default();
    of_value.insert(0, 0);
    for (at, op) in ops.iter().enumerate() {
        let (value, writes) = match op.step {
            Step::Read(value) => (value, false),
            Step::Write(value) => (value, true),
            _ => return None,
        };
        let place = *of_value.entry(value).or_insert_with(|| {
            zones.push(Zone::NONE);
            zones.len() - 1
        });
        let zone = &mut zones[place];
        if writes && (value == 0 || zone.bond.replace(at).is_some()) {
            return None;
        }
        zone.add(at, op.invoked, op.completed);
    }
    let written = |zone: &Zone| {
        let begun = zone.bond.map(|at| i64::from(ops[at].invoked));
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
                bonds: [other.bond, zone.bond],
            });
        }
    }
    clashes
}
