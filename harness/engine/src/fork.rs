//! A run under way that can be copied: what would have come of it from here on?

use crate::observer::Observer;
use crate::plan::Plan;
use crate::recording::Recording;
use crate::run::{RunError, Steps};
use crate::stop::Stop;
use crate::world::Branching;
use afterall_history::{Event, HistoryBuilder};
use std::io;

/// A run under way in a world that it owns. It can be copied at any instant: each copy goes on by itself, and the same way as
/// long as nothing is changed in its world.
#[derive(Debug, Clone)]
pub struct Fork {
    steps: Steps,
    world: Box<dyn Branching>,
    events: Vec<Event>,
    finished: bool,
}

impl Fork {
    /// Starts a run.
    ///
    /// # Errors
    /// The world does not come up.
    pub fn begin(plan: &Plan, mut world: Box<dyn Branching>) -> Result<Fork, RunError> {
        let steps = Steps::begin(plan, &mut *world, &Stop::default())?;
        Ok(Fork { steps, world, events: Vec::new(), finished: false })
    }

    /// Nanoseconds since the cluster was up.
    #[must_use]
    pub fn now_ns(&self) -> u64 {
        self.world.now_ns()
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// What was recorded so far.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The world, to change something in it.
    pub fn world_mut(&mut self) -> &mut dyn Branching {
        &mut *self.world
    }

    /// Goes on until this time has come, or the run is over.
    ///
    /// # Errors
    /// The world broke.
    pub fn go_on_until(&mut self, until_ns: u64) -> Result<(), RunError> {
        let Fork { steps, world, events, finished } = self;
        while !*finished && world.now_ns() < until_ns {
            *finished = steps.step(&mut **world, &mut Kept(events), &Stop::default())?;
        }
        Ok(())
    }

    /// Goes on to the end. `plan`: the one that the run began with.
    ///
    /// # Errors
    /// The world broke, or recorded what cannot have happened.
    pub fn finish(mut self, plan: &Plan) -> Result<Recording, RunError> {
        self.go_on_until(u64::MAX)?;
        self.world.end();
        let mut builder = HistoryBuilder::new(plan.header(None)).map_err(RunError::Damaged)?;
        self.events.iter().try_for_each(|event| builder.push(event)).map_err(RunError::Damaged)?;
        Ok(Recording::new(builder.finish()).with_marks(self.world.marks()))
    }
}

/// Keeps every event.
struct Kept<'e>(&'e mut Vec<Event>);

impl Observer for Kept<'_> {
    fn record(&mut self, event: &Event) -> io::Result<()> {
        self.0.push(event.clone());
        Ok(())
    }
}
