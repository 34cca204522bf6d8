//! Carrying out a run: the loop between the driver, which decides, and a world, which does.

use crate::config::ConfigError;
use crate::driver::{Command, Driver};
use crate::observer::{Glance, Observer};
use crate::plan::Plan;
use crate::recording::Recording;
use crate::stop::Stop;
use crate::world::{Happened, World, WorldError};
use afterall_history::{Damage, EndHow, Event, HistoryBuilder};
use std::io;
use std::time::Duration;

/// How often who watches is told, nanoseconds.
const TICK_NS: u64 = 100_000_000;

/// Why a run came to nothing, or to less than it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration is invalid.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The world did not come up, or broke.
    #[error(transparent)]
    World(#[from] WorldError),
    /// The history cannot be written.
    #[error("the history cannot be written")]
    History(#[source] io::Error),
    /// What was recorded cannot have happened.
    #[error("the history that was recorded is damaged (please report this, with the seed)")]
    Damaged(#[source] Damage),
}

/// Carries out a run, and keeps its history in memory: about 100 bytes per operation.
///
/// # Errors
/// Why it could not begin or go on. The world has ended in any case.
pub fn run(
    plan: &Plan,
    world: &mut dyn World,
    observer: &mut dyn Observer,
) -> Result<Recording, RunError> {
    run_until(plan, world, observer, &Stop::default())
}

/// As [`run`]; `stop` ends the run early, and the history then says so.
///
/// # Errors
/// As [`run`].
pub fn run_until(
    plan: &Plan,
    world: &mut dyn World,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<Recording, RunError> {
    let header = plan.header(None);
    let builder = HistoryBuilder::new(header).map_err(RunError::Damaged)?;
    let mut kept = Kept { builder, damage: None, observer };
    record(plan, world, &mut kept, stop)?;
    match kept.damage {
        Some(damage) => Err(RunError::Damaged(damage)),
        None => Ok(Recording::new(kept.builder.finish()).with_marks(world.marks())),
    }
}

/// Carries out a run, and hands every event to the observer, which keeps what it wants. `stop` ends the run early; the
/// history then says so.
///
/// # Errors
/// As [`run`]. What was recorded until then is a history without an end.
pub fn record(
    plan: &Plan,
    world: &mut dyn World,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<(), RunError> {
    let outcome = go(plan, world, observer, stop);
    for warning in world.end() {
        observer.warn(&warning);
    }
    outcome
}

fn go(
    plan: &Plan,
    world: &mut dyn World,
    observer: &mut dyn Observer,
    stop: &Stop,
) -> Result<(), RunError> {
    let mut steps = Steps::begin(plan, world, stop)?;
    while !steps.step(world, observer, stop)? {}
    Ok(())
}

/// A run under way, but for its world.
#[derive(Debug, Clone)]
pub(crate) struct Steps {
    driver: Driver,
    happened: Vec<Happened>,
    /// When who watches is told next.
    tick_ns: u64,
}

impl Steps {
    /// Starts the world.
    pub(crate) fn begin(
        plan: &Plan,
        world: &mut dyn World,
        stop: &Stop,
    ) -> Result<Steps, RunError> {
        Ok(Steps { driver: plan.driver(), happened: world.start(stop)?, tick_ns: 0 })
    }

    /// Tells the driver what happened, does what it decides, and lets the world go on; whether the run is over.
    pub(crate) fn step(
        &mut self,
        world: &mut dyn World,
        observer: &mut dyn Observer,
        stop: &Stop,
    ) -> Result<bool, RunError> {
        let Steps { driver, happened, tick_ns } = self;
        let now_ns = world.now_ns();
        for what in happened.drain(..) {
            tell(driver, now_ns, what);
        }
        if stop.is_stopped() {
            driver.stop(now_ns, EndHow::Interrupted, "stopped by the user");
        }
        let mut commands = Vec::new();
        let wake_ns = driver.poll(now_ns, &mut commands);
        driver
            .drain_events()
            .try_for_each(|event| observer.record(&event))
            .map_err(RunError::History)?;
        for command in commands {
            carry_out(driver, world, command);
        }
        let finished = driver.is_finished();
        if finished || (!world.is_virtual() && now_ns >= *tick_ns) {
            *tick_ns = now_ns + TICK_NS;
            let in_force: Vec<_> = driver.in_force().collect();
            let glance = Glance {
                elapsed: Duration::from_nanos(now_ns),
                phase: driver.phase(),
                progress: driver.progress(),
                in_force: &in_force,
            };
            observer.tick(&glance).map_err(RunError::History)?;
        }
        if finished {
            return Ok(true);
        }
        let wake_ns = match wake_ns {
            wake_ns if world.is_virtual() => wake_ns,
            wake_ns => Some(wake_ns.map_or(*tick_ns, |wake_ns| wake_ns.min(*tick_ns))),
        };
        world.next(wake_ns, happened)?;
        Ok(false)
    }
}

fn tell(driver: &mut Driver, now_ns: u64, happened: Happened) {
    match happened {
        Happened::Completed(asker, completion) => driver.completed(now_ns, asker, completion),
        Happened::Injected(id, evidence) => driver.injected(now_ns, id, evidence),
        Happened::Measured(id, evidence) => driver.measured(now_ns, id, evidence),
        Happened::Healed(id, evidence) => driver.healed(now_ns, id, evidence),
        Happened::Node { node, change, detail } => {
            driver.node_changed(now_ns, node, change, detail)
        }
        Happened::Over { how, why } => driver.stop(now_ns, how, &why),
    }
}

fn carry_out(driver: &Driver, world: &mut dyn World, command: Command) {
    match command {
        Command::Invoke(invocation) => world.invoke(invocation),
        Command::Inject(id) => world.inject(id, driver.fault(id)),
        Command::Measure(id) => world.measure(id, driver.fault(id)),
        Command::Heal(id) => world.heal(id, driver.fault(id)),
    }
}

/// Keeps the history beside what the observer does.
struct Kept<'o> {
    builder: HistoryBuilder,
    damage: Option<Damage>,
    observer: &'o mut dyn Observer,
}

impl Observer for Kept<'_> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        if self.damage.is_none() {
            self.damage = self.builder.push(event).err();
        }
        self.observer.record(event)
    }

    fn tick(&mut self, glance: &Glance<'_>) -> io::Result<()> {
        self.observer.tick(glance)
    }

    fn warn(&mut self, warning: &str) {
        self.observer.warn(warning);
    }
}
