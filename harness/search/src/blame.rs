//! Which of its faults a run fails by, and from when on it was bound to fail.
//!
//! A run with everything spelled out is made again and again: without each of its faults, and with each alone, each time with
//! other latencies, losses and choices of the nodes (another seed), since one run more or less may be luck. A fault is *necessary*
//! if the run does not fail without it, *sufficient* if it fails with it alone. How often counts, not whether once.

use crate::failure_key::FailureKey;
use crate::record::Record;
use crate::side_by_side::side_by_side;
use crate::spelled_out::{planned, under, without};
use afterall_engine::faults::Planned;
use afterall_engine::{Branching, Fork, Plan, Recording, RunConfig, RunError};

/// How often a variation of a run failed in the same way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// How often it did.
    pub failed: u32,
    /// Of how many times.
    pub of: u32,
}

impl Failed {
    /// Whether it did at least half of the times.
    #[must_use]
    pub fn mostly(self) -> bool {
        self.failed > 0 && self.failed * 2 >= self.of
    }
}

/// What a fault has to do with the failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The run fails with this fault alone, and does not without it.
    Cause,
    /// It does not fail without it, nor with it alone.
    Necessary,
    /// It fails with it alone, and without it as well.
    Sufficient,
    /// It fails without it, and does not with it alone.
    Irrelevant,
}

/// A fault, and how often the run failed without it and with it alone.
#[derive(Debug, Clone)]
pub struct Suspect {
    /// Its place in the schedule.
    pub place: usize,
    /// The fault.
    pub planned: Planned,
    /// Without it.
    pub without: Failed,
    /// With it alone.
    pub alone: Failed,
    /// What that comes to.
    pub part: Part,
}

/// What a run fails by.
#[derive(Debug, Clone)]
pub struct Blame {
    /// With all faults.
    pub all: Failed,
    /// Without any.
    pub none: Failed,
    /// Each fault, the one that has most to do with it first.
    pub suspects: Vec<Suspect>,
}

/// Tries each fault of a run whose operations and faults are given one by one. `tries`: how often each variation is made.
pub fn blame(
    spelled_out: &RunConfig,
    key: &FailureKey,
    tries: u32,
    jobs: usize,
    record: Record<'_>,
) -> Blame {
    let faults = planned(spelled_out);
    let mut variations: Vec<Vec<Planned>> = vec![faults.to_vec(), Vec::new()];
    for (place, fault) in faults.iter().enumerate() {
        variations.extend([without(faults, place), vec![fault.clone()]]);
    }
    let runs: Vec<RunConfig> = variations
        .iter()
        .flat_map(|part| (0..tries).map(|again| varied(spelled_out, part, again)))
        .collect();
    let fails = side_by_side(jobs, &runs, &|config| {
        record(config).is_ok_and(|recording| fails_so(&recording, key))
    });
    let counts: Vec<Failed> = counted(&fails, tries).collect();
    let count = |at: usize| counts.get(at).copied().unwrap_or(Failed { failed: 0, of: 0 });
    let mut suspects: Vec<Suspect> = faults
        .iter()
        .enumerate()
        .map(|(place, planned)| {
            let (without, alone) = (count(2 + 2 * place), count(3 + 2 * place));
            let part = match (without.mostly(), alone.mostly()) {
                (false, true) => Part::Cause,
                (false, false) => Part::Necessary,
                (true, true) => Part::Sufficient,
                (true, false) => Part::Irrelevant,
            };
            Suspect { place, planned: planned.clone(), without, alone, part }
        })
        .collect();
    suspects.sort_by_key(|suspect| {
        let Suspect { part, without, alone, place, .. } = suspect;
        (*part, without.failed, tries.saturating_sub(alone.failed), *place)
    });
    Blame { all: count(0), none: count(1), suspects }
}

/// The run with these faults. The first time it is the run itself, then with other latencies, losses and choices of nodes.
fn varied(spelled_out: &RunConfig, faults: &[Planned], again: u32) -> RunConfig {
    let seed = spelled_out.seed.wrapping_add(u64::from(again).wrapping_mul(1_000_003));
    RunConfig { seed, ..under(spelled_out, faults.to_vec()) }
}

/// How many of the futures of an instant of a run fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    /// Nanoseconds since the run began.
    pub at_ns: u64,
    /// How many futures failed in the same way.
    pub futures: Failed,
}

/// From when on a run is bound to fail: at each instant it goes on many times, each time with other latencies and losses.
///
/// # Errors
/// The run cannot be carried out.
pub fn futures(
    plan: &Plan,
    world: Box<dyn Branching>,
    key: &FailureKey,
    (instants, tries): (u32, u32),
    jobs: usize,
) -> Result<Vec<Instant>, RunError> {
    let end_ns = plan.config().time_ms.saturating_mul(1_000_000);
    let mut run = Fork::begin(plan, world)?;
    let mut forks = Vec::new();
    for instant in 0..instants {
        let at_ns = end_ns / u64::from(instants.max(1)) * u64::from(instant);
        run.go_on_until(at_ns)?;
        forks.push((at_ns, run.clone()));
    }
    let items: Vec<(usize, u64)> =
        (0..forks.len()).flat_map(|at| (0..u64::from(tries)).map(move |seed| (at, seed))).collect();
    let fails = side_by_side(jobs, &items, &|&(at, seed)| {
        let mut fork = forks[at].1.clone();
        fork.world_mut().reseed(seed);
        fork.finish(plan).is_ok_and(|recording| fails_so(&recording, key))
    });
    let futures = counted(&fails, tries);
    let instants = forks.iter().zip(futures);
    Ok(instants.map(|(&(at_ns, _), futures)| Instant { at_ns, futures }).collect())
}

fn fails_so(recording: &Recording, key: &FailureKey) -> bool {
    FailureKey::of(&recording.judge_promised()).as_ref() == Some(key)
}

/// How many of each so many failed.
fn counted(fails: &[bool], tries: u32) -> impl Iterator<Item = Failed> + '_ {
    fails.chunks(tries.max(1) as usize).map(move |tried| Failed {
        failed: tried.iter().filter(|&&fails| fails).count() as u32,
        of: tries,
    })
}
