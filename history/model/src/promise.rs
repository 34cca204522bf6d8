//! The vocabulary of promises: the properties a target may claim to hold.

use crate::fault_kinds::FaultKinds;
use crate::share::{NotAShare, Share};
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
    /// A kind of fault after `unless` is not known.
    #[error("{0}")]
    Fault(UnknownWord),
    /// Something else than `unless` follows the property.
    #[error("expected PROPERTY unless FAULT,FAULT, found {0:?} after the property")]
    Condition(String),
    /// What follows `>=` is no share.
    #[error("{0}")]
    Share(NotAShare),
    /// The property holds or not, and not to a share.
    #[error("expected no share after {0}: only availability is promised to one")]
    NoShare(Property),
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
        /// Every session sees the writes of each other session in the order in which that session made them.
        Pram = "pram",
        /// A transaction sees all of another transaction, or nothing of it.
        ReadAtomic = "read-atomic",
        /// Every value read was committed, and no transaction reads an older state after a newer one.
        ReadCommitted = "read-committed",
        /// A session sees its own updates.
        ReadYourWrites = "read-your-writes",
        /// A session never sees an older state after a newer one.
        MonotonicReads = "monotonic-reads",
        /// A session's updates take effect in the order in which it made them.
        MonotonicWrites = "monotonic-writes",
        /// An update is ordered after the updates whose effects its session had read.
        WritesFollowReads = "writes-follow-reads",
        /// A read returns the last write that was acknowledged before it began, or one that is not older.
        FreshReads = "fresh-reads",
        /// Every acknowledged register write is there at the end, or was replaced by a write that may replace it: a later one, or a concurrent one
        /// under last-write-wins (it is then `discarded`); and no position is behind the greatest that was acknowledged.
        NoLostWrites = "no-lost-writes",
        /// No acknowledged register write is lost to a value that the session which wrote it had causally seen.
        NoCausalLoss = "no-causal-loss",
        /// After the updates stop, all replicas return the same.
        Convergence = "convergence",
        /// No acknowledged increment or decrement is missing at the end.
        NoLostIncrements = "no-lost-increments",
        /// No increment or decrement is applied more than once.
        NoDoubleIncrements = "no-double-increments",
        /// A read of a counter includes every change acknowledged before it began, and no change that began after it ended.
        CounterBounds = "counter-bounds",
        /// No item (of a cart, an element of a set, a message of a chat, a piece of a text) whose add was acknowledged, and that was never removed, is missing from every replica at the end.
        NoLostItems = "no-lost-items",
        /// No item that was removed after it had been seen is back at the end.
        NoResurrectedItems = "no-resurrected-items",
        /// No more units are sold than were in stock.
        NoOversell = "no-oversell",
        /// Every value read was written by a write that did not fail (register, position), added (cart, set), posted (chat) or appended (text), or is a reachable sum (counter, inventory).
        NoPhantoms = "no-phantoms",
        /// While a fault is in force, every operation at a node that did not itself fail is answered.
        Availability = "availability",
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

impl Property {
    /// Whether it may be promised of a share of what could break it, and not of all.
    #[must_use]
    pub const fn is_a_share(self) -> bool {
        matches!(self, Property::Availability)
    }

    /// Whether a kind of fault after `unless` suspends a promise of it only for as long as such a fault can be felt, and not for
    /// the whole run.
    #[must_use]
    pub const fn is_of_moments(self) -> bool {
        matches!(self, Property::FreshReads)
    }
}

/// A property that a target claims to hold, and for which sessions.
///
/// Written `monotonic-reads`, `monotonic-reads/sticky`, `monotonic-reads unless clock,kill` or `availability >= 99%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Promise {
    /// What is promised.
    pub property: Property,
    /// To which sessions; only session guarantees distinguish them.
    pub sessions: Sessions,
    /// The kinds of faults that suspend it: a run in which one of them was injected measures the property, and does not hold the
    /// target to it. Of properties that are [of moments](Property::is_of_moments), the moments at which such a fault can be felt.
    pub unless: FaultKinds,
    /// Of which share of its chances, at least; none: of all. Only of properties that [are a share](Property::is_a_share).
    pub at_least: Option<Share>,
}

impl Promise {
    /// A promise to every session.
    #[must_use]
    pub const fn to_all(property: Property) -> Self {
        Promise::to(property, Sessions::All)
    }

    /// A promise to these sessions.
    #[must_use]
    pub const fn to(property: Property, sessions: Sessions) -> Self {
        Promise { property, sessions, unless: FaultKinds::NONE, at_least: None }
    }

