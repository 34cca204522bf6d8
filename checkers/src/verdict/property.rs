//! How a property came out.

use afterall_history::{Property, Sessions};
use serde::{Deserialize, Serialize};

/// What the history shows of one property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropertyVerdict {
    /// The property.
    pub property: Property,
    /// The sessions it was judged for.
    pub sessions: Sessions,
    /// Whether the target promises it to these sessions.
    pub promised: bool,
    /// How it came out.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What the judgement rests on, where there are two ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// Whether it held in fewer chances than a promise of it asks for, so that the promise counts as not tested.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hardly_exercised: bool,
    /// The same in one sentence.
    pub summary: String,
}

/// How a property came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It held.
    Held {
        /// How many times it could have been broken.
        chances: u64,
        /// The share of chances at which it may still break, at most, with 95 % confidence: the rule of three, 3/n.
        bound: f64,
    },
    /// It was broken.
    Broken {
        /// How many times.
        count: u64,
        /// In how many groups of a common cause.
        groups: u64,
        /// How many times it could have been.
        chances: u64,
    },
    /// It was never put to the test.
    NotExercised {
        /// Why not.
        why: String,
    },
    /// It cannot be decided.
    Undecided {
        /// Why not.
        why: String,
    },
}

impl Outcome {
    /// It held in so many chances; never put to the test if there were none.
    #[must_use]
    pub fn held(chances: u64, why_none: &str) -> Outcome {
        if chances == 0 {
            Outcome::NotExercised { why: why_none.to_owned() }
        } else {
            Outcome::Held { chances, bound: (3.0 / chances as f64).min(1.0) }
        }
    }

    /// How many times it could have been broken and was not, in this and, added up, in other runs; none where it was.
    #[must_use]
    pub fn chances(&self) -> Option<u64> {
        match *self {
            Outcome::Held { chances, .. } => Some(chances),
            Outcome::Broken { .. } => None,
            Outcome::NotExercised { .. } | Outcome::Undecided { .. } => Some(0),
        }
    }

    /// Whether it was broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Outcome::Broken { .. })
    }

    /// Whether it held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self, Outcome::Held { .. })
    }
}

/// What a judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// On versions that the target returned.
    Exact,
    /// On values alone.
    Inferred,
}
