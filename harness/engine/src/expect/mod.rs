//! What a run is expected to show, and whether it did.

mod bounds;
mod check;
mod figure;
mod spread;

pub use bounds::{Bounds, Unit};
pub use check::{Met, check};
pub use figure::{Figure, Measured};

use afterall_checkers::verdict::{AnomalyKind, Valid};
use afterall_history::Property;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a run is expected to show. What is not said may be as it will.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The verdict: `true`, `false` or `"unknown"`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid: Option<Valid>,
    /// Properties that are found broken, promised or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub broken: Vec<Property>,
    /// Properties that could have been broken, and held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held: Vec<Property>,
    /// Kinds of anomalies that are found.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub anomalies: Vec<AnomalyKind>,
    /// Figures, and within which bounds they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub figures: BTreeMap<Figure, Bounds>,
}

impl Expect {
    /// Whether anything is expected at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Expect::default()
    }
}

/// Bounds that cannot be those of their figure.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{figure} is {unit}: expected bounds such as {such_as}, found {found:?}")]
pub struct BadBounds {
    /// The figure.
    pub figure: Figure,
    unit: &'static str,
    such_as: &'static str,
    found: String,
}

impl Expect {
    /// Whether every figure has bounds of its own unit.
    pub(crate) fn check(&self) -> Result<(), BadBounds> {
        for (&figure, bounds) in &self.figures {
            let unit = figure.unit();
            if !bounds.fit(unit) {
                let found = bounds.to_string();
                return Err(BadBounds {
                    figure,
                    unit: unit.what(),
                    such_as: unit.such_as(),
                    found,
                });
            }
        }
        Ok(())
    }
}
