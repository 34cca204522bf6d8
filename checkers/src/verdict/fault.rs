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
    /// Whether evidence shows that it took hold.
    pub took: bool,
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
