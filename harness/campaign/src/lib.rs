//! Many runs as one undertaking: a *campaign*.
//!
//! A campaign is a file ([`CampaignFile`]) that says of what its runs are the product. [`Campaign::new`] works the runs out: which there are,
//! in which order, and which of them a shard makes. Each run that is finished is a [`Line`] of an [`Index`], which is only ever appended to, so
//! that a campaign that was killed goes on where it was. [`Report::new`] tells what all lines come to: findings by failure key, each *new*,
//! *ongoing*, *rare* or *resolved* against the nights before, and whether that is good enough.
//!
//! All of it is pure: it reads no clock, no file and no network. Who carries runs out hands in what came of them, and the day.

mod cells;
mod date;
mod difference;
mod entries;
mod file;
mod findings;
mod grid;
mod header;
mod heat;
mod index;
mod junit;
mod keep;
mod known;
mod line;
mod markdown;
mod merge;
mod night;
mod report;
mod resolve;
mod seeds;
mod shard;
mod statistics;
mod trend;

pub use cells::CellSummary;
pub use date::{Date, NotADate};
pub use difference::{Changed, Difference, difference};
pub use file::{CampaignFile, FILE_BYTES_MAX, Retention, Thresholds};
pub use findings::{Excuse, Finding, Seen, Standing};
pub use grid::{Campaign, GridError, Run};
pub use header::{CampaignHeader, Canary, INDEX_VERSION};
pub use heat::{Field, Heat, HeatRow, heat};
pub use index::{Index, IndexError};
pub use junit::campaign_junit;
pub use keep::{KEPT_MAX, to_keep};
pub use known::{Known, KnownFailure};
pub use line::{Ended, Facts, Line, Wall};
pub use markdown::{MARKDOWN_BYTES_MAX, campaign_md};
pub use merge::{MergeError, merge};
pub use night::Night;
pub use report::{CanaryOutcome, Judgement, Report};
pub use resolve::{Found, Outside, Resolved};
pub use shard::{NotAShard, Shard};
pub use statistics::gone;
pub use trend::NightSummary;
