//! What is kept of runs and campaigns, read again.
//!
//! A *store* is a folder: `<target>-<workload>/<UTC time>-<seed>` for each run, `campaigns/NAME` for each campaign. [`scan`] tells which there
//! are, [`read_row`] what a run is in a line, [`Campaign`] what a campaign is, and [`comparison`] where two runs came out otherwise. Nothing here
//! writes, and nothing trusts what it reads: a folder may be of another program, torn, or made to mislead. What is no run is listed as
//! that, texts are cut and without control characters, links are followed only within the store ([`Inside`]).
//!
//! What decides is pure ([`comparison`], [`Filter`], [`Tally`]); files are read in `scan.rs`, `inside.rs`, `row.rs` and `campaigns.rs`.

mod campaigns;
mod comparison;
mod filter;
mod head;
mod inside;
mod names;
mod row;
mod scan;
mod shown;
mod tally;

pub use campaigns::{Campaign, INDEX_BYTES_MAX, NotACampaign, same_name};
pub use comparison::{Comparison, KeyCounts, Pair, Rung, comparison};
pub use filter::Filter;
pub use head::{NotAVerdict, What};
pub use inside::{Inside, Refusal, plain};
pub use names::{HISTORY, INDEX, REPORT, RUN, RUNS, TRAFFIC, VERDICT};
pub use row::{Row, Standing, read_row, read_verdict};
pub use scan::{PLACES_MAX, Place, Scan, scan};
pub use shown::shown;
pub use tally::Tally;
