//! How numbers, times and outcomes are put into words, the same in every report.

use afterall_checkers::{Outcome, PropertyVerdict, Valid, Verdict};
use afterall_history::{Promise, Workload};

/// `31,204`
pub(crate) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1 group`, `2 groups`
pub(crate) fn counted(n: u64, what: &str) -> String {
    let s = if n == 1 { "" } else { "s" };
    format!("{} {what}{s}", count(n))
}

/// `85 µs`, `230 ms`, `1.42 s`, `2 min 3 s`
pub(crate) fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "−" } else { "" };
    let ns = ns.unsigned_abs();
    let s = ns as f64 / 1e9;
    if ns < 1_000 {
        format!("{sign}{ns} ns")
    } else if ns < 1_000_000 {
        format!("{sign}{} µs", ns / 1_000)
    } else if ns < 1_000_000_000 {
        format!("{sign}{} ms", ns / 1_000_000)
    } else if s < 10.0 {
        format!("{sign}{s:.2} s")
    } else if s < 120.0 {
        format!("{sign}{s:.1} s")
    } else {
        format!("{sign}{} min {} s", ns / 60_000_000_000, ns / 1_000_000_000 % 60)
    }
}

/// `0.025 %`
pub(crate) fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let text = if percent >= 10.0 {
        format!("{percent:.0}")
    } else if percent >= 1.0 {
        format!("{percent:.1}")
    } else if percent >= 0.001 {
        // Two digits that count.
        let digits = (1.0 - percent.log10().floor()).clamp(1.0, 5.0);
        format!("{percent:.*}", digits as usize)
    } else {
        format!("{percent:.1e}")
    };
    format!("{text} %")
}

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
    fn numbers_read_well() {
        assert_eq!(
            [0, 999, 1000, 31_204, 1_000_000].map(count).join(" "),
            "0 999 1,000 31,204 1,000,000"
        );
        assert_eq!(counted(1, "group"), "1 group");
        assert_eq!(counted(2, "group"), "2 groups");
    }

    #[test]
    fn durations_read_well() {
        let ns =
            [0, 850, 85_000, 230_000_000, 1_420_000_000, 31_240_000_000, 123_000_000_000, -5_000];
        let text = ns.map(duration).join(", ");
        assert_eq!(text, "0 ns, 850 ns, 85 µs, 230 ms, 1.42 s, 31.2 s, 2 min 3 s, −5 µs");
    }

    #[test]
    fn shares_read_well() {
        let text = [1.0, 0.3, 0.012, 0.000_25, 0.000_03, 1e-9].map(percent).join(", ");
        assert_eq!(text, "100 %, 30 %, 1.2 %, 0.025 %, 0.0030 %, 1.0e-7 %");
    }

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut("äöü", 3), "äöü");
        assert_eq!(cut("äöüß", 2), "äö… (4 characters)");
    }
}
