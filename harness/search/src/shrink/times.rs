//! Less time: nothing in which nothing happens, and round numbers.

use super::Shrinker;
use crate::spelled_out::{planned, under};
use afterall_engine::RunConfig;
use afterall_engine::config::Span;
use std::collections::BTreeSet;

const MS_NS: u64 = 1_000_000;
/// What is tried in place of a time in which nothing happens, nanoseconds.
const GAPS_NS: [u64; 4] = [10 * MS_NS, 50 * MS_NS, 250 * MS_NS, 1_000 * MS_NS];
/// To what times are rounded, the coarsest first, nanoseconds.
const GRAINS_NS: [u64; 4] = [100 * MS_NS, 10 * MS_NS, MS_NS, MS_NS / 10];

impl Shrinker<'_> {
    pub(super) fn make_times_short(&mut self) {
        self.end_early();
        // From the last to the first, so that what comes before is not moved yet.
        for at_ns in instants(&self.smallest).into_iter().rev() {
            let before = instants(&self.smallest).range(..at_ns).next_back().copied().unwrap_or(0);
            for gap_ns in GAPS_NS.into_iter().filter(|gap_ns| at_ns - before > *gap_ns) {
                let by_ns = at_ns - before - gap_ns;
                let sooner = moved(&self.smallest, |ns| if ns >= at_ns { ns - by_ns } else { ns });
                if self.takes_with_any_seed(sooner) {
                    break;
                }
            }
        }
        self.end_early();
        for grain_ns in GRAINS_NS {
            let round = |ns: u64| ns.saturating_add(grain_ns / 2) / grain_ns * grain_ns;
            if self.takes(moved(&self.smallest, round)) {
                break;
            }
        }
        self.end_early();
    }

    /// Ends the load when the last thing has happened.
    fn end_early(&mut self) {
        let last_ns = instants(&self.smallest).pop_last().unwrap_or(0);
        for more_ms in [1, 100, 1_000] {
            let time_ms = last_ns.div_ceil(MS_NS) + more_ms;
            if time_ms < self.smallest.time_ms
                && self.takes(RunConfig { time_ms, ..self.smallest.clone() })
            {
                return;
            }
        }
    }
}

/// When something begins or ends.
fn instants(config: &RunConfig) -> BTreeSet<u64> {
    let operations = config.operations.iter().map(|operation| operation.when.0);
    let faults = planned(config).iter().flat_map(|planned| [planned.at_ns, planned.until_ns]);
    operations.chain(faults).collect()
}

/// The run with every time changed, in the same order.
fn moved(config: &RunConfig, to: impl Fn(u64) -> u64) -> RunConfig {
    let mut operations = config.operations.clone();
    for operation in &mut operations {
        operation.when = Span(to(operation.when.0));
    }
    let mut faults = planned(config).to_vec();
    for fault in &mut faults {
        (fault.at_ns, fault.until_ns) = (to(fault.at_ns), to(fault.until_ns));
    }
    let last_ns = instants(config).pop_last().unwrap_or(0);
    let gained_ms = last_ns.saturating_sub(to(last_ns)) / MS_NS;
    let time_ms =
        (config.time_ms - gained_ms.min(config.time_ms)).max(to(last_ns).div_ceil(MS_NS) + 1);
    RunConfig { operations, time_ms, ..under(config, faults) }
}
