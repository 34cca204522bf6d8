//! Control runs: the same configuration without faults. What comes in them, too, is not the faults' doing.

use super::anomaly::Anomaly;
use super::anomaly_kind::AnomalyKind;
use super::report::Verdict;
use super::valid::Valid;
use afterall_history::{Property, Sessions};
use serde::{Deserialize, Serialize};

/// What a control run showed: as much of its verdict as other verdicts are compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// Its seed.
    pub seed: u64,
    /// Whether it held its promises.
    pub valid: Valid,
    /// What came in it, each once, in the order of its verdict.
    pub came: Vec<Came>,
}

/// A kind of anomaly, and the property that it broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Came {
    /// The property.
    pub property: Property,
    /// The sessions that the property was judged for.
    pub sessions: Sessions,
    /// What it is called.
    pub kind: AnomalyKind,
}

impl From<&Anomaly> for Came {
    fn from(anomaly: &Anomaly) -> Came {
        Came { property: anomaly.property, sessions: anomaly.sessions, kind: anomaly.kind }
    }
}

impl From<&Verdict> for Control {
    fn from(verdict: &Verdict) -> Control {
        let mut came = Vec::new();
        for of in verdict.anomalies.iter().map(Came::from) {
            if !came.contains(&of) {
                came.push(of);
            }
        }
        Control { seed: verdict.seed, valid: verdict.valid, came }
    }
}

impl Verdict {
    /// Takes in what control runs showed of the same kinds of anomalies.
    pub fn compare_with_controls(&mut self, controls: &[Control]) {
        let count = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        self.controls = Some(count(controls.len()));
        let runs = match controls.len() {
            1 => "1 run".to_owned(),
            runs => format!("{runs} runs"),
        };
        for anomaly in &mut self.anomalies {
            let same = Came::from(&*anomaly);
            let with = controls.iter().filter(|control| control.came.contains(&same));
            let with = count(with.count());
            anomaly.without_faults = Some(with);
            // That it did not come may only mean that it comes too seldom.
            anomaly.control = Some(match with {
                0 => format!("It did not come in {runs} without faults; so few runs prove little."),
                with => format!("It comes without faults, too: in {with} of {runs}."),
            });
        }
    }
}
