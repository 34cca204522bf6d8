//! The nearest run that passes: that of a failing one with one fault less.

use crate::failure_key::FailureKey;
use crate::record::Record;
use crate::spelled_out::{planned, under, without};
use afterall_engine::faults::Planned;
use afterall_engine::{Recording, RunConfig};
use afterall_history::{History, OpId, OpView};
use std::collections::BTreeMap;

/// A run that differs from one that fails by one fault alone, and breaks no promise.
#[derive(Debug)]
pub struct Sibling {
    /// The place of the fault that it does without, in the schedule of the other.
    pub place: usize,
    /// The fault.
    pub planned: Planned,
    /// What was recorded of it.
    pub recording: Recording,
    /// The first operation that came out otherwise, in the run that fails and in this one.
    pub differs: Option<(OpId, OpId)>,
}

/// Of the runs that do without one of the faults of a failing run, whose operations and faults are given one by one: the first that
/// breaks no promise, in the order of `places`, those of the faults in its schedule. `fails` is what was recorded of the run that
/// fails.
pub fn nearest_passing(
    spelled_out: &RunConfig,
    fails: &History,
    places: &[usize],
    record: Record<'_>,
) -> Option<Sibling> {
    let faults = planned(spelled_out);
    places.iter().find_map(|&place| {
        let planned = faults.get(place)?.clone();
        let recording = record(&under(spelled_out, without(faults, place))).ok()?;
        FailureKey::of(&recording.judge_promised()).is_none().then_some(())?;
        let differs = first_difference(fails, recording.history());
        Some(Sibling { place, planned, recording, differs })
    })
}

/// The first operation, by its end, that came out otherwise in two runs that were asked the same: each session's first is
/// compared with its first, and so on. When it began and ended does not count.
#[must_use]
pub fn first_difference(one: &History, other: &History) -> Option<(OpId, OpId)> {
    let theirs: BTreeMap<(u64, u32), OpView<'_>> = numbered(other).collect();
    let both = numbered(one).filter_map(|(name, op)| Some((op, *theirs.get(&name)?)));
    let differ = both.filter(|(a, b)| {
        let shown = |history: &History, op: &OpView<'_>| history.data().value(op.output());
        a.status() != b.status()
            || a.error() != b.error()
            || a.node_name() != b.node_name()
            || shown(one, a) != shown(other, b)
    });
    let first = differ.min_by_key(|(a, b)| (a.until().min(b.until()), a.index()));
    first.map(|(a, b)| (a.id(), b.id()))
}

/// The operations, each with its session and its number in that.
fn numbered(history: &History) -> impl Iterator<Item = ((u64, u32), OpView<'_>)> {
    let mut counts: BTreeMap<u64, u32> = BTreeMap::new();
    history.ops().map(move |op| {
        let count = counts.entry(op.process()).or_default();
        *count += 1;
        ((op.process(), *count), op)
    })
}
