//! How many operations there were.

use serde::{Deserialize, Serialize};

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// How many operations there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Operations invoked.
    pub ops: u64,
    /// Acknowledged.
    pub ok: u64,
    /// Surely not done.
    pub fail: u64,
    /// Unknown whether done.
    pub info: u64,
    /// Among the acknowledged: reads that returned nil, of which nobody knows what it means, so that they were not judged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unjudged: u64,
    /// Sessions.
    pub sessions: u64,
    /// Keys.
    pub keys: u64,
    /// The same for each `f` that occurs.
    pub by_f: Vec<CountsOf>,
}

/// How many operations of one `f` there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsOf {
    /// Its name.
    pub f: String,
    /// Acknowledged.
    pub ok: u64,
    /// Surely not done.
    pub fail: u64,
    /// Unknown whether done.
    pub info: u64,
}
