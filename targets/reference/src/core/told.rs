//! How a node that holds an object tells another what it answers a client.

use super::api::{Answer, Content, Refusal};
use super::clock::Reading;
use super::identity::{Dot, NodeId, VersionVector};
use afterall_history::Value;
use serde::{Deserialize, Serialize};

/// What a holder answers, as peers write it: versions of histories have no binary form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    version: ToldVersion,
    dot: Option<Dot>,
    clock: Reading,
    past: VersionVector,
    content: Content,
}

/// A version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
enum ToldVersion {
    None,
    Stamp(Vec<i64>),
    Vector(VersionVector),
}

/// Why a holder refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    what: String,
    is_open: bool,
}

impl Refused {
    pub(super) fn of(refusal: &Refusal) -> Refused {
        Refused { what: refusal.to_string(), is_open: refusal.is_open() }
    }

    pub(super) fn refusal(self) -> Refusal {
        Refusal::Elsewhere { what: self.what, is_open: self.is_open }
    }
}

impl Told {
    pub(super) fn of(answer: Answer) -> Told {
        let version = match &answer.version {
            Some(Value::List(numbers)) => {
                ToldVersion::Stamp(numbers.iter().filter_map(Value::as_int).collect())
            }
            Some(value) => {
                VersionVector::of_value(value).map_or(ToldVersion::None, ToldVersion::Vector)
            }
            None => ToldVersion::None,
        };
        let Answer { dot, clock, past, content, .. } = answer;
        Told { version, dot, clock, past, content }
    }

    /// The node that was asked answers for the one that it has asked.
    pub(super) fn answer(self, node: NodeId) -> Answer {
        let version = match self.version {
            ToldVersion::None => None,
            ToldVersion::Stamp(numbers) => {
                Some(Value::List(numbers.into_iter().map(Value::Int).collect()))
            }
            ToldVersion::Vector(vector) => Some(vector.to_value()),
        };
        let Told { dot, clock, past, content, .. } = self;
        Answer { node, version, dot, clock, past, content }
    }
}
