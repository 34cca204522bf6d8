//! `campaign run`: the runs that are not finished yet, those of the sim side by side.

#![expect(
    clippy::disallowed_methods,
    reason = "a campaign has a budget of real time, and its index says when a run ended"
)]

use super::attempt::{Attempt, Making, attempt, fresh, line, repeats};
use super::folder::CampaignFolder;
use super::keep::{part, place, settle};
use super::tell;
use crate::bundled::text_of;
use crate::campaign_args::CampaignRunArgs;
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::opening::{cores, reap, stopped_by_signals};
use crate::progress::spinner;
use crate::signals::{self, Doing};
use crate::store::RUN;
use afterall_campaign::{
    Campaign, CampaignFile, CanaryOutcome, FILE_BYTES_MAX, Facts, Line, Outside, Run, Wall,
};
use afterall_checkers::words::{count, counted};
use afterall_engine::WorldKind;
use afterall_manifest::builtin;
use afterall_worlds::docker;
use indicatif::ProgressBar;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

pub(crate) fn run(args: &CampaignRunArgs) -> Result<Exit, Failure> {
    // Before hours go by.
    args.judging.check()?;
    let campaign = load(&args.file, args.add_to_seeds)?;
    let name =
        args.file.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    let header = campaign.header(&name, env!("CARGO_PKG_VERSION"), args.shard);
    let path = args.out.clone().unwrap_or_else(|| usual_folder(args));
    let folder = CampaignFolder::open(&path, header)?;
    let worlds = || campaign.cells().iter().map(|cell| cell.base().world);
    for cell in campaign.cells().iter().filter(|cell| cell.base().world == WorldKind::Docker) {
        docker::check(cell.base()).map_err(Failure::usage)?;
    }
    if worlds().any(|world| world != WorldKind::Sim) {
        reap();
    }
    let own = campaign.runs_of(args.shard).count() as u64;
    let finished = folder.index().lines.len() as u64;
    eprintln!(
        "{} of {} in {}",
        counted(own, "run"),
        counted(campaign.cells().len() as u64, "cell"),
        path.display()
    );
    if finished > 0 {
        eprintln!("{} finished already", counted(finished, "run"));
    }
    let world = if worlds().any(|world| world == WorldKind::Docker) {
        WorldKind::Docker
    } else {
        WorldKind::Sim
    };
    let stop = stopped_by_signals(world);
    let budget = args.budget.or(campaign.file.budget.map(|budget| Duration::from_nanos(budget.0)));
    let jobs = args.jobs.map_or_else(cores, |jobs| jobs.get().into()).max(1);
    let limit = Duration::from_nanos(campaign.file.limit.0);
    let going = Going {
        campaign: &campaign,
        making: Making { limit, stop: &stop, whole: false },
        began: Instant::now(),
        budget,
        own,
        failed: AtomicU64::new(folder.index().runs().filter(|line| line.fails()).count() as u64),
        folder: Mutex::new(folder),
        failure: Mutex::new(None),
        bar: spinner(),
    };
    going.all(args, jobs);
    going.bar.finish_and_clear();
    let (folder, failure) = (going.folder.into_inner(), going.failure.into_inner());
    let folder = folder.unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = failure.unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    settle(&campaign, &folder, Making { limit, stop: &stop, whole: true });
    // Others may go on with it.
    drop(folder);
    let again = format!("`afterall campaign report {}` reports what is finished", path.display());
    signals::now(Doing::Anything(format!("interrupted before the report was written; {again}")));
    tell::report(&path, &args.judging)
}

/// Where a campaign is kept, unless it is said.
fn usual_folder(args: &CampaignRunArgs) -> PathBuf {
    let stem = args.file.file_stem().map_or("campaign".into(), |stem| stem.to_string_lossy());
    let part =
        args.shard.map_or(String::new(), |shard| format!("-{}-of-{}", shard.number(), shard.of()));
    Path::new("store/campaigns").join(format!("{stem}{part}"))
}

/// Reads a campaign's file, and works out what it means.
fn load(path: &Path, add: u64) -> Result<Campaign, Failure> {
    let cannot = |why: String| Failure::usage(format!("cannot read {}: {why}", path.display()));
    let bytes = fs::metadata(path).map_err(|error| cannot(error.to_string()))?.len();
    if bytes > FILE_BYTES_MAX {
        return Err(cannot(format!("expected at most {FILE_BYTES_MAX} bytes, found {bytes}")));
    }
    let text = fs::read_to_string(path).map_err(|error| cannot(error.to_string()))?;
    let file = CampaignFile::parse(&text, &path.display().to_string()).map_err(Failure::usage)?;
    let scenario = |name: &str| {
        if let Some(text) = text_of(name) {
            return Ok(text.to_owned());
        }
        // Says what is wrong with it, and suggests a name.
        crate::scenario::load(name).map_err(|failure| failure.to_string())?;
        let path = Path::new(name);
        let path = if path.is_dir() { path.join(RUN) } else { path.to_owned() };
        fs::read_to_string(path).map_err(|error| error.to_string())
    };
    let manifest = |target: &str| {
        let manifest = afterall_manifest::load(target, &afterall_clients::specs());
        let path = builtin(target).is_none().then(|| target.to_owned());
        manifest.map(|manifest| (manifest, path)).map_err(|error| chain(&error))
    };
    let outside = Outside { scenario: &scenario, manifest: &manifest };
    Campaign::new(file, &text, add, &outside)
        .map_err(|error| Failure::usage(format!("{}: {}", path.display(), chain(&error))))
}

