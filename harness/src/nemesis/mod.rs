//! The nemesis: which faults, when. Pure: a schedule follows from the seed, and what is injected is plain data.

mod fault;
mod schedule;

pub use fault::{ClockFault, Evidence, Fault, Kind, Shape, UnknownKind};
pub use schedule::{Pace, Planned, TooShort, schedule};
