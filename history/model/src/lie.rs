//! Lies: answers that the harness falsifies, to see whether a run against a target could be found wrong at all.

use crate::promise::{Promise, Property};
use crate::vocabulary;
use crate::workload::Workload;

vocabulary! {
    /// A way in which the harness falsifies a few of the answers of any target, as a broken store would. How each is told:
    /// `docs/targets.md`.
    "lie" Lie {
        /// A write is acknowledged and never sent.
        DropWrite = "drop-write",
        /// A read returns an older value of its key, which was read before.
        StaleRead = "stale-read",
        /// An increment is sent twice.
        Double = "double",
        /// Reads show an item again whose removal was acknowledged.
        Resurrect = "resurrect",
    }
}

impl Lie {
    /// The data types that show it, of those that runs drive.
    #[must_use]
    pub const fn workloads(self) -> &'static [Workload] {
        match self {
            Lie::DropWrite => &[
                Workload::Register,
                Workload::Counter,
                Workload::Cart,
                Workload::Set,
                Workload::Text,
                Workload::Chat,
                Workload::Position,
            ],
            Lie::StaleRead => &[
                Workload::Register,
                Workload::Counter,
                Workload::Cart,
                Workload::Set,
                Workload::Text,
                Workload::Inventory,
                Workload::Chat,
                Workload::Position,
            ],
            Lie::Double => &[Workload::Counter],
            Lie::Resurrect => &[Workload::Cart, Workload::Set],
        }
    }

    /// The properties any of which it breaks for certain, the plainest first.
    #[must_use]
    pub const fn breaks(self) -> &'static [Property] {
        match self {
            Lie::DropWrite => &[
                Property::NoLostWrites,
                Property::NoLostIncrements,
                Property::NoLostItems,
                Property::NoCausalLoss,
                Property::ReadYourWrites,
                Property::Linearizable,
                Property::Sequential,
                Property::CausalConvergence,
                Property::CausalMemory,
                Property::Causal,
                Property::Pram,
            ],
            Lie::StaleRead => &[
                Property::MonotonicReads,
                Property::ReadYourWrites,
                Property::Linearizable,
                Property::Sequential,
                Property::CausalConvergence,
                Property::CausalMemory,
                Property::Causal,
                Property::Pram,
                Property::Convergence,
            ],
            Lie::Double => &[Property::NoDoubleIncrements],
            Lie::Resurrect => &[Property::NoResurrectedItems],
        }
    }

    /// Whether a target that makes these promises for the data type can be found wrong by it.
    #[must_use]
    pub fn fits(self, workload: Workload, promises: &[Promise]) -> bool {
        let broken = |promise: &Promise| self.breaks().contains(&promise.property);
        self.workloads().contains(&workload) && promises.iter().any(broken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lie_fits_where_the_workload_shows_it_and_a_promise_forbids_it() {
        let promises = |properties: &[Property]| -> Vec<Promise> {
            properties.iter().map(|&property| Promise::to_all(property)).collect()
        };
        let ap = promises(&[Property::Convergence, Property::NoPhantoms]);
        assert!(Lie::StaleRead.fits(Workload::Register, &ap));
        assert!(!Lie::DropWrite.fits(Workload::Register, &ap));
        let counter = promises(&[Property::NoDoubleIncrements]);
        assert!(Lie::Double.fits(Workload::Counter, &counter));
        assert!(!Lie::Double.fits(Workload::Register, &counter));
        assert!(!Lie::Resurrect.fits(Workload::Cart, &[]));
    }
}
