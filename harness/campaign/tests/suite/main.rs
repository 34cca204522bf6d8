//! Campaigns, from the file to the report.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod grids;
mod indices;
mod made;
mod nights;
mod pictures;
mod reports;
mod runs;
