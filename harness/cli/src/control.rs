//! Control runs: the same configuration without faults. What comes in them, too, is not the faults' doing.
//!
//! What they showed is kept beside the history, in `controls.json`: whoever judges the run again need not make them again.

use crate::failure::{Failure, chain};
use crate::store::{RunFolder, StoreError};
use crate::unseen::judged;
use afterall_checkers::{AnomalyKind, Control, Verdict};
use afterall_engine::RunConfig;
use afterall_engine::faults::Schedule;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::io;

/// Where it is kept.
const CONTROLS: &str = "controls.json";
const FORMAT: &str = "afterall-controls";
const VERSION: u32 = 1;

/// The contents of `controls.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept<'a> {
    format: Cow<'a, str>,
    version: u32,
    controls: Cow<'a, [Control]>,
}

/// Carries out so many control runs, with the seeds that follow the run's own, and says and keeps what they showed. They end
/// with the first that fails or that a signal stops.
pub(crate) fn control(config: &RunConfig, runs: u32, folder: &RunFolder, verdict: &mut Verdict) {
    let mut controls: Vec<Control> = Vec::new();
    for number in 1..=runs {
        eprintln!("control run {number} of {runs}, without faults");
        let seed = config.seed.wrapping_add(number.into());
        let faults = Vec::new();
        let schedule = Schedule::Drawn;
        let (healthy, heal) = (None, None);
        let config = RunConfig { seed, faults, schedule, healthy, heal, ..config.clone() };
        match one(config) {
            Ok(control) => controls.push((&control).into()),
            Err(why) => {
                eprintln!("warning: control run {number} is left out: {why}");
                break;
            }
        }
    }
    if controls.is_empty() {
        return;
    }
    if let Err(error) = keep(folder, &controls) {
        eprintln!("warning: {}", chain(&error));
    }
    verdict.compare_with_controls(&controls);
    println!();
    // Groups of one kind share what is said of them, and there may be many.
    let mut said: Vec<(AnomalyKind, &str, Vec<u32>)> = Vec::new();
    for anomaly in &verdict.anomalies {
        let Some(words) = anomaly.control.as_deref() else { continue };
        match said.iter_mut().find(|of| (of.0, of.1) == (anomaly.kind, words)) {
            Some((_, _, ids)) => ids.push(anomaly.id),
            None => said.push((anomaly.kind, words, vec![anomaly.id])),
        }
    }
    for (kind, words, ids) in said {
        match ids.as_slice() {
            [id] => println!("  {id}. {kind}: {words}"),
            ids => println!("  {} groups of {kind}: {words}", ids.len()),
        }
    }
}

/// Carries out one, and judges it.
fn one(config: RunConfig) -> Result<Verdict, Failure> {
    let logs = tempfile::tempdir()?;
    judged(config, logs.path())
}

fn keep(folder: &RunFolder, controls: &[Control]) -> Result<(), StoreError> {
    let (format, controls) = (FORMAT.into(), controls.into());
    let kept = Kept { format, version: VERSION, controls };
    let text = serde_json::to_string_pretty(&kept)
        .map_err(|error| StoreError::Write { path: folder.file(CONTROLS), error: error.into() })?;
    folder.write(CONTROLS, &text)
}

/// Takes in what control runs showed when the run was made, if there were any. What cannot be read is said, and the verdict
/// does without it.
pub(crate) fn compare_with_kept(folder: &RunFolder, verdict: &mut Verdict) {
    let path = folder.file(CONTROLS);
    let read = match std::fs::read(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return,
        Err(error) => Err(error.to_string()),
        Ok(text) => kept(&text),
    };
    match read {
        Ok(controls) => verdict.compare_with_controls(&controls),
        Err(why) => {
            eprintln!("warning: {}: {why}; the verdict does without control runs", path.display());
        }
    }
}

fn kept(text: &[u8]) -> Result<Vec<Control>, String> {
    let kept: Kept<'_> = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    match (&*kept.format, kept.version) {
        (FORMAT, VERSION) => Ok(kept.controls.into_owned()),
        (format, version) => {
            Err(format!("expected {FORMAT} version {VERSION}, found {format} version {version}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use afterall_checkers::{AnomalyKind, Came, Valid};
    use afterall_history::{Property, Sessions};
    use std::fs;

    #[test]
    fn what_is_kept_is_read_back_and_nothing_else_is_taken_for_it() {
        let folder = tempfile::tempdir().unwrap();
        let run = RunFolder::of(folder.path());
        let came = Came {
            property: Property::Convergence,
            sessions: Sessions::All,
            kind: AnomalyKind::Divergence,
        };
        let controls = [
            Control { seed: 2, valid: Valid::False, came: vec![came] },
            Control { seed: 3, valid: Valid::True, came: Vec::new() },
        ];
        keep(&run, &controls).unwrap();
        let text = fs::read_to_string(run.file(CONTROLS)).unwrap();
        assert_eq!(kept(text.as_bytes()).unwrap(), controls);
        for (from, to) in [
            ("afterall-controls", "afterall-verdict"),
            ("\"version\": 1", "\"version\": 2"),
            ("divergence", "diligence"),
            ("\"seed\": 2", "\"sead\": 2"),
            ("}", ""),
        ] {
            assert!(text.contains(from), "{from}");
            assert!(kept(text.replace(from, to).as_bytes()).is_err(), "{to}");
        }
    }
}
