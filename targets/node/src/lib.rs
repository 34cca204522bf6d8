//! The reference node as a process: the tokio shell around the pure core of `afterall-reference`, with sockets, disk, clock
//! and the command line `afterall node`.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the core")]

/// Prints a line on standard error, and continues where that fails: a node must not die of a full disk behind its log. (The
/// standard library's macro panics.)
macro_rules! eprintln {
    ($($text:tt)*) => {{
        use std::io::Write;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}

mod args;
pub mod authority;
mod engine;
mod error;
mod http;
mod peers;
mod serve;
mod storage;
mod time;

pub use args::{AuthorityArgs, NodeArgs};
pub use error::{NodeError, StorageError};
pub use peers::probe;
pub use serve::{files_may_be_limited, run, run_authority};
