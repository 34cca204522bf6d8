//! The verdict as a whole.

use super::anomaly::Anomaly;
use super::counts::Counts;
use super::fault::FaultVerdict;
use super::figures::Figures;
use super::property::PropertyVerdict;
use super::valid::Valid;
use super::windows::SloVerdict;
use afterall_history::{Lie, Property, Sessions, Workload};
use serde::{Deserialize, Serialize};

/// The `format` field of a verdict.
pub const FORMAT: &str = "afterall-verdict";

/// The version of the verdict's format.
pub const VERSION: u32 = 1;

/// What the checkers say of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format; see [`VERSION`].
    pub version: u32,
    /// Whether the promises held.
    pub valid: Valid,
    /// Why not `true`, a sentence each; the gravest first.
    pub reasons: Vec<String>,
    /// What else has to be known to read the verdict rightly, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// As in the history's header.
    pub target: String,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lie: Option<Lie>,
    /// As in the history's header.
    pub world: String,
    /// As in the history's header.
    pub workload: Workload,
    /// As in the history's header.
    pub seed: u64,
    /// As in the history's header.
    pub nodes: Vec<String>,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When the history ends.
    pub duration_ns: i64,
    /// The history has no times: all times here are places of events in it, and no durations.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
    /// Every property that the workload can show, strongest first. A session guarantee appears twice: for
    /// sticky and for roaming sessions.
    pub properties: Vec<PropertyVerdict>,
    /// What became of each objective.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slos: Vec<SloVerdict>,
    /// The strongest consistency model that held, and that implies nothing that is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strongest: Option<Property>,
    /// The smallest anomaly of each group, broken promises first.
    pub anomalies: Vec<Anomaly>,
    /// How many control runs there were: the same configuration without faults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub controls: Option<u32>,
    /// Groups of anomalies beyond the number kept.
    pub groups_left_out: u64,
    /// Every fault, and whether it took hold.
    pub faults: Vec<FaultVerdict>,
    /// How many operations there were.
    pub counts: Counts,
    /// What was measured.
    pub figures: Figures,
}

impl Verdict {
    /// The verdict on one property.
    #[must_use]
    pub fn property(&self, property: Property, sessions: Sessions) -> Option<&PropertyVerdict> {
        self.properties.iter().find(|p| p.property == property && p.sessions == sessions)
    }

    /// Whether a promise of this property is broken, or of several of which it is one, so that nobody knows which it is.
    #[must_use]
    pub fn breaks_promise(&self, property: Property) -> bool {
        let broken =
            |p: &PropertyVerdict| p.property == property && p.promised && p.outcome.is_broken();
        let may_be = |a: &Anomaly| {
            let mut or = a.or.iter();
            a.promised && (a.property == property || or.any(|or| or.property == property))
        };
        self.properties.iter().any(broken) || self.anomalies.iter().any(may_be)
    }

    /// The broken promises that give away the run's lie, in the order in which the lie lists what it breaks. Empty: there was
    /// no lie, or the checkers did not find it.
    #[must_use]
    pub fn lie_found_by(&self) -> Vec<Property> {
        let broken = |property: &Property| self.breaks_promise(*property);
        let breaks = self.lie.map_or(&[][..], Lie::breaks);
        breaks.iter().copied().filter(broken).collect()
    }
}
