//! Fresh reads: a read that was invoked after a write of its key had been acknowledged returns that write, or one that is not
//! older.
//!
//! Where the target returns a version with every update of a key, *older* is told by them (*exact*): a read is stale if its
//! version is less than that of a write which had been acknowledged before the read was invoked. Without versions it is told by
//! real time (*inferred*): a read is stale if everything it returned had been acknowledged before such a write began. What nobody
//! acknowledged may take effect at any time, and is never older. A read that returns nothing is older than every write. Keys with
//! deletes are not judged: nothing may then be what is there.
//!
//! This is what a quorum with R + W > N is said to give (Gifford, "Weighted voting for replicated data", SOSP 1979). It is less
//! than linearizability: a read beside a write may return either, and the next read the other.
//!
//! A fault that the promise excludes (`fresh-reads unless partition,clock`) suspends it for as long as the fault or its
//! after-effect can be felt, and no longer: a read is not judged if such a fault may have been felt at some moment between the first
//! write of its key and the end of the read. What was written while it was felt may be stale for ever, as under a clock that was ahead.
//!
//! A chance is a read of a key of which a write had been acknowledged. Time: O(n log n) in the operations of a key.

use crate::attribution::felt_until;
use crate::case::Case;
use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::version::{Relation, compare};
use crate::must_see::must_see_or_what_replaced;
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::session_guarantees::by_version::has_versions;
use crate::verdict::{AnomalyKind, Label, Tier};
use afterall_history::{
    Datum, Function, KeyId, OpId, OpView, Property, Sessions, Status, Workload,
};

const CLAIM: Claim = (Property::FreshReads, Sessions::All);
const WHY_NONE: &str = "no read that can be judged began after a write of its key was acknowledged and without a fault that the promise excludes";

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::FreshReads,
    workloads: &[Workload::Register],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[],
    checkers: &[&CHECKER],
    level: None,
};

/// Judges every read.
static CHECKER: Checker = Checker {
    name: "fresh reads",
    workloads: &[Workload::Register],
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    findings.chances(CLAIM, 0, WHY_NONE);
    let excluded = excluded(ctx);
    for key in ctx.keys() {
        let first = ctx.on(key).find(|op| is_write(op)).map(OpView::invoked);
        let Some(first) = first else { continue };
        // The first moment at which an excluded fault was felt when the key had been written.
        let felt = excluded.iter().filter(|&&(_, to)| first <= to).map(|&(from, _)| from).min();
        let deleted =
            ctx.deletes(key) || ctx.history.updates_left_out(key, Some(Function::Delete), u32::MAX);
        if !deleted {
            judge(case, key, felt.unwrap_or(i64::MAX), findings);
        }
    }
}

/// When a fault that the promise excludes may have been felt.
fn excluded(ctx: &Context<'_>) -> Vec<(i64, i64)> {
    let kinds = ctx.excluded_kinds(CLAIM);
    let faults = ctx.history.faults().iter().filter(|fault| kinds.contains(fault.kind));
    faults.map(|fault| (fault.inject, felt_until(fault))).collect()
}

fn is_write(op: &OpView<'_>) -> bool {
    !op.f().is_read() && op.f() != Function::Delete && op.status() != Status::Fail
}

/// Why a read is stale: the acknowledged write that it does not show, and, where real time tells, all that it shows.
struct Stale {
    missed: OpId,
    shown: Vec<OpId>,
}

/// What had been acknowledged of a key.
#[derive(Default)]
struct Acknowledged {
    /// The write that began last.
    latest: Option<OpId>,
    /// The newest versions: none of them less than another.
    newest: Vec<(Datum, OpId)>,
}

/// Versions that are kept of a key: of more that cannot be compared, the first are enough.
const NEWEST_MAX: usize = 64;

impl Acknowledged {
    fn note(&mut self, ctx: &Context<'_>, write: OpView<'_>) {
        self.latest = self.latest.max(Some(write.id()));
        let (data, version) = (ctx.history.data(), write.version());
        let newer = |relation: Option<Relation>| relation.is_some_and(Relation::at_least);
        if !self.newest.iter().any(|&(known, _)| newer(compare(data, known, version))) {
            self.newest.retain(|&(known, _)| !newer(compare(data, version, known)));
            if self.newest.len() < NEWEST_MAX {
                self.newest.push((version, write.id()));
            }
        }
    }

    /// By versions; nothing is known where the read has none.
    fn by_version(&self, ctx: &Context<'_>, read: OpView<'_>) -> Option<Stale> {
        let data = ctx.history.data();
        let less = |&&(version, _): &&(Datum, OpId)| {
            compare(data, read.version(), version) == Some(Relation::Less)
        };
        self.newest.iter().find(less).map(|&(_, missed)| Stale { missed, shown: Vec::new() })
    }

