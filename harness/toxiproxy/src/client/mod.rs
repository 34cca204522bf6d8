//! The one client: links in the harness's terms, through the crate `toxiproxy_rust`.
//!
//! The crate blocks, ignores HTTP statuses, panics on some transport errors and does not know `reset_peer`. Hence
//! [`worker`] runs it on a thread of its own, catches its panics, and after every change reads the proxies back
//! and compares them with what was asked for.

mod change;
mod error;
mod links;
mod state;
mod worker;

pub use change::{Change, NewLink};
pub use error::{CrateError, Error};
pub use links::Links;
pub use state::{Difference, LinkState, ToxicKind, ToxicState};
