//! Transactions of reads and writes: read committed, read atomic, causal consistency (CC), causal convergence (CCv).
//!
//! | file | |
//! |---|---|
//! | `facts.rs`, `writers.rs` | who read from whom, and the reads that are wrong by themselves |
//! | `check.rs` | judges a history |
//! | `level.rs`, `decide.rs`, `conflict.rs` | the axiom that the properties share, and how it is decided |
//! | `causal.rs`, `read_atomic.rs`, `read_committed.rs`, `visible.rs` | the properties' premises; what a transaction sees directly |
//! | `sorted.rs` | orders that respect all that must be |
//! | `diagnosis.rs`, `stale_reads.rs`, `cycles.rs`, `paths.rs` | of what is broken: which reads broke it; shortest cycles and chains |
//! | `shape.rs`, `words.rs` | witnesses, without words and with them |
//!
//! A chance is a read of a key that some committed transaction wrote.

mod causal;
mod check;
mod conflict;
mod cycles;
mod decide;
mod diagnosis;
mod facts;
pub(crate) mod level;
mod paths;
mod read_atomic;
mod read_committed;
mod shape;
mod sorted;
mod stale_reads;
mod visible;
mod words;
mod writers;

pub(crate) use check::check;
