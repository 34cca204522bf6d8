//! Registers: last write wins, and multi-value.

use super::api::Scalar;
use super::clock::Stamp;
use super::identity::{Actor, CausalContext, Dot, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Any value under the rule that the write with the greater stamp wins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lww {
    /// When it was written.
    pub stamp: Stamp,
    /// What was written.
    pub payload: Payload,
}

/// What an LWW object can hold: the whole of it is overwritten by each change.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Payload {
    /// A register's value.
    Value(Scalar),
    /// A counter's sum.
    Count(i64),
    /// A cart's elements and their quantities.
    Cart(BTreeMap<String, u64>),
}

impl Lww {
    /// Keeps the later of the two. `tiebreak: false` is the mutant `no-tiebreak`: it compares times alone, so
    /// that of two writes of one millisecond each replica keeps the one it got first.
    pub fn merge(&mut self, other: &Lww, tiebreak: bool) {
        let later = if tiebreak {
            // Equal stamps occur only when a wall clock was set back; the payload decides, so that all agree.
            (other.stamp, &other.payload) > (self.stamp, &self.payload)
        } else {
            other.stamp.wall_ms > self.stamp.wall_ms
        };
        if later {
            *self = other.clone();
        }
    }
}

/// A multi-value register: concurrent writes are kept side by side until one that has seen them overwrites
/// them (Shapiro et al., A comprehensive study of CRDTs, 2011, section 3.2.2; dots as in Preguiça et al., Dotted
/// version vectors, 2012).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MultiValue {
    /// Every write that this state knows of, overwritten or not.
    pub context: VersionVector,
    /// The writes that nothing has overwritten.
    pub siblings: BTreeMap<Dot, Scalar>,
}

impl MultiValue {
    /// Overwrites what the writer has seen: all that this replica holds, or (`seen`) what the client had been given, which
    /// leaves what it had not as siblings (Dynamo, Riak).
    pub fn write(&mut self, actor: Actor, value: Scalar, seen: Option<&CausalContext>) {
        match seen {
            Some(seen) => self.siblings.retain(|&dot, _| !seen.contains(dot)),
            None => self.siblings.clear(),
        }
        let dot = self.context.next(actor);
        self.siblings.insert(dot, value);
    }

    /// The bug `prune-early`: forgets every actor of which there is no sibling.
    pub(crate) fn prune(&mut self) {
        let siblings = &self.siblings;
        self.context.0.retain(|actor, _| siblings.keys().any(|dot| dot.actor == *actor));
    }

    /// Keeps what both hold, and what one holds and the other has never heard of.
    pub fn merge(&mut self, other: &MultiValue) {
        self.siblings
            .retain(|dot, _| other.siblings.contains_key(dot) || !other.context.contains(*dot));
        for (&dot, value) in &other.siblings {
            if !self.context.contains(dot) {
                self.siblings.insert(dot, value.clone());
            }
        }
        self.context.merge(&other.context);
    }
}
