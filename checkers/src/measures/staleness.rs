//! Staleness: how old the values were that reads of registers returned.
//!
//! A read is *stale* if what it returned had been overwritten before the read began: some later write of the key, begun
//! after the returned one was acknowledged, had itself been acknowledged. *t-staleness* is how long before the read the
//! first such write was acknowledged; *k-staleness* is how many there were. Both are lower bounds: writes that overlap in
//! time are given the benefit of the doubt, and so are writes that nobody ever read, which may have lost a conflict. The
//! curve P(fresh | t) is the share of fresh reads among those that began t after the last acknowledged write.
//!
//! Beside the measured curve stands what a quorum store would show that only has these latencies: `pbs`.
//!
//! A measurement, not a judgement: no store is called wrong for it.
//!
//! Definitions: Bailis, Venkataraman, Franklin, Hellerstein and Stoica, "Probabilistically bounded staleness for
//! practical partial quorums" (VLDB 2012). The interval is Wilson's (1927).
//!
//! Time: O(n log n) in the operations of a key.

use crate::case::Case;
use crate::context::Context;
use crate::findings::Findings;
use crate::inference::reads_from::ReadsFrom;
use crate::measures::pbs::{self, Latencies, Prediction};
use crate::row::{Checker, Turn};
use crate::verdict::{Freshness, PhaseStaleness, Quorum, StalenessFigures, StalestRead};
use afterall_history::{KeyId, OpId, OpView, Phase, Workload};
use std::collections::BTreeMap;

