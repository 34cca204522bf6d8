//! Runs of the sim.

use afterall_checkers::Verdict;
use afterall_engine::{Plan, Recording, RunConfig, RunConfigBuilder, WorldKind, run};
use afterall_search::FailureKey;
use afterall_sim::Reference;
use std::time::Duration;

pub(crate) fn recorded(config: &RunConfig) -> Result<Recording, String> {
    let plan = Plan::new(config.clone()).map_err(|error| error.to_string())?;
    run(&plan, &mut *Reference::world(&plan), &mut ()).map_err(|error| error.to_string())
}

pub(crate) fn judged(config: &RunConfig) -> Result<Verdict, String> {
    recorded(config).map(|recording| recording.judge_promised())
}

/// A run of the sim with a known bug, under the faults that bring it out.
pub(crate) fn base(mutant: &str) -> RunConfigBuilder {
    RunConfig::builder().world(WorldKind::Sim).mutant(Some(mutant.parse().unwrap()))
}

/// A run of about a thousand operations with a known bug, under the same faults.
pub(crate) fn large(mutant: &str, seed: u64) -> RunConfig {
    let time = Duration::from_secs(30);
    base(mutant).seed(seed).time(time).rate(40).build()
}

/// The first run that fails, of so many seeds, and what was recorded of it.
pub(crate) fn failing(
    config: impl Fn(u64) -> RunConfig,
    seeds: u64,
) -> Option<(RunConfig, Recording, Verdict)> {
    (1..=seeds).find_map(|seed| {
        let config = config(seed);
        let recording = recorded(&config).unwrap();
        let verdict = recording.judge_promised();
        FailureKey::of(&verdict).is_some().then_some((config, recording, verdict))
    })
}
