//! A fault that is being injected, looked at or healed, and what was measured of it so far.

use afterall_engine::Carried;
use afterall_engine::faults::Fault;
use std::collections::VecDeque;

/// What is to be shown of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shows {
    /// That it takes hold.
    TakesHold,
    /// That it still holds, just before it is healed.
    StillHolds,
    /// That it is gone.
    IsGone,
}

/// A fault of which something is to be shown.
#[derive(Debug, Clone)]
pub(super) struct Watch {
    pub(super) fault: Fault,
    pub(super) shows: Shows,
    pub(super) deadline_ns: u64,
    /// The node's life when the fault was injected.
    pub(super) incarnation: u32,
    /// How many records its disk held when it was emptied.
    pub(super) emptied: Option<usize>,
    /// The probe that was sent to the node last, in which of its lives, and when.
    pub(super) probe: Option<(u64, u32, u64)>,
    pub(super) offsets_us: VecDeque<i64>,
    /// What the links of the fault had carried when it was injected.
    pub(super) carried: Option<Carried>,
}
