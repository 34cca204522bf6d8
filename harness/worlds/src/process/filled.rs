//! What is remembered of a disk that a fault has filled.

use rustix::process::Rlimit;

/// What was so before the disk of a process was filled.
#[derive(Debug)]
pub(crate) struct Filled {
    /// The fault that fills it.
    pub(super) fault: usize,
    pub(super) before: Rlimit,
    /// How many commits the process had made by then; none: it ended before it could tell.
    pub(super) commits: Option<u64>,
    /// Whether it has been told that the process has ended.
    pub(super) told: bool,
}
