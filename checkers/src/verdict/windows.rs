//! How long it took until writes were seen everywhere.

use afterall_history::{Phase, Slo};
use serde::{Deserialize, Serialize};

/// How long it took until acknowledged writes of registers were seen at every replica. The window of a write ends at the last
/// stale read: the last one, at any replica, that was invoked after the write had been acknowledged and returned what is older.
/// It is nothing where no read was stale, and endless where the last read at some replica was. A lower bound: how exact it is
/// depends on how often replicas were asked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct WindowFigures {
    /// Writes after which every replica was read.
    pub writes: u64,
    /// Those of them that some replica never showed: their windows are endless.
    pub never: u64,
    /// Writes after which not every replica was read: they do not count.
    pub unasked: u64,
    /// Half of the windows are no longer. Absent, here and below: endless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 90 % of them are no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p90_ns: Option<i64>,
    /// 99 % of them are no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// 99.9 % of them are no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ns: Option<i64>,
    /// The longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
    /// How often a replica was asked for a key, while there was load: half of the times between two reads were no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_every_ns: Option<i64>,
    /// By the phase in which the write was acknowledged.
    pub phases: Vec<PhaseWindows>,
}

/// The windows of the writes of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseWindows {
    /// Which.
    pub phase: Phase,
    /// Its writes.
    pub writes: u64,
    /// Half of the windows are no longer. Absent, here and below: endless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of them are no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// The longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
}

/// What became of an objective.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SloVerdict {
    /// The objective.
    pub slo: Slo,
    /// Whether it was met; nothing where nothing was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met: Option<bool>,
    /// What was measured; absent where that is endless, or nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_ns: Option<i64>,
    /// The same in one sentence.
    pub summary: String,
}
