//! From one run to the run that matters.
//!
//! One run is judged by itself, and most runs show nothing. [`explore`] makes many, each with another cluster, load and network,
//! drawn from its seed ([`draw`]); it tells failures apart by what is wrong and why ([`FailureKey`]), and keeps the smallest run
//! of each. What it finds follows from the seeds alone, however many runs go on side by side.

mod explore;
mod failure_key;
mod swarm;

pub use explore::{Exploration, Explored, Failure, explore};
pub use failure_key::FailureKey;
pub use swarm::{Fixed, draw};
