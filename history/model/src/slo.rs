//! Service-level objectives: within which time what was written has to be seen everywhere.

use crate::span::{NotASpan, Span};
use crate::vocabulary;
use crate::vocabulary::UnknownWord;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

vocabulary! {
    /// Which of the windows, in the order of their lengths.
    "percentile" Percentile {
        /// Half of them are no longer.
        P50 = "p50",
        /// 90 % of them are no longer.
        P90 = "p90",
        /// 99 % of them are no longer.
        P99 = "p99",
        /// 99.9 % of them are no longer.
        P999 = "p99.9",
        /// The longest.
        Max = "max",
    }
}

impl Percentile {
    /// How many of a thousand are no longer.
    #[must_use]
    pub const fn of_thousand(self) -> usize {
        match self {
            Percentile::P50 => 500,
            Percentile::P90 => 900,
            Percentile::P99 => 990,
            Percentile::P999 => 999,
            Percentile::Max => 1_000,
        }
    }
}

/// An objective: of the windows in which writes were not yet seen everywhere, this one is shorter than the limit. Written
/// `p99<500ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slo {
    /// Which window.
    pub percentile: Percentile,
    /// Shorter than this.
    pub limit: Span,
}

/// A text that is no objective.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnSlo {
    /// Nothing separates percentile and limit.
    #[error("expected an objective such as \"p99<500ms\", found {0:?}")]
    Form(String),
    /// The percentile is not known.
    #[error("{0}")]
    Percentile(UnknownWord),
    /// The limit is no time.
    #[error("{0}")]
    Limit(NotASpan),
}

impl FromStr for Slo {
    type Err = NotAnSlo;

    fn from_str(text: &str) -> Result<Slo, NotAnSlo> {
        let (percentile, limit) =
            text.split_once('<').ok_or_else(|| NotAnSlo::Form(text.to_owned()))?;
        let percentile = percentile.trim().parse().map_err(NotAnSlo::Percentile)?;
        let limit = limit.trim().parse().map_err(NotAnSlo::Limit)?;
        Ok(Slo { percentile, limit })
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}<{}", self.percentile, self.limit)
    }
}

impl Serialize for Slo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Slo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Slo, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_objective_is_read_as_it_is_written() {
        for text in ["p50<1s", "p99<500ms", "p99.9<1m30s", "max<2s"] {
            let slo: Slo = text.parse().unwrap();
            assert_eq!(slo.to_string(), text);
            let json = serde_json::to_string(&slo).unwrap();
            assert_eq!(serde_json::from_str::<Slo>(&json).unwrap(), slo);
        }
        assert_eq!(" p99 < 500ms ".parse(), "p99<500ms".parse::<Slo>());
    }

    #[test]
    fn what_is_no_objective_says_what_was_expected() {
        let error = |text: &str| text.parse::<Slo>().unwrap_err().to_string();
        assert_eq!(error("p99"), "expected an objective such as \"p99<500ms\", found \"p99\"");
        assert!(error("p98<1s").starts_with("unknown percentile \"p98\""), "{}", error("p98<1s"));
        assert!(error("p99<5").ends_with("found \"5\""), "{}", error("p99<5"));
    }
}
