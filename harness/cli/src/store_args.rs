//! The command lines that read a store: `list runs`, `diff`, `serve`.

use crate::exit::codes;
use crate::word::{number, words};
use afterall_history::Workload;
use afterall_store::Standing;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Listed {
    /// The ways in which the reference store resolves conflicts, and what they promise
    #[command(after_help = codes::PRINTS)]
    Flavours,
    /// The known bugs of the reference store, and what they break
    #[command(after_help = codes::PRINTS)]
    Mutants,
    /// The data types, and the properties that they show
    #[command(after_help = codes::PRINTS)]
    Workloads,
    /// The kinds of faults, and the worlds that have them
    #[command(after_help = codes::PRINTS)]
    Faults,
    /// What a store may promise, and the mutants that break it
    #[command(after_help = codes::PRINTS)]
    Properties,
    /// The runs that tell a story
    #[command(after_help = codes::PRINTS)]
    Scenarios,
    /// The stores that come with the program, and what they promise
    #[command(after_help = codes::PRINTS)]
    Targets,
    /// Where runs take place
    #[command(after_help = codes::PRINTS)]
    Worlds,
    /// The runs that are kept, with their verdicts and what was found
    #[command(after_help = codes::LISTS)]
    Runs(RunsArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    /// The folder in which runs are kept
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
    /// Only runs that stand like this
    #[arg(long, value_parser = words::<Standing>(Standing::names()))]
    pub(crate) verdict: Option<Standing>,
    /// Only runs of this target, flavour or mutant, by name
    #[arg(long, value_name = "NAME")]
    pub(crate) target: Option<String>,
    /// Only runs that drove this data type
    #[arg(long, value_parser = words::<Workload>(Workload::names()))]
    pub(crate) workload: Option<Workload>,
    /// How many runs to list, the newest first
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true, value_parser = number::<u32>)]
    pub(crate) limit: u32,
}

#[derive(Debug, Args)]
pub(crate) struct DiffRunsArgs {
    /// The folder of a run
    pub(crate) first: PathBuf,
    /// The folder of another one
    pub(crate) second: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The folder in which runs are kept
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
    /// Where to listen, as HOST:PORT; the port 0 is any that is free. Whoever reaches another address than a loopback one can read the store
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: String,
    /// The file of the failures that are known [default: afterall.known.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    pub(crate) known: Option<PathBuf>,
}
