//! The command lines of `explore`, `shrink`, `blame` and `matrix`.

use crate::word::{number, time, within, words};
use afterall_engine::SessionKind;
use afterall_engine::config::NODES;
use afterall_history::Workload;
use afterall_reference::core::{Flavour, Mutant};
use afterall_workloads::driven;
use clap::Args;
use std::num::NonZeroU16;
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub(crate) struct ExploreArgs {
    /// The seeds, a run each: from A to B
    #[arg(long, value_name = "A..B", default_value = "1..1000", value_parser = seeds)]
    pub(crate) seeds: Range<u64>,
    /// After how long no further run begins [default: when all seeds have had their run]
    #[arg(long, allow_hyphen_values = true, value_parser = some_time)]
    pub(crate) budget: Option<Duration>,
    /// How many runs go on side by side [default: one per processor]
    #[arg(short, long, allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) jobs: Option<NonZeroU16>,
    /// The data type to drive [default: register, or the one that shows the mutant]
    #[arg(long, value_parser = words::<Workload>(driven().map(Workload::name)))]
    pub(crate) workload: Option<Workload>,
    /// How the reference store resolves conflicts, and what it promises [default: crdt, or the flavour of the mutant]
    #[arg(long)]
    pub(crate) flavour: Option<Flavour>,
    /// A known bug of the reference store to switch on, to see how soon it is found
    #[arg(long)]
    pub(crate) mutant: Option<Mutant>,
    /// The number of nodes [default: drawn, 2 to 5]
    #[arg(long, allow_negative_numbers = true, value_parser = within::<u16>(NODES))]
    pub(crate) nodes: Option<u16>,
    /// Where the operations of a session go [default: drawn]
    #[arg(long, value_parser = words::<SessionKind>(SessionKind::names()))]
    pub(crate) sessions: Option<SessionKind>,
    /// The kinds of faults that every run has, separated by commas, or none (see `afterall list faults`) [default: drawn, up to
    /// three of all]
    #[arg(long, value_delimiter = ',')]
    pub(crate) faults: Option<Vec<String>>,
    /// Makes three runs in four of earlier ones that were in rare states, with one thing in them drawn again. What is found
    /// then follows from all seeds together, and not from each alone
    #[arg(long)]
    pub(crate) guided: bool,
    /// The folder in which failing runs are kept, the smallest of each kind
    #[arg(long, default_value = "store")]
    pub(crate) store: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct ShrinkArgs {
    /// The run that fails: its folder, its run.toml, or a scenario
    #[arg(value_name = "RUN")]
    pub(crate) run: String,
    /// With processes or containers: how often a smaller run is made, of which two have to fail
    #[arg(long, value_name = "N", default_value = "3", allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) tries: NonZeroU16,
    /// With processes or containers: after how many runs the search ends with what it has
    #[arg(long, value_name = "N", default_value = "30", allow_negative_numbers = true, value_parser = within::<NonZeroU16>("1 to 65535"))]
    pub(crate) runs: NonZeroU16,
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
    /// Searches for the known bugs as `explore --guided` does
    #[arg(long)]
    pub(crate) guided: bool,
}

/// A length of time in which something can be done.
pub(crate) fn some_time(text: &str) -> Result<Duration, String> {
    match time(text)? {
        Duration::ZERO => Err(format!("expected a time in which a run can begin, found {text:?}")),
        time => Ok(time),
    }
}

/// Seeds such as `1..1000`, both included.
fn seeds(text: &str) -> Result<Range<u64>, String> {
    let expected = || format!("expected two numbers such as 1..1000, found {text:?}");
    let (from, to) = text.split_once("..").ok_or_else(expected)?;
    let (from, to): (u64, u64) = match (from.parse(), to.parse()) {
        (Ok(from), Ok(to)) => (from, to),
        _ => return Err(expected()),
    };
    if from > to || to == u64::MAX {
        return Err(format!(
            "expected a first seed that is not larger than the last, found {text}"
        ));
    }
    Ok(from..to + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_ends_of_the_seeds_are_meant() {
        assert_eq!(seeds("1..3"), Ok(1..4));
        assert_eq!(seeds("7..7"), Ok(7..8));
        for wrong in ["", "1", "1..", "a..b", "3..1", "0..18446744073709551615"] {
            assert!(seeds(wrong).unwrap_err().starts_with("expected"), "{wrong}");
        }
    }
}
