//! `run` and `replay`.

#![expect(
    clippy::disallowed_methods,
    reason = "the run's folder is named by the time, and a seed is drawn from it"
)]

use super::args::{ReplayArgs, RunArgs, command_line};
use super::progress::Line;
use super::recorded::refuse_empty_promises;
use super::signals::{self, Doing};
use super::{Exit, Failure};
use crate::config::{RunConfig, WorldKind};
use crate::driver::Progress;
use crate::nemesis::Fault;
use crate::store::{HISTORY, HistoryFile, NewRun, REPORT, RUN, RunFolder, read_config};
use crate::world::{self, Onlooker, docker, process, sim};
use afterall_history::{Event, Phase, read_jsonl};
use afterall_reports::{Context, verdict_text};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::watch;

pub(super) fn run(args: &RunArgs) -> Result<Exit, Failure> {
    // Small, so that it can be typed.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let drawn = u64::from(since.subsec_nanos()) % 1_000_000;
    let config = args.resolve(drawn)?;
    carry_out(&config, &args.store)
}

pub(super) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    let path = if args.run.is_dir() { args.run.join(RUN) } else { args.run.clone() };
    let config = read_config(&path).map_err(Failure::usage)?;
    carry_out(&config, &args.store)
}

fn carry_out(config: &RunConfig, store: &Path) -> Result<Exit, Failure> {
    config.check().map_err(Failure::usage)?;
    if let Some(warning) = config.mutant_warning() {
        eprintln!("warning: {warning}");
    }
    signals::now(Doing::Anything(NOTHING.to_owned()));
    let now = SystemTime::now();
    let new = NewRun::create(store, config, now)?;
    let folder = new.folder().clone();
    eprintln!("seed {}: {}", config.seed, command_line(config));
    let started = (config.world != WorldKind::Sim)
        .then(|| humantime::format_rfc3339_seconds(now).to_string());
    let file = HistoryFile::create(folder.file(HISTORY), &config.header(started))?;
    let mut watcher = Watcher { file, line: Line::new(), new: Some(new), unwritten: None };
    let ran = match config.world {
        WorldKind::Sim => run_sim(config, &mut watcher),
        WorldKind::Process | WorldKind::Docker => run_live(config, &folder, &mut watcher),
    };
    signals::now(Doing::Anything(interrupted(&folder)));
    watcher.line.clear();
    // Says itself what is wrong.
    let _ = watcher.flush();
    let history = folder.file(HISTORY);
    if watcher.new.is_some() {
        ran?;
        return Err(Failure { exit: Exit::Failed, message: NOTHING.to_owned() });
    }
    match (ran, watcher.unwritten.take()) {
        // What broke until then is broken: it is judged all the same.
        (_, Some(error)) => eprintln!(
            "error: the run ended early, since its history cannot be written: {error}; what was recorded is in {}",
            history.display()
        ),
        (Err(failure), None) => {
            let message =
                format!("{}\nwhat was recorded is in {}", failure.message, history.display());
            return Err(Failure { message, ..failure });
        }
        (Ok(()), None) => {}
    }
    drop(watcher);
    Ok(judge(&folder, Some(config))?.exit)
}

/// A run that was stopped before there was anything to judge.
const NOTHING: &str = "stopped before the cluster was up; nothing was recorded";

fn interrupted(folder: &RunFolder) -> String {
    let path = folder.path().display();
    format!(
        "interrupted before there was a verdict; `afterall report {path}` judges what is recorded"
    )
}

/// What came of judging a run.
pub(super) struct Judged {
    pub(super) exit: Exit,
    /// Whether every report could be written.
    pub(super) reported: bool,
}

/// Reads a run's history back, judges it, prints the verdict and writes the reports.
pub(super) fn judge(folder: &RunFolder, config: Option<&RunConfig>) -> Result<Judged, Failure> {
    signals::now(Doing::Anything(interrupted(folder)));
    let history = read_jsonl(&folder.file(HISTORY))?;
    refuse_empty_promises(history.header(), &folder.file(HISTORY))?;
    let verdict = afterall_checkers::check(&history);
    // First of all: whatever becomes of the reports.
    print_verdict(&verdict);
    let exit = verdict.valid.into();
    let again = format!("`afterall report {}` writes the reports again", folder.path().display());
    signals::now(Doing::Judged(
        exit,
        format!("interrupted before the reports were written; {again}"),
    ));
    let failures = folder.write_reports(&history, &verdict, &context(folder, config));
    for failure in &failures {
        eprintln!("warning: {failure}");
    }
    let reported = failures.is_empty();
    if !reported {
        eprintln!("warning: the verdict stands; {again}");
    }
    let report = folder.file(REPORT);
    if !failures.iter().any(|failure| failure.concerns(&report)) {
        println!("report: {}", report.display());
    }
    Ok(Judged { exit, reported })
}

