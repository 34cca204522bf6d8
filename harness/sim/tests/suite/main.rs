//! The simulated world: that it repeats, that it raises no false alarm, and that it finds every known bug.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod accounting;
mod another_store;
mod causes;
mod copies;
mod determinism;
mod disk_full;
mod forks;
mod fresh_reads;
mod grow_only;
mod leave;
mod levels;
mod library;
mod lies;
mod mechanisms;
mod mutants;
mod rounds;
mod runs;
mod soundness;
mod toy_fault;
mod wipe;
