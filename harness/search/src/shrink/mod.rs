//! A failing run, made smaller until nothing can be left out: fewer faults, sessions, keys, operations and nodes, a plainer
//! network, shorter faults, less time. Each step is kept only if the run still fails in the same way ([`FailureKey`]), and if
//! its faults are still shown to have taken hold, where they were before.

mod faults;
mod nodes;
mod size;
mod times;
mod tries;

pub use size::Size;
pub use tries::{Judge, ShrunkByTries, Tries, shrink_by_tries};

use crate::failure_key::FailureKey;
use crate::minimal::minimal;
use crate::record::Record;
use crate::spelled_out::{NotSpelledOut, planned, spelled_out, under};
use afterall_checkers::Verdict;
use afterall_engine::config::{GossipConfig, NetworkConfig};
use afterall_engine::expect::Expect;
use afterall_engine::operations::GivenOperation;
use afterall_engine::{ConfigError, Plan, RunConfig, Stop};
use afterall_history::History;
use std::collections::BTreeSet;

/// After how many rounds of all steps it ends, if each still finds something.
const ROUNDS_MAX: u32 = 5;
/// After how many runs it ends with what it has.
const RUNS_MAX: u64 = 20_000;
/// With how few operations they are left out under other random numbers, too, and under how many.
const FEW: usize = 60;
const OTHER_SEEDS: u64 = 32;

/// What came of it.
#[derive(Debug, Clone)]
pub struct Shrunk {
    /// The smallest run that was found: a scenario that expects to fail as it does.
    pub config: RunConfig,
    /// How it fails.
    pub key: FailureKey,
    /// The verdict on it.
    pub verdict: Verdict,
    /// How large the run was.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many runs were made.
    pub runs: u64,
    /// Whether it ended by itself, and not because it was stopped or had made too many runs.
    pub is_minimal: bool,
}

/// Why a run was not made smaller.
#[derive(Debug, thiserror::Error)]
pub enum NotShrunk {
    /// It cannot be planned.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// It cannot be spelled out.
    #[error(transparent)]
    NotSpelledOut(#[from] NotSpelledOut),
    /// It does not fail.
    #[error("expected a run that breaks a promise, found one that breaks none")]
    Valid,
    /// With processes or containers: it may have failed once, and did not again.
    #[error(
        "expected a run that breaks a promise, found none in {tries} tries that could be judged: try more often, or another run that failed"
    )]
    NotAgain {
        /// How many of its tries could be judged: where it was stopped, or could not be carried out, fewer than asked for.
        tries: u32,
    },
    /// It fails, but not once its operations are given one by one.
    #[error(
        "the run fails ({key}), but not once each of its operations is given with its time and node{instead}: try another run that fails in this way"
    )]
    FailsOnlyAsDrawn {
        /// How it fails.
        key: Box<FailureKey>,
        /// How it fails then, if it does.
        instead: String,
    },
}

/// Makes a failing run smaller. `history`: what was recorded of it; `stop` ends it early with what it has by then; `tick` is told
/// after each run how many were made, and how large the smallest is.
///
/// # Errors
/// Why there is nothing to be made smaller.
pub fn shrink(
    config: &RunConfig,
    history: &History,
    verdict: &Verdict,
    record: Record<'_>,
    stop: &Stop,
    tick: &mut dyn FnMut(u64, &Size),
) -> Result<Shrunk, NotShrunk> {
    let plan = Plan::new(config.clone())?;
    let key = FailureKey::of(verdict).ok_or(NotShrunk::Valid)?;
    let spelled_out = spelled_out(&plan, history)?;
    let before = Size::of(&spelled_out);
    let mut shrinker = Shrinker {
        wants_proof: faults_are_shown(verdict),
        gravest_alone: true,
        smallest: under(&spelled_out, planned(&spelled_out).to_vec()),
        key,
        record,
        stop,
        tick,
        runs: 0,
    };
    if let Err(other) = shrinker.begin() {
        let instead = other.map_or(String::new(), |other| format!(" (then: {other})"));
        return Err(NotShrunk::FailsOnlyAsDrawn { key: Box::new(shrinker.key), instead });
    }
    let mut is_minimal = false;
    for _ in 0..ROUNDS_MAX {
        let was = shrinker.smallest.clone();
        shrinker.round();
        is_minimal = shrinker.smallest == was && !shrinker.is_over();
        if is_minimal || shrinker.is_over() {
            break;
        }
    }
    shrinker.finish(before, is_minimal)
}

