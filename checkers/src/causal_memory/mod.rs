//! Causal memory and PRAM: whether each session can explain its own reads by one order of the writes.
//!
//! | file | |
//! |---|---|
//! | `check.rs` | judges a history |
//! | `base.rs` | the two relations that a session's order has to respect |
//! | `decide.rs` | whether a session contradicts itself: one walk |
//! | `explain.rs` | why it does: slower, and held against `decide` |

mod base;
mod check;
mod decide;
mod explain;

pub(crate) use check::CHECKER;