    /// A promise to sessions that stay with one replica.
    #[must_use]
    pub const fn to_sticky(property: Property) -> Self {
        Promise::to(property, Sessions::Sticky)
    }

    /// Whether a run with these kinds of faults is not held to it.
    #[must_use]
    pub const fn is_suspended_by(&self, injected: FaultKinds) -> bool {
        !self.property.is_of_moments() && !self.unless.and(injected).is_empty()
    }

    /// The same promise, suspended by these kinds of faults.
    #[must_use]
    pub const fn unless(self, kinds: FaultKinds) -> Self {
        Promise { unless: kinds, ..self }
    }
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.property.name())?;
        match self.sessions {
            Sessions::All => {}
            Sessions::Sticky => f.write_str("/sticky")?,
            Sessions::Roaming => f.write_str("/roaming")?,
        }
        if let Some(share) = self.at_least {
            write!(f, " >= {share}")?;
        }
        if self.unless.is_empty() {
            return Ok(());
        }
        write!(f, " unless {}", self.unless)
    }
}

impl FromStr for Promise {
    type Err = UnknownPromise;

    fn from_str(text: &str) -> Result<Self, UnknownPromise> {
        let text = text.trim();
        let end = text.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(text.len());
        let (text, more) = text.split_at(end);
        let more = more.trim();
        let (share, condition) = match more.strip_prefix(">=") {
            // A share ends with its sign.
            Some(more) => {
                let end = more.find('%').map_or(more.len(), |sign| sign + 1);
                let (share, condition) = more.split_at(end);
                (Some(share.trim()), condition.trim())
            }
            None => (None, more),
        };
        let at_least = share.map(str::parse).transpose().map_err(UnknownPromise::Share)?;
        let unless = match condition.strip_prefix("unless ") {
            Some(kinds) => kinds.parse().map_err(UnknownPromise::Fault)?,
            None if condition.is_empty() => FaultKinds::NONE,
            None => return Err(UnknownPromise::Condition(condition.to_owned())),
        };
        let (property, sessions) = match text.split_once('/') {
            None => (text, Sessions::All),
            Some((property, "sticky")) => (property, Sessions::Sticky),
            Some((property, "roaming")) => (property, Sessions::Roaming),
            Some((_, other)) => return Err(UnknownPromise::Sessions(other.to_owned())),
        };
        let property: Property = property.parse().map_err(UnknownPromise::Property)?;
        if at_least.is_some() && !property.is_a_share() {
            return Err(UnknownPromise::NoShare(property));
        }
        Ok(Promise { property, sessions, unless, at_least })
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault_kind::FaultKind;

    #[test]
    fn a_promise_is_written_and_read_the_same() {
        for text in [
            "convergence",
            "monotonic-reads/sticky",
            "convergence unless clock",
            "no-lost-writes/roaming unless kill,clock",
            "availability",
            "availability >= 99.5%",
            "availability >= 90% unless bandwidth",
        ] {
            let promise: Promise = text.parse().unwrap();
            assert_eq!(promise.to_string(), text);
            let json = serde_json::to_string(&promise).unwrap();
            assert_eq!(serde_json::from_str::<Promise>(&json).unwrap(), promise);
        }
        let close: Promise = "availability>=99.5%".parse().unwrap();
        assert_eq!(close.at_least, Some(Share::millionths(995_000)));
        let several: Promise = " convergence  unless clock, kill ".parse().unwrap();
        let kinds = [FaultKind::Kill, FaultKind::Clock].into_iter().collect();
        assert_eq!(several, Promise::to_all(Property::Convergence).unless(kinds));
    }

    #[test]
    fn what_is_not_a_promise_says_what_was_expected() {
        let error = |text: &str| text.parse::<Promise>().unwrap_err().to_string();
        assert!(
            error("convergence unless clok")
                .starts_with("unknown fault \"clok\", did you mean \"clock\"?")
        );
        assert!(error("convergance").starts_with("unknown property \"convergance\""));
        assert_eq!(
            error("convergence if clock"),
            "expected PROPERTY unless FAULT,FAULT, found \"if clock\" after the property"
        );
        assert_eq!(
            error("convergence >= 99%"),
            "expected no share after convergence: only availability is promised to one"
        );
        assert_eq!(
            error("availability >= 99"),
            "expected a share such as \"0.5%\" or 0.005, found \"99\""
        );
        assert_eq!(
            error("availability >= 99% and more"),
            "expected PROPERTY unless FAULT,FAULT, found \"and more\" after the property"
        );
    }
}
