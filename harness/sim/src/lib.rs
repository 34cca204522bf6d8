//! The simulated world: every node, link, clock, disk and client in one loop over virtual time.
//!
//! The driver and the generators are the very ones of the other worlds, and so are the node's core and the session where
//! the [`Reference`] store runs in it. Anything else that is a state machine can run in it as a [`Replica`].

mod authority;
mod clients;
mod disk;
mod event_queue;
mod faults;
mod host;
mod machine_time;
mod measured;
mod network;
mod reference;
mod replica;
mod simulation;
mod streams;
mod watch;

pub use machine_time::Moment;
pub use reference::Reference;
pub use replica::{Effects, Input, Membership, Record, Replica, Standing, Turn};
pub use simulation::{SimError, Simulation};
