//! How far something is: a live line on a terminal, and elsewhere a line now and then.

#![expect(clippy::disallowed_methods, reason = "how long it takes in real time is what is told")]

use afterall_engine::Glance;
use afterall_history::Phase;
use indicatif::{ProgressBar, ProgressStyle};
use std::collections::BTreeSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// Where standard error is no terminal: how often there is a line.
const LINE_EVERY: Duration = Duration::from_secs(10);

/// A live line with a text of any kind; hidden where standard error is no terminal.
pub(crate) fn spinner() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
        bar.set_style(style);
    }
    bar
}

/// The line.
pub(crate) struct Line {
    bar: ProgressBar,
    /// When the last line was printed, where there is no live one; none: nothing is shown.
    printed: Option<Instant>,
    before: (Duration, u64),
    rate: f64,
}

impl Line {
    /// A line, or none at all.
    pub(crate) fn new(shows: bool) -> Line {
        let bar = if shows { spinner() } else { ProgressBar::hidden() };
        let printed = shows.then(Instant::now);
        Line { bar, printed, before: (Duration::ZERO, 0), rate: 0.0 }
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
        let line = format!(
            "{:5.1}s  {phase:<11}  {:>8} ops  {:>6.0}/s  {} ok  {} fail  {} info  {faults}",
            elapsed.as_secs_f64(),
            progress.invoked,
            self.rate,
            progress.ok,
            progress.fail,
            progress.info,
        );
        if !self.bar.is_hidden() {
            self.bar.set_message(line);
            self.bar.tick();
        } else if let Some(printed) = self.printed.filter(|printed| printed.elapsed() >= LINE_EVERY)
        {
            self.printed = Some(printed + LINE_EVERY);
            eprintln!("{}", line.trim());
        }
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

/// Does something that takes long and cannot say how far it is, and shows meanwhile that it goes on.
pub(crate) fn while_working<T>(what: &str, shows: bool, work: impl FnOnce() -> T) -> T {
    if !shows {
        return work();
    }
    let bar = spinner();
    bar.set_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(100));
    let began = Instant::now();
    let result = thread::scope(|scope| {
        // Ends when the sender is dropped.
        let (done, is_done) = mpsc::channel::<()>();
        if bar.is_hidden() {
            scope.spawn(move || {
                while is_done.recv_timeout(LINE_EVERY) == Err(mpsc::RecvTimeoutError::Timeout) {
                    eprintln!("{what}: {} s", began.elapsed().as_secs());
                }
            });
        }
        let result = work();
        drop(done);
        result
    });
    bar.finish_and_clear();
    result
}