/// A campaign under way.
struct Going<'a> {
    campaign: &'a Campaign,
    making: Making<'a>,
    began: Instant,
    budget: Option<Duration>,
    /// How many runs there are to make, those that are finished included.
    own: u64,
    folder: Mutex<CampaignFolder>,
    /// How many of those that are finished failed, without the canary's. Counted once, and then with each run: there may be a million.
    failed: AtomicU64,
    /// Why nothing more can be written down.
    failure: Mutex<Option<Failure>>,
    bar: ProgressBar,
}

impl Going<'_> {
    /// Makes what is not finished: the canary's runs, those of the sim, and the others.
    fn all(&self, args: &CampaignRunArgs, jobs: usize) {
        let open: Vec<&Run> = {
            let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
            let lines = &folder.index().lines;
            let open = self.campaign.runs_of(args.shard);
            open.filter(|run| !lines.contains_key(&run.number)).collect()
        };
        let (canary, others): (Vec<&Run>, Vec<&Run>) =
            open.into_iter().partition(|run| self.campaign.cell(run).is_canary());
        self.each(&canary, jobs);
        let silent = {
            let folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
            CanaryOutcome::of(folder.index()).is_some_and(|canary| canary.is_silent())
        };
        // What such a night did not find would prove nothing: its hours are saved.
        if !silent {
            self.each(&others, jobs);
        }
    }

    fn each(&self, runs: &[&Run], jobs: usize) {
        let of_the_sim = |run: &&Run| repeats(self.campaign.cell(run).base());
        let (sim, real): (Vec<&Run>, Vec<&Run>) = runs.iter().copied().partition(of_the_sim);
        self.side_by_side(&sim, jobs);
        // They share the machine, and would disturb each other.
        self.side_by_side(&real, 1);
    }

    fn goes_on(&self) -> bool {
        let failed = self.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let stopped = self.making.stop.is_stopped();
        !failed && !stopped && self.budget.is_none_or(|budget| self.began.elapsed() < budget)
    }

    fn side_by_side(&self, runs: &[&Run], jobs: usize) {
        let next = AtomicUsize::new(0);
        let work = || {
            while self.goes_on() {
                let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) else { break };
                match self.one(run) {
                    Ok(Some(line)) => self.written(line),
                    Ok(None) => {}
                    Err(failure) => self.fails(failure),
                }
            }
        };
        std::thread::scope(|scope| (0..jobs).for_each(|_| drop(scope.spawn(work))));
    }

    fn fails(&self, failure: Failure) {
        let mut first = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        first.get_or_insert(failure);
    }

    fn written(&self, line: Line) {
        let fails = u64::from(line.fails() && !line.canary);
        let failed = self.failed.fetch_add(fails, Ordering::Relaxed) + fails;
        let mut folder = self.folder.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(failure) = folder.append(line) {
            self.fails(failure);
        }
        self.bar.set_message(format!(
            "{} of {} runs  {} failed",
            count(folder.index().lines.len() as u64),
            count(self.own),
            count(failed)
        ));
        self.bar.tick();
    }

    /// Makes a run, and says what became of it; nothing if it was stopped.
    fn one(&self, run: &Run) -> Result<Option<Line>, Failure> {
        let began = Instant::now();
        let cell = self.campaign.cell(run);
        let config = self.campaign.config(run);
        let facts = Facts {
            run: run.number,
            canary: cell.is_canary(),
            cell: cell.label(),
            seed: run.seed,
            floor: config.max_bound.floor().max(1),
        };
        let made = if repeats(&config) {
            match attempt(&config, None, self.making) {
                Attempt::Stopped => return Ok(None),
                Attempt::Crashed(why) => Line::crashed(facts, &why),
                Attempt::Made(made) => {
                    let history = made.recording.history();
                    line(facts, &config, history, &made.verdict, made.traffic, cell.scenario())
                }
            }
        } else {
            match self.real(run, facts)? {
                None => return Ok(None),
                Some(line) => line,
            }
        };
        let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let ended = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        Ok(Some(Line { wall: Wall { ended, took_ms }, ..made }))
    }

    /// A run that does not come out the same a second time: it is kept as it is made, or not at all.
    fn real(&self, run: &Run, facts: Facts<'_>) -> Result<Option<Line>, Failure> {
        let campaign = self.folder.lock().unwrap_or_else(PoisonError::into_inner).path().to_owned();
        let cell = self.campaign.cell(run);
        let config = self.campaign.config(run);
        let here = part(&campaign, run.number);
        let making = Making { whole: true, ..self.making };
        for retries_left in (0..=self.campaign.file.retries).rev() {
            let folder = fresh(&here)?;
            match attempt(&config, Some(&folder), making) {
                Attempt::Stopped => break,
                Attempt::Crashed(why) if retries_left > 0 => {
                    eprintln!("the run {} crashed, and is made again: {why}", run.number);
                }
                Attempt::Crashed(why) => {
                    let mut line = Line::crashed(facts, &why);
                    if !facts.canary {
                        place(&campaign, run.number, &config, None)?;
                        line.folder = Some(format!("runs/{}", run.number));
                    }
                    return Ok(Some(line));
                }
                Attempt::Made(made) => {
                    let history = made.recording.history();
                    let line =
                        line(facts, &config, history, &made.verdict, made.traffic, cell.scenario());
                    match line.folder.is_some() {
                        true => place(&campaign, run.number, &config, Some(&made))?,
                        false => fs::remove_dir_all(&here)?,
                    }
                    return Ok(Some(line));
                }
            }
        }
        let _ = fs::remove_dir_all(&here);
        Ok(None)
    }
}
