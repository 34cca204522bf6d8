//! A failing run with processes or containers, made smaller: fewer faults, and less time. The same run comes out otherwise each time, so
//! that each smaller one has several tries. It is taken once two of them fail in the same way: one may be luck, and a run that fails seldom
//! is of little use. It is thrown away if fewer do, which may be wrong: of a run that fails in a share `p` of its `n` tries it happens with a
//! chance of (1 − p)ⁿ + n·p·(1 − p)ⁿ⁻¹. So too much may be kept, and what is kept has been seen to fail twice.

use super::{NotShrunk, Size, as_scenario};
use crate::failure_key::FailureKey;
use crate::minimal::minimal;
use crate::spelled_out::{planned, under};
use afterall_checkers::Verdict;
use afterall_engine::config::Span;
use afterall_engine::{Plan, RunConfig, Stop};

/// How much longer than its last fault a load lasts, nanoseconds.
const AFTER_FAULTS_NS: u64 = 1_000_000_000;
/// In how many of its tries a smaller run has to fail, if it has as many.
const FAILS: u32 = 2;

/// Carries out a run and judges it, or says why it could not.
pub type Judge<'j> = &'j mut dyn FnMut(&RunConfig) -> Result<Verdict, String>;

/// How much may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tries {
    /// How often a smaller run is made at most; at least once.
    pub of_each: u32,
    /// After how many runs the search ends with what it has.
    pub runs_max: u32,
}

/// What came of it.
#[derive(Debug, Clone)]
pub struct ShrunkByTries {
    /// The smallest run that was seen to fail: a scenario that expects to fail as it did.
    pub config: RunConfig,
    /// How it fails.
    pub key: FailureKey,
    /// How large the run was: its operations are drawn, and not counted.
    pub before: Size,
    /// How large it is.
    pub after: Size,
    /// How many runs were made.
    pub runs: u32,
    /// How often the smallest failed once it was found, and of how many more runs.
    pub confirmed: (u32, u32),
    /// Whether it ended by itself.
    pub is_minimal: bool,
}

/// Makes a run that fails smaller by leaving out faults and time. `tick` is told after each run how many were made, and how large the
/// smallest is.
///
/// # Errors
/// Why there is nothing to be made smaller; that the run did not fail again, too.
pub fn shrink_by_tries(
    plan: &Plan,
    Tries { of_each, runs_max }: Tries,
    judge: Judge<'_>,
    stop: &Stop,
    tick: &mut dyn FnMut(u32, &Size),
) -> Result<ShrunkByTries, NotShrunk> {
    let whole = plan.spelled_out();
    let of_each = of_each.max(1);
    let mut search = Search { runs: 0, told: 0, runs_max, of_each, judge, stop };
    let fails = |verdict: &Verdict| FailureKey::of(verdict).is_some();
    let verdict = search.try_out(&whole, 1, &fails);
    let verdict = verdict.ok_or(NotShrunk::NotAgain { tries: search.told })?;
    let key = FailureKey::of(&verdict).ok_or(NotShrunk::Valid)?;
    let same = |verdict: &Verdict| FailureKey::all(verdict).any(|other| other == key);
    let before = Size::of(&whole);
    let (mut smallest, mut seen) = (whole, verdict);
    let mut take = |search: &mut Search<'_>, smallest: &mut RunConfig, config: RunConfig| {
        let Some(verdict) = search.try_out(&config, FAILS.min(of_each), &same) else {
            return false;
        };
        (*smallest, seen) = (config, verdict);
        tick(search.runs, &Size::of(smallest));
        true
    };
    let all = planned(&smallest).to_vec();
    minimal(&all, &mut |part| {
        let config = under(&smallest, part.to_vec());
        take(&mut search, &mut smallest, config)
    });
    if let Some(config) = shorter(&smallest) {
        take(&mut search, &mut smallest, config);
    }
    let is_minimal = !search.is_over();
    let mut confirmed = (0, 0);
    while confirmed.1 < of_each && !search.is_over() {
        confirmed.1 += 1;
        confirmed.0 += u32::from(search.judged(&smallest).is_some_and(|verdict| same(&verdict)));
    }
    let (after, runs) = (Size::of(&smallest), search.runs);
    let config = as_scenario(smallest, &key, &seen);
    Ok(ShrunkByTries { config, key, before, after, runs, confirmed, is_minimal })
}

struct Search<'s> {
    runs: u32,
    /// How many of them could be judged.
    told: u32,
    runs_max: u32,
    of_each: u32,
    judge: Judge<'s>,
    stop: &'s Stop,
}

impl Search<'_> {
    fn is_over(&self) -> bool {
        self.stop.is_stopped() || self.runs >= self.runs_max
    }

    fn judged(&mut self, config: &RunConfig) -> Option<Verdict> {
        self.runs += 1;
        // What cannot be carried out does not fail in this way.
        let verdict = (self.judge)(config).ok();
        self.told += u32::from(verdict.is_some());
        verdict
    }

    /// The verdict on one of the tries that fail so, if enough do.
    fn try_out(
        &mut self,
        config: &RunConfig,
        enough: u32,
        fails: &dyn Fn(&Verdict) -> bool,
    ) -> Option<Verdict> {
        let mut failed = 0;
        for left in (0..self.of_each).rev() {
            if self.is_over() {
                return None;
            }
            if let Some(verdict) = self.judged(config).filter(fails) {
                failed += 1;
                if failed == enough {
                    return Some(verdict);
                }
            }
            // What is left cannot be enough any more.
            if failed + left < enough {
                return None;
            }
        }
        None
    }
}

/// The same with a load that ends soon after the last fault, if that is earlier than it does.
fn shorter(config: &RunConfig) -> Option<RunConfig> {
    let last_ns = planned(config).iter().map(|fault| fault.until_ns).max()?;
    let time_ms = last_ns.saturating_add(AFTER_FAULTS_NS).div_ceil(1_000_000);
    (time_ms < config.time_ms).then(|| RunConfig {
        time_ms,
        heal: Some(Span(AFTER_FAULTS_NS)),
        ..config.clone()
    })
}
