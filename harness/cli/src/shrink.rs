//! `shrink`: a run that fails, made smaller and kept as a scenario.

use crate::args::usage;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::opening::stopped_by_signals;
use crate::progress::spinner;
use crate::scenario::manifest;
use crate::search_args::ShrinkArgs;
use crate::simulated::{one, recorded};
use crate::store::StoreError;
use crate::unseen::judged_until;
use afterall_checkers::words::counted;
use afterall_engine::{Plan, RunConfig, WorldKind};
use afterall_history::Span;
use afterall_search::{FailureKey, NotShrunk, Size, Tries, shrink as shrink_run, shrink_by_tries};
use afterall_worlds::docker;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What the scenario is called in the folder of the run.
const SHRUNK: &str = "shrunk.toml";

#[expect(clippy::disallowed_methods, reason = "how long it took is told")]
pub(crate) fn shrink(args: &ShrinkArgs) -> Result<Exit, Failure> {
    let path = Path::new(&args.run);
    let config = one(&args.run)?;
    if config.world != WorldKind::Sim {
        return by_tries(args, config);
    }
    let plan = Plan::new(config).map_err(usage)?;
    let began = Instant::now();
    let recording = recorded(plan.config()).map_err(Failure::failed)?;
    let verdict = recording.judge_promised();
    let bar = spinner();
    let stop = stopped_by_signals(WorldKind::Sim);
    let mut tick = |runs: u64, size: &Size| {
        bar.set_message(format!("{}: {}", counted(runs, "run"), in_words(size)));
        bar.tick();
    };
    let shrunk =
        shrink_run(plan.config(), recording.history(), &verdict, &recorded, &stop, &mut tick);
    bar.finish_and_clear();
    let shrunk = shrunk.map_err(not_shrunk)?;
    let out = args.out.clone().unwrap_or_else(|| beside(path));
    write(&out, &shrunk.config)?;
    let runs = counted(shrunk.runs, "run");
    let mut how = vec![format!("by {runs} in {:.1} s", began.elapsed().as_secs_f64())];
    how.extend(unless_minimal(shrunk.is_minimal));
    if shrunk.before.faults > 0 && shrunk.after.faults == 0 {
        how.push("where its operations come at these times it needs no fault".to_owned());
    }
    let sizes = [in_words(&shrunk.before), in_words(&shrunk.after)];
    tell((&shrunk.key, &shrunk.config), &sizes, &how, &out);
    Ok(Exit::Valid)
}

/// What a search that did not end by itself leaves open.
fn unless_minimal(is_minimal: bool) -> Option<String> {
    (!is_minimal).then(|| "it was stopped: more may be left out".to_owned())
}

/// How the run fails, how large it was and is, how that came about, and how to play it.
fn tell(
    (key, config): (&FailureKey, &RunConfig),
    [before, after]: &[String; 2],
    how: &[String],
    out: &Path,
) {
    println!("{key}");
    if let Some(sentence) = &config.summary {
        println!("{sentence}");
    }
    println!("\nbefore: {before}");
    println!("after:  {after}");
    for line in how {
        println!("        {line}");
    }
    println!("\nafterall scenario run {}", out.display());
}

fn not_shrunk(why: NotShrunk) -> Failure {
    match why {
        NotShrunk::Config(error) => usage(error),
        why @ (NotShrunk::Valid | NotShrunk::NotAgain { .. }) => Failure::usage(why),
        other => Failure::failed(other),
    }
}

/// With processes or containers, where the same run comes out otherwise each time.
fn by_tries(args: &ShrinkArgs, config: RunConfig) -> Result<Exit, Failure> {
    let manifest = manifest(&config, None)?;
    let plan = Plan::new(RunConfig { manifest, ..config }).map_err(usage)?;
    let world = plan.config().world;
    if world == WorldKind::Docker {
        docker::check(plan.config()).map_err(Failure::usage)?;
    }
    let logs = tempfile::tempdir()?;
    let stop = stopped_by_signals(world);
    let mut judge = |config: &RunConfig| {
        judged_until(config.clone(), logs.path(), &stop).map_err(|failure| {
            eprintln!("warning: a run is left out: {failure}");
            failure.to_string()
        })
    };
    let mut tick = |runs: u32, size: &Size| {
        eprintln!("after {}: {}", counted(runs.into(), "run"), faults_and_time(size));
    };
    let tries = Tries { of_each: args.tries.get().into(), runs_max: args.runs.get().into() };
    let shrunk = shrink_by_tries(&plan, tries, &mut judge, &stop, &mut tick).map_err(not_shrunk)?;
    let out = args.out.clone().unwrap_or_else(|| beside(Path::new(&args.run)));
    write(&out, &shrunk.config)?;
    let mut how = vec![format!("by {}", counted(shrunk.runs.into(), "run"))];
    let (failed, of) = shrunk.confirmed;
    if of > 0 {
        how.push(format!("it failed so in {failed} of {} after that", counted(of.into(), "run")));
    }
    how.extend(unless_minimal(shrunk.is_minimal));
    let sizes = [faults_and_time(&shrunk.before), faults_and_time(&shrunk.after)];
    tell((&shrunk.key, &shrunk.config), &sizes, &how, &out);
    Ok(Exit::Valid)
}

/// Of runs whose operations are drawn.
fn faults_and_time(size: &Size) -> String {
    format!("{}, {}", counted(size.faults as u64, "fault"), Span::ms(size.time_ms))
}

/// Where the scenario is kept, unless it is said: in the folder of the run, or here.
fn beside(run: &Path) -> PathBuf {
    if run.is_dir() {
        return run.join(SHRUNK);
    }
    match run.parent().filter(|_| run.is_file()) {
        Some(folder) => folder.join(SHRUNK),
        None => PathBuf::from(SHRUNK),
    }
}

fn write(path: &Path, config: &RunConfig) -> Result<(), Failure> {
    let text = toml::to_string(config).map_err(|error| Failure::from(StoreError::from(error)))?;
    let wrong = |error| StoreError::Write { path: path.to_owned(), error };
    std::fs::write(path, text).map_err(|error| wrong(error).into())
}

fn in_words(size: &Size) -> String {
    let Size { operations, faults, nodes, sessions, keys, time_ms } = *size;
    [
        counted(operations as u64, "operation"),
        counted(faults as u64, "fault"),
        counted(nodes.into(), "node"),
        counted(sessions as u64, "session"),
        counted(keys as u64, "key"),
        Span::ms(time_ms).to_string(),
    ]
    .join(", ")
}
