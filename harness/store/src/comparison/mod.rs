//! Two runs side by side.

mod figures;

use afterall_checkers::words::duration;
use afterall_checkers::{PropertyVerdict, Verdict};
use afterall_history::{Promise, Property, Sessions};
use afterall_reports::{outcome_word, target_words, valid_word};
use afterall_search::FailureKey;
use std::collections::BTreeMap;

use crate::shown::shown;

/// How many failures are listed.
const KEYS_MAX: usize = 400;
/// How many characters of a text are shown.
const TEXT_MAX: usize = 300;

/// Something that both runs have, in words that can be shown; `–` where a run does not have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What it is.
    pub name: String,
    /// In the first run.
    pub first: String,
    /// In the second.
    pub second: String,
}

impl Pair {
    pub(crate) fn new(name: &str, first: Option<String>, second: Option<String>) -> Pair {
        let text = |of: Option<String>| of.map_or("–".to_owned(), |text| shown(&text, TEXT_MAX));
        Pair { name: name.to_owned(), first: text(first), second: text(second) }
    }

    /// Whether the runs differ in it.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.first != self.second
    }
}

/// A property of the ladder, and how it came out in both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rung {
    /// The property with its sessions, and its outcomes: `held`, `broken`, `hardly exercised`, `not exercised`, `undecided`.
    pub pair: Pair,
    /// Whether it was promised in the first, and in the second.
    pub promised: (bool, bool),
}

impl Rung {
    /// Whether the runs differ in it.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.pair.differs() || self.promised.0 != self.promised.1
    }
}

/// A way in which something broke, and how often in each run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCounts {
    /// What broke, how, and by which faults: a failure key without its target.
    pub key: String,
    /// Whether it breaks a promise, in either run.
    pub promised: bool,
    /// How many anomalies the first has of it, and the second.
    pub counts: (u64, u64),
    /// What happened, of the smallest: in the second, or where it has none in the first.
    pub sentence: String,
}

impl KeyCounts {
    /// Whether the second alone has it.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.counts.0 == 0
    }

    /// Whether the first alone has it.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.counts.1 == 0
    }
}

/// Two runs side by side. All texts can be shown as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison {
    /// The verdicts.
    pub verdict: Pair,
    /// What was run.
    pub facts: Vec<Pair>,
    /// The properties, in the order of the verdicts: the strongest first.
    pub ladder: Vec<Rung>,
    /// What was measured.
    pub figures: Vec<Pair>,
    /// What broke, what is new first, then what is gone, then what both have.
    pub failures: Vec<KeyCounts>,
}

impl Comparison {
    /// Whether both came out the same: the same verdict, the same outcome of each property, and the same ways in which promises broke.
    /// What was run and measured may differ, and so may how often something broke, and how that broke which nobody promised.
    #[must_use]
    pub fn is_same(&self) -> bool {
        !self.verdict.differs()
            && !self.ladder.iter().any(Rung::differs)
            && !self.failures.iter().any(|of| of.promised && (of.is_new() || of.is_gone()))
    }
}

/// Two runs side by side.
#[must_use]
pub fn comparison(first: &Verdict, second: &Verdict) -> Comparison {
    let valid = |verdict: &Verdict| Some(valid_word(verdict.valid).to_owned());
    Comparison {
        verdict: Pair::new("verdict", valid(first), valid(second)),
        facts: facts(first, second),
        ladder: ladder(first, second),
        figures: figures::figures(first, second),
        failures: failures(first, second),
    }
}

fn facts(first: &Verdict, second: &Verdict) -> Vec<Pair> {
    let pair = |name: &str, of: &dyn Fn(&Verdict) -> Option<String>| {
        Pair::new(name, of(first), of(second))
    };
    vec![
        pair("target", &|verdict| Some(target_words(verdict))),
        pair("data type", &|verdict| Some(verdict.workload.name().to_owned())),
        pair("world", &|verdict| Some(verdict.world.clone())),
        pair("seed", &|verdict| Some(verdict.seed.to_string())),
        pair("nodes", &|verdict| Some(verdict.nodes.len().to_string())),
        pair("lasted", &|verdict| (!verdict.untimed).then(|| duration(verdict.duration_ns))),
    ]
}

fn ladder(first: &Verdict, second: &Verdict) -> Vec<Rung> {
    let mut claims: Vec<(Property, Sessions)> = Vec::new();
    for property in first.properties.iter().chain(&second.properties) {
        let claim = (property.property, property.sessions);
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    let of = |(property, sessions): (Property, Sessions)| {
        let [a, b] = [first, second].map(|verdict| verdict.property(property, sessions));
        let word = |of: Option<&PropertyVerdict>| of.map(|of| outcome_word(of).to_owned());
        let promised = |of: Option<&PropertyVerdict>| of.is_some_and(|of| of.promised);
        let name = Promise::to(property, sessions).to_string();
        Rung { pair: Pair::new(&name, word(a), word(b)), promised: (promised(a), promised(b)) }
    };
    claims.into_iter().map(of).collect()
}

fn failures(first: &Verdict, second: &Verdict) -> Vec<KeyCounts> {
    let mut all: BTreeMap<String, KeyCounts> = BTreeMap::new();
    for (verdict, is_second) in [(first, false), (second, true)] {
        for anomaly in &verdict.anomalies {
            // Two flavours that fail alike fail alike: what was tested stands above.
            let key = FailureKey::of_anomaly(verdict, anomaly).what();
            let entry = all.entry(key.clone()).or_insert_with(|| KeyCounts {
                key: shown(&key, TEXT_MAX),
                promised: false,
                counts: (0, 0),
                sentence: String::new(),
            });
            let count = if is_second { &mut entry.counts.1 } else { &mut entry.counts.0 };
            // The first of a key is the smallest of the gravest group.
            if *count == 0 {
                entry.sentence = shown(&anomaly.sentence, TEXT_MAX);
            }
            *count = count.saturating_add(anomaly.count);
            entry.promised |= anomaly.promised;
        }
    }
    let mut all: Vec<KeyCounts> = all.into_values().collect();
    all.sort_by_key(|of| (!of.is_new(), !of.is_gone(), !of.promised));
    all.truncate(KEYS_MAX);
    all
}