/// The steps of the curve, nanoseconds since the last acknowledged write; the last has no end.
const STEPS_NS: &[i64] = &[
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// The 97.5th percentile of the normal distribution: for intervals of 95 %.
const Z: f64 = 1.959_964;

/// The writes of a key that count, and what is asked of them.
pub(crate) struct Writes {
    /// When each began, in order.
    begun: Vec<i64>,
    /// From each on: when the first of them was acknowledged.
    first_done: Vec<i64>,
    /// When each was acknowledged, in order.
    done: Vec<i64>,
}

/// A stale read.
struct Stale {
    since: i64,
    behind: u64,
}

impl Writes {
    pub(crate) fn new(ctx: &Context<'_>, key: KeyId, seen: &[bool]) -> Writes {
        let counts = |op: &OpView<'_>| !op.f().is_read() && op.is_ok() && seen[op.id().0 as usize];
        let mut times: Vec<(i64, i64)> =
            ctx.on(key).filter(counts).map(|op| (op.invoked(), op.until())).collect();
        times.sort_unstable();
        let mut done: Vec<i64> = times.iter().map(|&(_, done)| done).collect();
        let mut first_done = done.clone();
        for place in (0..first_done.len().saturating_sub(1)).rev() {
            first_done[place] = first_done[place].min(first_done[place + 1]);
        }
        done.sort_unstable();
        Writes { begun: times.into_iter().map(|(begun, _)| begun).collect(), first_done, done }
    }

    /// What overwrote, before `asked`, a value whose write was over at `written`.
    fn overwritten(&self, written: i64, asked: i64) -> Option<Stale> {
        let later = self.begun.partition_point(|&begun| begun <= written);
        let since = *self.first_done.get(later)?;
        if since >= asked {
            return None;
        }
        // Of those acknowledged by then, at most `later` had not begun after it.
        let by_then = self.done.partition_point(|&done| done < asked);
        Some(Stale { since, behind: (by_then.saturating_sub(later)).max(1) as u64 })
    }

    /// When a write was last acknowledged before `asked`.
    fn last_before(&self, asked: i64) -> Option<i64> {
        let by_then = self.done.partition_point(|&done| done < asked);
        Some(self.done[by_then.checked_sub(1)?])
    }
}

/// Measures how old the values were.
pub(crate) static CHECKER: Checker = Checker {
    name: "staleness",
    workloads: &[Workload::Register],
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    findings.figures.staleness = measure(case.ctx, case.reads_from);
}

/// Measures the staleness of a register history; `None` if nothing was read after something was written.
fn measure(ctx: &Context<'_>, reads_from: &ReadsFrom) -> Option<StalenessFigures> {
    let seen = reads_from.read();
    let mut ages: Vec<i64> = Vec::new();
    let mut phases: BTreeMap<Phase, (u64, Vec<i64>)> = BTreeMap::new();
    let mut curve = vec![(0_u64, 0_u64); STEPS_NS.len() + 1];
    let (mut reads, mut versions_max) = (0_u64, 0_u64);
    let mut stalest: Option<(i64, OpId)> = None;
    for key in ctx.keys() {
        let writes = Writes::new(ctx, key, &seen);
        for read in ctx.on(key).filter(|op| op.f().is_read() && op.is_ok()) {
            let asked = read.invoked();
            let Some(last) = writes.last_before(asked) else { continue };
            let Some(stale) = overwritten(ctx, reads_from, &writes, read) else { continue };
            let phase = ctx.history.phase_at(asked).unwrap_or(Phase::Healthy);
            let of_phase = phases.entry(phase).or_default();
            let step = STEPS_NS.partition_point(|&step| step <= asked - last);
            reads += 1;
            of_phase.0 += 1;
            curve[step].0 += 1;
            let Some(stale) = stale else {
                curve[step].1 += 1;
                continue;
            };
            let age = asked - stale.since;
            ages.push(age);
            of_phase.1.push(age);
            versions_max = versions_max.max(stale.behind);
            if stalest.is_none_or(|(most, _)| age > most) {
                stalest = Some((age, read.id()));
            }
        }
    }
    if reads == 0 {
        return None;
    }
    ages.sort_unstable();
    let quorum = Quorum { n: ctx.history.replicas().len() as u32, r: 1, w: 1 };
    let prediction = predict(ctx, quorum).filter(|_| quorum.n > 1);
    let (share_low, share_high) = wilson(ages.len() as u64, reads);
    Some(StalenessFigures {
        reads,
        stale: ages.len() as u64,
        share_low,
        share_high,
        p50_ns: percentile(&ages, 500),
        p99_ns: percentile(&ages, 990),
        p999_ns: percentile(&ages, 999),
        max_ns: ages.last().copied(),
        versions_max,
        stalest: stalest.map(|(age_ns, read)| StalestRead {
            op: ctx.op(read).number().into(),
            node: ctx.history.node_name(ctx.op(read).sent_to()).to_owned(),
            key: ctx.history.key_name(ctx.op(read).key()).to_owned(),
            age_ns,
        }),
        phases: phases
            .into_iter()
            .map(|(phase, (reads, mut ages))| {
                ages.sort_unstable();
                let stale = ages.len() as u64;
                let (p50_ns, p99_ns) = (percentile(&ages, 500), percentile(&ages, 990));
                let max_ns = ages.last().copied();
                PhaseStaleness { phase, reads, stale, p50_ns, p99_ns, max_ns }
            })
            .collect(),
        fresh: freshness(&curve, prediction.as_ref()),
        predicted_for: prediction.map(|_| quorum),
    })
}

/// What overwrote what a read returned before it began, if anything did; nothing where that is not known.
fn overwritten(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    writes: &Writes,
    read: OpView<'_>,
) -> Option<Option<Stale>> {
    let from = reads_from.of(read.id());
    // A value that cannot be traced, or whose write nobody acknowledged, has no age.
    let untraced =
        reads_from.partly(read.id()) || (from.is_empty() && !returned_nothing(ctx, read));
    if untraced || from.iter().any(|&write| !ctx.op(write).is_ok()) {
        return None;
    }
    let written = from.iter().map(|&write| ctx.op(write).until()).max().unwrap_or(i64::MIN);
    Some(writes.overwritten(written, read.invoked()))
}

/// For how long what a read returned had been overwritten; inside nothing if it had not been, and nothing at all where that is not
/// known.
pub(crate) fn age(case: &Case<'_>, writes: &Writes, read: OpView<'_>) -> Option<Option<i64>> {
    writes.last_before(read.invoked())?;
    let stale = overwritten(case.ctx, case.reads_from, writes, read)?;
    Some(stale.map(|stale| read.invoked() - stale.since))
}

/// Round trips that the prediction draws from, at most, of reads and of writes.
const ROUND_TRIPS_MAX: usize = 100_000;
const TRIALS: u32 = 20_000;

/// What the model says of a store with these replicas, each of which answers by itself, and these latencies: one way is
/// taken as half of the way there and back.
fn predict(ctx: &Context<'_>, quorum: Quorum) -> Option<Prediction> {
    let well = |op: &OpView<'_>| {
        op.is_ok()
            && ctx.history.phase_at(op.invoked()).is_none_or(|phase| phase == Phase::Healthy)
            && op.until() > op.invoked()
    };
    let half = |read: bool| -> Vec<i64> {
        let of = ctx.history.ops().filter(|op| op.f().is_read() == read).filter(well);
        of.map(|op| (op.until() - op.invoked()) / 2).take(ROUND_TRIPS_MAX).collect()
    };
    let (write, read) = (half(false), half(true));
    let latencies = Latencies { w: &write, a: &write, r: &read, s: &read };
    pbs::predict(&latencies, quorum, TRIALS, ctx.history.header().seed)
}

