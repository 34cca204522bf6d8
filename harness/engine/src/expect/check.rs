//! Whether a run showed what was expected of it.

use super::Expect;
use super::figure::Measured;
use afterall_checkers::Verdict;
use afterall_checkers::verdict::Valid;
use afterall_history::Property;

/// An expectation, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Met {
    /// Whether it was met.
    pub met: bool,
    /// What was found, for people; where it was not met with what was expected.
    pub found: String,
}

impl Met {
    fn new(met: bool, found: String, expected: &str) -> Met {
        let found = if met { found } else { format!("{found}, expected {expected}") };
        Met { met, found }
    }
}

/// Every expectation, in the order of the file, and what came of it.
#[must_use]
pub fn check(expect: &Expect, measured: &Measured<'_>) -> Vec<Met> {
    let verdict = measured.verdict;
    let mut all = Vec::new();
    if let Some(valid) = expect.valid {
        let found = format!("the verdict is {}", word(verdict.valid));
        all.push(Met::new(verdict.valid == valid, found, word(valid)));
    }
    for &property in &expect.broken {
        let (found, _, broken) = outcome(verdict, property);
        all.push(Met::new(broken, found, "it to be broken"));
    }
    for &property in &expect.held {
        let (found, held, broken) = outcome(verdict, property);
        all.push(Met::new(held && !broken, found, "it to be held"));
    }
    for &kind in &expect.anomalies {
        let of_kind = verdict.anomalies.iter().filter(|anomaly| anomaly.kind == kind);
        let count: u64 = of_kind.map(|anomaly| anomaly.count).sum();
        all.push(Met::new(count > 0, format!("{kind}: found {count}"), "at least one"));
    }
    for (figure, bounds) in &expect.figures {
        let amount = figure.of(measured);
        let words = amount.map_or("not measured".to_owned(), |amount| figure.unit().words(amount));
        let met = amount.is_some_and(|amount| bounds.hold(amount));
        let found = format!("{figure}: {words}");
        all.push(match met {
            // A figure is worth little without its bounds.
            true => Met { met, found: format!("{found} (expected {bounds})") },
            false => Met::new(met, found, &bounds.to_string()),
        });
    }
    all
}

fn word(valid: Valid) -> &'static str {
    match valid {
        Valid::True => "valid",
        Valid::False => "invalid",
        Valid::Unknown => "unknown",
        Valid::Measured => "measured",
    }
}

/// What became of a property, whoever it was judged for: in words, and whether it held or broke anywhere.
fn outcome(verdict: &Verdict, property: Property) -> (String, bool, bool) {
    let of = || verdict.properties.iter().filter(|of| of.property == property);
    let broken = of().any(|of| of.outcome.is_broken());
    let held = of().any(|of| of.outcome.is_held());
    let words = match (broken, held, of().next()) {
        (true, ..) => "was broken",
        (_, true, _) => "held",
        (_, _, Some(_)) => "was not decided",
        (_, _, None) => "is none that this workload can show",
    };
    (format!("{property} {words}"), held, broken)
}
