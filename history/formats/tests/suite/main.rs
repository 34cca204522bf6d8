//! All that is tested of the formats from outside, in one binary. `cargo test -p afterall-formats SENTENCE` filters.
//!
//! | module | |
//! |---|---|
//! | `files` | texts as files to be read |
//! | `jepsen`, `jepsen_forms`, `jepsen_options`, `jepsen_refused`, `values`, `logs` | Jepsen's histories: what is kept, guessed and refused |
//! | `transactions` | the formats of transactions |
//! | `inputs` | plain files, packed ones, pipes and folders |
//! | `export` | what is written is read back |
//! | `hostile` | bytes of any kind |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod export;
mod files;
mod hostile;
mod inputs;
mod jepsen;
mod jepsen_forms;
mod jepsen_options;
mod jepsen_refused;
mod logs;
mod transactions;
mod values;
