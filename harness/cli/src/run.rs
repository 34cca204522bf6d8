//! A run: carried out, judged and kept; and `replay`.

#![expect(clippy::disallowed_methods, reason = "the run's folder is named by the time")]

use crate::args::{ReplayArgs, command_line, usage};
use crate::control::{compare_with_kept, control};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::opening::{check, reap, settings, stopped_by_signals};
use crate::progress::{Line, while_working};
use crate::recorded::refuse_empty_promises;
use crate::runs::expected_one;
use crate::signals::{self, Doing};
use crate::store::{HISTORY, HistoryFile, NewRun, REPORT, RUN, RunFolder, read_config};
use crate::terminal::Showing;
use afterall_checkers::{PropertyVerdict, Verdict, words};
use afterall_engine::{
    Glance, Observer, Plan, Recording, RunConfig, RunError, Traffic, WorldError, WorldKind, record,
};
use afterall_history::{Event, History, read_jsonl};
use afterall_reference::core::MUTANTS;
use afterall_reports::{Context, report_html};
use std::io;
use std::path::Path;
use std::time::SystemTime;

pub(crate) fn replay(args: &ReplayArgs) -> Result<Exit, Failure> {
    expected_one(&args.run, RUN).map_err(Failure::usage)?;
    let path = if args.run.is_dir() { args.run.join(RUN) } else { args.run.clone() };
    let plan = Plan::new(read_config(&path).map_err(Failure::usage)?).map_err(usage)?;
    Ok(carry_out(plan, &args.store, args.control, args.showing)?.exit)
}

