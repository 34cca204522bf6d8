//! Which states a run has been in, without anything that is only of that run: no keys, values, sessions or times.

use afterall_engine::Recording;
use afterall_history::{FaultKind, Function, Status};
use std::collections::BTreeSet;

/// A state that a run has been in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    /// The nodes took a rare path, so many times as this power of two has digits.
    Mark(&'static str, u32),
    /// An operation came out so, under these kinds of faults on its node.
    Operation(Function, Status, BTreeSet<FaultKind>),
    /// A read that was sent under these kinds of faults returned so many values.
    Values(u32, BTreeSet<FaultKind>),
}

/// The states of a run.
pub(crate) fn states(recording: &Recording) -> BTreeSet<State> {
    let marks = recording.marks().iter().filter(|&(_, &times)| times > 0);
    let mut states: BTreeSet<State> =
        marks.map(|(name, times)| State::Mark(name, digits(*times))).collect();
    let history = recording.history();
    for op in history.ops().filter(|op| !op.is_final()) {
        let faults = history.faults_in_force(op.invoked(), op.until(), None);
        let touching = faults.filter(|fault| fault.touches(op.sent_to()));
        let kinds: BTreeSet<FaultKind> = touching.map(|fault| fault.kind).collect();
        states.insert(State::Operation(op.f(), op.status(), kinds.clone()));
        if op.is_ok() && op.f().is_read() {
            let values = history.data().value(op.output());
            let several = values.as_list().map_or(1, <[_]>::len) as u64;
            states.insert(State::Values(digits(several), kinds));
        }
    }
    states
}

/// How many binary digits a number has.
fn digits(n: u64) -> u32 {
    u64::BITS - n.leading_zeros()
}
