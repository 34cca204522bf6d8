//! Many runs, and what they come to together.

#![expect(
    clippy::disallowed_methods,
    reason = "how long an exploration may take, and how fast it is: its runs are in virtual time"
)]

use crate::corpus::{Corpus, GENERATION};
use crate::coverage::states;
use crate::failure_key::FailureKey;
use crate::record::Record;
use crate::side_by_side::side_by_side;
use crate::swarm::{Fixed, draw};
use afterall_checkers::{Valid, Verdict};
use afterall_engine::config::MaxBound;
use afterall_engine::{RunConfig, Stop};
use afterall_history::{Property, Sessions};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
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
    /// Whether three runs in four are made of earlier ones that were in rare states, and not drawn anew. Then what is found follows from the
    /// first seed and the number of runs, and not from each seed alone.
    pub guided: bool,
}

impl Exploration {
    /// Whether further runs may begin.
    fn goes_on(&self, began: Instant, stop: &Stop) -> bool {
        !stop.is_stopped() && self.budget.is_none_or(|budget| began.elapsed() < budget)
    }
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
    /// The ways in which runs failed.
    pub failures: BTreeMap<FailureKey, Failure>,
    /// How often each promised property could have been broken, in all runs, where none broke it; none where one did.
    pub chances: BTreeMap<(Property, Sessions), Option<u64>>,
    /// How many faults were injected.
    pub faults: u64,
    /// How many of them are shown to have taken hold.
    pub took_hold: u64,
    /// What could not be carried out: the smallest seed, and why.
    pub refused: Option<(u64, String)>,
    /// How many could not be.
    pub refusals: u64,
    /// How many states were seen, where the search was guided.
    pub states: usize,
    /// How long it took.
    pub elapsed: Duration,
}

impl Explored {
    /// The worst that was found. A promise is tested if it could have been broken as often as the bound asks for, in all runs
    /// together; where faults were injected and none took hold, nothing was tried.
    #[must_use]
    pub fn valid(&self, max_bound: MaxBound) -> Valid {
        let held = !self.chances.is_empty() && self.chances.values().all(Option::is_some);
        let tested = held && self.untested(max_bound).next().is_none();
        let tried = self.faults == 0 || self.took_hold > 0;
        match self.failed {
            0 if tested && tried && self.refusals == 0 => Valid::True,
            0 => Valid::Unknown,
            _ => Valid::False,
        }
    }

    /// The promises that no run broke, and that could have been broken less often than the bound asks for.
    pub fn untested(&self, max_bound: MaxBound) -> impl Iterator<Item = (Property, Sessions)> {
        let least = max_bound.floor().max(1);
        let few = move |chances: &Option<u64>| chances.is_some_and(|n| n < least);
        self.chances.iter().filter(move |(_, chances)| few(chances)).map(|(&claim, _)| claim)
    }

    /// What one run came to.
    fn of(config: RunConfig, judged: Result<Verdict, String>) -> Explored {
        let verdict = match judged {
            Ok(verdict) => verdict,
            Err(why) => {
                let refused = Some((config.seed, why));
                return Explored { refused, refusals: 1, ..Explored::default() };
            }
        };
        let promised = verdict.properties.iter().filter(|property| property.promised);
        let chances = promised
            .map(|property| ((property.property, property.sessions), property.outcome.chances()));
        let failure = FailureKey::of(&verdict).map(|key| {
            let (first_seed, ops) = (config.seed, verdict.counts.ops);
            (key, Failure { runs: 1, first_seed, smallest: config, ops })
        });
        Explored {
            runs: 1,
            failed: u64::from(failure.is_some()),
            chances: chances.collect(),
            failures: failure.into_iter().collect(),
            faults: verdict.faults.len() as u64,
            took_hold: verdict.faults.iter().filter(|fault| fault.took).count() as u64,
            ..Explored::default()
        }
    }

    /// Takes in what other runs came to. The order does not matter.
    fn join(&mut self, other: Explored) {
        self.runs += other.runs;
        self.failed += other.failed;
        self.faults += other.faults;
        self.took_hold += other.took_hold;
        self.refusals += other.refusals;
        // That of the smaller seed.
        self.refused = [self.refused.take(), other.refused].into_iter().flatten().min();
        for (claim, chances) in other.chances {
            let known = self.chances.entry(claim).or_insert(Some(0));
            *known = known.zip(chances).map(|(a, b)| a + b);
        }
        for (key, theirs) in other.failures {
            match self.failures.entry(key) {
                Entry::Vacant(place) => {
                    place.insert(theirs);
                }
                Entry::Occupied(mut place) => place.get_mut().join(theirs),
            }
        }
    }
}

impl Failure {
    fn join(&mut self, other: Failure) {
        self.runs += other.runs;
        self.first_seed = self.first_seed.min(other.first_seed);
        if (other.ops, other.smallest.seed) < (self.ops, self.smallest.seed) {
            (self.ops, self.smallest) = (other.ops, other.smallest);
        }
    }
}

/// Makes the runs of all seeds, and judges what is promised. `stop` ends the exploration early; `tick` is told after
/// each run what all have come to.
pub fn explore(
    exploration: &Exploration,
    record: Record<'_>,
    stop: &Stop,
    tick: &mut (dyn FnMut(&Explored) + Send),
) -> Explored {
    let began = Instant::now();
    if exploration.guided {
        return explore_guided(exploration, record, stop, tick);
    }
    let Exploration { base, fixed, seeds, jobs, .. } = exploration;
    let next = AtomicU64::new(seeds.start);
    let told = Mutex::new((Explored::default(), tick));
    let work = || {
        while exploration.goes_on(began, stop) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let config = draw(base, *fixed, seed);
            let outcome = record(&config).map(|recording| recording.judge_promised());
            let (all, tick) = &mut *told.lock().unwrap_or_else(PoisonError::into_inner);
            all.join(Explored::of(config, outcome));
            all.elapsed = began.elapsed();
            tick(all);
        }
    };
    std::thread::scope(|scope| (0..(*jobs).max(1)).for_each(|_| drop(scope.spawn(work))));
    let (mut explored, _) = told.into_inner().unwrap_or_else(PoisonError::into_inner);
    explored.elapsed = began.elapsed();
    explored
}

fn explore_guided(
    exploration: &Exploration,
    record: Record<'_>,
    stop: &Stop,
    tick: &mut (dyn FnMut(&Explored) + Send),
) -> Explored {
    let began = Instant::now();
    let Exploration { base, fixed, seeds, jobs, .. } = exploration;
    let mut corpus = Corpus::default();
    let mut all = Explored::default();
    let mut first = seeds.start;
    while first < seeds.end && exploration.goes_on(began, stop) {
        let generation = first..seeds.end.min(first.saturating_add(GENERATION));
        first = generation.end;
        let configs: Vec<RunConfig> =
            generation.map(|seed| corpus.next(base, *fixed, seed)).collect();
        let outcomes = side_by_side(*jobs, &configs, &|config| {
            let recorded = (!stop.is_stopped()).then(|| record(config))?;
            Some(recorded.map(|recording| (recording.judge_promised(), states(&recording))))
        });
        for (config, outcome) in configs.into_iter().zip(outcomes) {
            let judged = match outcome {
                // The search was stopped before its turn came.
                None => continue,
                Some(Ok((verdict, states))) => {
                    corpus.learn(&config, states);
                    Ok(verdict)
                }
                Some(Err(why)) => Err(why),
            };
            all.join(Explored::of(config, judged));
        }
        all.states = corpus.states();
        all.elapsed = began.elapsed();
        tick(&all);
    }
    all
}
