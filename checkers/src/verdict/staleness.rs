//! How old the values were that reads returned.

use afterall_history::Phase;
use serde::{Deserialize, Serialize};

/// How old the values were that reads returned. A read is stale if its value had been overwritten before the read began;
/// its age is how long before. All are lower bounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StalenessFigures {
    /// Reads of keys that had been written before, whose value could be traced.
    pub reads: u64,
    /// Those that were stale.
    pub stale: u64,
    /// The share of stale reads is at least this, with 95 % confidence.
    pub share_low: f64,
    /// And at most this.
    pub share_high: f64,
    /// Half of the stale reads were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of them were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// 99.9 % of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ns: Option<i64>,
    /// The oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
    /// By how many writes a read was behind, at most.
    pub versions_max: u64,
    /// The oldest read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalest: Option<StalestRead>,
    /// By the phase of the run in which the read began.
    pub phases: Vec<PhaseStaleness>,
    /// The share of fresh reads, by the time since the last acknowledged write of the key.
    pub fresh: Vec<Freshness>,
    /// The quorum that the prediction beside it is for; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_for: Option<Quorum>,
}

/// How many replicas hold a key, and how many of them a read and a write wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    /// Replicas.
    pub n: u32,
    /// Answers that a read waits for.
    pub r: u32,
    /// Answers that a write waits for.
    pub w: u32,
}

/// The read that was behind the longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalestRead {
    /// The operation.
    pub op: u64,
    /// The replica that it was sent to.
    pub node: String,
    /// Of which key.
    pub key: String,
    /// For how long its value had been overwritten.
    pub age_ns: i64,
}

/// The staleness of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseStaleness {
    /// Which.
    pub phase: Phase,
    /// Its reads.
    pub reads: u64,
    /// Those that were stale.
    pub stale: u64,
    /// Half of the stale ones were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of the stale ones were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// The oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
}

/// A step of the curve of freshness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Freshness {
    /// Reads that began earlier than this after the last acknowledged write, and not in a step before; the last step
    /// has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ns: Option<i64>,
    /// How many.
    pub reads: u64,
    /// Those that were fresh.
    pub fresh: u64,
    /// The probability of a fresh read is at least this, with 95 % confidence.
    pub low: f64,
    /// And at most this.
    pub high: f64,
    /// What the WARS model predicts for the middle of the step, from half the round trips of acknowledged operations
    /// while all was well; see [`crate::measures::pbs`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
}
