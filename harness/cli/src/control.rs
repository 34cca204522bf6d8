//! Control runs: the same configuration without faults. What comes in them, too, is not the faults' doing.

use crate::failure::Failure;
use crate::unseen::judged;
use afterall_checkers::Verdict;
use afterall_engine::RunConfig;
use afterall_engine::faults::Schedule;

/// Carries out so many control runs, with the seeds that follow the run's own, and says what they showed. They end with
/// the first that fails or that a signal stops.
pub(crate) fn control(config: &RunConfig, runs: u32, verdict: &mut Verdict) {
    let mut controls = Vec::new();
    for number in 1..=runs {
        eprintln!("control run {number} of {runs}, without faults");
        let seed = config.seed.wrapping_add(number.into());
        let faults = Vec::new();
        let schedule = Schedule::Drawn;
        let (healthy, heal) = (None, None);
        let config = RunConfig { seed, faults, schedule, healthy, heal, ..config.clone() };
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
fn one(config: RunConfig) -> Result<Verdict, Failure> {
    let logs = tempfile::tempdir()?;
    judged(config, logs.path())
}
