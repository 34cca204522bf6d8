//! The driver: asks, injects, heals, waits, reads, and writes down what happened. A state machine without a clock,
//! a socket or a thread: [`Driver::poll`] is given the time and answers with commands, and the worlds that carry
//! them out tell it what came of them.

mod commands;
mod course;
mod machine;
mod recorder;
mod script;
mod sessions;
mod settling;
#[cfg(test)]
mod tests;

pub use commands::{Asker, Command, Completion, Invocation, Progress};
pub use course::Course;
pub use machine::Driver;
