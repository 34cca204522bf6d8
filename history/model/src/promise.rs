//! The vocabulary of promises: the properties a target may claim to hold.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// A promise that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown promise {0:?}: a promise is PROPERTY, PROPERTY/sticky or PROPERTY/roaming, with PROPERTY one of {known}",
        known = Property::names())]
pub struct UnknownPromise(pub String);

macro_rules! properties {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// A property that a history can hold or break. Definitions: the checker of the same name.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Property { $($(#[$doc])+ $variant,)+ }

        impl Property {
            /// Every property, strongest of the ladder first.
            pub const ALL: &'static [Property] = &[$(Property::$variant,)+];

            /// The name in manifests, verdicts and reports.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Property::$variant => $name,)+ }
            }

            fn names() -> String {
                Property::ALL.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ")
            }
        }

        impl FromStr for Property {
            type Err = UnknownPromise;
            fn from_str(name: &str) -> Result<Self, UnknownPromise> {
                match name { $($name => Ok(Property::$variant),)+ _ => Err(UnknownPromise(name.to_owned())) }
            }
        }
    };
}

properties! {
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

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
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
            Some(_) => return Err(UnknownPromise(text.to_owned())),
        };
        let property = property.parse().map_err(|_| UnknownPromise(text.to_owned()))?;
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

impl Serialize for Property {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Property {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
