//! All that is tested of the checkers from outside, in one binary. `cargo test -p afterall-checkers SENTENCE` filters.
//!
//! | module | |
//! |---|---|
//! | `table`, `txns` | histories written as tables |
//! | `store`, `single_copy`, `delivery` | stores, correct ones and mutants, that random histories are made by |
//! | `named_*`, `transactions_named` | one history an anomaly, by its name in the literature, or by the issue that showed it |
//! | `must_see` | the edges of witnesses that are the contradiction itself |
//! | `oracles_*`, `transactions_oracle` | every small history against brute force |
//! | `correct_stores`, `mutations`, `transactions_stores` | no alarm of correct stores, and one of each mutant |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod availability;
mod correct_stores;
mod delivery;
mod fresh_reads;
mod invariance;
mod levels;
mod must_see;
mod mutations;
mod named_counters_and_carts;
mod named_doubts;
mod named_positions;
mod named_registers;
mod named_texts;
mod oracles_causal_memory;
mod oracles_counters_and_carts;
mod oracles_duplicate_elements;
mod oracles_duplicates;
mod oracles_linearizable;
mod oracles_positions;
mod oracles_registers;
mod oracles_session_sets;
mod oracles_sets_and_stock;
mod oracles_sets_with_removes;
mod oracles_texts;
mod sentences;
mod single_copy;
mod staleness;
mod store;
mod table;
mod transactions_named;
mod transactions_oracle;
mod transactions_stores;
mod txns;
mod unless;
mod verdicts;
mod windows;
