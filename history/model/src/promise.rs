//! The vocabulary of promises: the properties a target may claim to hold.

use crate::vocabulary;
use crate::vocabulary::UnknownWord;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A text that is not a promise.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownPromise {
    /// The property is not known.
    #[error("{0}")]
    Property(UnknownWord),
    /// The sessions are not known.
    #[error("unknown sessions {0:?} (expected PROPERTY, PROPERTY/sticky or PROPERTY/roaming)")]
    Sessions(String),
}

vocabulary! {
    /// A property that a history can hold or break, the strongest of the ladder first. Definitions: the checker of the same name.
    "property" Property {
        /// Every operation seems to take effect at one instant between its invocation and its completion.
        Linearizable = "linearizable",
        /// One order of all operations explains every session.
        Sequential = "sequential",
        /// CCv: causal, and all sessions agree on one order of conflicting writes.
        CausalConvergence = "causal-convergence",
        /// CM: causal, and every session can explain its own reads by one order.
        CausalMemory = "causal-memory",
        /// CC: no read ignores what is in its causal past.
        Causal = "causal",
        /// Every session sees the writes of each other session in their order.
        Pram = "pram",
        /// A transaction sees all of another, or nothing of it.
        ReadAtomic = "read-atomic",
        /// Nothing is read that was not committed, and no transaction reads older states the further it goes.
        ReadCommitted = "read-committed",
        /// A session sees its own writes.
        ReadYourWrites = "read-your-writes",
        /// A session never sees an older state than it has seen.
        MonotonicReads = "monotonic-reads",
        /// A session's writes are ordered as it made them.
        MonotonicWrites = "monotonic-writes",
        /// A write is ordered after what its session had read.
        WritesFollowReads = "writes-follow-reads",
        /// No acknowledged register write is `lost` (a concurrent one thrown away by last-write-wins is `discarded`).
        NoLostWrites = "no-lost-writes",
        /// No acknowledged register write is lost to a value that the writer's session had causally seen.
        NoCausalLoss = "no-causal-loss",
        /// After the updates stop, all replicas return the same.
        Convergence = "convergence",
        /// No acknowledged increment or decrement is missing at the end.
        NoLostIncrements = "no-lost-increments",
        /// No increment or decrement is applied more than once.
        NoDoubleIncrements = "no-double-increments",
        /// A read of a counter holds all that was acknowledged before it began, and nothing that had not begun when it was over.
        CounterBounds = "counter-bounds",
        /// No item that was added, acknowledged and never removed is missing at the end.
        NoLostItems = "no-lost-items",
        /// No item that was removed after it had been seen is back at the end.
        NoResurrectedItems = "no-resurrected-items",
        /// No more is sold than there was.
        NoOversell = "no-oversell",
        /// Nothing is read that nobody wrote (register), added (cart, set), or that is no reachable sum (counter).
        NoPhantoms = "no-phantoms",
    }
}
/// The sessions a promise is made to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sessions {
    /// Every session.
    All,
    /// Sessions all of whose operations were sent to one replica.
    Sticky,
    /// Sessions whose operations went to more than one replica.
    Roaming,
}

/// A property that a target claims to hold, and for which sessions.
///
/// Written `monotonic-reads` or `monotonic-reads/sticky`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Promise {
    /// What is promised.
    pub property: Property,
    /// To whom; only session guarantees tell sessions apart.
    pub sessions: Sessions,
}

impl Promise {
    /// A promise to every session.
    #[must_use]
    pub const fn to_all(property: Property) -> Self {
        Promise { property, sessions: Sessions::All }
    }

    /// A promise to sessions that stay with one replica.
    #[must_use]
    pub const fn to_sticky(property: Property) -> Self {
        Promise { property, sessions: Sessions::Sticky }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.property.name())?;
        match self.sessions {
            Sessions::All => Ok(()),
            Sessions::Sticky => f.write_str("/sticky"),
            Sessions::Roaming => f.write_str("/roaming"),
        }
    }
}

impl FromStr for Promise {
    type Err = UnknownPromise;

    fn from_str(text: &str) -> Result<Self, UnknownPromise> {
        let (property, sessions) = match text.split_once('/') {
            None => (text, Sessions::All),
            Some((property, "sticky")) => (property, Sessions::Sticky),
            Some((property, "roaming")) => (property, Sessions::Roaming),
            Some((_, other)) => return Err(UnknownPromise::Sessions(other.to_owned())),
        };
        let property = property.parse().map_err(UnknownPromise::Property)?;
        Ok(Promise { property, sessions })
    }
}

impl Serialize for Promise {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Promise {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
