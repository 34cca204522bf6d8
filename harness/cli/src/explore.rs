//! `explore`: many runs in the sim, and what they come to together.

use crate::args::{kinds, usage};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::opening::{cores, stopped_by_signals};
use crate::progress::spinner;
use crate::run::{Watcher, context};
use crate::search_args::ExploreArgs;
use crate::simulated::recorded;
use crate::store::{REPORT, RunFolder};
use crate::table::Table;
use afterall_checkers::words::{count, counted, percent};
use afterall_checkers::{Outcome, Valid, Verdict};
use afterall_engine::{Plan, RunConfig, WorldKind, run};
use afterall_history::{Promise, Property, Sessions, Span};
use afterall_search::{Exploration, Explored, Fixed, explore as explore_seeds};
use afterall_sim::Reference;
use std::path::Path;

/// How many ways of failing are kept as folders of runs.
const KEPT_MAX: usize = 50;

pub(crate) fn explore(args: &ExploreArgs) -> Result<Exit, Failure> {
    let mut base = RunConfig::builder()
        .world(WorldKind::Sim)
        .workload(args.workload)
        .flavour(args.flavour)
        .mutant(args.mutant)
        .nodes(args.nodes);
    if let Some(faults) = &args.faults {
        base = base.faults(kinds(faults)?);
    }
    if let Some(sessions) = args.sessions {
        base = base.sessions(sessions);
    }
    let base = base.build();
    // What no seed can mend is said once.
    Plan::new(base.clone()).map_err(usage)?;
    let exploration = Exploration {
        base,
        fixed: Fixed {
            nodes: args.nodes.is_some(),
            sessions: args.sessions.is_some(),
            faults: args.faults.is_some(),
        },
        seeds: args.seeds.clone(),
        budget: args.budget,
        jobs: args.jobs.map_or_else(cores, |jobs| jobs.get().into()).max(1),
        guided: args.guided,
    };
    let explored = watched(&exploration);
    tell(&exploration, &explored);
    if let Some(note) = silent_mutant(&exploration.base, &explored) {
        println!("\nnote: {note}");
    }
    let mut worst = explored.valid(exploration.base.max_bound).into();
    for (key, failure) in explored.failures.iter().take(KEPT_MAX) {
        println!("\n{key}");
        println!("  in {}, first with seed {}", counted(failure.runs, "run"), failure.first_seed);
        match kept(failure.smallest.clone(), &args.store) {
            Ok((folder, verdict)) => {
                if let Some(anomaly) = verdict.anomalies.iter().find(|anomaly| anomaly.promised) {
                    println!("  {}", anomaly.sentence);
                }
                println!(
                    "  the smallest, {} with the harness's own reads: {}",
                    counted(failure.ops, "operation"),
                    folder.file(REPORT).display()
                );
                println!("  afterall shrink {}", folder.path().display());
            }
            Err(failure) => {
                eprintln!("warning: a failing run could not be kept: {failure}");
                worst = Exit::Failed;
            }
        }
    }
    if explored.failures.len() > KEPT_MAX {
        println!("\nand {} more ways, which are not kept", explored.failures.len() - KEPT_MAX);
    }
    Ok(worst)
}

/// Explores, with a live line on a terminal, until it is over or a signal comes.
fn watched(exploration: &Exploration) -> Explored {
    let bar = spinner();
    let stop = stopped_by_signals(WorldKind::Sim);
    let mut tick = |explored: &Explored| {
        let minutes = explored.elapsed.as_secs_f64() / 60.0;
        bar.set_message(format!(
            "{} runs  {:.0} per minute  {} failed  {} ways of failing",
            count(explored.runs),
            explored.runs as f64 / minutes.max(1e-9),
            count(explored.failed),
            explored.failures.len()
        ));
        bar.tick();
    };
    let explored = explore_seeds(exploration, &recorded, &stop, &mut tick);
    bar.finish_and_clear();
    explored
}

