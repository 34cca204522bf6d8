//! `run --round`: hours, as rounds on one cluster. Memory and disk are those of a round or two, however long it takes.

use crate::args::{RunArgs, usage};
use crate::exit::Exit;
use crate::failure::{Failure, chain};
use crate::opening::{check, reap, settings, stopped_by_signals};
use crate::repeat::Tally;
use crate::run::{Watcher, context};
use crate::signals::{self, Doing};
use crate::store::{HISTORY, RunFolder};
use afterall_engine::{Recording, Rounds, RunConfig, WorldKind};
use afterall_history::read_jsonl;
use afterall_reports::{verdict_json, verdict_line};
use std::fs;
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// From which time on a run is made in rounds, unless it is said how long they are.
const ONE_RUN_MAX: Duration = Duration::from_secs(600);
/// How long a round is then.
const ROUND: Duration = Duration::from_secs(60);
/// In containers: how long the faults of a kind take, and what is beside them.
const KIND_IN_CONTAINERS: Duration = Duration::from_secs(5);

/// How long the rounds of a run are, where `asked` says so or it is long; none: it is no run of rounds.
pub(crate) fn length(
    asked: Option<Duration>,
    config: &RunConfig,
) -> Result<Option<Duration>, Failure> {
    if config.world == WorldKind::Sim {
        return match asked {
            Some(_) => Err(Failure::usage(
                "--round: expected a world in which time is real, found sim (there --repeat costs nothing)",
            )),
            None => Ok(None),
        };
    }
    let is_long = Duration::from_millis(config.time_ms) > ONE_RUN_MAX;
    let kinds = u32::try_from(config.faults.len()).unwrap_or(u32::MAX);
    let usual = match config.world {
        WorldKind::Docker => ROUND.max(ROUND / 3 + KIND_IN_CONTAINERS.saturating_mul(kinds)),
        WorldKind::Process | WorldKind::Sim | WorldKind::Attached => ROUND,
    };
    Ok(asked.or(is_long.then_some(usual)))
}

/// A round whose history is complete, and that is being judged. Its verdict is said when it is known, and not when the next round ends.
struct Judging {
    seed: u64,
    thread: JoinHandle<Result<Exit, Exit>>,
}

impl Judging {
    fn begin(number: u64, folder: RunFolder, config: RunConfig, keep_all: bool) -> Judging {
        let seed = config.seed;
        let say = move || match judge(&folder, &config, keep_all) {
            Ok((exit, line)) => {
                println!("round {number}, seed {seed}: {line}");
                Ok(exit)
            }
            Err(failure) => {
                eprintln!("error: round {number}, seed {seed}: {failure}");
                Err(failure.exit)
            }
        };
        Judging { seed, thread: thread::spawn(say) }
    }

    /// Waits for the verdict.
    fn end(self, tally: &mut Tally) -> Exit {
        match self.thread.join() {
            Ok(Ok(exit)) => {
                tally.add(exit, self.seed);
                exit
            }
            Ok(Err(exit)) => exit,
            Err(_) => {
                eprintln!("error: the checkers panicked (please report this, with the seed)");
                Exit::Failed
            }
        }
    }
}

/// Judges a round, and keeps of it what is worth its place.
fn judge(
    folder: &RunFolder,
    config: &RunConfig,
    keep_all: bool,
) -> Result<(Exit, String), Failure> {
    let history = folder.file(HISTORY);
    let recording = Recording::new(read_jsonl(&history)?);
    let verdict = recording.judge();
    let exit: Exit = verdict.valid.into();
    let mut line = verdict_line(&verdict);
    if exit == Exit::Valid && !keep_all {
        folder.write("verdict.json", &verdict_json(&verdict)?)?;
        // The verdict stands, and the place is missed at worst.
        if let Err(error) = fs::remove_file(&history) {
            line.push_str(&format!(" (cannot remove {}: {error})", history.display()));
        }
        return Ok((exit, line));
    }
    let failures =
        folder.write_reports(recording.history(), &verdict, &context(folder, Some(config)));
    for failure in &failures {
        eprintln!("warning: {}", chain(failure));
    }
    line.push_str(&format!(" ({})", folder.path().display()));
    Ok((exit, line))
}

/// Carries out rounds until the time is over, one breaks a promise if that is what is waited for, the cluster is no longer whole, or a signal
/// comes. The worst decides the exit code.
pub(crate) fn rounds(args: &RunArgs, whole: RunConfig, round: Duration) -> Result<Exit, Failure> {
    if args.control > 0 {
        return Err(Failure::usage(
            "--control: expected a run by itself, found one of rounds: `afterall replay --control` takes the folder of a round",
        ));
    }
    let seed = whole.seed;
    let ms = u64::try_from(round.as_millis()).unwrap_or(u64::MAX).max(1);
    let most = args.repeat.unwrap_or_else(|| whole.time_ms.div_ceil(ms).max(1));
    let mut rounds = Rounds::new(RunConfig { time_ms: ms, ..whole });
    let first = rounds.plan().map_err(usage)?;
    let config = first.config();
    check(config)?;
    reap();
    eprintln!("seed {seed}: {most} rounds of {} s on one cluster", round.as_secs_f64());
    let stop = stopped_by_signals(config.world);
    let mut world = None;
    let mut judging: Option<Judging> = None;
    let (mut tally, mut worst) = (Tally::default(), Exit::Valid);
    let mut failed = None;
    for number in 1..=most {
        let plan = rounds.plan().map_err(usage)?;
        let (folder, mut watcher) = Watcher::create(&plan, &args.store, !args.showing.quiet)?;
        let world = match &mut world {
            Some(world) => world,
            // What the nodes print goes into the folder of the first round, whichever it is said in.
            none => none.insert(afterall_worlds::open(&plan, &settings(folder.logs()))?),
        };
        let outcome = rounds.record(&plan, &mut **world, &mut watcher, &stop);
        let written = watcher.end();
        drop(watcher);
        let further = match (outcome, written) {
            (Ok(further), Ok(())) => further,
            (Err(error), _) => {
                failed = Some(Failure::from(error));
                break;
            }
            (_, Err(error)) => {
                failed = Some(Failure::failed(format!(
                    "the history of round {number} cannot be written: {error}"
                )));
                break;
            }
        };
        let last =
            judging.replace(Judging::begin(number, folder, plan.config().clone(), args.keep_all));
        // One round is judged at a time, so that no more than two are in memory.
        worst = last.map_or(worst, |last| worst.worse(last.end(&mut tally)));
        if let Some(why) = further {
            if number < most && !stop.is_stopped() {
                eprintln!("no further round: {why}");
            }
            break;
        }
        if stop.is_stopped() || (args.until_fail && worst == Exit::Invalid) {
            break;
        }
    }
    for warning in world.iter_mut().flat_map(|world| world.end()) {
        eprintln!("warning: {warning}");
    }
    drop(world);
    signals::now(Doing::Anything("interrupted before the last round was judged".to_owned()));
    worst = judging.map_or(worst, |last| worst.worse(last.end(&mut tally)));
    if tally.runs() > 0 {
        println!("{}", tally.line("round"));
    }
    failed.map_or(Ok(worst), Err)
}