/// Carries out a run, and judges it.
pub(crate) fn carry_out(
    plan: Plan,
    store: &Path,
    controls: u32,
    showing: Showing,
) -> Result<Judged, Failure> {
    let config = plan.config();
    check(config)?;
    signals::now(Doing::Anything(NOTHING.to_owned()));
    let (folder, mut watcher) = Watcher::create(&plan, store, !showing.quiet)?;
    let again = format!("seed {}: {}", config.seed, command_line(config, &folder.file(RUN)));
    watcher.again = (!showing.quiet && !showing.one_line).then_some(again);
    if config.world != WorldKind::Sim {
        reap();
    }
    let stop = stopped_by_signals(config.world);
    let mut world = afterall_worlds::open(&plan, &settings(folder.logs()))?;
    let ran = record(&plan, &mut *world, &mut watcher, &stop);
    let traffic = world.traffic();
    drop(world);
    signals::now(Doing::Anything(interrupted(&folder)));
    // Says itself what is wrong.
    let _ = watcher.end();
    let history = folder.file(HISTORY);
    if watcher.new.is_some() {
        return Err(match ran {
            Err(RunError::World(WorldError::Stopped)) | Ok(()) => Failure::failed(NOTHING),
            Err(error) => error.into(),
        });
    }
    match (ran, watcher.unwritten.take()) {
        // What broke until then is broken: it is judged all the same.
        (_, Some(error)) => eprintln!(
            "error: the run ended early, since its history cannot be written: {error}; what was recorded is in {}",
            history.display()
        ),
        (Err(error), None) => {
            let where_it_is = format!("what was recorded is in {}", history.display());
            return Err(Failure::from(error).with(&where_it_is));
        }
        (Ok(()), None) => {}
    }
    drop(watcher);
    if let Some(traffic) = &traffic
        && let Err(error) = folder.keep_traffic(traffic)
    {
        eprintln!("warning: {}", chain(&error));
    }
    let judged = judge(&folder, Some(plan.config()), controls, showing)?;
    Ok(Judged { traffic, stopped: stop.is_stopped(), ..judged })
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
pub(crate) struct Judged {
    pub(crate) exit: Exit,
    /// Whether every report could be written.
    pub(crate) reported: bool,
    pub(crate) history: History,
    pub(crate) verdict: Verdict,
    /// What the nodes sent to each other, where this is the run itself and its world has seen it.
    pub(crate) traffic: Option<Traffic>,
    /// Whether a signal ended the run.
    pub(crate) stopped: bool,
}

/// Reads a run's history back, judges it, prints the verdict and writes the reports.
pub(crate) fn judge(
    folder: &RunFolder,
    config: Option<&RunConfig>,
    controls: u32,
    showing: Showing,
) -> Result<Judged, Failure> {
    signals::now(Doing::Anything(interrupted(folder)));
    let (recording, mut verdict) = recorded(folder, !showing.quiet)?;
    let history = recording.history();
    // First of all: whatever becomes of the reports.
    showing.verdict(&verdict)?;
    if let Some(lie) = verdict.lie
        && verdict.lie_found_by().is_empty()
    {
        eprintln!(
            "warning: the checkers did not find the lie {lie}: see the first note of the verdict"
        );
    }
    let exit = verdict.valid.into();
    if let (Some(config), false) = (config, controls == 0 || verdict.anomalies.is_empty()) {
        control(config, controls, folder, &mut verdict);
    }
    let again = format!("`afterall report {}` writes the reports again", folder.path().display());
    signals::now(Doing::Judged(
        exit,
        format!("interrupted before the reports were written; {again}"),
    ));
    let failures = folder.write_reports(history, &verdict, &context(folder, config));
    for failure in &failures {
        eprintln!("warning: {}", chain(failure));
    }
    let reported = failures.is_empty();
    if !reported {
        eprintln!("warning: the verdict stands; {again}");
    }
    let report = folder.file(REPORT);
    if !failures.iter().any(|failure| failure.concerns(&report)) {
        showing.line(&format!("report: {}", report.display()));
    }
    let history = recording.into_history();
    Ok(Judged { exit, reported, history, verdict, traffic: None, stopped: false })
}

/// Reads a run's history back, and judges it. `told`: whether a line says so meanwhile.
fn recorded(folder: &RunFolder, told: bool) -> Result<(Recording, Verdict), Failure> {
    let history = read_jsonl(&folder.file(HISTORY))?;
    refuse_empty_promises(history.header(), &folder.file(HISTORY))?;
    let recording = Recording::new(history);
    let judging =
        format!("judging {}", words::counted(recording.history().len() as u64, "operation"));
    let mut verdict = while_working(&judging, told, || recording.judge());
    compare_with_kept(folder, &mut verdict);
    if let Some(note) = silent_mutant(&verdict) {
        verdict.notes.insert(0, note);
    }
    Ok((recording, verdict))
}

/// The report on a run, from what is in its folder. Nothing is written there.
pub(crate) fn report_of(folder: &Path) -> Result<String, Failure> {
    let folder = RunFolder::of(folder);
    let (recording, verdict) = recorded(&folder, false)?;
    let context = context(&folder, folder.config().ok().as_ref());
    Ok(report_html(recording.history(), &verdict, &context)?)
}

/// That a known bug was switched on and nothing shows it: such a run proves nothing of the bug, nor of the checkers.
fn silent_mutant(verdict: &Verdict) -> Option<String> {
    let name = verdict.mutant.as_deref()?;
    let row = MUTANTS.iter().find(|row| row.name == name)?;
    let broken = |p: &PropertyVerdict| p.property == row.breaks && p.outcome.is_broken();
    if verdict.properties.iter().any(broken) || verdict.breaks_promise(row.breaks) {
        return None;
    }
    let expected = row.breaks;
    Some(format!(
        "the mutant {name} did not show in this run: expected {expected} to be broken; run longer (--time), or with another --seed"
    ))
}

/// How much of a node's log goes into the report.
const LOG_TAIL_BYTES: usize = 20_000;

pub(crate) fn context(folder: &RunFolder, config: Option<&RunConfig>) -> Context {
    Context {
        command: config.map(|config| command_line(config, &folder.file(RUN))).unwrap_or_default(),
        run_toml: std::fs::read_to_string(folder.file(RUN)).unwrap_or_default(),
        logs: folder.log_tails(LOG_TAIL_BYTES),
        machine: machine(),
        traffic: traffic_words(folder),
        history_path: folder.file(HISTORY).display().to_string(),
    }
}

/// What the nodes sent to each other, for reports.
fn traffic_words(folder: &RunFolder) -> Vec<(String, u64)> {
    let figures = folder.traffic().map(|traffic| traffic.figures()).unwrap_or_default();
    figures.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Facts about this machine and program, for reports.
pub(crate) fn machine() -> Vec<(String, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let facts = [
        ("afterall", env!("CARGO_PKG_VERSION").to_owned()),
        ("system", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)),
        ("cores", cores.to_string()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Writes the history as it comes into the run's folder, and shows how far the run is.
pub(crate) struct Watcher {
    file: HistoryFile,
    line: Line,
    /// Until the first event.
    new: Option<NewRun>,
    /// How the run is made again, which is said when it begins: what does not begin cannot be made again.
    again: Option<String>,
    /// Why the history could not be written any further.
    unwritten: Option<String>,
}

impl Watcher {
    /// Makes the folder of a run. It stays when the first event is recorded.
    pub(crate) fn create(
        plan: &Plan,
        store: &Path,
        shows: bool,
    ) -> Result<(RunFolder, Watcher), Failure> {
        let config = plan.config();
        let now = SystemTime::now();
        let new = NewRun::create(store, config, now)?;
        let folder = new.folder().clone();
        let real = config.world != WorldKind::Sim;
        let started = real.then(|| humantime::format_rfc3339_seconds(now).to_string());
        let file = HistoryFile::create(folder.file(HISTORY), &plan.header(started))?;
        let watcher =
            Watcher { file, line: Line::new(shows), new: Some(new), again: None, unwritten: None };
        Ok((folder, watcher))
    }

    /// The run is over.
    pub(crate) fn end(&mut self) -> io::Result<()> {
        self.line.clear();
        self.flush()
    }

    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.flush();
        self.noted(written)
    }

    fn noted(&mut self, written: io::Result<()>) -> io::Result<()> {
        written.inspect_err(|error| self.unwritten = Some(error.to_string()))
    }
}

impl Observer for Watcher {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        // The cluster is up: this is a run.
        if let Some(why) = self.new.take().and_then(NewRun::begin) {
            eprintln!("warning: {why}");
        }
        if let Some(again) = self.again.take() {
            self.line.clear();
            eprintln!("{again}");
        }
        let written = self.file.append(event);
        self.noted(written)
    }

    fn tick(&mut self, glance: &Glance<'_>) -> io::Result<()> {
        self.line.show(glance);
        self.flush()
    }

    fn warn(&mut self, warning: &str) {
        eprintln!("warning: {warning}");
    }
}
