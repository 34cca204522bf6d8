//! Judges every key of a history by itself.

use super::claim::{BOUNDS, CLAIM};
use super::search::{self, Found};
use super::sets::Sets;
use super::several::shows_several;
use super::steps::{self, Steps};
use super::zones::{self, Clash};
use super::{bounds, texts, words};
use crate::case::Case;
use crate::cause::Place;
use crate::context::Context;
use crate::explain;
use crate::findings::{Finding, Findings};
use crate::row::{Checker, Turn};
use crate::verdict::AnomalyKind;
use afterall_history::{Function, KeyId, OpId, OpView, Workload};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};

const WHY_NONE: &str = "no key was updated and then observed";

/// Configurations that the search tries for one key before it gives up, sixteen bytes each.
const BUDGET: u64 = 4_000_000;
/// And for all keys together.
const BUDGET_ALL: u64 = 40_000_000;

/// Operations from which on keys are judged side by side.
const PARALLEL_MIN: usize = 2_000;

/// What came of a key.
enum Judged {
    Held,
    Undecided(String),
    Broken(Vec<Finding>, u64),
    /// One of each cause, and how many it stands for.
    Clashes(Vec<(Finding, u64)>),
}

/// Judges linearizability, and the bounds of counters.
pub(crate) static CHECKER: Checker = Checker {
    name: "linearizability",
    workloads: &[
        Workload::Register,
        Workload::Counter,
        Workload::Set,
        Workload::Inventory,
        Workload::Text,
        Workload::Mutex,
    ],
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    findings.chances(CLAIM, chances(ctx), WHY_NONE);
    for &(read, value) in &reads_from.phantoms {
        let value = ctx.history.data().value(value);
        let what = format!("{}: no session had written {value} by then.", explain::op(ctx, read));
        findings.add(words::finding(ctx, AnomalyKind::Phantom, vec![read], what, Vec::new()));
    }
    for &(read, write) in &reads_from.aborted {
        let words = explain::op(ctx, write);
        let read_words = explain::op(ctx, read);
        let what = format!(
            "{read_words}, although the write of that value is recorded as failed: {words}."
        );
        findings.add(words::finding(
            ctx,
            AnomalyKind::AbortedWrite,
            vec![write, read],
            what,
            Vec::new(),
        ));
    }
    if ctx.history.header().workload == Workload::Set && !ctx.has_removes() {
        let mut sets = Sets::new(ctx, reads_from);
        for key in ctx.keys() {
            if let (Some(unset), count) = sets.judge(key) {
                findings.add_of(vec![words::explain_set(ctx, unset)], count);
            }
        }
        return;
    }
    let spent = AtomicU64::new(0);
    let traced = reads_from.phantoms.iter().map(|&(read, _)| read);
    let told: BTreeSet<OpId> =
        traced.chain(reads_from.aborted.iter().map(|&(read, _)| read)).collect();
    if ctx.history.header().workload == Workload::Counter {
        counter_bounds(ctx, &told, findings);
    }
    let made_up: BTreeSet<KeyId> = told.iter().map(|&read| ctx.op(read).key()).collect();
    for (key, judged) in ctx.keys().zip(each_key(ctx, |key| judge(ctx, key, &told, &spent))) {
        match judged {
            Judged::Held if made_up.contains(&key) => {}
            Judged::Held => {
                findings.linearizable.insert(key);
            }
            Judged::Undecided(why) => findings.undecided(CLAIM, why),
            Judged::Broken(found, count) => findings.add_of(found, count),
            Judged::Clashes(found) => {
                for (finding, count) in found {
                    findings.add_many(finding, count);
                }
            }
        }
    }
}

/// Counter bounds: of what Jepsen's checker of counters demands. A read holds all that was acknowledged before it began, and
/// nothing that had not begun when it was over. Less than linearizability, and more than an eventually consistent counter
/// promises. A chance is a read.
fn counter_bounds(ctx: &Context<'_>, told: &BTreeSet<OpId>, findings: &mut Findings) {
    const WHY_NONE: &str = "no counter that was changed was read";
    findings.chances(BOUNDS, 0, WHY_NONE);
    for key in ctx.keys() {
        let steps = Steps::new(ctx, key, told);
        let is_read = |op: &&steps::Op| ctx.op(op.id).f().is_read();
        if ctx.on(key).any(|op| !op.f().is_read()) {
            findings.chances(BOUNDS, steps.ops.iter().filter(is_read).count() as u64, WHY_NONE);
        }
        for outside in bounds::outside(&steps.ops) {
            let until = steps.ops[outside.read].completed.unwrap_or(0);
            if !ctx.history.updates_left_out(key, None, until) {
                let found = words::explain_bounds(ctx, &steps.ops, outside);
                findings.add(Finding {
                    claim: BOUNDS,
                    kind: AnomalyKind::ReadOutOfBounds,
                    ..found
                });
            }
        }
    }
}

fn chances(ctx: &Context<'_>) -> u64 {
    // Who observes nothing fits every order.
    let observes = |op: &OpView<'_>| {
        op.f().is_read()
            || matches!(
                op.f(),
                Function::Cas | Function::Acquire | Function::Release | Function::Sell
            )
    };
    let of = |key| {
        let made = || ctx.on(key).filter(|op| !op.is_setup());
        let updated = made().any(|op| !op.f().is_read());
        let ok = made().filter(|op| op.is_ok()).count() as u64;
        let observed = made().filter(|op| op.is_ok() && observes(op)).count() as u64;
        // Alone, only what demands something of the beginning can be wrong.
        let demands =
            |op: &OpView<'_>| matches!(op.f(), Function::Cas | Function::Release | Function::Sell);
        let alone = || made().any(|op| op.is_ok() && demands(&op));
        if updated && (ok > 1 || alone()) { observed } else { 0 }
    };
    ctx.keys().map(of).sum()
}