fn returned_nothing(ctx: &Context<'_>, read: OpView<'_>) -> bool {
    ctx.history.data().items(read.output()).next().is_none()
}

fn freshness(curve: &[(u64, u64)], prediction: Option<&Prediction>) -> Vec<Freshness> {
    let step = |(place, &(reads, fresh)): (usize, &(u64, u64))| {
        let (low, high) = wilson(fresh, reads);
        let until_ns = STEPS_NS.get(place).copied();
        let from = place.checked_sub(1).map_or(0, |before| STEPS_NS[before]);
        let middle = until_ns.map_or(from, |until| from + (until - from) / 2);
        let predicted = prediction.map(|prediction| prediction.fresh(middle));
        (reads > 0).then_some(Freshness { until_ns, reads, fresh, low, high, predicted })
    };
    curve.iter().enumerate().filter_map(step).collect()
}

/// The value that so many of a thousand do not exceed (nearest rank); the values are in order.
pub(crate) fn percentile(values: &[i64], of_thousand: usize) -> Option<i64> {
    let rank = (values.len() * of_thousand).div_ceil(1_000);
    values.get(rank.checked_sub(1)?).copied()
}

/// Within which shares the true one lies, with 95 % confidence, where it came `hits` times, `n` at most, of `n` (Wilson, 1927).
#[must_use]
pub fn wilson(hits: u64, n: u64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    let (n, share) = (n as f64, hits.min(n) as f64 / n as f64);
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z / (1.0 + Z * Z / n) * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt();
    // At the ends both are the same but for rounding.
    ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0))
}

#[cfg(test)]
mod tests {
    use super::{percentile, wilson};

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let values: Vec<i64> = (1..=100).collect();
        assert_eq!(percentile(&values, 500), Some(50));
        assert_eq!(percentile(&values, 999), Some(100));
        assert_eq!(percentile(&[7], 500), Some(7));
        assert_eq!(percentile(&[], 500), None);
    }

    #[test]
    fn intervals_are_those_of_the_tables() {
        // Newcombe (1998), table I: 81 of 263, and 0 of 20.
        let (low, high) = wilson(81, 263);
        assert!((low - 0.2553).abs() < 1e-4 && (high - 0.3662).abs() < 1e-4, "{low} {high}");
        let (low, high) = wilson(0, 20);
        assert!(low.abs() < 1e-9 && (high - 0.1611).abs() < 1e-4, "{low} {high}");
    }

    #[test]
    fn an_interval_holds_its_share_and_shrinks_with_the_runs() {
        for (hits, runs) in [(0, 10), (3, 10), (10, 10), (300, 1_000)] {
            let (low, high) = wilson(hits, runs);
            let share = hits as f64 / runs as f64;
            assert!(low <= share && share <= high && (0.0..=1.0).contains(&low) && high <= 1.0);
        }
        let wide = wilson(3, 10);
        let narrow = wilson(300, 1_000);
        assert!(wide.1 - wide.0 > narrow.1 - narrow.0);
        // Known values: 3 of 10.
        assert!((wide.0 - 0.1078).abs() < 1e-3 && (wide.1 - 0.6032).abs() < 1e-3);
        assert_eq!(wilson(0, 0), (0.0, 1.0));
    }
}
