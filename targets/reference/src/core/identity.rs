//! Who wrote: nodes, their incarnations, and the dots and version vectors built from them.

use afterall_history::Value;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// A node of the cluster, printed `n1`, `n2`, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u16);

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A text that does not name a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a node as n1, n2, … n65535, found {0:?}")]
pub struct BadNodeId(pub String);

impl FromStr for NodeId {
    type Err = BadNodeId;

    fn from_str(text: &str) -> Result<Self, BadNodeId> {
        text.strip_prefix('n')
            .and_then(|digits| digits.parse().ok())
            .filter(|&n| n > 0)
            .map(NodeId)
            .ok_or_else(|| BadNodeId(text.to_owned()))
    }
}

/// One life of a node. A node takes a new incarnation each time it starts, so that what it forgot in a
/// crash is never reissued under the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Actor {
    /// The node.
    pub node: NodeId,
    /// Counts its starts, from 1.
    pub incarnation: u32,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.node, self.incarnation)
    }
}

impl FromStr for Actor {
    type Err = BadNodeId;

    fn from_str(text: &str) -> Result<Self, BadNodeId> {
        let bad = || BadNodeId(text.to_owned());
        let (node, incarnation) = text.split_once('.').ok_or_else(bad)?;
        Ok(Actor { node: node.parse()?, incarnation: incarnation.parse().map_err(|_| bad())? })
    }
}

/// One event at one actor, per object: the n-th, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dot {
    /// Where.
    pub actor: Actor,
    /// The how-manieth.
    pub counter: u64,
}

/// How many events of each actor are known, without gaps.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct VersionVector(pub BTreeMap<Actor, u64>);

impl VersionVector {
    /// Whether the dot is among what is known.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.get(dot.actor) >= dot.counter
    }

    /// The number of events of `actor` that are known.
    #[must_use]
    pub fn get(&self, actor: Actor) -> u64 {
        self.0.get(&actor).copied().unwrap_or(0)
    }

    /// Takes the next dot of `actor`.
    pub fn next(&mut self, actor: Actor) -> Dot {
        let counter = self.0.entry(actor).or_insert(0);
        *counter += 1;
        Dot { actor, counter: *counter }
    }

    /// Whether everything that `other` knows is known.
    #[must_use]
    pub fn covers(&self, other: &VersionVector) -> bool {
        other.0.iter().all(|(&actor, &counter)| self.get(actor) >= counter)
    }

    /// How many changes `other` knows of that are not known.
    #[must_use]
    pub(super) fn lacks(&self, other: &VersionVector) -> u64 {
        let lacking = other.0.iter().map(|(&actor, n)| n.saturating_sub(self.get(actor)));
        lacking.fold(0, u64::saturating_add)
    }

    /// As histories write it: `{"n1.1": 3}`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let entry = |(actor, &n): (&Actor, &u64)| {
            (actor.to_string(), Value::Int(i64::try_from(n).unwrap_or(i64::MAX)))
        };
        Value::Map(self.0.iter().map(entry).collect())
    }

    /// From what a history writes; nothing where it is no version vector.
    #[must_use]
    pub fn of_value(value: &Value) -> Option<VersionVector> {
        let Value::Map(entries) = value else { return None };
        let entry = |(actor, n): &(String, Value)| {
            Some((actor.parse().ok()?, u64::try_from(n.as_int()?).ok()?))
        };
        entries.iter().map(entry).collect::<Option<_>>().map(VersionVector)
    }

    /// Raises every entry to the greater of the two.
    pub fn merge(&mut self, other: &VersionVector) {
        for (&actor, &counter) in &other.0 {
            let mine = self.0.entry(actor).or_insert(0);
            *mine = (*mine).max(counter);
        }
    }
}

/// The dots an object has ever heard of: a version vector, and a cloud of dots beyond it that came out of
/// order (Almeida, Shoker, Baquero: Delta state replicated data types, 2018, section 7.2).
///
/// The cloud is what lets a replica remember the removal of an element that it has not received yet.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CausalContext {
    /// What is known without gaps.
    pub vector: VersionVector,
    /// What is known beyond a gap.
    pub cloud: BTreeSet<Dot>,
}

impl CausalContext {
    /// Whether the dot has been heard of.
    #[must_use]
    pub fn contains(&self, dot: Dot) -> bool {
        self.vector.contains(dot) || self.cloud.contains(&dot)
    }

    /// Takes the next dot of `actor`.
    pub fn next(&mut self, actor: Actor) -> Dot {
        let dot = self.vector.next(actor);
        self.compact();
        dot
    }

    /// Notes a dot.
    pub fn insert(&mut self, dot: Dot) {
        if !self.contains(dot) {
            self.cloud.insert(dot);
            self.compact();
        }
    }

    /// Notes everything that `other` has heard of.
    pub fn merge(&mut self, other: &CausalContext) {
        self.vector.merge(&other.vector);
        self.cloud.extend(other.cloud.iter().copied());
        self.compact();
    }

    /// Moves dots from the cloud into the vector where they close a gap. The cloud is ordered by actor and
    /// counter, so one pass suffices.
    fn compact(&mut self) {
        let vector = &mut self.vector;
        self.cloud.retain(|dot| {
            let known = vector.get(dot.actor);
            if dot.counter == known + 1 {
                vector.0.insert(dot.actor, dot.counter);
            }
            dot.counter > known + 1
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(node: u16, counter: u64) -> Dot {
        Dot { actor: Actor { node: NodeId(node), incarnation: 1 }, counter }
    }

    #[test]
    fn a_cloud_closes_when_the_gap_is_filled() {
        let mut context = CausalContext::default();
        context.insert(dot(1, 3));
        context.insert(dot(1, 2));
        assert_eq!(context.cloud.len(), 2);
        assert!(!context.contains(dot(1, 1)));
        context.insert(dot(1, 1));
        assert!(context.cloud.is_empty());
        assert_eq!(context.vector.get(dot(1, 1).actor), 3);
    }

    #[test]
    fn names_round_trip() {
        let actor: Actor = "n12.3".parse().unwrap();
        assert_eq!(actor.to_string(), "n12.3");
        assert!("n0".parse::<NodeId>().is_err());
        assert!("x1".parse::<NodeId>().is_err());
        assert!("n1.x".parse::<Actor>().is_err());
    }
}
