//! How much a promise has to be put to the test.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How often a property may still break, at most, for a promise to count as put to the test: a share of its chances in whole
/// percent, or no demand at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaxBound(u32);

impl MaxBound {
    /// What a run asks for unless it is told: 30 %, which is ten chances.
    pub const USUAL: MaxBound = MaxBound(30);

    /// The chances that it takes: by the rule of three, a property that held in n of them breaks in at most 3/n.
    #[must_use]
    pub fn floor(self) -> u64 {
        if self.0 == 0 { 0 } else { u64::from(300_u32.div_ceil(self.0)) }
    }
}

impl Default for MaxBound {
    fn default() -> MaxBound {
        MaxBound::USUAL
    }
}

/// A text that is not a share of chances.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a share of 1% to 100%, or none; found {0:?}")]
pub struct NotABound(String);

impl FromStr for MaxBound {
    type Err = NotABound;

    fn from_str(text: &str) -> Result<Self, NotABound> {
        if text == "none" {
            return Ok(MaxBound(0));
        }
        let percent = text.strip_suffix('%').and_then(|percent| percent.trim().parse().ok());
        let within = percent.filter(|percent| (1..=100).contains(percent));
        within.map(MaxBound).ok_or_else(|| NotABound(text.to_owned()))
    }
}

impl fmt::Display for MaxBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("none"),
            percent => write!(f, "{percent}%"),
        }
    }
}

impl TryFrom<String> for MaxBound {
    type Error = NotABound;

    fn try_from(text: String) -> Result<Self, NotABound> {
        text.parse()
    }
}

impl From<MaxBound> for String {
    fn from(bound: MaxBound) -> String {
        bound.to_string()
    }
}
