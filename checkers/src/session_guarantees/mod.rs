//! Session guarantees: read your writes, monotonic reads, monotonic writes, writes follow reads.
//!
//! | file | |
//! |---|---|
//! | `guarantee.rs`, `row.rs` | what the four have in common; also in their rows |
//! | `by_version.rs` | for keys whose updates came back with versions: exact |
//! | `by_value.rs` | for registers without: by cycles among values |

pub(crate) mod by_value;
pub(crate) mod by_version;
mod guarantee;
mod row;

pub(crate) use guarantee::{GUARANTEES, cause, chances, kind};
pub(crate) use row::ROW as GUARANTEE;
