//! Whether two failures are the same.

use afterall_checkers::{Anomaly, AnomalyKind, Verdict};
use afterall_history::{FaultKind, Property};
use std::fmt;

/// What is wrong with a run, without anything that is only of that run: no keys, nodes, numbers or times. Two runs with the same
/// key failed in the same way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FailureKey {
    /// What was tested: `reference/crdt`.
    pub target: String,
    /// The property that is broken.
    pub property: Property,
    /// How it was broken.
    pub kind: AnomalyKind,
    /// The kinds of faults that are to blame for it, where that was shown.
    pub blames: Vec<FaultKind>,
}

impl FailureKey {
    /// The key of a run: that of the gravest anomaly that breaks a promise. None if no promise is broken.
    #[must_use]
    pub fn of(verdict: &Verdict) -> Option<FailureKey> {
        FailureKey::all(verdict).next()
    }

    /// The keys of all anomalies that break a promise, the gravest first.
    pub fn all(verdict: &Verdict) -> impl Iterator<Item = FailureKey> {
        let broken = verdict.anomalies.iter().filter(|anomaly| anomaly.promised);
        broken.map(|anomaly| FailureKey::of_anomaly(verdict, anomaly))
    }

    /// The key of an anomaly of a run.
    #[must_use]
    pub fn of_anomaly(verdict: &Verdict, anomaly: &Anomaly) -> FailureKey {
        let flavour = verdict.flavour.iter().map(|flavour| format!("/{flavour}"));
        FailureKey {
            target: std::iter::once(verdict.target.clone()).chain(flavour).collect(),
            property: anomaly.property,
            kind: anomaly.kind,
            blames: anomaly.blames.clone(),
        }
    }

    /// The key without what was tested: `no-lost-writes broken, lost write, by partition`.
    #[must_use]
    pub fn what(&self) -> String {
        let FailureKey { property, kind, blames, .. } = self;
        let names: Vec<&str> = blames.iter().map(|kind| kind.name()).collect();
        let by =
            if names.is_empty() { String::new() } else { format!(", by {}", names.join(" and ")) };
        format!("{property} broken, {kind}{by}")
    }
}

impl fmt::Display for FailureKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.target, self.what())
    }
}
