//! What every run needs before it begins: what a world knows of this machine, and a switch that signals press.

use crate::failure::Failure;
use crate::signals::{self, Doing};
use afterall_engine::{RunConfig, Stop, WorldKind};
use afterall_worlds::{Settings, docker};
use std::path::PathBuf;
use std::sync::Arc;

/// What can be known to be wrong with a run before it begins, or to be worth a warning.
///
/// # Errors
/// It cannot be carried out.
pub(crate) fn check(config: &RunConfig) -> Result<(), Failure> {
    if let Some(warning) = config.mutant_warning() {
        eprintln!("warning: {warning}");
    }
    match config.world {
        WorldKind::Docker => docker::check(config).map_err(Failure::usage),
        WorldKind::Process | WorldKind::Sim | WorldKind::Attached => Ok(()),
    }
}

/// Removes what runs that were killed have left on this machine.
pub(crate) fn reap() {
    if let Err(error) = afterall_worlds::reap() {
        eprintln!("warning: could not look for what earlier runs left behind: {error}");
    }
}

/// What a run in real time needs to know of this machine.
pub(crate) fn settings(logs: PathBuf) -> Settings {
    let mut settings = Settings::new(logs);
    settings.notice = Arc::new(|notice| eprintln!("{notice}"));
    settings
}

/// How many runs of the sim go on side by side, unless it is said.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A switch that the first signal presses.
pub(crate) fn stopped_by_signals(world: WorldKind) -> Stop {
    let leaves = match world {
        WorldKind::Docker => "; `afterall doctor --reap` removes the containers that are left",
        WorldKind::Process | WorldKind::Sim | WorldKind::Attached => "",
    };
    let stop = Stop::default();
    let pressed = stop.clone();
    signals::now(Doing::Running(Box::new(move || pressed.stop()), leaves));
    stop
}
