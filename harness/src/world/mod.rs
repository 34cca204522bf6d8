//! The worlds: shells that carry out what the driver commands, and tell it what came of it.

pub mod process;
pub mod sim;
