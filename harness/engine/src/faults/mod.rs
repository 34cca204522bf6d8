//! The nemesis: which faults, when. Pure: a schedule follows from the seed, and what is injected is plain data.
//!
//! One file per kind of fault, with its row; [`Registry`] is the list of the rows. What a fault does is said by its
//! [`Effect`], which is what worlds carry out; so a new kind whose effect they know already needs nothing of them.

mod bandwidth;
mod black_hole;
mod clock;
mod corrupt;
mod disk_full;
mod draw;
mod effect;
mod kill;
mod latency;
mod leave;
mod names;
mod partition;
mod pause;
mod planned;
mod registry;
mod row;
mod schedule;
mod stop;
mod truncate;
mod udp_drop;
mod usual;
mod wipe;

pub use draw::Draw;
pub use effect::{Ability, ClockFault, Condition, Damage, Effect, Fate, Fault, Link};
pub use names::{Links, NodeName, NodeNames};
pub use partition::Shape;
pub use planned::Planned;
pub use registry::Registry;
pub use row::FaultRow;
pub(crate) use schedule::check_given;
pub use schedule::{BadSchedule, Pace, Schedule, TooShort, schedule};
pub use usual::{End, Plain, Usual};
