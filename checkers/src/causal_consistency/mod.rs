//! Causal consistency, and causal convergence.
//!
//! | file | |
//! |---|---|
//! | `check.rs` | one walk: the causal order, and the reads that ignore it |
//! | `conflict_cycles.rs` | whether all sessions can agree on one order of conflicting writes |

mod check;
mod conflict_cycles;

pub(crate) use check::{CC_KINDS, CHECKER, THIN_AIR};
