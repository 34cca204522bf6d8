//! The PN-counter (Shapiro et al., A comprehensive study of CRDTs, 2011, section 3.1.3).

use super::identity::{Actor, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one actor has added and taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// The sum of its increments.
    pub added: u64,
    /// The sum of its decrements.
    pub taken: u64,
}

/// A counter that goes up and down: each actor keeps its own share, and shares only grow.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PnCounter {
    /// The shares, by actor.
    pub shares: BTreeMap<Actor, Share>,
}

impl PnCounter {
    /// Adds `by` (taken, where it is negative) to the share of `actor`.
    pub fn add(&mut self, actor: Actor, by: i64) {
        let share = self.shares.entry(actor).or_default();
        if by >= 0 {
            share.added = share.added.saturating_add(by.unsigned_abs());
        } else {
            share.taken = share.taken.saturating_add(by.unsigned_abs());
        }
    }

    /// Keeps the greater of each share.
    pub fn merge(&mut self, other: &PnCounter) {
        for (&actor, theirs) in &other.shares {
            let mine = self.shares.entry(actor).or_default();
            mine.added = mine.added.max(theirs.added);
            mine.taken = mine.taken.max(theirs.taken);
        }
    }

    /// What each actor has counted, as a version: its share only grows.
    #[must_use]
    pub fn version(&self) -> VersionVector {
        let of =
            |(&actor, share): (&Actor, &Share)| (actor, share.added.saturating_add(share.taken));
        VersionVector(self.shares.iter().map(of).collect())
    }

    /// The sum. Saturates: the API bounds amounts so that no real run gets there.
    #[must_use]
    pub fn sum(&self) -> i64 {
        let sum: i128 =
            self.shares.values().map(|s| i128::from(s.added) - i128::from(s.taken)).sum();
        i64::try_from(sum).unwrap_or(if sum < 0 { i64::MIN } else { i64::MAX })
    }
}
