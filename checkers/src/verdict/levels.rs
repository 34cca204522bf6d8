//! What operations at different consistency levels got, and what mixing them cost.

use afterall_history::Level;
use serde::{Deserialize, Serialize};

/// What the operations at one consistency level got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LevelFigures {
    /// The level.
    pub level: Level,
    /// Operations at it.
    pub ops: u64,
    /// Those that were acknowledged.
    pub ok: u64,
    /// Its reads whose age is known: see [`super::StalenessFigures`].
    pub reads: u64,
    /// Those that were stale.
    pub stale: u64,
    /// Half of its acknowledged reads took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_p50_ns: Option<i64>,
    /// 99 % of them took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_p99_ns: Option<i64>,
    /// Half of its acknowledged writes took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_p50_ns: Option<i64>,
    /// 99 % of them took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub write_p99_ns: Option<i64>,
}

/// Writes at a level of several replicas whose session had last read the key at level one, and got a value that had been
/// overwritten: however strong the write, it rests on what was no longer so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MixedFigures {
    /// Acknowledged writes at a level of several replicas.
    pub strong_writes: u64,
    /// Those of them whose session had last read the key at level one.
    pub after_weak_reads: u64,
    /// Those of these whose read was stale.
    pub after_stale_reads: u64,
    /// The first of them.
    pub examples: Vec<StaleInput>,
}

/// A strong write after a stale read of its session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaleInput {
    /// The write.
    pub write: u64,
    /// The read.
    pub read: u64,
    /// The key.
    pub key: String,
    /// For how long the value had been overwritten when it was read.
    pub age_ns: i64,
    /// The same in one sentence.
    pub sentence: String,
}
