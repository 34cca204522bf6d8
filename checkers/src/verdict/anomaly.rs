//! What broke a property.

use super::anomaly_kind::AnomalyKind;
use afterall_history::{FaultKind, Phase, Promise, Property, Sessions, vocabulary};
use serde::{Deserialize, Serialize};

vocabulary! {
    /// What it is that a group has in common.
    "grounds" Grounds {
        /// What evidence shows to account for it.
        Cause = "cause",
        /// Where it happened, and what was in force there. Whether it would have come without that, only other runs can tell.
        Circumstances = "circumstances",
        /// What the sentence says already.
        Description = "description",
    }
}

/// The smallest of a group of anomalies that have the same in common.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Counts from 1, in the order of the list.
    pub id: u32,
    /// The property that it breaks.
    pub property: Property,
    /// The sessions that the property was judged for.
    pub sessions: Sessions,
    /// Whether it breaks a promise: that property was promised, and so were all others that it may break instead.
    pub promised: bool,
    /// What it may break instead, where the history does not tell which.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub or: Vec<Promise>,
    /// What it is called: `lost write`, `WriteCORead`, `lost item` …
    pub kind: AnomalyKind,
    /// What the group has in common.
    pub cause: String,
    /// Whether that is its cause, or how it came about, or neither.
    #[serde(default = "circumstances")]
    pub grounds: Grounds,
    /// The kinds of faults that this names: each was shown to be in force while an operation of the witness needed what
    /// it acts on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blames: Vec<FaultKind>,
    /// In how many of the control runs, which had no faults, something of the same kind broke the same property; absent
    /// where there were none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_faults: Option<u32>,
    /// The same in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub control: Option<String>,
    /// How many there are in the group, this one included.
    pub count: u64,
    /// What happened, in plain words.
    pub sentence: String,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The operations that prove it, by the index of their invocation, in the order of time.
    pub witness: Vec<u32>,
    /// How they depend on each other.
    pub edges: Vec<Edge>,
    /// The replicas that served them.
    pub replicas: Vec<String>,
    /// The faults that may have been in force on those replicas during the operations.
    pub faults: Vec<u32>,
    /// The phase in which the last of them was invoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// When the first of them was invoked.
    pub from: i64,
    /// When the last of them was completed.
    pub to: i64,
}

/// What is known of verdicts that do not say it.
fn circumstances() -> Grounds {
    Grounds::Circumstances
}

impl Grounds {
    /// The word for a reader; none where the sentence of the anomaly has said it.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        match self {
            Grounds::Cause => Some("Cause"),
            Grounds::Circumstances => Some("Circumstances"),
            Grounds::Description => None,
        }
    }
}

impl Anomaly {
    /// What the group has in common, for a reader: `Cause: …` where that is shown, `Circumstances: …` where it is not; none where
    /// the sentence has said it.
    #[must_use]
    pub fn in_common(&self) -> Option<String> {
        let label = self.grounds.label().filter(|_| !self.cause.is_empty())?;
        Some(format!("{label}: {}", self.cause))
    }
}

/// One operation depends on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The earlier operation, by the index of its invocation.
    pub from: u32,
    /// The later operation, likewise.
    pub to: u32,
    /// What kind of dependency it is.
    pub label: Label,
    /// What justifies it, in a sentence.
    pub why: String,
}

/// A kind of dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Session order: one session made both, in this order.
    So,
    /// The second returned what the first wrote.
    ReadsFrom,
    /// The first must come before the second, or else a read would have returned something else.
    Conflict,
    /// The versions that the target returned say so, or should.
    Version,
    /// The first was completed before the second was invoked.
    RealTime,
    /// The contradiction: the second should have shown what the first did or had shown, and does not.
    MustSee,
    /// The contradiction: the two should have returned the same, and do not.
    MustAgree,
}