/// Judges every key, on as many threads as there are processors where that pays.
fn each_key(ctx: &Context<'_>, judge: impl Fn(KeyId) -> Judged + Sync) -> Vec<Judged> {
    let keys: Vec<KeyId> = ctx.keys().collect();
    if keys.len() < 2 || ctx.history.len() < PARALLEL_MIN {
        return keys.into_iter().map(judge).collect();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(keys.len());
    let next = AtomicU64::new(0);
    let work = || {
        let mut judged = Vec::new();
        while let Some(&key) = keys.get(next.fetch_add(1, Ordering::Relaxed) as usize) {
            judged.push((key, judge(key)));
        }
        judged
    };
    let mut judged: Vec<(KeyId, Judged)> = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(theirs) => all.extend(theirs),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    judged.sort_by_key(|(key, _)| *key);
    judged.into_iter().map(|(_, judged)| judged).collect()
}

fn judge(ctx: &Context<'_>, key: KeyId, told: &BTreeSet<OpId>, spent: &AtomicU64) -> Judged {
    if let Some(read) = ctx.on(key).find(|op| shows_several(ctx, *op)) {
        return Judged::Broken(vec![words::several(ctx, read.id())], 1);
    }
    if ctx.history.header().workload == Workload::Text
        && let Some(texts::Judged { wrongs, all }) = texts::judge(ctx, key)
        && (all || !wrongs.is_empty())
    {
        return smallest(ctx, wrongs, texts::Wrong::all, words::explain_text);
    }
    let steps = Steps::new(ctx, key, told);
    if let Some(why) = steps.undecided {
        return Judged::Undecided(why);
    }
    if let Some(zones) = zones::zones(&steps.ops) {
        let ops = &steps.ops;
        let clashes = zones::clashes(&zones).into_iter();
        let clashes = clashes.map(|clash| clash.map(|at| ops[at].id)).collect();
        return smallest(ctx, clashes, Clash::all, words::explain_value);
    }
    let name = ctx.history.key_name(key);
    if matches!(ctx.history.header().workload, Workload::Counter | Workload::Inventory) {
        let outside = bounds::outside(&steps.ops);
        if !outside.is_empty() {
            let last = outside.iter().filter_map(|of| steps.ops[of.read].completed).max();
            if ctx.history.updates_left_out(key, None, last.unwrap_or(0)) {
                return Judged::Undecided(left_out(name));
            }
            let tell = |outside| words::explain_bounds(ctx, &steps.ops, outside);
            let count = outside.len() as u64;
            return Judged::Broken(outside.into_iter().map(tell).collect(), count);
        }
    }
    let mut budget = BUDGET.min(BUDGET_ALL.saturating_sub(spent.load(Ordering::Relaxed)));
    let given = budget;
    let found = search::search(&steps.ops, steps.initial, &mut budget);
    spent.fetch_add(given - budget, Ordering::Relaxed);
    match found {
        Found::Yes => Judged::Held,
        Found::GaveUp => Judged::Undecided(format!(
            "{name}: no order was found among the first {given} configurations tried"
        )),
        Found::No if values_unknown(ctx, key, &steps) => Judged::Undecided(left_out(name)),
        Found::No => Judged::Broken(vec![words::explain_none(ctx, key, &steps)], 1),
    }
}

/// Whether updates that may matter are not part of this history. Where values are told apart, their readers were left
/// out with them.
fn values_unknown(ctx: &Context<'_>, key: KeyId, steps: &Steps) -> bool {
    let observers = steps.ops.iter().filter(|op| op.step.observes());
    let last = observers.filter_map(|op| op.completed).max().unwrap_or(0);
    ctx.history.header().workload != Workload::Register
        && ctx.history.updates_left_out(key, None, last)
}

/// The smallest of each cause, and how many it stands for.
fn smallest<W>(
    ctx: &Context<'_>,
    wrongs: Vec<W>,
    all: impl Fn(&W) -> Vec<OpId>,
    tell: impl Fn(&Context<'_>, &W) -> Finding,
) -> Judged {
    let mut of_cause: BTreeMap<Place, (u64, usize, W)> = BTreeMap::new();
    for wrong in wrongs {
        let ops = all(&wrong);
        let cause = Place::of(ctx, ops.iter().copied().max().unwrap_or(OpId(0)));
        match of_cause.get_mut(&cause) {
            None => {
                of_cause.insert(cause, (1, ops.len(), wrong));
            }
            Some((count, least, smallest)) => {
                *count += 1;
                if ops.len() < *least {
                    (*least, *smallest) = (ops.len(), wrong);
                }
            }
        }
    }
    if of_cause.is_empty() {
        return Judged::Held;
    }
    let told = of_cause.into_values().map(|(count, _, wrong)| (tell(ctx, &wrong), count));
    Judged::Clashes(told.collect())
}

fn left_out(key: &str) -> String {
    format!("{key}: updates of it are not part of this history")
}
