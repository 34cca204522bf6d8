//! `scenario list` and `scenario run`: runs that tell a story, and whether they told it.

use crate::args::usage;
use crate::bundled::{SCENARIOS, text_of};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::list::list;
use crate::run::{Judged, carry_out};
use crate::scenario_args::{ScenarioCommand, ScenarioRunArgs};
use crate::store::{RUN, parse_config, read_config};
use crate::store_args::Listed;
use afterall_engine::expect::{Measured, check};
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::UnknownWord;
use afterall_manifest::Manifest;
use std::path::Path;

pub(crate) fn scenario(command: &ScenarioCommand) -> Result<Exit, Failure> {
    match command {
        ScenarioCommand::List => list(Some(Listed::Scenarios)),
        ScenarioCommand::Run(args) => run(args),
    }
}

/// A scenario by its name, or by the path of its file or of a run's folder.
pub(crate) fn load(scenario: &str) -> Result<RunConfig, Failure> {
    if !scenario.contains('/') && !scenario.ends_with(".toml") {
        let text = text_of(scenario).ok_or_else(|| unknown(scenario))?;
        return parse_config(text, &format!("{scenario}.toml")).map_err(Failure::failed);
    }
    let path = Path::new(scenario);
    if path.is_file() && path.extension().is_none_or(|ending| ending != "toml") {
        return Err(Failure::usage(format!(
            "expected a scenario (a file whose name ends in .toml, or the folder of a run), found {scenario}: where it is a history, `afterall check {scenario}` judges it"
        )));
    }
    let path = if path.is_dir() { path.join(RUN) } else { path.to_owned() };
    read_config(&path).map_err(Failure::usage)
}

fn unknown(scenario: &str) -> Failure {
    if Path::new(scenario).exists() {
        return Failure::usage(format!(
            "expected the name of a scenario, or a path with a / or the ending .toml, found {scenario:?}: write ./{scenario} if the file of this name is meant"
        ));
    }
    let names = SCENARIOS.iter().map(|(name, _)| *name).collect();
    Failure::usage(UnknownWord::new("scenario", scenario, names))
}

/// The manifest of a scenario's target. One that speaks of the reference store has none, and in containers it needs one.
pub(crate) fn manifest(
    config: &RunConfig,
    world: Option<WorldKind>,
) -> Result<Option<Manifest>, Failure> {
    if config.manifest.is_some() || world.unwrap_or(config.world) != WorldKind::Docker {
        return Ok(config.manifest.clone());
    }
    let manifest = afterall_manifest::load(&config.target, &afterall_clients::specs());
    manifest.map(Some).map_err(Failure::usage)
}

fn run(args: &ScenarioRunArgs) -> Result<Exit, Failure> {
    let config = load(&args.scenario)?;
    let config = RunConfig {
        manifest: manifest(&config, args.world)?,
        world: args.world.unwrap_or(config.world),
        seed: args.seed.unwrap_or(config.seed),
        ..config
    };
    if let Some(summary) = &config.summary {
        args.showing.line(&format!("{}\n", summary.trim()));
    }
    let plan = Plan::new(config).map_err(usage)?;
    let config = plan.config().clone();
    let Judged { exit, history, verdict, traffic, .. } =
        carry_out(plan, &args.store, 0, args.showing)?;
    if config.expect.is_empty() {
        return Ok(exit);
    }
    let measured = Measured { config: &config, history: &history, verdict: &verdict, traffic };
    let all = check(&config.expect, &measured);
    let met = all.iter().filter(|one| one.met).count();
    let as_expected = met == all.len();
    args.showing.line(&match as_expected {
        true => "\nas expected:".to_owned(),
        false => format!("\nnot as expected ({} of {} were met):", met, all.len()),
    });
    for one in &all {
        args.showing.line(&format!("  {} {}", if one.met { "✓" } else { "✗" }, one.found));
    }
    Ok(if as_expected { Exit::Valid } else { Exit::Invalid })
}
