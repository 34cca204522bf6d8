//! The verdict in one line, for lists of them.

use crate::console::shown;
use crate::words;
use afterall_checkers::Verdict;

/// `invalid: ` and the first reason; without one, what was judged.
#[must_use]
pub fn verdict_line(verdict: &Verdict) -> String {
    let counted = words::counted(verdict.counts.ops, "operation");
    let reason = verdict.reasons.first().map_or(counted, |reason| shown(reason));
    format!("{}: {reason}", words::valid(verdict.valid))
}
