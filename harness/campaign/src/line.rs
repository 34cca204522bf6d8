//! A line of the index: what became of a run.

use afterall_checkers::{Valid, Verdict};
use afterall_history::{Promise, vocabulary};
use afterall_search::FailureKey;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most failure keys of a run that are written down.
const KEYS_MAX: usize = 20;
/// The most characters of a reason.
const WHY_MAX: usize = 500;

vocabulary! {
    /// How a run ended, the gravest last.
    "end of a run" Ended {
        /// Every promise was put to the test, and held.
        Valid = "valid",
        /// No promise is known to be broken, and not all of them were put to the test.
        Unknown = "unknown",
        /// A promise was broken.
        Invalid = "invalid",
        /// The harness failed, or the run took longer than its limit.
        Crashed = "crashed",
    }
}

/// When a run ended, and how long it took: what differs between two runs that are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wall {
    /// When it was finished: `2026-11-28T07:00:00Z`.
    pub ended: String,
    /// How long it took, milliseconds.
    pub took_ms: u64,
}

/// What became of a run. In the sim all of it but `wall` follows from the campaign's file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// The run's number.
    pub run: u64,
    /// Whether it is one of the canary's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub canary: bool,
    /// What its cell is called.
    pub cell: String,
    /// Its seed.
    pub seed: u64,
    /// How it ended.
    pub verdict: Ended,
    /// In which ways it failed, the gravest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// How often each promise could have been broken; null where it was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub promises: BTreeMap<String, Option<u64>>,
    /// How often a promise has to be put to the test to count as tested.
    pub floor: u64,
    /// Operations.
    pub ops: u64,
    /// Faults that were injected.
    pub faults: u64,
    /// How many of them are shown to have taken hold.
    pub took_hold: u64,
    /// Why it is not valid: what the gravest anomaly is, or else the gravest reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where it is, below the campaign's folder, if it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
    /// When it ended, and how long it took.
    pub wall: Wall,
}

/// What was run, and what came of it.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The run's number.
    pub run: u64,
    /// Whether it is one of the canary's.
    pub canary: bool,
    /// What its cell is called.
    pub cell: &'a str,
    /// Its seed.
    pub seed: u64,
    /// How often a promise has to be put to the test to count as tested.
    pub floor: u64,
}

impl Line {
    /// The line of a run that was judged.
    #[must_use]
    pub fn judged(of: Facts<'_>, verdict: &Verdict) -> Line {
        let mut line = Line::empty(of);
        line.verdict = match verdict.valid {
            Valid::True | Valid::Measured => Ended::Valid,
            Valid::Unknown => Ended::Unknown,
            Valid::False => Ended::Invalid,
        };
        // What is meant to fail is never taken for what is not.
        let mutant = verdict.mutant.iter().map(|mutant| format!(", mutant {mutant}"));
        let with: String = mutant.chain(verdict.lie.map(|lie| format!(", lie {lie}"))).collect();
        for key in FailureKey::all(verdict).map(|key| format!("{key}{with}")) {
            if line.keys.len() < KEYS_MAX && !line.keys.contains(&key) {
                line.keys.push(key);
            }
        }
        if line.verdict == Ended::Invalid && line.keys.is_empty() {
            // An objective that was not met is no anomaly.
            let missed = verdict.slos.iter().find(|slo| slo.met == Some(false));
            let what =
                missed.map_or("invalid".to_owned(), |slo| format!("slo {} not met", slo.slo));
            line.keys.push(format!("{}: {what}{with}", target(verdict)));
        }
        for property in verdict.properties.iter().filter(|property| property.promised) {
            let promise = Promise::to(property.property, property.sessions);
            line.promises.insert(promise.to_string(), property.outcome.chances());
        }
        for anomaly in verdict.anomalies.iter().filter(|anomaly| anomaly.promised) {
            // Where one of several is broken and nobody knows which, none of them held.
            let own = Promise::to(anomaly.property, anomaly.sessions);
            for promise in std::iter::once(&own).chain(&anomaly.or) {
                line.promises.insert(promise.to_string(), None);
            }
        }
        line.ops = verdict.counts.ops;
        line.faults = verdict.faults.len() as u64;
        line.took_hold = verdict.faults.iter().filter(|fault| fault.took).count() as u64;
        if line.verdict > Ended::Valid {
            let mut gravest = verdict.anomalies.iter().filter(|anomaly| anomaly.promised);
            let why = gravest.next().map(|anomaly| &anomaly.sentence).or(verdict.reasons.first());
            line.why = why.map(|why| cut(why));
        }
        line.placed()
    }

