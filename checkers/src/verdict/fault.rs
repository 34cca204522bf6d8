//! What became of the faults.

use serde::{Deserialize, Serialize};

/// A fault, and whether it took hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultVerdict {
    /// Its number in the history.
    pub fault: u32,
    /// Its kind.
    pub kind: afterall_history::FaultKind,
    /// What it was about, in words.
    pub what: String,
    /// Whether evidence shows that it took hold, and nothing shows that it let go before it was healed.
    pub took: bool,
    /// If not: why, in words that follow its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubt: Option<String>,
    /// When evidence first showed that it held, in nanoseconds since the run began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_from: Option<i64>,
    /// When evidence last showed that it held: just before it was healed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shown_to: Option<i64>,
    /// Whether it was healed.
    pub healed: bool,
    /// What was measured.
    pub evidence: Vec<String>,
    /// Of faults that work on links: how many operations were begun on the nodes at their ends while it was in force. Without
    /// any it tested nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<u64>,
    /// When the nemesis began to inject it.
    pub from: i64,
    /// When it was healed; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}
