//! The true time of the sim, and what a machine makes of it.

/// What the true time was when the run began, microseconds since the epoch: 2024-01-01.
const EPOCH_US: u64 = 1_704_067_200_000_000;

/// The true time, microseconds since the epoch.
pub(super) fn true_time_us(now_ns: u64) -> u64 {
    EPOCH_US + now_ns / 1_000
}

/// A moment, as a machine knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds on a clock that never runs back: for intervals.
    pub mono_ns: u64,
    /// Milliseconds of the machine's wall clock, skewed as it may be: for stamps.
    pub wall_ms: u64,
}