    /// By real time.
    fn by_time(&self, case: &Case<'_>, read: OpView<'_>) -> Option<Stale> {
        let (ctx, missed) = (case.ctx, self.latest?);
        let shown = case.reads_from.of(read.id());
        let before = |&write: &OpId| {
            let write = ctx.op(write);
            write.is_ok()
                && write.completion_index().is_some_and(|over| over < ctx.op(missed).index())
        };
        shown.iter().all(before).then(|| Stale { missed, shown: shown.to_vec() })
    }
}

fn judge(case: &Case<'_>, key: KeyId, felt: i64, findings: &mut Findings) {
    let ctx = case.ctx;
    let exact = has_versions(ctx, key);
    let mut writes: Vec<(u32, OpId)> = ctx
        .on(key)
        .filter(|op| is_write(op) && op.is_ok())
        .filter_map(|op| Some((op.completion_index()?, op.id())))
        .collect();
    writes.sort_unstable();
    let mut writes = writes.into_iter().peekable();
    let mut known = Acknowledged::default();
    for read in ctx.on(key).filter(|op| op.f().is_read() && op.is_ok()) {
        while let Some((_, write)) = writes.next_if(|&(over, _)| over < read.index()) {
            known.note(ctx, ctx.op(write));
        }
        if known.latest.is_none() || felt <= read.until() {
            continue;
        }
        let nothing = ctx.history.data().items(read.output()).next().is_none();
        let by_version = exact && !read.version().is_nil();
        if !by_version && !nothing && case.reads_from.partly(read.id()) {
            // Nobody knows who wrote it.
            continue;
        }
        findings.chances(CLAIM, 1, WHY_NONE);
        findings.tier(CLAIM, if by_version { Tier::Exact } else { Tier::Inferred });
        let stale =
            if by_version { known.by_version(ctx, read) } else { known.by_time(case, read) };
        if let Some(stale) = stale {
            let cause = Cause::ReadAt(Place::of(ctx, read.id()));
            if !stale.shown.is_empty()
                || !findings.count_more(CLAIM, AnomalyKind::StaleRead, &cause)
            {
                findings.add(finding(ctx, read, &stale, cause));
            }
        }
    }
}

fn finding(ctx: &Context<'_>, read: OpView<'_>, stale: &Stale, cause: Cause) -> Finding {
    let missed = ctx.op(stale.missed);
    let (reader, writer) = (explain::op(ctx, read.id()), explain::op(ctx, missed.id()));
    let mut ops = vec![missed.id(), read.id()];
    let mut edges = vec![Dependency {
        from: missed.id(),
        to: read.id(),
        label: Label::RealTime,
        why: format!("#{} was acknowledged before #{} was invoked", missed.number(), read.number()),
    }];
    let mut sentence = format!("{reader}, after {writer} and was acknowledged");
    let before = |shown: OpView<'_>| {
        format!("#{} was over before #{} began", shown.number(), missed.number())
    };
    let shown = stale.shown.iter().map(|&write| ctx.op(write));
    if let Some(last) = shown.clone().max_by_key(|write| write.completion_index()) {
        let why = match stale.shown.len() {
            1 => before(last),
            n => format!("all {n} writes were over before #{} began", missed.number()),
        };
        sentence.push_str(&format!(", and what it returned is older: {why}"));
        // Every value that was returned has its writer: of one that has none, nobody knows how old it is.
        for write in shown {
            ops.push(write.id());
            edges.push(Dependency {
                from: write.id(),
                to: missed.id(),
                label: Label::RealTime,
                why: before(write),
            });
            edges.push(Dependency {
                from: write.id(),
                to: read.id(),
                label: Label::ReadsFrom,
                why: format!("#{} returned what #{} wrote", read.number(), write.number()),
            });
        }
    } else if !read.version().is_nil() {
        let data = ctx.history.data();
        let version = |op: OpView<'_>| data.value(op.version());
        let why = format!(
            "the version of #{} is {}, that of #{} is {}",
            read.number(),
            version(read),
            missed.number(),
            version(missed)
        );
        sentence.push_str(&format!(": {why}"));
        edges.push(Dependency { from: read.id(), to: missed.id(), label: Label::Version, why });
    }
    sentence.push('.');
    edges.push(must_see_or_what_replaced(ctx, missed.id(), read.id()));
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: AnomalyKind::StaleRead,
        cause,
        sentence,
        key: Some(read.key()),
        ops,
        edges,
    }
}
