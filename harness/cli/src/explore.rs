//! `explore`: many runs in the sim, and what they come to together.

use crate::args::usage;
use crate::exit::Exit;
use crate::explore_args::ExploreArgs;
use crate::failure::{Failure, chain};
use crate::opening::{settings, stopped_by_signals};
use crate::run::context;
use crate::store::{HISTORY, HistoryFile, NewRun, REPORT, RunFolder};
use crate::table::Table;
use afterall_checkers::Verdict;
use afterall_checkers::words::{count, counted, percent};
use afterall_engine::{Observer, Plan, RunConfig, Stop, WorldKind, run, run_until};
use afterall_history::{Event, Promise};
use afterall_search::{Exploration, Explored, Fixed, Glance, explore as explore_seeds};
use afterall_worlds::sim::{Reference, Simulation};
use indicatif::{ProgressBar, ProgressStyle};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

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
        base = base.faults(faults.iter().copied());
    }
    if let Some(sessions) = args.sessions {
        base = base.sessions(sessions);
    }
    let base = base.build();
    // What no seed can mend is said once.
    Plan::new(base.clone()).map_err(usage)?;
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let exploration = Exploration {
        base,
        fixed: Fixed {
            nodes: args.nodes.is_some(),
            sessions: args.sessions.is_some(),
            faults: args.faults.is_some(),
        },
        seeds: args.seeds.clone(),
        budget: args.budget,
        jobs: args.jobs.map_or(cores, usize::from).max(1),
    };
    let explored = watched(&exploration);
    tell(&explored);
    let mut worst = explored.valid().into();
    for (key, failure) in explored.failures.iter().take(KEPT_MAX) {
        println!("\n{key}");
        println!("  in {}, first with seed {}", counted(failure.runs, "run"), failure.first_seed);
        match kept(failure.smallest.clone(), &args.store) {
            Ok((folder, verdict)) => {
                if let Some(anomaly) = verdict.anomalies.iter().find(|anomaly| anomaly.promised) {
                    println!("  {}", anomaly.sentence);
                }
                println!(
                    "  the smallest, {}: {}",
                    counted(failure.ops, "operation"),
                    folder.file(REPORT).display()
                );
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
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    let stopped = AtomicBool::new(false);
    let signals = stopped_by_signals(WorldKind::Sim);
    let mut tick = |glance: Glance| {
        if signals.is_stopped() {
            stopped.store(true, Ordering::Relaxed);
        }
        let minutes = glance.elapsed.as_secs_f64() / 60.0;
        bar.set_message(format!(
            "{} runs  {:.0} per minute  {} failed  {} ways of failing",
            count(glance.runs),
            glance.runs as f64 / minutes.max(1e-9),
            count(glance.failed),
            glance.keys
        ));
        bar.tick();
    };
    let judged = |config: &RunConfig| {
        let plan = Plan::new(config.clone()).map_err(|error| error.to_string())?;
        let mut world = Simulation::<Reference>::new(&plan, Reference::configs(&plan));
        let recording = run(&plan, &mut world, &mut ()).map_err(|error| chain(&error))?;
        Ok(recording.judge_promised())
    };
    let explored = explore_seeds(exploration, &judged, &stopped, &mut tick);
    bar.finish_and_clear();
    explored
}

fn tell(explored: &Explored) {
    let minutes = explored.elapsed.as_secs_f64() / 60.0;
    let rate = explored.runs as f64 / minutes.max(1e-9);
    println!(
        "{} in {:.1} s ({rate:.0} per minute): {} broke a promise, in {}",
        counted(explored.runs, "run"),
        explored.elapsed.as_secs_f64(),
        count(explored.failed),
        counted(explored.failures.len() as u64, "way"),
    );
    if let Some((seed, why)) = &explored.refused {
        println!(
            "{} could not be carried out, the first with seed {seed}: {why}",
            counted(explored.refusals, "run")
        );
    }
    let mut table = Table::new(["promise", "chances", "may break in"]);
    for (&(property, sessions), chances) in &explored.chances {
        let promise = Promise { sessions, ..Promise::to_all(property) }.to_string();
        match chances {
            None => table.row([&promise, "–", "broken"]),
            Some(0) => table.row([&promise, "0", "not exercised"]),
            Some(chances) => {
                let bound = (3.0 / *chances as f64).min(1.0);
                table.row([&promise, &count(*chances), &format!("≤ {}", percent(bound))]);
            }
        }
    }
    if !explored.chances.is_empty() {
        print!("\n{table}");
    }
}

/// Writes the history as it comes.
struct ToFile {
    file: HistoryFile,
    new: Option<NewRun>,
}

impl Observer for ToFile {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        if let Some(warning) = self.new.take().and_then(NewRun::begin) {
            eprintln!("warning: {warning}");
        }
        self.file.append(event)
    }
}

/// Carries out a failing run again, judges all of it, and keeps it as `afterall run` does.
fn kept(config: RunConfig, store: &Path) -> Result<(RunFolder, Verdict), Failure> {
    let plan = Plan::new(config).map_err(usage)?;
    #[expect(clippy::disallowed_methods, reason = "the run's folder is named by the time")]
    let new = NewRun::create(store, plan.config(), SystemTime::now())?;
    let folder = new.folder().clone();
    let file = HistoryFile::create(folder.file(HISTORY), &plan.header(None))?;
    let mut observer = ToFile { file, new: Some(new) };
    let mut world = afterall_worlds::open(&plan, &settings(folder.logs()))?;
    let recording = run_until(&plan, &mut *world, &mut observer, &Stop::default())?;
    observer.file.flush()?;
    let verdict = recording.judge();
    for failure in
        folder.write_reports(recording.history(), &verdict, &context(&folder, Some(plan.config())))
    {
        eprintln!("warning: {}", chain(&failure));
    }
    Ok((folder, verdict))
}
