//! Runs of the sim.

use afterall_checkers::Verdict;
use afterall_engine::{Plan, Recording, RunConfig, run};
use afterall_reference::core::MUTANTS;
use afterall_search::FailureKey;
use afterall_worlds::sim::Reference;

pub(crate) fn recorded(config: &RunConfig) -> Result<Recording, String> {
    let plan = Plan::new(config.clone()).map_err(|error| error.to_string())?;
    run(&plan, &mut *Reference::world(&plan), &mut ()).map_err(|error| error.to_string())
}

pub(crate) fn judged(config: &RunConfig) -> Result<Verdict, String> {
    recorded(config).map(|recording| recording.judge_promised())
}

/// A run of about a thousand operations with a known bug, under the faults that bring it out and others.
pub(crate) fn large(mutant: &str, seed: u64) -> RunConfig {
    let row = MUTANTS.iter().find(|row| row.name == mutant).unwrap();
    let mut config = RunConfig::builder()
        .world(afterall_engine::WorldKind::Sim)
        .mutant(Some(row.mutant()))
        .seed(seed)
        .build();
    config.mechanisms = row.mechanisms;
    config.time_ms = 30_000;
    config.rate = Some(40);
    config
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
