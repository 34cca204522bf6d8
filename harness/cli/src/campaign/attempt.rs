//! One run of a campaign, carried out and judged.

#![expect(
    clippy::disallowed_methods,
    reason = "a run that takes longer than its limit in real time is told, and not waited for"
)]

use crate::failure::{Failure, chain};
use crate::opening::settings;
use crate::store::{HISTORY, HistoryFile, RUN, RunFolder};
use afterall_campaign::{Facts, Line};
use afterall_checkers::Verdict;
use afterall_engine::expect::{Measured, check};
use afterall_engine::{
    Glance, Observer, Plan, Recording, RunConfig, Stop, Traffic, WorldKind, run_until,
};
use afterall_history::{Event, History, Span};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How many events are recorded between two looks at the clock.
const EVENTS: u32 = 1_000;

/// What became of a run.
pub(crate) enum Attempt {
    /// It was judged.
    Made(Box<Made>),
    /// The harness failed, or it took too long.
    Crashed(String),
    /// Somebody stopped it: it is not finished.
    Stopped,
}

/// A run that was judged.
pub(crate) struct Made {
    pub(crate) recording: Recording,
    pub(crate) verdict: Verdict,
    pub(crate) traffic: Option<Traffic>,
}

/// How a run is made.
#[derive(Clone, Copy)]
pub(crate) struct Making<'a> {
    /// How long it may take in real time.
    pub(crate) limit: Duration,
    /// What ends the campaign.
    pub(crate) stop: &'a Stop,
    /// Whether what is only measured is judged, too.
    pub(crate) whole: bool,
}

/// Carries out a run, and judges it. `folder`: where its history is written as it happens, if it is.
pub(crate) fn attempt(
    config: &RunConfig,
    folder: Option<&RunFolder>,
    making: Making<'_>,
) -> Attempt {
    match carried_out(config, folder, making) {
        // Whatever came of a run that was stopped, it is not what comes of it.
        _ if making.stop.is_stopped() => Attempt::Stopped,
        Ok(Some(made)) => Attempt::Made(Box::new(made)),
        Ok(None) => {
            let limit = Span(u64::try_from(making.limit.as_nanos()).unwrap_or(u64::MAX));
            Attempt::Crashed(format!("it took longer than its limit of {limit}"))
        }
        Err(failure) => Attempt::Crashed(failure.to_string()),
    }
}

/// What came of a run; none if it took too long.
fn carried_out(
    config: &RunConfig,
    folder: Option<&RunFolder>,
    making: Making<'_>,
) -> Result<Option<Made>, Failure> {
    let plan = Plan::new(config.clone()).map_err(Failure::failed)?;
    let file = match folder {
        Some(folder) => {
            folder.write(RUN, &toml::to_string(plan.config())?)?;
            fs::create_dir_all(folder.logs())?;
            Some(HistoryFile::create(folder.file(HISTORY), &plan.header(None))?)
        }
        None => None,
    };
    let logs = folder.map_or(PathBuf::new(), RunFolder::logs);
    let mut world = afterall_worlds::open(&plan, &settings(logs))?;
    let own = Stop::default();
    let mut watch =
        Watch { file, began: Instant::now(), making, own: own.clone(), events: 0, overran: false };
    let ran = run_until(&plan, &mut *world, &mut watch, &own);
    let traffic = world.traffic();
    drop(world);
    if let Some(file) = &mut watch.file {
        file.flush()?;
    }
    if watch.overran {
        return Ok(None);
    }
    let recording = ran?;
    if making.stop.is_stopped() {
        return Ok(None);
    }
    if let (Some(folder), Some(traffic)) = (folder, &traffic) {
        folder.keep_traffic(traffic)?;
    }
    let whole = making.whole || !plan.config().expect.is_empty();
    let verdict = if whole { recording.judge() } else { recording.judge_promised() };
    let overran = watch.began.elapsed() > making.limit;
    Ok((!overran).then_some(Made { recording, verdict, traffic }))
}

/// Writes the history down, if it is to be, and ends a run that takes too long or that is to be stopped.
struct Watch<'a> {
    file: Option<HistoryFile>,
    began: Instant,
    making: Making<'a>,
    own: Stop,
    events: u32,
    overran: bool,
}

impl Watch<'_> {
    fn look(&mut self) {
        self.overran |= self.began.elapsed() > self.making.limit;
        if self.overran || self.making.stop.is_stopped() {
            self.own.stop();
        }
    }
}

impl Observer for Watch<'_> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.events += 1;
        // In virtual time nothing else comes now and then.
        if self.events.is_multiple_of(EVENTS) {
            self.look();
        }
        self.file.as_mut().map_or(Ok(()), |file| file.append(event))
    }

    fn tick(&mut self, _: &Glance<'_>) -> io::Result<()> {
        self.look();
        self.file.as_mut().map_or(Ok(()), HistoryFile::flush)
    }

    fn warn(&mut self, warning: &str) {
        eprintln!("warning: {warning}");
    }
}

/// The line of a run. One of a scenario that says what it expects is held to that.
pub(crate) fn line(
    facts: Facts<'_>,
    config: &RunConfig,
    history: &History,
    verdict: &Verdict,
    traffic: Option<Traffic>,
    scenario: Option<&str>,
) -> Line {
    match scenario.filter(|_| !config.expect.is_empty()) {
        None => Line::judged(facts, verdict),
        Some(scenario) => {
            let all = check(&config.expect, &Measured { config, history, verdict, traffic });
            let unmet = all.into_iter().filter(|one| !one.met).map(|one| one.found);
            Line::expected(facts, verdict, scenario, &unmet.collect::<Vec<_>>())
        }
    }
}

/// An empty folder for a run that is being made.
pub(crate) fn fresh(path: &Path) -> Result<RunFolder, Failure> {
    let cannot = |error: io::Error| {
        Failure::failed(format!("cannot write {}: {}", path.display(), chain(&error)))
    };
    if path.exists() {
        fs::remove_dir_all(path).map_err(cannot)?;
    }
    fs::create_dir_all(path).map_err(cannot)?;
    Ok(RunFolder::of(path))
}

/// Whether runs of a world come out the same each time.
pub(crate) fn repeats(config: &RunConfig) -> bool {
    config.world == WorldKind::Sim
}
