//! The driver: asks, injects, heals, waits, reads, and writes down what happened. A state machine without a clock,
//! a socket or a thread: [`Driver::poll`] is given the time and answers with commands, and the worlds that carry
//! them out tell it what came of them.

mod machine;
mod plan;
mod recorder;
mod sessions;
mod settling;
#[cfg(test)]
mod tests;

pub use machine::{Client, Command, Completion, Driver, Invocation, Progress};
pub use plan::{Plan, SessionKind, UnknownSessionKind};
