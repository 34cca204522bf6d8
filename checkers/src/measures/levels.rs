//! Levels: what operations at each consistency level got, and what mixing levels cost.
//!
//! For each level: how many operations were acknowledged, how many of its reads were stale, and how long reads and writes took. And
//! for each acknowledged write at a level of several replicas: whether its session had last read the key at level one, and got a value
//! that had been overwritten before the read began (`staleness`). Such a write is no stronger than what it rests on. What a
//! session has written itself, or read at a stronger level since, it does not rest on a weak read for.
//!
//! A measurement, not a judgement. Time: O(n log n) in the operations.

use crate::case::Case;
use crate::context::Context;
use crate::explain;
use crate::findings::Findings;
use crate::measures::staleness::{Writes, age, percentile};
use crate::row::{Checker, Turn};
use crate::verdict::{LevelFigures, MixedFigures, StaleInput};
use crate::words::duration;
use afterall_history::{KeyId, Level, OpId, OpView, Workload};
use std::collections::BTreeMap;

/// Strong writes after stale reads that are told.
const EXAMPLES_MAX: usize = 10;

/// Measures levels.
pub(crate) static CHECKER: Checker = Checker {
    name: "levels",
    workloads: &[Workload::Register],
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    if ctx.history.ops().all(|op| op.level().is_none()) {
        return;
    }
    let ages = ages(case);
    findings.figures.levels =
        Level::ALL.iter().filter_map(|&level| of(ctx, level, &ages)).collect();
    findings.figures.mixed = Some(mixed(ctx, &ages));
}

/// By read whose age is known: for how long its value had been overwritten; nothing if it was fresh.
type Ages = BTreeMap<OpId, Option<i64>>;

fn ages(case: &Case<'_>) -> Ages {
    let ctx = case.ctx;
    let seen = case.reads_from.read();
    let mut ages = Ages::new();
    for key in ctx.keys() {
        let writes = Writes::new(ctx, key, &seen);
        let reads = ctx.on(key).filter(|op| op.f().is_read() && op.is_ok() && op.level().is_some());
        for read in reads {
            if let Some(age) = age(case, &writes, read) {
                ages.insert(read.id(), age);
            }
        }
    }
    ages
}

fn of(ctx: &Context<'_>, level: Level, ages: &Ages) -> Option<LevelFigures> {
    let ops = || ctx.history.ops().filter(|op| op.level() == Some(level));
    let took = |reads: bool| -> Vec<i64> {
        let of = ops().filter(|op| op.is_ok() && op.f().is_read() == reads);
        let mut took: Vec<i64> = of.map(|op| op.until() - op.invoked()).collect();
        took.sort_unstable();
        took
    };
    let known = || ops().filter_map(|op| ages.get(&op.id()));
    let (reads, writes) = (took(true), took(false));
    let all = ops().count() as u64;
    (all > 0).then(|| LevelFigures {
        level,
        ops: all,
        ok: ops().filter(|op| op.is_ok()).count() as u64,
        reads: known().count() as u64,
        stale: known().filter(|age| age.is_some()).count() as u64,
        read_p50_ns: percentile(&reads, 500),
        read_p99_ns: percentile(&reads, 990),
        write_p50_ns: percentile(&writes, 500),
        write_p99_ns: percentile(&writes, 990),
    })
}

fn mixed(ctx: &Context<'_>, ages: &Ages) -> MixedFigures {
    let (strong_writes, after_weak_reads, after_stale_reads) = (0, 0, 0);
    let examples = Vec::new();
    let mut all = MixedFigures { strong_writes, after_weak_reads, after_stale_reads, examples };
    for ops in ctx.by_session().iter() {
        // By key: the read at level one that the session's knowledge of it rests on.
        let mut rests_on: BTreeMap<KeyId, OpId> = BTreeMap::new();
        for op in ops.iter().map(|&id| ctx.op(id)).filter(|op| op.is_ok()) {
            let weak = op.level() == Some(Level::One);
            let before = rests_on.remove(&op.key());
            if op.f().is_read() {
                if weak {
                    rests_on.insert(op.key(), op.id());
                }
                continue;
            }
            if weak || op.level().is_none() {
                continue;
            }
            all.strong_writes += 1;
            let Some(read) = before else { continue };
            all.after_weak_reads += 1;
            if let Some(&Some(age_ns)) = ages.get(&read) {
                all.after_stale_reads += 1;
                if all.examples.len() < EXAMPLES_MAX {
                    all.examples.push(example(ctx, op, ctx.op(read), age_ns));
                }
            }
        }
    }
    all
}

fn example(ctx: &Context<'_>, write: OpView<'_>, read: OpView<'_>, age_ns: i64) -> StaleInput {
    let level = write.level().map_or("", Level::name);
    StaleInput {
        write: write.number().into(),
        read: read.number().into(),
        key: write.key_name().to_owned(),
        age_ns,
        sentence: format!(
            "Session {} read {} at level one (#{}), and got a value that had been overwritten {} before; then {} at level {level}.",
            read.process(),
            write.key_name(),
            read.number(),
            duration(age_ns),
            explain::op(ctx, write.id())
        ),
    }
}
