//! `run` and `replay`.

#![expect(
    clippy::disallowed_methods,
    reason = "the run's folder is named by the time, and a seed is drawn from it"
)]

use super::args::{ReplayArgs, RunArgs, command_line};
use super::progress::Line;
use super::{Exit, Failure};
use crate::config::{RunConfig, WorldKind};
use crate::driver::Progress;
use crate::nemesis::Fault;
use crate::store::{HISTORY, HistoryFile, REPORT, RUN, RunFolder, read_config};
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
    let now = SystemTime::now();
    let folder = RunFolder::create(store, config, now)?;
    eprintln!("seed {}: {}", config.seed, command_line(config));
    let started = (config.world != WorldKind::Sim)
        .then(|| humantime::format_rfc3339_seconds(now).to_string());
    let file = HistoryFile::create(folder.file(HISTORY), &config.header(started))?;
    let mut watcher = Watcher { file, line: Line::new() };
    let ran = match config.world {
        WorldKind::Sim => run_sim(config, &mut watcher),
        WorldKind::Process | WorldKind::Docker => run_live(config, &folder, &mut watcher),
    };
    watcher.line.clear();
    let flushed = watcher.file.flush();
    if let Err(failure) = ran {
        let history = folder.file(HISTORY);
        let message = format!("{}\nwhat was recorded is in {}", failure.message, history.display());
        return Err(Failure { message, ..failure });
    }
    flushed?;
    judge(&folder, Some(config))
}

/// Reads a run's history back, judges it, writes the reports and prints the verdict.
pub(super) fn judge(folder: &RunFolder, config: Option<&RunConfig>) -> Result<Exit, Failure> {
    let history = read_jsonl(&folder.file(HISTORY))?;
    let verdict = afterall_checkers::check(&history);
    let context = context(folder, config);
    folder.write_reports(&history, &verdict, &context)?;
    print_verdict(&verdict);
    println!("report: {}", folder.file(REPORT).display());
    Ok(verdict.valid.into())
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
    let run_toml = std::fs::read_to_string(folder.file(RUN)).unwrap_or_default();
    let logs = folder.log_tails(LOG_TAIL_BYTES);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let machine = [
        ("afterall", env!("CARGO_PKG_VERSION").to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("cores", cores.to_string()),
    ];
    Context {
        command: config.map(command_line).unwrap_or_default(),
        run_toml,
        logs,
        machine: machine.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        history_path: folder.file(HISTORY).display().to_string(),
    }
}

fn run_sim(config: &RunConfig, watcher: &mut Watcher) -> Result<(), Failure> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    // The simulation keeps this thread busy; signals are waited for on another, which ends with the program.
    let signals =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    signals.spawn(on_signal(move || flag.store(true, Ordering::Relaxed)));
    sim::run(config, &interrupted, &mut |event| watcher.file.append(event))?;
    signals.shutdown_background();
    Ok(())
}

fn run_live(config: &RunConfig, folder: &RunFolder, watcher: &mut Watcher) -> Result<(), Failure> {
    if let Err(error) = world::reap() {
        eprintln!("warning: could not look for what earlier runs left behind: {error}");
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let (stop, stopped) = watch::channel(false);
        tokio::spawn(on_signal(move || {
            // Nobody to tell: the run is over.
            let _ = stop.send(true);
        }));
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

/// A name for everything of a run, which no other run on the same engine has.
pub(super) fn docker_run_id() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("afterall-{:x}-{:x}", since.as_millis(), std::process::id())
}

/// The first signal asks the run to end, the second ends the program. The nodes end with it either way.
async fn on_signal(stop: impl Fn()) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        eprintln!("warning: signals cannot be caught: Ctrl-C will end the run without a verdict");
        return;
    };
    let mut first = true;
    loop {
        tokio::select! {
            Some(()) = interrupt.recv() => {}
            Some(()) = terminate.recv() => {}
        }
        if !first {
            std::process::exit(255);
        }
        first = false;
        eprintln!("stopping (once more to stop at once)");
        stop();
    }
}

struct Watcher {
    file: HistoryFile,
    line: Line,
}

impl Onlooker for Watcher {
    fn record(&mut self, event: &Event) -> std::io::Result<()> {
        self.file.append(event)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
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
