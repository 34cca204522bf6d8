//! The live line of a run, on a terminal.

use crate::driver::Progress;
use crate::nemesis::Fault;
use afterall_history::Phase;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::time::Duration;

/// The line; hidden where standard error is no terminal.
pub(super) struct Line {
    bar: ProgressBar,
    before: (Duration, u64),
    rate: f64,
}

impl Line {
    pub(super) fn new() -> Line {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            bar.set_style(style);
        }
        Line { bar, before: (Duration::ZERO, 0), rate: 0.0 }
    }

    pub(super) fn show(
        &mut self,
        elapsed: Duration,
        phase: Option<Phase>,
        progress: Progress,
        in_force: &[&Fault],
    ) {
        let (before, invoked) = self.before;
        let lately = (elapsed - before).as_secs_f64();
        if lately >= 0.5 {
            self.rate = (progress.invoked - invoked) as f64 / lately;
            self.before = (elapsed, progress.invoked);
        }
        let phase = match phase {
            Some(Phase::Healthy) => "healthy",
            Some(Phase::Faults) => "faults",
            Some(Phase::Heal) => "heal",
            Some(Phase::Quiescence) => "quiescence",
            Some(Phase::Final) => "final reads",
            None => "start",
        };
        let kinds: BTreeSet<&str> = in_force.iter().map(|fault| fault.kind().name()).collect();
        let faults = kinds.into_iter().collect::<Vec<_>>().join(" ");
        self.bar.set_message(format!(
            "{:5.1}s  {phase:<11}  {:>8} ops  {:>6.0}/s  {} ok  {} fail  {} info  {faults}",
            elapsed.as_secs_f64(),
            progress.invoked,
            self.rate,
            progress.ok,
            progress.fail,
            progress.info,
        ));
        self.bar.tick();
    }

    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
