//! The properties of transactions, and what each demands of a commit order. How that is decided: `decide`.

use super::conflict::{Conflict, Which};
use super::facts::Facts;
use super::sorted::Sorted;
use super::{causal, read_atomic, read_committed};
use crate::findings::Claim;
use afterall_history::{Property, Sessions};

/// A property of transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    CausalConvergence,
    Causal,
    ReadAtomic,
    ReadCommitted,
}

impl Level {
    /// Those that are decided by a commit order, the strongest first: each implies the next.
    pub(super) const ORDERED: [Level; 3] =
        [Level::CausalConvergence, Level::ReadAtomic, Level::ReadCommitted];

    pub(super) fn property(self) -> Property {
        match self {
            Level::CausalConvergence => Property::CausalConvergence,
            Level::Causal => Property::Causal,
            Level::ReadAtomic => Property::ReadAtomic,
            Level::ReadCommitted => Property::ReadCommitted,
        }
    }

    pub(super) fn claim(self) -> Claim {
        (self.property(), Sessions::All)
    }

    /// Hands over the conflicts that the property's premise gives. The order respects so and wr.
    pub(super) fn conflicts(
        self,
        facts: &Facts<'_>,
        sorted: &Sorted,
        which: Which,
        found: &mut dyn FnMut(Conflict),
    ) {
        match self {
            Level::CausalConvergence | Level::Causal => {
                causal::conflicts(facts, sorted, which, found);
            }
            Level::ReadAtomic => read_atomic::conflicts(facts, sorted, which, found),
            Level::ReadCommitted => read_committed::conflicts(facts, sorted, which, found),
        }
    }
}
