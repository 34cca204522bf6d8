//! Runs that are judged and not kept: they have no folder, and their histories stay in memory.

use crate::args::usage;
use crate::failure::Failure;
use crate::opening::{settings, stopped_by_signals};
use afterall_checkers::Verdict;
use afterall_engine::{Observer, Plan, RunConfig, Stop, run_until};
use afterall_history::Event;
use std::io;
use std::path::Path;

/// Nothing of the run is shown but what could not be cleaned up.
struct Unseen;

impl Observer for Unseen {
    fn record(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }

    fn warn(&mut self, warning: &str) {
        eprintln!("warning: {warning}");
    }
}

/// Carries out a run, and judges it. `logs`: the folder for what its nodes print.
///
/// # Errors
/// The configuration is invalid, the run could not begin or go on, or a signal stopped it.
pub(crate) fn judged(config: RunConfig, logs: &Path) -> Result<Verdict, Failure> {
    let stop = stopped_by_signals(config.world);
    judged_until(config, logs, &stop)
}

/// The same as one of several, which the same switch stops.
///
/// # Errors
/// As [`judged`].
pub(crate) fn judged_until(
    config: RunConfig,
    logs: &Path,
    stop: &Stop,
) -> Result<Verdict, Failure> {
    let plan = Plan::new(config).map_err(usage)?;
    let mut world = afterall_worlds::open(&plan, &settings(logs.to_owned()))?;
    let recording = run_until(&plan, &mut *world, &mut Unseen, stop)?;
    if stop.is_stopped() {
        return Err(Failure::failed("stopped by the user"));
    }
    Ok(recording.judge())
}
