//! As much of a run's files as a list shows: fields that the history's first line, the verdict and `run.toml` have alike.

use crate::shown::shown;
use afterall_checkers::Valid;
use afterall_checkers::verdict::{FORMAT, VERSION};
use serde::Deserialize;

/// How many characters of a name are shown, and of a sentence.
const NAME_MAX: usize = 80;
const SENTENCE_MAX: usize = 300;

/// What a run is of.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default)]
pub struct What {
    /// The target.
    pub target: String,
    /// Its flavour.
    pub flavour: Option<String>,
    /// The known bug that was switched on.
    pub mutant: Option<String>,
    /// How answers were falsified.
    pub lie: Option<String>,
    /// The data type.
    pub workload: String,
    /// Where it ran.
    pub world: String,
    /// Its seed.
    pub seed: u64,
}

impl What {
    /// `reference/crdt (mutant cart-union)`
    #[must_use]
    pub fn system(&self) -> String {
        let mut text = self.target.clone();
        if let Some(flavour) = &self.flavour {
            text.push('/');
            text.push_str(flavour);
        }
        for (name, value) in [("mutant", &self.mutant), ("lie", &self.lie)] {
            if let Some(value) = value {
                text.push_str(&format!(" ({name} {value})"));
            }
        }
        text
    }

    /// With texts that can be shown.
    pub(crate) fn shown(self) -> What {
        let name = |text: String| shown(&text, NAME_MAX);
        What {
            target: name(self.target),
            flavour: self.flavour.map(name),
            mutant: self.mutant.map(name),
            lie: self.lie.map(name),
            workload: name(self.workload),
            world: name(self.world),
            seed: self.seed,
        }
    }
}

/// A verdict, as far as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Head {
    pub(crate) what: What,
    pub(crate) valid: Valid,
    pub(crate) ops: u64,
    /// The gravest that was found, or else why it is not valid.
    pub(crate) finding: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    format: String,
    version: u32,
    valid: Valid,
    #[serde(default)]
    reasons: Vec<String>,
    target: String,
    #[serde(default)]
    flavour: Option<String>,
    #[serde(default)]
    mutant: Option<String>,
    #[serde(default)]
    lie: Option<String>,
    workload: String,
    world: String,
    seed: u64,
    #[serde(default)]
    anomalies: Vec<AnomalyFields>,
    counts: CountFields,
}

#[derive(Deserialize)]
struct AnomalyFields {
    property: String,
    promised: bool,
    kind: String,
    count: u64,
}

#[derive(Deserialize)]
struct CountFields {
    ops: u64,
}

/// Reads a verdict's head.
///
/// # Errors
/// What is wrong with it, in a sentence for people.
pub(crate) fn head(bytes: &[u8]) -> Result<Head, NotAVerdict> {
    let fields: Fields = serde_json::from_slice(bytes).map_err(|error| {
        let shape = if error.is_eof() { "found its beginning" } else { "found none" };
        NotAVerdict(format!("expected a verdict, {shape} (line {})", error.line()))
    })?;
    check_format(&fields.format, fields.version).map_err(NotAVerdict)?;
    let broken = fields.anomalies.iter().find(|anomaly| anomaly.promised);
    let finding = match broken {
        Some(AnomalyFields { property, kind, count, .. }) => {
            let times = if *count > 1 { format!(", {count} times") } else { String::new() };
            Some(format!("{property} broken: {kind}{times}"))
        }
        None => fields.reasons.into_iter().next(),
    };
    let Fields { target, flavour, mutant, lie, workload, world, seed, .. } = fields;
    Ok(Head {
        what: What { target, flavour, mutant, lie, workload, world, seed }.shown(),
        valid: fields.valid,
        ops: fields.counts.ops,
        finding: finding.map(|text| shown(&text, SENTENCE_MAX)),
    })
}

/// Whether a verdict is of the format that this program reads; if not, what is expected and what was found.
pub(crate) fn check_format(format: &str, version: u32) -> Result<(), String> {
    if format == FORMAT && version == VERSION {
        return Ok(());
    }
    let found = shown(format, NAME_MAX);
    Err(format!("expected the format {FORMAT} {VERSION}, found {found} {version}"))
}

/// What is wrong with a file that should hold a verdict.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotAVerdict(pub(crate) String);
