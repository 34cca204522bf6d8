//! The live line of a run, on a terminal.

use afterall_engine::Glance;
use afterall_history::Phase;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::time::Duration;

/// A live line with a text of any kind; hidden where standard error is no terminal.
pub(crate) fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The line; hidden where standard error is no terminal.
pub(crate) struct Line {
    bar: ProgressBar,
    before: (Duration, u64),
    rate: f64,
}

impl Line {
    pub(crate) fn new() -> Line {
        Line { bar: spinner(), before: (Duration::ZERO, 0), rate: 0.0 }
    }

    pub(crate) fn show(&mut self, glance: &Glance<'_>) {
        let Glance { elapsed, phase, progress, in_force } = *glance;
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
        let kinds: BTreeSet<&str> = in_force.iter().map(|fault| fault.kind.name()).collect();
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

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
