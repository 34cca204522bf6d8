//! Windows: how long after it was acknowledged a write of a register was not yet seen everywhere.
//!
//! A read is stale for a write if it was invoked after the write had been acknowledged, and everything that it returned had been
//! acknowledged before the write began. The window of a write goes from its acknowledgement to the invocation of the last read
//! that is stale for it, at any replica: not to the first fresh one, since a replica may show a value and lose it again. It is
//! nothing where no read is stale, and endless where the last read at some replica is: what a monitor never sees it may not leave
//! out of its percentiles. Of two writes at the same time none is older, and a replica that shows the other one is not stale; but
//! where the final reads of a key differ, a write that one of them shows and another one does not, nor anything that began later,
//! is endless, too. Writes after which not every replica was read do not count, nor do those of keys with deletes.
//!
//! All are lower bounds: a key that is left alone is asked for again at the end, and what was seen in between nobody knows. The
//! load `probe` leaves none alone.
//!
//! A measurement, until somebody says what it has to be (`--slo`): see `objectives`.
//!
//! Time: O(n log n) in the operations of a key.

use crate::case::Case;
use crate::context::Context;
use crate::findings::Findings;
use crate::measures::staleness::percentile;
use crate::row::{Checker, Turn};
use crate::verdict::{PhaseWindows, WindowFigures};
use afterall_history::{KeyId, NodeId, OpId, OpView, Phase, Workload};
use std::collections::{BTreeMap, BTreeSet};

/// Of a window that does not end.
const ENDLESS: i64 = i64::MAX;

/// Measures the windows.
pub(crate) static CHECKER: Checker = Checker {
    name: "windows",
    workloads: &[Workload::Register],
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    let mut all = Windows::default();
    for key in ctx.keys() {
        if !ctx.deletes(key) {
            of_key(case, key, &mut all);
        }
    }
    findings.figures.windows = all.figures();
}

/// What was measured.
#[derive(Default)]
struct Windows {
    by_phase: BTreeMap<Phase, Vec<i64>>,
    unasked: u64,
    /// Times between two reads of a key at a replica.
    gaps: Vec<i64>,
}

/// The reads of a key at one replica, in the order of their invocation.
#[derive(Default)]
struct Reads {
    /// By read: its place among the events, and when it was invoked.
    begun: Vec<(u32, i64)>,
    /// By read: the place after the one at which the last of what it returned was acknowledged; 0 for nothing. Then, from the
    /// end: the least so far.
    shown: Vec<u32>,
}

impl Reads {
    /// When the last read that is stale for a write was invoked, if one is. The write began and was acknowledged at these
    /// places among the events.
    fn last_stale(&self, (began, over): (u32, u32)) -> Option<i64> {
        let stale = self.shown.partition_point(|&shown| shown <= began);
        let at = stale.checked_sub(1)?;
        let (index, invoked) = self.begun[at];
        let last = at + 1 == self.begun.len();
        (index > over).then_some(if last { ENDLESS } else { invoked })
    }

    fn is_asked_after(&self, over: u32) -> bool {
        self.begun.last().is_some_and(|&(index, _)| index > over)
    }
}

fn of_key(case: &Case<'_>, key: KeyId, all: &mut Windows) {
    let ctx = case.ctx;
    let mut reads: BTreeMap<NodeId, Reads> = BTreeMap::new();
    let read = |op: &OpView<'_>| op.f().is_read() && op.is_ok() && !case.reads_from.partly(op.id());
    for op in ctx.on(key).filter(read) {
        let shown = case.reads_from.of(op.id()).iter().map(|&write| {
            let write = ctx.op(write);
            // What nobody acknowledged is not known to be older than anything.
            let over = write.completion_index().filter(|_| write.is_ok());
            over.map_or(u32::MAX, |over| over.saturating_add(1))
        });
        let of_node = reads.entry(op.served_by()).or_default();
        let loaded = |phase| !matches!(phase, Phase::Quiescence | Phase::Final);
        if ctx.history.phase_at(op.invoked()).is_none_or(loaded)
            && let Some(&(_, before)) = of_node.begun.last()
        {
            all.gaps.push(op.invoked() - before);
        }
        of_node.shown.push(shown.max().unwrap_or(0));
        of_node.begun.push((op.index(), op.invoked()));
    }
    for of_node in reads.values_mut() {
        for at in (1..of_node.shown.len()).rev() {
            of_node.shown[at - 1] = of_node.shown[at - 1].min(of_node.shown[at]);
        }
    }
    let replicas = ctx.history.replicas().len();
    let apart = never_everywhere(case, key);
    let is_write = |op: &OpView<'_>| !op.f().is_read() && op.is_ok() && !op.is_setup();
    for write in ctx.on(key).filter(is_write) {
        let Some(over) = write.completion_index() else { continue };
        if reads.len() < replicas || !reads.values().all(|reads| reads.is_asked_after(over)) {
            all.unasked += 1;
            continue;
        }
        let stale = reads.values().filter_map(|reads| reads.last_stale((write.index(), over)));
        let window = match stale.max() {
            _ if apart.contains(&write.id()) => ENDLESS,
            None => 0,
            Some(ENDLESS) => ENDLESS,
            Some(last) => (last - write.until()).max(0),
        };
        all.by_phase.entry(phase_of(ctx, write)).or_default().push(window);
    }
}

/// The writes that some final read of the key shows and another one does not, nor anything that began after they were over.
fn never_everywhere(case: &Case<'_>, key: KeyId) -> BTreeSet<OpId> {
    let ctx = case.ctx;
    let reads = || ctx.finals(key).iter().map(|&(_, read)| read);
    if reads().any(|read| case.reads_from.partly(read)) || !ctx.is_quiet(key) {
        return BTreeSet::new();
    }
    let of = |read| case.reads_from.of(read);
    let shown: BTreeSet<OpId> = reads().flat_map(|read| of(read).iter().copied()).collect();
    let lacks = |read, write: OpId| {
        let over = ctx.op(write).completion_index().unwrap_or(u32::MAX);
        let later = of(read).iter().any(|&other| other == write || ctx.op(other).index() > over);
        !later
    };
    shown.into_iter().filter(|&write| reads().any(|read| lacks(read, write))).collect()
}

fn phase_of(ctx: &Context<'_>, write: OpView<'_>) -> Phase {
    ctx.history.phase_at(write.until()).unwrap_or(Phase::Healthy)
}

impl Windows {
    fn figures(mut self) -> Option<WindowFigures> {
        let mut all: Vec<i64> = self.by_phase.values().flatten().copied().collect();
        all.sort_unstable();
        if all.is_empty() && self.unasked == 0 {
            return None;
        }
        self.gaps.sort_unstable();
        let at = |windows: &[i64], of| percentile(windows, of).filter(|&window| window != ENDLESS);
        Some(WindowFigures {
            writes: all.len() as u64,
            never: all.iter().filter(|&&window| window == ENDLESS).count() as u64,
            unasked: self.unasked,
            p50_ns: at(&all, 500),
            p90_ns: at(&all, 900),
            p99_ns: at(&all, 990),
            p999_ns: at(&all, 999),
            max_ns: at(&all, 1_000),
            asked_every_ns: percentile(&self.gaps, 500),
            phases: self
                .by_phase
                .into_iter()
                .map(|(phase, mut windows)| {
                    windows.sort_unstable();
                    let writes = windows.len() as u64;
                    let (p50_ns, p99_ns) = (at(&windows, 500), at(&windows, 990));
                    PhaseWindows { phase, writes, p50_ns, p99_ns, max_ns: at(&windows, 1_000) }
                })
                .collect(),
        })
    }
}
