//! What the files of a store are called.

/// What happened in a run, one event per line.
pub const HISTORY: &str = "history.jsonl";
/// The resolved configuration of a run.
pub const RUN: &str = "run.toml";
/// What the nodes of a run sent to each other, where that is known.
pub const TRAFFIC: &str = "traffic.toml";
/// What the checkers say of a run.
pub const VERDICT: &str = "verdict.json";
/// The report on a run, for people.
pub const REPORT: &str = "report.html";
/// What was finished of a campaign, one line per run.
pub const INDEX: &str = "index.jsonl";
/// The runs of a campaign that are kept, by their numbers.
pub const RUNS: &str = "runs";
