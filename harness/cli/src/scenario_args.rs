//! What can be said of scenarios, and of what there is.

use crate::word::{number, within, words};
use afterall_engine::WorldKind;
use clap::{Args, Subcommand, ValueEnum};
use std::num::NonZeroU16;
use std::path::PathBuf;

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Listed {
    /// The ways in which the reference store resolves conflicts, and what they promise
    Flavours,
    /// The known bugs of the reference store, and what they break
    Mutants,
    /// The data types, and the properties that they show
    Workloads,
    /// The kinds of faults, and the worlds that have them
    Faults,
    /// What a store may promise, and the mutants that break it
    Properties,
    /// The runs that tell a story
    Scenarios,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// List the scenarios that come with the program
    List,
    /// Carry out a scenario, and compare what it shows with what it should show
    #[command(after_help = SCENARIO_EXIT_CODES)]
    Run(ScenarioRunArgs),
}

const SCENARIO_EXIT_CODES: &str = "Exit codes: 0 everything was as expected, 1 something was not, 254 the command line or the scenario is wrong, 255 the harness \
     failed. A scenario that expects nothing ends as `afterall run` does.";

#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// The run of the sim that fails: its folder, its run.toml, or a scenario
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// The file for the scenario; one that is already there is replaced [default: shrunk.toml in the folder of the run]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BlameArgs {
    /// The run of the sim that fails: its folder, its run.toml, or a scenario
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// How often the run is made without each fault, and with each alone
    #[arg(long, value_name = "N", default_value = "20", allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) tries: NonZeroU16,
    /// In how many ways the run goes on from each instant, to see whether it was bound to fail
    #[arg(long, value_name = "N", default_value = "64", allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) futures: NonZeroU16,
}

#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// How many runs each correct flavour has, over its data types; 0 leaves this part out
    #[arg(long, value_name = "N", default_value_t = 1_000, allow_negative_numbers = true, value_parser = number::<u64>)]
    pub(crate) runs: u64,
    /// How many times each known bug is searched for, each time with other seeds; 0 leaves this part out
    #[arg(long, value_name = "N", default_value_t = 10, allow_negative_numbers = true, value_parser = number::<u32>)]
    pub(crate) trials: u32,
}

#[derive(Debug, Args)]
pub(crate) struct ScenarioRunArgs {
    /// The scenario: its name (see `afterall scenario list`), the path of its file, or the folder of a run
    #[arg(value_name = "NAME|FILE")]
    pub(crate) scenario: String,
    /// Where to run [default: what the scenario says]
    #[arg(long, value_parser = words::<WorldKind>(WorldKind::names()))]
    pub(crate) world: Option<WorldKind>,
    /// The number that everything random follows from [default: what the scenario says]
    #[arg(long, allow_negative_numbers = true, value_parser = number::<u64>)]
    pub(crate) seed: Option<u64>,
    /// The folder in which runs are kept
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
}