/// That a known bug was switched on and no run shows it: such runs prove nothing of the bug, nor of the checkers.
fn silent_mutant(base: &RunConfig, explored: &Explored) -> Option<String> {
    let row = base.mutant?.row();
    let mut broken = explored.chances.iter().filter(|(_, chances)| chances.is_none());
    let silent = broken.all(|(&(property, _), _)| property != row.breaks);
    silent.then(|| {
        format!(
            "the mutant {} did not show in these runs: expected {} to be broken; more seeds may bring it out, or --faults",
            row.name, row.breaks
        )
    })
}

/// The verdict on all runs, in a line.
fn verdict_line(exploration: &Exploration, explored: &Explored) -> String {
    let max_bound = exploration.base.max_bound;
    let valid = match explored.valid(max_bound) {
        Valid::True | Valid::Measured => "valid",
        Valid::False => "invalid",
        Valid::Unknown => "unknown",
    };
    if explored.runs == 0 {
        let why = match (explored.refusals, exploration.budget) {
            (0, Some(budget)) => format!(
                " within --budget {}",
                Span(u64::try_from(budget.as_nanos()).unwrap_or(u64::MAX))
            ),
            _ => String::new(),
        };
        let what = if explored.refusals > 0 { "could be carried out" } else { "began" };
        return format!("{valid}: no run {what}{why}");
    }
    let minutes = explored.elapsed.as_secs_f64() / 60.0;
    let rate = explored.runs as f64 / minutes.max(1e-9);
    let mut line = format!(
        "{valid}: {} in {:.1} s ({} per minute), ",
        counted(explored.runs, "run"),
        explored.elapsed.as_secs_f64(),
        count(rate as u64)
    );
    if explored.failed > 0 {
        let ways = counted(explored.failures.len() as u64, "way");
        line.push_str(&format!("{} broke a promise, in {ways}", count(explored.failed)));
        return line;
    }
    line.push_str("none broke a promise");
    let untested: Vec<String> =
        explored.untested(max_bound).map(|claim| promise(claim).to_string()).collect();
    if !untested.is_empty() {
        line.push_str(&format!("; not put to the test often enough: {}", untested.join(", ")));
    }
    if explored.chances.is_empty() {
        line.push_str("; nothing was promised");
    }
    if explored.faults > 0 && explored.took_hold == 0 {
        line.push_str("; no fault took hold");
    }
    if explored.refusals > 0 {
        line.push_str(&format!("; {} could not be carried out", count(explored.refusals)));
    }
    line
}

pub(crate) fn promise((property, sessions): (Property, Sessions)) -> Promise {
    Promise::to(property, sessions)
}

fn tell(exploration: &Exploration, explored: &Explored) {
    println!("{}", verdict_line(exploration, explored));
    if explored.faults > 0 {
        let faults = counted(explored.faults, "fault");
        println!("{} of {faults} took hold", count(explored.took_hold));
    }
    if exploration.guided {
        println!("{} seen", counted(explored.states as u64, "state"));
    }
    if let Some((seed, why)) = &explored.refused {
        println!(
            "{} could not be carried out, the first with seed {seed}: {why}",
            counted(explored.refusals, "run")
        );
    }
    let mut table = Table::new(["promise", "chances", "may break in"]);
    for (&claim, chances) in &explored.chances {
        let promise = promise(claim).to_string();
        match chances.map(|chances| Outcome::held(chances, "")) {
            None => table.row([&promise, "–", "broken"]),
            Some(Outcome::Held { chances, bound }) => {
                table.row([&promise, &count(chances), &format!("≤ {}", percent(bound))]);
            }
            Some(_) => table.row([&promise, "0", "not exercised"]),
        }
    }
    if !explored.chances.is_empty() {
        print!("\n{table}");
    }
}

/// Carries out a failing run again, judges all of it, and keeps it as `afterall run` does.
fn kept(config: RunConfig, store: &Path) -> Result<(RunFolder, Verdict), Failure> {
    let plan = Plan::new(config).map_err(usage)?;
    let (folder, mut watcher) = Watcher::create(&plan, store, true)?;
    let recording = run(&plan, &mut *Reference::world(&plan), &mut watcher)?;
    watcher.end()?;
    let verdict = recording.judge();
    for failure in
        folder.write_reports(recording.history(), &verdict, &context(&folder, Some(plan.config())))
    {
        eprintln!("warning: {}", chain(&failure));
    }
    Ok((folder, verdict))
}
