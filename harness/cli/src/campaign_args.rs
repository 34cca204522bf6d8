//! The command lines of `campaign`.

use crate::exit::codes;
use crate::search_args::some_time;
use crate::word::{number, within};
use afterall_campaign::{Date, Shard};
use clap::{Args, Subcommand};
use std::num::NonZeroU16;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum CampaignCommand {
    /// Make the runs of a campaign, or go on where it was stopped or killed, and report what they come to
    #[command(after_help = codes::CAMPAIGN)]
    Run(CampaignRunArgs),
    /// Report what the runs of a campaign come to, against the nights before and the failures that are known
    #[command(after_help = codes::CAMPAIGN)]
    Report(CampaignReportArgs),
    /// Join the parts of a campaign that were made apart with --shard
    #[command(after_help = codes::MERGE)]
    Merge(MergeArgs),
    /// Judge the kept histories again, as after a change of the checkers, and show which verdicts changed
    #[command(after_help = codes::RECHECK)]
    Recheck(RecheckArgs),
    /// Show where two campaigns came out otherwise
    #[command(after_help = codes::DIFF)]
    Diff(DiffArgs),
}

#[derive(Debug, Args)]
pub(crate) struct CampaignRunArgs {
    /// The campaign's file, such as campaigns/ci.toml
    pub(crate) file: PathBuf,
    /// The folder of the campaign. If it holds runs of this campaign, they are not made again [default: store/campaigns/NAME, where
    /// NAME is the file's]
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Which part of the runs to make, such as 1/4; `campaign merge` joins the parts [default: all]
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    /// After how long no further run begins [default: what the file says, or when all runs are made]
    #[arg(long, allow_hyphen_values = true, value_parser = some_time)]
    pub(crate) budget: Option<Duration>,
    /// How many runs of the sim go on side by side; the others are made one by one [default: one per processor]
    #[arg(short, long, allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) jobs: Option<NonZeroU16>,
    /// What to add to each seed of the file, so that a night has other runs than the one before
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true, value_parser = number::<u64>)]
    pub(crate) add_to_seeds: u64,
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CampaignReportArgs {
    /// The folder of the campaign
    pub(crate) folder: PathBuf,
    #[command(flatten)]
    pub(crate) judging: JudgingArgs,
}

/// What a campaign is held against, and where its reports go.
#[derive(Debug, Args)]
pub(crate) struct JudgingArgs {
    /// The folder of a campaign of an earlier night, to tell what is new; may be repeated, the earliest first
    #[arg(long, value_name = "FOLDER")]
    pub(crate) baseline: Vec<PathBuf>,
    /// The file of the failures that are known [default: afterall.known.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
    /// The day on which known failures are looked at, such as 2026-12-31 [default: today, in UTC]
    #[arg(long, value_name = "DAY")]
    pub(crate) today: Option<Date>,
    /// Also write the report as Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE")]
    pub(crate) markdown: Option<PathBuf>,
    /// Also write the report as JUnit XML, for CI servers: one suite per cell, one test case per promise
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArgs {
    /// The folder to make, which must not exist yet
    pub(crate) out: PathBuf,
    /// The folders of the parts
    #[arg(required = true, value_name = "PART")]
    pub(crate) parts: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct RecheckArgs {
    /// The folder of the campaign
    pub(crate) folder: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The folder of a campaign
    pub(crate) first: PathBuf,
    /// The folder of another one
    pub(crate) second: PathBuf,
}
