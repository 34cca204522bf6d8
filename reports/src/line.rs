//! The verdict in one line, for lists of them.

use crate::console::shown;
use crate::words;
use afterall_checkers::Verdict;

/// `invalid: `, the first reason, and how many there are beside it; without one, what was judged.
#[must_use]
pub fn verdict_line(verdict: &Verdict) -> String {
    let counted = words::counted(verdict.counts.ops, "operation");
    let Some(reason) = verdict.reasons.first() else {
        return format!("{}: {counted}", words::valid(verdict.valid));
    };
    let broken = verdict.properties.iter().filter(|p| p.promised && p.outcome.is_broken()).count();
    let more = |n: usize, one: &str, several: &str| match n {
        0 | 1 => String::new(),
        2 => format!("; and 1 {one}"),
        n => format!("; and {} {several}", words::count(n as u64 - 1)),
    };
    let more = match broken {
        0 | 1 => more(verdict.reasons.len(), "reason more", "reasons more"),
        broken => more(broken, "promise more was broken", "promises more were broken"),
    };
    format!("{}: {}{more}", words::valid(verdict.valid), shown(reason))
}
