//! Many runs, and what they come to together.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an exploration may take, and how fast it is: its runs are in virtual time"
)]

use crate::failure_key::FailureKey;
use crate::swarm::{Fixed, draw};
use afterall_checkers::{Outcome, Valid, Verdict};
use afterall_engine::RunConfig;
use afterall_history::{Property, Sessions};
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What is explored.
#[derive(Debug, Clone)]
pub struct Exploration {
    /// What every run has.
    pub base: RunConfig,
    /// What is not drawn.
    pub fixed: Fixed,
    /// The seeds, a run each.
    pub seeds: Range<u64>,
    /// After how long no further run begins.
    pub budget: Option<Duration>,
    /// How many runs go on side by side.
    pub jobs: usize,
}

/// How far an exploration is.
#[derive(Debug, Clone, Copy)]
pub struct Glance {
    /// Runs that are over.
    pub runs: u64,
    /// Runs that broke a promise.
    pub failed: u64,
    /// How many ways there are in which they did.
    pub keys: usize,
    /// Since it began.
    pub elapsed: Duration,
}

/// A way in which runs failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// How many runs did.
    pub runs: u64,
    /// The first seed of such a run.
    pub first_seed: u64,
    /// The one with the fewest operations, and of those the one with the smallest seed.
    pub smallest: RunConfig,
    /// Its operations.
    pub ops: u64,
}

/// What an exploration came to. All but `elapsed` follows from the seeds.
#[derive(Debug, Clone, Default)]
pub struct Explored {
    /// How many runs were made.
    pub runs: u64,
    /// How many of them broke a promise.
    pub failed: u64,
    /// How many held what they could put to the test, and not every promise was.
    pub unknown: u64,
    /// The ways in which runs failed.
    pub failures: BTreeMap<FailureKey, Failure>,
    /// How often each promised property could have been broken, in all runs, where none broke it; none where one did.
    pub chances: BTreeMap<(Property, Sessions), Option<u64>>,
    /// What could not be carried out: the smallest seed, and why.
    pub refused: Option<(u64, String)>,
    /// How many could not be.
    pub refusals: u64,
    /// How long it took.
    pub elapsed: Duration,
}

impl Explored {
    /// The worst that was found.
    #[must_use]
    pub fn valid(&self) -> Valid {
        let tested = self.chances.values().all(|chances| chances.is_some_and(|n| n > 0));
        match self.failed {
            0 if self.runs > 0 && tested && self.refusals == 0 => Valid::True,
            0 => Valid::Unknown,
            _ => Valid::False,
        }
    }

    fn add(&mut self, config: RunConfig, verdict: &Verdict) {
        self.runs += 1;
        for property in verdict.properties.iter().filter(|property| property.promised) {
            let claim = (property.property, property.sessions);
            let known = self.chances.entry(claim).or_insert(Some(0));
            match property.outcome {
                Outcome::Held { chances, .. } => *known = known.map(|sum| sum + chances),
                Outcome::Broken { .. } => *known = None,
                Outcome::NotExercised { .. } | Outcome::Undecided { .. } => {}
            }
        }
        self.unknown += u64::from(verdict.valid == Valid::Unknown);
        let Some(key) = FailureKey::of(verdict) else { return };
        self.failed += 1;
        let (seed, ops) = (config.seed, verdict.counts.ops);
        match self.failures.get_mut(&key) {
            None => {
                let found = Failure { runs: 1, first_seed: seed, smallest: config, ops };
                self.failures.insert(key, found);
            }
            Some(found) => {
                found.runs += 1;
                found.first_seed = found.first_seed.min(seed);
                if (ops, seed) < (found.ops, found.smallest.seed) {
                    (found.ops, found.smallest) = (ops, config);
                }
            }
        }
    }

    fn refuse(&mut self, seed: u64, why: String) {
        self.refusals += 1;
        if self.refused.as_ref().is_none_or(|(known, _)| seed < *known) {
            self.refused = Some((seed, why));
        }
    }

    fn join(mut self, other: Explored) -> Explored {
        self.runs += other.runs;
        self.failed += other.failed;
        self.unknown += other.unknown;
        for (claim, chances) in other.chances {
            let known = self.chances.entry(claim).or_insert(Some(0));
            *known = known.zip(chances).map(|(a, b)| a + b);
        }
        for (key, theirs) in other.failures {
            let Some(ours) = self.failures.get_mut(&key) else {
                self.failures.insert(key, theirs);
                continue;
            };
            ours.runs += theirs.runs;
            ours.first_seed = ours.first_seed.min(theirs.first_seed);
            if (theirs.ops, theirs.smallest.seed) < (ours.ops, ours.smallest.seed) {
                (ours.ops, ours.smallest) = (theirs.ops, theirs.smallest);
            }
        }
        self.refusals += other.refusals;
        if let Some((seed, why)) = other.refused {
            self.refusals -= 1;
            self.refuse(seed, why);
        }
        self
    }
}

/// Makes the runs of all seeds. `judged` carries a run out and judges it; `stop` ends the exploration early; `tick` is told now and
/// then how far it is.
pub fn explore(
    exploration: &Exploration,
    judged: &(dyn Fn(&RunConfig) -> Result<Verdict, String> + Sync),
    stop: &AtomicBool,
    tick: &mut (dyn FnMut(Glance) + Send),
) -> Explored {
    let began = Instant::now();
    let Exploration { base, fixed, seeds, budget, jobs } = exploration;
    let (next, over, failed) = (AtomicU64::new(seeds.start), AtomicU64::new(0), AtomicU64::new(0));
    let known_keys = Mutex::new(BTreeMap::<FailureKey, ()>::new());
    let tick = Mutex::new(tick);
    let glance = |keys| Glance {
        runs: over.load(Ordering::Relaxed),
        failed: failed.load(Ordering::Relaxed),
        keys,
        elapsed: began.elapsed(),
    };
    let work = || {
        let mut explored = Explored::default();
        loop {
            let in_time = budget.is_none_or(|budget| began.elapsed() < budget);
            if stop.load(Ordering::Relaxed) || !in_time {
                return explored;
            }
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return explored;
            }
            let config = draw(base, *fixed, seed);
            let key = match judged(&config) {
                Ok(verdict) => {
                    let key = FailureKey::of(&verdict);
                    explored.add(config, &verdict);
                    key
                }
                Err(why) => {
                    explored.refuse(seed, why);
                    None
                }
            };
            over.fetch_add(1, Ordering::Relaxed);
            failed.fetch_add(u64::from(key.is_some()), Ordering::Relaxed);
            let mut keys = known_keys.lock().unwrap_or_else(PoisonError::into_inner);
            keys.extend(key.map(|key| (key, ())));
            let count = keys.len();
            drop(keys);
            // Whoever cannot be told now is told by another.
            if let Ok(mut tick) = tick.try_lock() {
                tick(glance(count));
            }
        }
    };
    let parts = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..(*jobs).max(1)).map(|_| scope.spawn(work)).collect();
        let join = |worker: std::thread::ScopedJoinHandle<'_, Explored>| match worker.join() {
            Ok(explored) => explored,
            Err(panic) => std::panic::resume_unwind(panic),
        };
        workers.into_iter().map(join).collect::<Vec<_>>()
    });
    let explored = parts.into_iter().fold(Explored::default(), Explored::join);
    Explored { elapsed: began.elapsed(), ..explored }
}
