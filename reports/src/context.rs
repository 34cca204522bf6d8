//! What only the harness knows of a run.

use serde::Serialize;

/// What only the harness knows of a run. Everything may be empty; the report then does without.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Context {
    /// The command line that makes the same run again.
    pub command: String,
    /// The text of `run.toml`.
    pub run_toml: String,
    /// What the nodes printed.
    pub logs: Vec<NodeLog>,
    /// Facts about machine and versions, as pairs of name and value, in the order to be shown.
    pub machine: Vec<(String, String)>,
    /// What the nodes sent to each other and why, as pairs of words and counts, where that is known.
    pub traffic: Vec<(String, u64)>,
    /// Where the whole history is, as a reader of the report would look for it.
    pub history_path: String,
}

/// What one node printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct NodeLog {
    /// The node.
    pub node: String,
    /// The end of its log.
    pub tail: String,
}
