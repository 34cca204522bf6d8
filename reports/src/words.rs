//! How numbers, times and outcomes are put into words, the same in every report.

use afterall_checkers::{Outcome, PropertyVerdict, Valid, Verdict};
use afterall_history::{Promise, Workload};

pub(crate) use afterall_checkers::words::{count, counted, duration, percent};

pub(crate) fn valid(valid: Valid) -> &'static str {
    match valid {
        Valid::True => "valid",
        Valid::False => "invalid",
        Valid::Unknown => "unknown",
        Valid::Measured => "measured",
    }
}

/// `monotonic-reads/sticky`
pub(crate) fn property(verdict: &PropertyVerdict) -> String {
    Promise { sessions: verdict.sessions, ..Promise::to_all(verdict.property) }.to_string()
}

pub(crate) fn outcome(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Held { .. } => "held",
        Outcome::Broken { .. } => "broken",
        Outcome::NotExercised { .. } => "not exercised",
        Outcome::Undecided { .. } => "undecided",
    }
}

/// What stands behind the outcome: counts and bounds, or why there is none.
pub(crate) fn grounds(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Held { chances, bound } => {
            format!("{}, may break in ≤ {}", counted(*chances, "chance"), percent(*bound))
        }
        Outcome::Broken { count: times, groups, chances } => {
            let times = counted(*times, "time");
            format!("{times} in {}, {}", counted(*chances, "chance"), counted(*groups, "group"))
        }
        Outcome::NotExercised { why } | Outcome::Undecided { why } => why.clone(),
    }
}

/// `reference/lww (mutant no-tiebreak)`
pub(crate) fn target(verdict: &Verdict) -> String {
    let mut text = verdict.target.clone();
    if let Some(flavour) = &verdict.flavour {
        text.push('/');
        text.push_str(flavour);
    }
    if let Some(mutant) = &verdict.mutant {
        text.push_str(&format!(" (mutant {mutant})"));
    }
    if let Some(lie) = verdict.lie {
        text.push_str(&format!(" (lie {lie})"));
    }
    text
}

/// Whether another tool recorded the history: nothing is known of a run then, nor of a seed.
pub(crate) fn is_of_others(verdict: &Verdict) -> bool {
    verdict.world == "recorded"
}

/// `process world, seed 7`
pub(crate) fn origin(verdict: &Verdict) -> String {
    if is_of_others(verdict) {
        return "recorded by another tool".to_owned();
    }
    format!("{} world, seed {}", verdict.world, verdict.seed)
}

/// ` in 20.0 s`; transactions have no times.
pub(crate) fn lasted(verdict: &Verdict) -> String {
    match verdict.workload {
        Workload::Transactions => String::new(),
        _ => format!(" in {}", duration(verdict.duration_ns)),
    }
}

/// At most `max` characters, and how many there were.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => {
            format!("{}… ({} characters)", &text[..at], count(text.chars().count() as u64))
        }
    }
}

/// What the elements of a data type are called, as a heading.
pub(crate) fn items(workload: Workload) -> &'static str {
    match workload {
        Workload::Set => "Elements of sets",
        Workload::Chat => "Messages of chats",
        _ => "Items of carts",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 2), "äö… (4 characters)");
    }
}
