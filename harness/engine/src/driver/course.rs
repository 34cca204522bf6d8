//! The course that a driver takes a run through.

use crate::config::SessionKind;
use crate::faults::Planned;
use crate::operations::GivenSession;

/// The course that a driver takes a run through. Times in nanoseconds.
#[derive(Debug, Clone)]
pub struct Course {
    /// The nodes, by name.
    pub nodes: Vec<String>,
    /// Sessions at a time that draw their operations.
    pub concurrency: usize,
    /// Where they go.
    pub sessions: SessionKind,
    /// Operations a second over all sessions; none: each session asks again as soon as it is answered.
    pub rate: Option<u32>,
    /// Load before the first fault.
    pub healthy_ns: u64,
    /// Load while faults come and go.
    pub faults_ns: u64,
    /// Load after everything is healed.
    pub heal_ns: u64,
    /// How long replicas may take to agree once the updates have stopped.
    pub quiescence_max_ns: u64,
    /// How long the final reads may be tried.
    pub final_max_ns: u64,
    /// Between two polls of the replicas that do not agree yet.
    pub poll_interval_ns: u64,
    /// The faults, in the order of their beginning.
    pub schedule: Vec<Planned>,
    /// The sessions whose operations are given, beside those that draw theirs.
    pub operations: Vec<GivenSession>,
    /// What the driver's own choices follow from.
    pub seed: u64,
}
