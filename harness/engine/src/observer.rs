//! Who watches a run.

use crate::driver::Progress;
use crate::faults::Fault;
use afterall_history::{Event, Phase};
use std::io;
use std::time::Duration;

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Glance<'a> {
    /// Since the cluster was up.
    pub elapsed: Duration,
    /// The phase.
    pub phase: Option<Phase>,
    /// How many operations came to which end.
    pub progress: Progress,
    /// The faults in force.
    pub in_force: &'a [&'a Fault],
}

/// Who watches a run, and writes down what happens.
pub trait Observer {
    /// An event was recorded. All of them make the history.
    ///
    /// # Errors
    /// It cannot be written; the run ends.
    fn record(&mut self, event: &Event) -> io::Result<()>;

    /// Called ten times per second of real time, and at the end: what was recorded should outlast a crash.
    ///
    /// # Errors
    /// It cannot be written; the run ends.
    fn tick(&mut self, glance: &Glance<'_>) -> io::Result<()> {
        let _ = glance;
        Ok(())
    }

    /// Something could not be cleaned up.
    fn warn(&mut self, warning: &str) {
        let _ = warning;
    }
}

/// Watches nothing and keeps nothing.
impl Observer for () {
    fn record(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }
}
