//! What can be said of scenarios.

use crate::exit::codes;
use crate::terminal::Showing;
use crate::word::{number, words};
use afterall_engine::WorldKind;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum ScenarioCommand {
    /// List the scenarios that come with the program
    #[command(after_help = codes::PRINTS)]
    List,
    /// Carry out a scenario, and compare what it shows with what it should show
    #[command(after_help = codes::SCENARIO)]
    Run(ScenarioRunArgs),
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
    #[command(flatten)]
    pub(crate) showing: Showing,
}
