//! The worlds: shells that carry out what the driver commands, and tell it what came of it.

pub mod docker;
mod live;
pub mod process;
pub mod sim;

pub(crate) use live::evidence::tail;
pub use live::scratch::reap;
pub use live::{Onlooker, RunError};