/// Whether every fault is shown to have taken hold and to be gone.
fn faults_are_shown(verdict: &Verdict) -> bool {
    verdict.faults.iter().all(|fault| fault.took && fault.healed)
}

struct Shrinker<'s> {
    smallest: RunConfig,
    key: FailureKey,
    wants_proof: bool,
    /// Whether it has to be the gravest failure of a run, and not one of several.
    gravest_alone: bool,
    record: Record<'s>,
    stop: &'s Stop,
    tick: &'s mut dyn FnMut(u64, &Size),
    runs: u64,
}

impl Shrinker<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_stopped() || self.runs >= RUNS_MAX
    }

    fn judged(&mut self, config: &RunConfig) -> Option<Verdict> {
        self.runs += 1;
        // What cannot be carried out does not fail in this way.
        (self.record)(config).ok().map(|recording| recording.judge_promised())
    }

    /// Begins with the run as it is, under other random numbers, or, if it has to be, beside something graver. If it fails in none of
    /// these ways once it is spelled out: how it fails then, if it does.
    fn begin(&mut self) -> Result<(), Option<FailureKey>> {
        let whole = self.smallest.clone();
        let (mut beside, mut instead) = (None, None);
        for other in 0..OTHER_SEEDS {
            let config = RunConfig { seed: whole.seed.wrapping_add(other), ..whole.clone() };
            let Some(verdict) = self.judged(&config) else { continue };
            if self.is_the_same(&verdict) {
                self.smallest = config;
                return Ok(());
            }
            if other == 0 {
                instead = FailureKey::of(&verdict);
            }
            if beside.is_none() && self.is_proved(&verdict) && self.is_among(&verdict) {
                beside = Some(config);
            }
        }
        self.gravest_alone = false;
        self.smallest = beside.ok_or(instead)?;
        Ok(())
    }

    fn is_the_same(&self, verdict: &Verdict) -> bool {
        let same = match self.gravest_alone {
            true => FailureKey::of(verdict).as_ref() == Some(&self.key),
            false => self.is_among(verdict),
        };
        same && self.is_proved(verdict)
    }

    /// Whether this is one of the failures of a run.
    fn is_among(&self, verdict: &Verdict) -> bool {
        FailureKey::all(verdict).any(|key| key == self.key)
    }

    fn is_proved(&self, verdict: &Verdict) -> bool {
        !self.wants_proof || faults_are_shown(verdict)
    }

    /// Takes a run, with other random numbers if it has to be and the run is small: a loss or a delay that has to hit one message
    /// of many hits another one in another run. Faults and operations keep their times.
    fn takes_with_any_seed(&mut self, config: RunConfig) -> bool {
        let others = if config.operations.len() > FEW { 1 } else { OTHER_SEEDS };
        (0..others).any(|other| {
            let seed = config.seed.wrapping_add(other);
            self.takes(RunConfig { seed, ..config.clone() })
        })
    }

    /// Takes a run if it fails in the same way; returns whether it does.
    fn takes(&mut self, config: RunConfig) -> bool {
        if self.is_over() {
            return false;
        }
        if config == self.smallest {
            return true;
        }
        let verdict = self.judged(&config);
        let fails = verdict.is_some_and(|verdict| self.is_the_same(&verdict));
        if fails {
            self.smallest = config;
        }
        (self.tick)(self.runs, &Size::of(&self.smallest));
        fails
    }

    /// All steps once, those first that leave out most.
    fn round(&mut self) {
        self.leave_out_faults();
        self.leave_out_groups(|operation| operation.session);
        self.leave_out_groups(|operation| operation.key.clone());
        self.leave_out_operations(Self::takes);
        self.make_the_network_plain();
        self.leave_out_nodes();
        self.make_faults_plain();
        self.leave_out_operations(Self::takes);
        if self.smallest.operations.len() <= FEW {
            self.leave_out_operations(Self::takes_with_any_seed);
        }
        self.make_times_short();
    }

    fn leave_out_faults(&mut self) {
        let all = planned(&self.smallest).to_vec();
        minimal(&all, &mut |part| self.takes(under(&self.smallest, part.to_vec())));
    }

    /// Leaves out all operations of a group at a time.
    fn leave_out_groups<G: Ord + Clone>(&mut self, group: impl Fn(&GivenOperation) -> G) {
        let groups: BTreeSet<G> = self.smallest.operations.iter().map(&group).collect();
        let groups: Vec<G> = groups.into_iter().collect();
        minimal(&groups, &mut |part| {
            let of = |operation: &&GivenOperation| part.contains(&group(operation));
            let operations = self.smallest.operations.iter().filter(of).cloned().collect();
            self.takes(RunConfig { operations, ..self.smallest.clone() })
        });
    }

    fn leave_out_operations(&mut self, takes: fn(&mut Self, RunConfig) -> bool) {
        let all = self.smallest.operations.clone();
        minimal(&all, &mut |part| {
            let operations = part.to_vec();
            takes(self, RunConfig { operations, ..self.smallest.clone() })
        });
    }

    /// The usual network and gossip, in one go or one by one.
    fn make_the_network_plain(&mut self) {
        let now = self.smallest.clone();
        let (network, gossip) = (NetworkConfig::default(), GossipConfig::default());
        if self.takes(RunConfig { network: network.clone(), gossip, ..now.clone() }) {
            return;
        }
        self.takes(RunConfig { gossip, ..now });
        let now = self.smallest.clone();
        let of = |network| RunConfig { network, ..now.clone() };
        if self.takes(of(network.clone())) {
            return;
        }
        for plainer in [
            NetworkConfig { latency: None, ..now.network.clone() },
            NetworkConfig { loss: None, ..now.network.clone() },
            NetworkConfig { duplication: None, ..now.network.clone() },
            NetworkConfig { reordering: None, ..now.network.clone() },
        ] {
            self.takes(RunConfig { network: plainer, ..self.smallest.clone() });
        }
    }

    /// Judges the smallest once more, and makes a scenario of it.
    fn finish(mut self, before: Size, is_minimal: bool) -> Result<Shrunk, NotShrunk> {
        let config = self.smallest.clone();
        let verdict = self.judged(&config).filter(|verdict| self.is_the_same(verdict));
        // The sim is deterministic: the same run does not fail in another way the second time.
        let verdict = verdict.ok_or(NotShrunk::Valid)?;
        let config = as_scenario(config, &self.key, &verdict);
        let after = Size::of(&config);
        let Shrinker { key, runs, .. } = self;
        Ok(Shrunk { config, key, verdict, before, after, runs, is_minimal })
    }
}

/// The run as a scenario that says what it shows, and expects to fail as it does.
fn as_scenario(config: RunConfig, key: &FailureKey, verdict: &Verdict) -> RunConfig {
    let shown = verdict
        .anomalies
        .iter()
        .find(|anomaly| anomaly.promised && FailureKey::of_anomaly(verdict, anomaly) == *key);
    RunConfig {
        summary: shown.map(|anomaly| anomaly.sentence.clone()),
        expect: Expect {
            valid: Some(afterall_checkers::Valid::False),
            broken: vec![key.property],
            anomalies: vec![key.kind],
            ..Expect::default()
        },
        ..config
    }
}
