//! Runs that follow each other on one cluster, which lives on: each a history like any other, with keys, sessions and faults of
//! its own. What a cluster has gone through for hours is behind the later ones.

use crate::config::{ConfigError, RunConfig};
use crate::driver::{Asker, Invocation};
use crate::faults::Fault;
use crate::observer::Observer;
use crate::plan::Plan;
use crate::run::{RunError, Steps};
use crate::stop::Stop;
use crate::world::{Happened, World, WorldError};
use afterall_history::NodeChange;
use std::collections::BTreeSet;

/// The faults and the sessions of a round are numbered from here times its own number on, as the world sees them.
const NUMBERS_PER_ROUND: u64 = 1 << 32;
/// How long what is still under way at the end of a round may take beyond the time-out of an operation.
const SETTLE_NS: u64 = 10_000_000_000;

/// Why no further round can follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoFurther {
    /// A fault is still in force, as far as anybody knows.
    #[error("fault {0} of this round was not healed")]
    Fault(usize),
    /// A node has ended by itself.
    #[error("n{} is dead: {detail}", .node + 1)]
    Died {
        /// Which, from 0.
        node: usize,
        /// How.
        detail: String,
    },
    /// The round could not go on.
    #[error("{0}")]
    Over(String),
    /// Operations or faults of this round are still under way.
    #[error("something of this round is still under way")]
    Unsettled,
}

/// Rounds on one cluster.
#[derive(Debug)]
pub struct Rounds {
    config: RunConfig,
    /// How many rounds there were.
    done: u64,
    ready: Vec<Happened>,
}

impl Rounds {
    /// Rounds of this configuration, each with the next seed. None has begun.
    #[must_use]
    pub fn new(config: RunConfig) -> Rounds {
        Rounds { config, done: 0, ready: Vec::new() }
    }

    /// The plan of the next round.
    ///
    /// # Errors
    /// The configuration is invalid.
    pub fn plan(&self) -> Result<Plan, ConfigError> {
        let seed = self.config.seed.wrapping_add(self.done);
        Plan::new(RunConfig { seed, ..self.config.clone() })
    }

    /// Carries out the next round, and starts the world before the first; it stays up. Returns why no further round can follow, if so.
    ///
    /// # Errors
    /// As [`record`](crate::record). No further round can follow.
    pub fn record(
        &mut self,
        plan: &Plan,
        world: &mut dyn World,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<Option<NoFurther>, RunError> {
        let number = self.done;
        self.done += 1;
        if number == 0 {
            self.ready = world.start(stop)?;
        }
        let base_ns = if number == 0 { 0 } else { world.now_ns() };
        let mut round = Round {
            world,
            number,
            base_ns,
            ready: &self.ready,
            askers: BTreeSet::new(),
            faults: BTreeSet::new(),
            over: None,
        };
        let mut steps = Steps::begin(plan, &mut round, stop)?;
        while !steps.step(&mut round, observer, stop)? {}
        let timeout_ns = self.config.timeout_ms.saturating_mul(1_000_000);
        Ok(round.settle(timeout_ns.saturating_add(SETTLE_NS))?)
    }
}

/// A world that a round takes for its own: its time begins with the round, and nothing that earlier rounds have asked or broken comes
/// in its way.
struct Round<'w> {
    world: &'w mut dyn World,
    number: u64,
    base_ns: u64,
    ready: &'w [Happened],
    /// Who has not been answered.
    askers: BTreeSet<Asker>,
    /// The faults that are not known to be healed.
    faults: BTreeSet<usize>,
    over: Option<NoFurther>,
}

impl Round<'_> {
    fn first_number(&self) -> u64 {
        self.number.saturating_mul(NUMBERS_PER_ROUND)
    }

    fn outside(&self, fault: usize) -> usize {
        usize::try_from(self.first_number()).unwrap_or(usize::MAX).saturating_add(fault)
    }

    /// What happened, as the round knows it; none: it is of an earlier one.
    fn inside(&mut self, happened: Happened) -> Option<Happened> {
        let first = self.outside(0);
        Some(match happened {
            Happened::Completed(asker, completion) => {
                self.askers.remove(&asker);
                Happened::Completed(asker, completion)
            }
            Happened::Injected(id, evidence) => {
                Happened::Injected(id.checked_sub(first)?, evidence)
            }
            Happened::Measured(id, evidence) => {
                Happened::Measured(id.checked_sub(first)?, evidence)
            }
            Happened::Healed(id, evidence) => {
                let id = id.checked_sub(first)?;
                if evidence.holds {
                    self.faults.remove(&id);
                }
                Happened::Healed(id, evidence)
            }
            Happened::Node { node, change, detail } => {
                if change == NodeChange::Died {
                    self.over.get_or_insert(NoFurther::Died { node, detail: detail.clone() });
                }
                Happened::Node { node, change, detail }
            }
            Happened::Over { how, why } => {
                self.over.get_or_insert(NoFurther::Over(why.clone()));
                Happened::Over { how, why }
            }
        })
    }

    /// Waits for the answers to what was asked: they are no answers to what the next round asks.
    fn settle(mut self, most_ns: u64) -> Result<Option<NoFurther>, WorldError> {
        let until_ns = self.world.now_ns().saturating_add(most_ns);
        let mut happened = Vec::new();
        while self.over.is_none() && !self.askers.is_empty() && self.world.now_ns() < until_ns {
            self.world.next(Some(until_ns), &mut happened)?;
            for what in std::mem::take(&mut happened) {
                self.inside(what);
            }
        }
        let unhealed = self.faults.first().copied().map(NoFurther::Fault);
        let unsettled = (!self.askers.is_empty()).then_some(NoFurther::Unsettled);
        Ok(self.over.or(unhealed).or(unsettled))
    }
}

impl World for Round<'_> {
    /// It is up already.
    fn start(&mut self, _: &Stop) -> Result<Vec<Happened>, WorldError> {
        let as_left = |happened: &Happened| match happened {
            Happened::Node { node, change: NodeChange::Ready, .. } if self.number > 0 => {
                let (node, detail) = (*node, "as the round before left it".to_owned());
                Happened::Node { node, change: NodeChange::Ready, detail }
            }
            other => other.clone(),
        };
        Ok(self.ready.iter().map(as_left).collect())
    }

    fn now_ns(&self) -> u64 {
        self.world.now_ns().saturating_sub(self.base_ns)
    }

    fn is_virtual(&self) -> bool {
        self.world.is_virtual()
    }

    fn invoke(&mut self, mut invocation: Invocation) {
        self.askers.insert(invocation.asker);
        invocation.process = invocation.process.saturating_add(self.first_number());
        if self.number > 0 {
            // The same key of another round is another object.
            invocation.operation.key = format!("{}-{}", invocation.operation.key, self.number);
        }
        self.world.invoke(invocation);
    }

    fn inject(&mut self, id: usize, fault: &Fault) {
        self.faults.insert(id);
        self.world.inject(self.outside(id), fault);
    }

    fn measure(&mut self, id: usize, fault: &Fault) {
        self.world.measure(self.outside(id), fault);
    }

    fn heal(&mut self, id: usize, fault: &Fault) {
        self.world.heal(self.outside(id), fault);
    }

    fn next(
        &mut self,
        wake_ns: Option<u64>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), WorldError> {
        let mut outside = Vec::new();
        let wake_ns = wake_ns.map(|wake_ns| wake_ns.saturating_add(self.base_ns));
        self.world.next(wake_ns, &mut outside)?;
        let inside = outside.into_iter().filter_map(|what| self.inside(what));
        happened.extend(inside);
        Ok(())
    }

    /// It lives on.
    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}
