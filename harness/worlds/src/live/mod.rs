//! What worlds of real time have in common: the loop's other end, clients, links, evidence.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the core")]

mod deployment;
pub(crate) mod evidence;
pub(crate) mod links;
pub(crate) mod open_files;
pub(crate) mod scratch;
mod stopped;
mod tail;
mod world;

pub(crate) use deployment::Deployment;
pub use stopped::stopped;
pub use tail::tail;
pub(crate) use world::{Live, exhausted};
