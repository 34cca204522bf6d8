//! How long the replicas disagreed.

use afterall_history::Value;
use serde::{Deserialize, Serialize};

/// How long the replicas disagreed, and about what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ConvergenceFigures {
    /// Keys read at the end.
    pub keys: u64,
    /// Keys on which replicas disagree at the end.
    pub divergent: u64,
    /// Keys that some replica was not read for.
    pub unread: u64,
    /// When the last fault was healed and the last update was over, whichever came later.
    pub quiet_from: i64,
    /// When a replica last returned something other than what all agreed on in the end; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_stale: Option<i64>,
    /// From the one to the other; absent if the replicas never agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ns: Option<i64>,
    /// The divergent keys, and what each replica holds; the first hundred.
    pub examples: Vec<Divergence>,
}

/// A key on which replicas disagree at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// The key.
    pub key: String,
    /// What each replica returned.
    pub replicas: Vec<Held>,
}

/// What a replica returned for a key at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The replica.
    pub node: String,
    /// What it returned.
    pub value: Value,
    /// The read, by the index of its invocation.
    pub op: u32,
}
