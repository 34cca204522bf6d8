//! The shopping cart, and the set: an observed-remove set whose elements carry quantities (add wins), optimised to need no
//! tombstones (Bieniusa et al., An optimized conflict-free replicated set, 2012).

use super::identity::{Actor, CausalContext, Dot};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A cart.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Cart {
    /// Every add this state has heard of, removed or not.
    pub context: CausalContext,
    /// The adds that have not been removed: element → add → quantity.
    pub entries: BTreeMap<String, BTreeMap<Dot, u64>>,
}

impl Cart {
    /// Adds a quantity of an element.
    pub fn add(&mut self, actor: Actor, element: &str, quantity: u64) {
        let dot = self.context.next(actor);
        self.entries.entry(element.to_owned()).or_default().insert(dot, quantity);
    }

    /// Removes the given adds of an element. An add that has not arrived yet is remembered as removed. The remove takes a
    /// dot of its own, which no add carries: a version from before it is told from one that knows of it.
    pub fn remove(&mut self, actor: Actor, element: &str, dots: &[Dot]) {
        if let Some(adds) = self.entries.get_mut(element) {
            adds.retain(|dot, _| !dots.contains(dot));
            if adds.is_empty() {
                self.entries.remove(element);
            }
        }
        for &dot in dots {
            self.context.insert(dot);
        }
        self.context.next(actor);
    }

    /// The bug `tombstone-gc`: forgets every add of which nothing is left, but for those of its own actor.
    pub(crate) fn forget_removed(&mut self, own: Actor) {
        let live =
            |actor: Actor| self.entries.values().flatten().any(|(dot, _)| dot.actor == actor);
        self.context.vector.0.retain(|&actor, _| actor == own || live(actor));
        self.context.cloud.clear();
    }

    /// The adds of an element that this state holds.
    #[must_use]
    pub fn dots(&self, element: &str) -> Vec<Dot> {
        self.entries.get(element).map(|adds| adds.keys().copied().collect()).unwrap_or_default()
    }

    /// Keeps what both hold, and what one holds and the other has never heard of. `union: true` is the mutant
    /// `cart-union`: whatever either holds is kept, so that a removed element comes back. `half: true` is the mutant
    /// `sloppy-partial`: every other element is passed over.
    pub(crate) fn merge(&mut self, other: &Cart, union: bool, half: bool) {
        if !union {
            for (element, adds) in &mut self.entries {
                let theirs = other.entries.get(element);
                adds.retain(|dot, _| {
                    theirs.is_some_and(|adds| adds.contains_key(dot))
                        || !other.context.contains(*dot)
                });
            }
        }
        let passed_over =
            |element: &str| half && element.bytes().last().is_some_and(|b| b % 2 == 1);
        for (element, theirs) in &other.entries {
            if passed_over(element) {
                continue;
            }
            for (&dot, &quantity) in theirs {
                if union || !self.context.contains(dot) {
                    self.entries.entry(element.clone()).or_default().insert(dot, quantity);
                }
            }
        }
        self.entries.retain(|_, adds| !adds.is_empty());
        self.context.merge(&other.context);
    }
}
