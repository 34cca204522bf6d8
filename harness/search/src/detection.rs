//! How soon a known bug is found: how many runs, each drawn from its seed, it takes until one shows it.

use crate::corpus::{Corpus, GENERATION};
use crate::coverage::states;
use crate::record::Record;
use crate::side_by_side::side_by_side;
use crate::swarm::{Fixed, draw};
use afterall_engine::{RunConfig, Stop};
use afterall_history::Property;
use std::collections::VecDeque;

/// One search for a bug.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detection {
    /// How many runs were made, the one that shows it included.
    pub runs: u64,
    /// How long these were in virtual time, nanoseconds.
    pub virtual_ns: u64,
    /// Whether one shows it; if not, the search was cut off.
    pub found: bool,
}

/// How a bug is searched for.
#[derive(Debug, Clone, Copy)]
pub struct Trials {
    /// How many times.
    pub trials: u32,
    /// After how many runs a search is cut off.
    pub runs_max: u64,
    /// Whether three runs in four are made of earlier ones that were in rare states, and not drawn anew.
    pub guided: bool,
}

/// Searches for a bug several times, each time with seeds of its own: until a run breaks the property as promised, or so many
/// runs were made. Follows from the base and the numbers alone, unless `stop` ends it early.
pub fn detections(
    base: &RunConfig,
    breaks: Property,
    Trials { trials, runs_max, guided }: Trials,
    jobs: usize,
    record: Record<'_>,
    stop: &Stop,
) -> Vec<Detection> {
    let trials: Vec<u64> = (0..u64::from(trials)).collect();
    side_by_side(jobs, &trials, &|trial| {
        let mut detection = Detection { runs: 0, virtual_ns: 0, found: false };
        let first = 1 + trial * 1_000_000;
        let mut corpus = Corpus::default();
        let mut generation = VecDeque::new();
        for seed in first..first.saturating_add(runs_max) {
            if stop.is_stopped() {
                break;
            }
            if guided && generation.is_empty() {
                let seeds = seed..seed + GENERATION;
                generation.extend(seeds.map(|seed| corpus.next(base, Fixed::default(), seed)));
            }
            let config = generation.pop_front();
            let config = config.unwrap_or_else(|| draw(base, Fixed::default(), seed));
            detection.runs += 1;
            // What cannot be carried out shows nothing.
            let Ok(recording) = record(&config) else { continue };
            let last = u64::try_from(recording.history().last_time()).unwrap_or(0);
            detection.virtual_ns = detection.virtual_ns.saturating_add(last);
            if recording.judge_promised().breaks_promise(breaks) {
                detection.found = true;
                break;
            }
            if guided {
                corpus.learn(&config, states(&recording));
            }
        }
        detection
    })
}

/// The least number that at least this share (in percent) of the searches did not exceed. One that was cut off counts as more
/// than any.
#[must_use]
pub fn quantile(
    detections: &[Detection],
    percent: u32,
    of: impl Fn(&Detection) -> u64,
) -> Option<u64> {
    let mut found: Vec<u64> = detections.iter().filter(|one| one.found).map(of).collect();
    found.sort_unstable();
    let rank = (detections.len() * percent as usize).div_ceil(100).max(1);
    found.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_that_was_cut_off_is_longer_than_any() {
        let one = |runs, found| Detection { runs, virtual_ns: 0, found };
        let some = [one(5, true), one(1, true), one(100, false), one(3, true)];
        let runs = |percent| quantile(&some, percent, |one| one.runs);
        assert_eq!((runs(25), runs(50), runs(75), runs(90)), (Some(1), Some(3), Some(5), None));
        assert_eq!(quantile(&[], 50, |one| one.runs), None);
    }
}