    /// The line of a run that was held to what its scenario expects: `unmet` is what was not as expected.
    #[must_use]
    pub fn expected(of: Facts<'_>, verdict: &Verdict, scenario: &str, unmet: &[String]) -> Line {
        let mut line = Line::judged(of, verdict);
        // What it breaks, it may have been expected to break.
        line.promises.clear();
        line.keys.clear();
        line.why = None;
        line.verdict = Ended::Valid;
        if let Some(first) = unmet.first() {
            line.verdict = Ended::Invalid;
            line.why = Some(cut(&format!("not as expected: {}", unmet.join("; "))));
            // Without what was found, which is another with each seed.
            let what = first.split_once(": ").map_or(first.as_str(), |(what, _)| what);
            line.keys.push(format!("scenario {scenario}: not as expected, {what}"));
        }
        line.placed()
    }

    /// The line of a run that could not be carried out or judged.
    #[must_use]
    pub fn crashed(of: Facts<'_>, why: &str) -> Line {
        let mut line = Line::empty(of);
        line.verdict = Ended::Crashed;
        line.why = Some(cut(why));
        line
    }

    fn empty(of: Facts<'_>) -> Line {
        Line {
            run: of.run,
            canary: of.canary,
            cell: of.cell.to_owned(),
            seed: of.seed,
            verdict: Ended::Unknown,
            keys: Vec::new(),
            promises: BTreeMap::new(),
            floor: of.floor,
            ops: 0,
            faults: 0,
            took_hold: 0,
            why: None,
            folder: None,
            wall: Wall::default(),
        }
    }

    /// With where it is if it is kept. The canary's runs are meant to fail.
    fn placed(mut self) -> Line {
        self.folder = (self.fails() && !self.canary).then(|| format!("runs/{}", self.run));
        self
    }

    /// Whether it broke a promise, or was not as expected.
    #[must_use]
    pub fn fails(&self) -> bool {
        self.verdict == Ended::Invalid
    }

    /// Whether all that is wrong with a run that is unknown is that promises could not have been broken often enough: then others of its cell
    /// may make up for it.
    #[must_use]
    pub fn lacks_chances_alone(&self) -> bool {
        let few = |chances: &Option<u64>| chances.is_some_and(|chances| chances < self.floor);
        self.verdict == Ended::Unknown
            && self.took_hold == self.faults
            && self.promises.values().any(few)
    }

    /// Whether a promise of a property was broken, by its name: whichever sessions it was made to.
    #[must_use]
    pub fn breaks(&self, property: &str) -> bool {
        let of = |promise: &str| promise.split('/').next() == Some(property);
        self.promises.iter().any(|(promise, chances)| chances.is_none() && of(promise))
    }

    /// As it stands in the index, with its end.
    ///
    /// # Errors
    /// Never: all of it can be written.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self).map(|text| text + "\n")
    }
}

fn target(verdict: &Verdict) -> String {
    let flavour = verdict.flavour.iter().map(|flavour| format!("/{flavour}"));
    std::iter::once(verdict.target.clone()).chain(flavour).collect()
}

fn cut(text: &str) -> String {
    let line = text.replace(['\n', '\r'], " ");
    match line.char_indices().nth(WHY_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
