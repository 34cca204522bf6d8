//! Control runs: the same configuration without faults. What comes in them, too, is not the faults' doing.

use crate::failure::chain;
use crate::opening::{settings, stopped_by_signals};
use afterall_checkers::Verdict;
use afterall_engine::faults::Schedule;
use afterall_engine::{Glance, Observer, Plan, RunConfig, run_until};
use afterall_history::Event;
use std::io;

/// A control run is not shown and not kept.
struct Unseen;

impl Observer for Unseen {
    fn record(&mut self, _: &Event) -> io::Result<()> {
        Ok(())
    }

    fn tick(&mut self, _: &Glance<'_>) -> io::Result<()> {
        Ok(())
    }

    fn warn(&mut self, warning: &str) {
        eprintln!("warning: a control run: {warning}");
    }
}

/// Carries out so many control runs, with the seeds that follow the run's own, and says what they showed. They end with
/// the first that fails or that a signal stops.
pub(crate) fn control(config: &RunConfig, runs: u32, verdict: &mut Verdict) {
    let mut controls = Vec::new();
    for number in 1..=runs {
        eprintln!("control run {number} of {runs}, without faults");
        let seed = config.seed.wrapping_add(number.into());
        let faults = Vec::new();
        let config = RunConfig { seed, faults, schedule: Schedule::Drawn, ..config.clone() };
        match one(config) {
            Ok(control) => controls.push(control),
            Err(why) => {
                eprintln!("warning: control run {number} is left out: {why}");
                break;
            }
        }
    }
    if controls.is_empty() {
        return;
    }
    verdict.compare_with_controls(&controls);
    println!();
    for anomaly in &verdict.anomalies {
        if let Some(words) = &anomaly.control {
            println!("  {}. {}: {words}", anomaly.id, anomaly.kind);
        }
    }
}

/// Carries out one, and judges it.
fn one(config: RunConfig) -> Result<Verdict, String> {
    let plan = Plan::new(config).map_err(|error| chain(&error))?;
    let logs = tempfile::tempdir().map_err(|error| error.to_string())?;
    let stop = stopped_by_signals(plan.config().world);
    let settings = settings(logs.path().to_owned());
    let mut world = afterall_worlds::open(&plan, &settings).map_err(|error| chain(&error))?;
    let recording = run_until(&plan, &mut *world, &mut Unseen, &stop);
    let recording = recording.map_err(|error| chain(&error))?;
    if stop.is_stopped() {
        return Err("it was stopped".to_owned());
    }
    Ok(recording.judge())
}
