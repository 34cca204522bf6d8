//! What was measured, in two runs.

use super::Pair;
use afterall_checkers::verdict::{AnomalyKind, Fates, ItemFates, StalenessFigures, WindowFigures};
use afterall_checkers::words::{count, duration, percent, share};
use afterall_checkers::{Anomaly, Verdict};

/// A figure: what it is called, and what it is in a run that has it.
type Figure = (&'static str, fn(&Verdict) -> Option<String>);

const FIGURES: &[Figure] = &[
    ("operations", |of| Some(count(of.counts.ops))),
    ("acknowledged", |of| Some(count(of.counts.ok))),
    ("failed", |of| Some(count(of.counts.fail))),
    ("unknown outcome", |of| Some(count(of.counts.info))),
    ("faults", |of| Some(count(of.faults.len() as u64))),
    ("faults that took hold", |of| {
        Some(count(of.faults.iter().filter(|fault| fault.took).count() as u64))
    }),
    ("answered under faults", answered_under_faults),
    ("writes acknowledged", |of| fate(of, |fates| fates.acknowledged)),
    ("writes lost", |of| fate(of, |fates| fates.lost)),
    ("writes discarded", |of| fate(of, |fates| fates.discarded)),
    ("items acknowledged", |of| item(of, |items| items.acknowledged)),
    ("items lost", |of| item(of, |items| items.lost)),
    ("items resurrected", |of| item(of, |items| items.resurrected)),
    ("doubled", doubled),
    ("stale reads", |of| {
        let stale = of.figures.staleness.as_ref().filter(|of| of.reads > 0)?;
        let part = percent(stale.stale as f64 / stale.reads as f64);
        Some(format!("{} of {} ({part})", count(stale.stale), count(stale.reads)))
    }),
    ("age of stale reads, p99", |of| age(of, |stale| stale.p99_ns)),
    ("the oldest read", |of| age(of, |stale| stale.max_ns)),
    ("window of a write, p99", |of| window(of, |windows| windows.p99_ns)),
    ("the longest window", |of| window(of, |windows| windows.max_ns)),
    ("keys on which replicas differ", |of| Some(count(of.figures.convergence.as_ref()?.divergent))),
    ("replicas agreed after", |of| {
        let convergence = of.figures.convergence.as_ref().filter(|_| !of.untimed)?;
        Some(convergence.window_ns.map_or("never".to_owned(), duration))
    }),
];

/// The figures that at least one of two runs has.
pub(super) fn figures(first: &Verdict, second: &Verdict) -> Vec<Pair> {
    let pair = |&(name, of): &Figure| {
        let (a, b) = (of(first), of(second));
        (a.is_some() || b.is_some()).then(|| Pair::new(name, a, b))
    };
    FIGURES.iter().filter_map(pair).collect()
}

fn fate(verdict: &Verdict, of: fn(&Fates) -> u64) -> Option<String> {
    verdict.figures.fates.as_ref().map(|fates| count(of(fates)))
}

fn item(verdict: &Verdict, of: fn(&ItemFates) -> u64) -> Option<String> {
    verdict.figures.items.as_ref().map(|items| count(of(items)))
}

fn age(verdict: &Verdict, of: fn(&StalenessFigures) -> Option<i64>) -> Option<String> {
    let staleness = verdict.figures.staleness.as_ref().filter(|_| !verdict.untimed)?;
    of(staleness).map(duration)
}

/// What does not end is endless.
fn window(verdict: &Verdict, of: fn(&WindowFigures) -> Option<i64>) -> Option<String> {
    let windows = verdict.figures.windows.as_ref().filter(|windows| windows.writes > 0)?;
    Some(of(windows).map_or("endless".to_owned(), duration))
}

/// What was applied or shown more often than it was asked for.
fn doubled(verdict: &Verdict) -> Option<String> {
    let doubles = |anomaly: &&Anomaly| {
        matches!(anomaly.kind, AnomalyKind::DuplicateItem | AnomalyKind::AppliedAgain)
    };
    let all = verdict.anomalies.iter().filter(doubles).map(|anomaly| anomaly.count);
    Some(count(all.fold(0, u64::saturating_add)))
}

fn answered_under_faults(verdict: &Verdict) -> Option<String> {
    let sides = || verdict.figures.availability.iter().filter(|side| !side.faults.is_empty());
    let (ok, ops) = sides().fold((0_u64, 0_u64), |(ok, ops), side| {
        (ok.saturating_add(side.ok), ops.saturating_add(side.ops))
    });
    (ops > 0).then(|| share(ok as f64 / ops as f64))
}
