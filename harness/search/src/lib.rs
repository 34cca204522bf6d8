//! From one run to the run that matters.
//!
//! One run is judged by itself, and most runs show nothing. [`explore`] makes many, each with another cluster, load and network,
//! drawn from its seed ([`draw`]); it tells failures apart by what is wrong and why ([`FailureKey`]), and keeps the smallest run
//! of each. What it finds follows from the seeds alone, however many runs go on side by side. [`shrink`] makes a run that fails
//! smaller, as long as it fails in the same way; [`blame`] tells which of its faults it fails by, and [`futures`] from when on it was
//! bound to, and [`nearest_passing`] shows the run with one fault less that passes. [`detections`] tells how soon known bugs are found.

mod blame;
mod corpus;
mod coverage;
mod detection;
mod explore;
mod failure_key;
mod minimal;
mod record;
mod shrink;
mod sibling;
mod side_by_side;
mod spelled_out;
mod swarm;

pub use blame::{Blame, Failed, Instant, Part, Suspect, blame, futures};
pub use detection::{Detection, Trials, detections, quantile};
pub use explore::{Exploration, Explored, Failure, explore};
pub use failure_key::FailureKey;
pub use record::Record;
pub use shrink::{Judge, NotShrunk, Shrunk, ShrunkByTries, Size, Tries, shrink, shrink_by_tries};
pub use sibling::{Sibling, first_difference, nearest_passing};
pub use spelled_out::{NotSpelledOut, spelled_out};
pub use swarm::{Fixed, draw};
