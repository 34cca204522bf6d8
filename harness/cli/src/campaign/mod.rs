//! `campaign`: many runs as one undertaking. What decides is in `afterall-campaign`; here stand files, clocks and threads.

mod attempt;
mod carry_out;
mod diff;
mod folder;
mod join;
mod keep;
mod recheck;
mod tell;

pub(crate) use tell::known;

use crate::campaign_args::CampaignCommand;
use crate::exit::Exit;
use crate::failure::Failure;

pub(crate) fn campaign(command: &CampaignCommand) -> Result<Exit, Failure> {
    match command {
        CampaignCommand::Run(args) => carry_out::run(args),
        CampaignCommand::Report(args) => tell::report(&args.folder, &args.judging),
        CampaignCommand::Merge(args) => join::merge(args),
        CampaignCommand::Recheck(args) => recheck::recheck(&args.folder),
        CampaignCommand::Diff(args) => diff::diff(args),
    }
}
