//! The nemesis: which faults, when. Pure: a schedule follows from the seed, and what is injected is plain data.

mod fault;
mod schedule;

use afterall_history::FaultKind;

pub use fault::{ClockFault, Evidence, Fault, Shape};
pub use schedule::{Pace, Planned, TooShort, schedule};

/// The kinds that every world can inject.
pub const EVERYWHERE: &[FaultKind] = &[
    FaultKind::Partition,
    FaultKind::Latency,
    FaultKind::Kill,
    FaultKind::Pause,
    FaultKind::Clock,
];
