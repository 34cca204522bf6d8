//! A position that only moves forward: a maximum register, the simplest of the state-based types (Shapiro et al., A
//! comprehensive study of CRDTs, 2011, section 3.1), kept by actor, so that its version tells whose writes are in it.

use super::identity::{Actor, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far somebody has come.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Position {
    /// The greatest that each actor has been told.
    pub reached: BTreeMap<Actor, u64>,
}

impl Position {
    /// Moves forward; a lower position than the actor's own changes nothing.
    pub fn reach(&mut self, actor: Actor, at: u64) {
        let reached = self.reached.entry(actor).or_insert(0);
        *reached = (*reached).max(at);
    }

    /// Keeps the greater of each.
    pub fn merge(&mut self, other: &Position) {
        for (&actor, &at) in &other.reached {
            self.reach(actor, at);
        }
    }

    /// The greatest of all.
    #[must_use]
    pub fn furthest(&self) -> u64 {
        self.reached.values().copied().max().unwrap_or(0)
    }

    /// What each actor has been told, as a version: it only grows.
    #[must_use]
    pub fn version(&self) -> VersionVector {
        VersionVector(self.reached.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::identity::NodeId;
    use super::*;

    #[test]
    fn the_greatest_wins_in_whatever_order_states_arrive() {
        let [a, b] = [1, 2].map(|node| Actor { node: NodeId(node), incarnation: 1 });
        let (mut far, mut near) = (Position::default(), Position::default());
        far.reach(a, 1_800);
        near.reach(b, 600);
        near.reach(b, 20);
        let (mut here, mut there) = (far.clone(), near.clone());
        here.merge(&near);
        there.merge(&far);
        assert_eq!(here, there);
        assert_eq!((here.furthest(), near.furthest()), (1_800, 600));
        assert!(here.version().covers(&near.version()) && !far.version().covers(&near.version()));
        there.merge(&near);
        assert_eq!(here, there);
    }
}
