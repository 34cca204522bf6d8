//! A fault that is being injected or healed, and what was measured of it so far.

use afterall_engine::faults::Fault;
use std::collections::VecDeque;

/// A fault that is being injected or healed.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) fault: Fault,
    pub(super) healing: bool,
    pub(super) deadline_ns: u64,
    /// The node's life when the fault was injected.
    pub(super) incarnation: u32,
    /// The probe that was sent to the node last, in which of its lives, and when.
    pub(super) probe: Option<(u64, u32, u64)>,
    pub(super) offsets_us: VecDeque<i64>,
}
