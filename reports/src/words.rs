//! How numbers, times and outcomes are put into words, the same in every report.

use afterall_checkers::verdict::Counts;
use afterall_checkers::{
    Anomaly, Outcome, PropertyVerdict, Tier, Valid, Verdict, is_model, is_session_guarantee,
};
use afterall_history::{FaultKind, Phase, Promise, Property, Sessions, Workload};

pub(crate) use afterall_checkers::words::{count, counted, duration, percent, share};

/// Whether a run held its promises, in a word: `valid`, `invalid`, `unknown`, `measured`.
#[must_use]
pub fn valid(valid: Valid) -> &'static str {
    match valid {
        Valid::True => "valid",
        Valid::False => "invalid",
        Valid::Unknown => "unknown",
        Valid::Measured => "measured",
    }
}

pub(crate) fn phase(phase: Phase) -> &'static str {
    match phase {
        Phase::Healthy => "healthy",
        Phase::Faults => "under fault",
        Phase::Heal => "healed",
        Phase::Quiescence => "after the updates",
        Phase::Final => "at the end",
    }
}

/// `monotonic-reads/sticky`
pub(crate) fn property(verdict: &PropertyVerdict) -> String {
    claim(verdict.property, verdict.sessions)
}

/// The property that an anomaly breaks, named like its verdict; or those of which it breaks one.
pub(crate) fn broken_by(anomaly: &Anomaly) -> String {
    let or = anomaly.or.iter().map(|or| format!(" or {or}"));
    std::iter::once(claim(anomaly.property, anomaly.sessions)).chain(or).collect()
}

fn claim(property: Property, sessions: Sessions) -> String {
    Promise::to(property, sessions).to_string()
}

/// How a property came out, in a word. What held in too few chances did not pass: it was `hardly exercised`.
#[must_use]
pub fn outcome(property: &PropertyVerdict) -> &'static str {
    match property.outcome {
        Outcome::Held { .. } if property.hardly_exercised => "hardly exercised",
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
            format!("{times} ({}, {})", counted(*chances, "chance"), counted(*groups, "group"))
        }
        Outcome::NotExercised { why } | Outcome::Undecided { why } => why.clone(),
    }
}

/// `partition and clock`, or that there was none.
pub(crate) fn kinds(faults: &[FaultKind]) -> String {
    let names: Vec<&str> = faults.iter().map(|kind| kind.name()).collect();
    match names.as_slice() {
        [] => "no fault".to_owned(),
        [one] => (*one).to_owned(),
        [others @ .., last] => format!("{} and {last}", others.join(", ")),
    }
}

/// `n1, n2`, the first of many, or all that did not fail.
pub(crate) fn side(nodes: &[String]) -> String {
    let named = nodes.iter().take(8).map(String::as_str).collect::<Vec<_>>().join(", ");
    match nodes.len() {
        0 => "nodes that did not fail".to_owned(),
        1..=8 => named,
        more => format!("{named} and {} more", count(more as u64 - 8)),
    }
}

/// What was tested: `reference/lww (mutant no-tiebreak)`
#[must_use]
pub fn target(verdict: &Verdict) -> String {
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

/// `register workload on reference/crdt`, and of another tool's history `register history "etcd-7"`
pub(crate) fn subject(verdict: &Verdict) -> String {
    let (workload, target) = (verdict.workload.name(), target(verdict));
    if is_of_others(verdict) {
        format!("{workload} history {target:?}")
    } else {
        format!("{workload} workload on {target}")
    }
}

/// ` in 20.0 s`; nothing for a history without times.
pub(crate) fn lasted(verdict: &Verdict) -> String {
    if verdict.untimed {
        return String::new();
    }
    format!(" in {}", duration(verdict.duration_ns))
}

/// `22,006 ok, 3 failed, 1 with unknown outcome`
pub(crate) fn statuses(counts: &Counts) -> String {
    let (ok, fail, info) = (count(counts.ok), count(counts.fail), count(counts.info));
    format!("{ok} ok, {fail} failed, {info} with unknown outcome")
}

/// What "the strongest that held" means, where it stands.
pub(crate) const STRONGEST: &str = "nothing that it implies was broken";

/// What the numbers of operations in sentences are.
pub(crate) const NUMBERS: &str = "#7 is operation 7: the index of its first event in history.jsonl";

/// The same for a history of another tool.
pub(crate) const NUMBERS_OF_OTHERS: &str = "#7 is operation 7, numbered as in the history";

/// What the numbers of operations in this verdict's sentences are.
pub(crate) fn numbers(verdict: &Verdict) -> &'static str {
    if is_of_others(verdict) { NUMBERS_OF_OTHERS } else { NUMBERS }
}

/// That two kinds of judgement stand side by side which need not agree, where something is broken by one of them.
pub(crate) fn tiers_differ(verdict: &Verdict) -> Option<String> {
    let is_exact =
        |p: &&PropertyVerdict| is_session_guarantee(p.property) && p.tier == Some(Tier::Exact);
    let is_model = |p: &&PropertyVerdict| is_model(p.property);
    let of = || verdict.properties.iter();
    let broken = of().any(|p| (is_exact(&p) || is_model(&p)) && p.outcome.is_broken());
    let mut exact: Vec<&str> = of().filter(is_exact).map(|p| p.property.name()).collect();
    exact.dedup();
    if !broken || !of().any(|p| is_model(&p)) {
        return None;
    }
    let (names, are) = match exact.as_slice() {
        [one] => ((*one).to_owned(), "is"),
        [_, _, _, _] => ("The session guarantees".to_owned(), "are"),
        [others @ .., last] => (format!("{} and {last}", others.join(", ")), "are"),
        [] => return None,
    };
    let and_items = match verdict.workload {
        Workload::Cart => " and by the items of the carts",
        _ => "",
    };
    Some(format!(
        "{names} {are} judged by the versions that the target returned{and_items}, and the consistency models by the values alone: one \
         may be broken where the other held."
    ))
}

/// At most `max` characters, and how many there were. A text in quotes stays in quotes.
pub(crate) fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((at, _)) => {
            let quote = if text.starts_with('"') { "\"" } else { "" };
            let characters = count(text.chars().count() as u64);
            format!("{}…{quote} ({characters} characters)", &text[..at])
        }
    }
}

/// What the elements of a data type are called, as a heading.
pub(crate) fn items(workload: Workload) -> &'static str {
    match workload {
        Workload::Set => "Items: elements of sets",
        Workload::Chat => "Items: messages of chats",
        Workload::Text => "Items: pieces of texts",
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
        assert_eq!(cut("\"äöüß\"", 2), "\"ä…\" (6 characters)");
    }
}
