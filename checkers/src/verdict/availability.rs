//! Which share of the operations was answered while faults were in force.

use afterall_history::FaultKind;
use serde::{Deserialize, Serialize};

/// The operations that sessions began at some nodes while faults were in force, and how many were answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityFigures {
    /// The kinds of faults that were in force together; none: no fault was.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultKind>,
    /// The nodes of one side: those that could still talk to each other, or those with a wrong clock. Empty: all that did not
    /// fail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub side: Vec<String>,
    /// How many operations.
    pub ops: u64,
    /// How many of them were acknowledged.
    pub ok: u64,
}

impl AvailabilityFigures {
    /// The share that was answered.
    #[must_use]
    pub fn share(&self) -> f64 {
        if self.ops == 0 { 1.0 } else { self.ok as f64 / self.ops as f64 }
    }
}
