//! What a run is to go through.

use crate::nemesis::Planned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Where the operations of a session go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// To one node.
    Sticky,
    /// Each to any node.
    Roaming,
    /// Half of the sessions are sticky, half roam.
    Mixed,
}

/// A name that is no kind of session.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown sessions {0:?}: there are sticky, roaming and mixed")]
pub struct UnknownSessionKind(String);

impl FromStr for SessionKind {
    type Err = UnknownSessionKind;

    fn from_str(name: &str) -> Result<Self, UnknownSessionKind> {
        match name {
            "sticky" => Ok(SessionKind::Sticky),
            "roaming" => Ok(SessionKind::Roaming),
            "mixed" => Ok(SessionKind::Mixed),
            _ => Err(UnknownSessionKind(name.to_owned())),
        }
    }
}

impl fmt::Display for SessionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SessionKind::Sticky => "sticky",
            SessionKind::Roaming => "roaming",
            SessionKind::Mixed => "mixed",
        })
    }
}

/// What a run is to go through. Times in nanoseconds.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The nodes, by name.
    pub nodes: Vec<String>,
    /// Sessions at a time.
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
    /// What the driver's own choices follow from.
    pub seed: u64,
}
