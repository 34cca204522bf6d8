//! Session guarantees: read your writes, monotonic reads, monotonic writes, writes follow reads.
//!
//! | file | |
//! |---|---|
//! | `guarantee.rs`, `row.rs` | what the four have in common; also in their rows |
//! | `by_version.rs` | for keys whose updates came back with versions: exact |
//! | `by_value.rs`, `cycles.rs` | for registers without: by cycles among values |
//! | `by_real_time.rs` | which of several promised guarantees it is that such a cycle breaks |

mod by_real_time;
pub(crate) mod by_value;
pub(crate) mod by_version;
mod cycles;
mod guarantee;
mod row;

pub(crate) use guarantee::{GUARANTEES, cause, chances, kind};
pub(crate) use row::{READS, ROW as GUARANTEE};
