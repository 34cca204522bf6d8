//! The properties, one file each: its definition and its source on top, its row in the registry, and the walk that judges it
//! where that judges nothing else. Walks that judge several properties have rooms of their own.

pub(crate) mod availability;
pub(crate) mod causal;
pub(crate) mod causal_convergence;
pub(crate) mod causal_memory;
pub(crate) mod convergence;
pub(crate) mod counter_bounds;
pub(crate) mod fresh_reads;
pub(crate) mod linearizable;
pub(crate) mod monotonic_reads;
pub(crate) mod monotonic_writes;
pub(crate) mod no_causal_loss;
pub(crate) mod no_double_increments;
pub(crate) mod no_lost_increments;
pub(crate) mod no_lost_items;
pub(crate) mod no_lost_writes;
pub(crate) mod no_oversell;
pub(crate) mod no_phantoms;
pub(crate) mod no_resurrected_items;
pub(crate) mod pram;
pub(crate) mod read_atomic;
pub(crate) mod read_committed;
pub(crate) mod read_your_writes;
pub(crate) mod sequential;
pub(crate) mod writes_follow_reads;
