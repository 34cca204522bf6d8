//! Runs of the sim: which one is meant, and what was recorded of it.

use crate::args::usage;
use crate::failure::{Failure, chain};
use crate::runs::expected_one;
use crate::scenario::load;
use crate::store::RUN;
use afterall_engine::{Plan, Recording, RunConfig, WorldKind, run};
use afterall_sim::Reference;
use std::path::Path;

/// A run of the sim, by its folder, its run.toml or the name of a scenario.
pub(crate) fn of_the_sim(run: &str) -> Result<Plan, Failure> {
    let config = one(run)?;
    if config.world != WorldKind::Sim {
        return Err(Failure::usage(format!(
            "expected a run of the sim, found one of the {} world, which comes out otherwise each time: see whether the sim shows it, too, with `--world sim` or `afterall explore`",
            config.world
        )));
    }
    Plan::new(config).map_err(usage)
}

/// A run of any world, in the same way.
pub(crate) fn one(run: &str) -> Result<RunConfig, Failure> {
    expected_one(Path::new(run), RUN).map_err(Failure::usage)?;
    load(run)
}

/// Carries out a run of the sim.
pub(crate) fn recorded(config: &RunConfig) -> Result<Recording, String> {
    let plan = Plan::new(config.clone()).map_err(|error| error.to_string())?;
    run(&plan, &mut *Reference::world(&plan), &mut ()).map_err(|error| chain(&error))
}