/// Prints a verdict for people.
pub(super) fn print_verdict(verdict: &afterall_checkers::Verdict) {
    let terminal = std::io::stdout().is_terminal();
    let color = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    print!("{}", verdict_text(verdict, color, 100));
}

/// How much of a node's log goes into the report.
const LOG_TAIL_BYTES: usize = 20_000;

fn context(folder: &RunFolder, config: Option<&RunConfig>) -> Context {
    Context {
        command: config.map(command_line).unwrap_or_default(),
        run_toml: std::fs::read_to_string(folder.file(RUN)).unwrap_or_default(),
        logs: folder.log_tails(LOG_TAIL_BYTES),
        machine: machine(),
        history_path: folder.file(HISTORY).display().to_string(),
    }
}

/// Facts about this machine and program, for reports.
pub(super) fn machine() -> Vec<(String, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let facts = [
        ("afterall", env!("CARGO_PKG_VERSION").to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("cores", cores.to_string()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn run_sim(config: &RunConfig, watcher: &mut Watcher) -> Result<(), Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    signals::now(Doing::Running(Box::new(move || flag.store(true, Ordering::Relaxed)), ""));
    sim::run(config, &interrupted, &mut |event| watcher.record(event))?;
    Ok(())
}

fn run_live(config: &RunConfig, folder: &RunFolder, watcher: &mut Watcher) -> Result<(), Failure> {
    if let Err(error) = world::reap() {
        eprintln!("warning: could not look for what earlier runs left behind: {error}");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let stopped = stopped_by_signals(config.world);
        let logs = folder.logs();
        match config.world {
            WorldKind::Docker => {
                docker::run(config, &docker_run_id(), &logs, watcher, stopped).await
            }
            _ => process::run(config, &logs, watcher, stopped).await,
        }
    });
    // Nothing that is still under way on the runtime may keep the verdict waiting.
    runtime.shutdown_timeout(Duration::from_secs(1));
    Ok(outcome?)
}

/// Turns true with the first signal.
pub(super) fn stopped_by_signals(world: WorldKind) -> watch::Receiver<bool> {
    let leaves = match world {
        WorldKind::Docker => "; `afterall doctor --reap` removes the containers that are left",
        WorldKind::Process | WorldKind::Sim => "",
    };
    let (stop, stopped) = watch::channel(false);
    let stop = move || {
        // Nobody to tell: the run is over.
        let _ = stop.send(true);
    };
    signals::now(Doing::Running(Box::new(stop), leaves));
    stopped
}

/// A name for everything of a run, which no other run on the same engine has.
pub(super) fn docker_run_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("afterall-{:x}-{:x}", since.as_millis(), std::process::id())
}

struct Watcher {
    file: HistoryFile,
    line: Line,
    /// Until the first event.
    new: Option<NewRun>,
    /// Why the history could not be written any further.
    unwritten: Option<String>,
}

impl Watcher {
    fn noted(&mut self, written: std::io::Result<()>) -> std::io::Result<()> {
        written.inspect_err(|error| self.unwritten = Some(error.to_string()))
    }
}

impl Onlooker for Watcher {
    fn record(&mut self, event: &Event) -> std::io::Result<()> {
        // The cluster is up: this is a run.
        if let Some(why) = self.new.take().and_then(NewRun::begin) {
            eprintln!("warning: {why}");
        }
        let written = self.file.append(event);
        self.noted(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        let written = self.file.flush();
        self.noted(written)
    }

    fn progress(
        &mut self,
        elapsed: Duration,
        phase: Option<Phase>,
        progress: Progress,
        in_force: &[&Fault],
    ) {
        self.line.show(elapsed, phase, progress, in_force);
    }
}
