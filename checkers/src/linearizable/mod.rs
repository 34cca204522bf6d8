//! Linearizability: every operation seems to take effect at one instant between its invocation and its completion.
//!
//! Herlihy and Wing, "Linearizability: a correctness condition for concurrent objects" (TOPLAS 1990). It is local: a
//! history is linearizable if and only if each of its objects is, so each key is judged by itself.
//!
//! | object | how | cost |
//! |---|---|---|
//! | register, distinct values, no compare-and-set | `zones` | n log n |
//! | set, distinct elements | `sets` | n log n in the elements of all reads |
//! | any other | `search`, on the states of `steps` | exponential in the worst case; see [`BUDGET`] |
//!
//! An operation that nobody knows about takes effect at any time after its invocation, or never. Order is that of the
//! events in the history, not of their times, which may be equal.
//!
//! A chance is an acknowledged operation on a key that was updated.

mod bounds;
mod search;
mod sets;
mod steps;
mod witness;
mod zones;

use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::sources::Sources;
use crate::verdict::Label;
use afterall_history::{KeyId, OpId, Property, Sessions, Workload};
use search::Found;
use sets::{Sets, Unset};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
pub(crate) use steps::mix;
use steps::{Step, Steps};

const CLAIM: Claim = (Property::Linearizable, Sessions::All);
const WHY_NONE: &str = "no key was updated and used again";

/// Configurations that the search tries for one key before it gives up, sixteen bytes each.
const BUDGET: u64 = 4_000_000;
/// And for all keys together.
const BUDGET_ALL: u64 = 40_000_000;

/// Operations that may stand behind the bounds of a read, for them to be part of its witness.
const WITNESS_MAX: usize = 64;

/// What operations are called that no order explains.
pub(crate) const NO_ORDER: &str = "no order";

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

/// Judges linearizability.
pub(crate) fn check(ctx: &Context<'_>, sources: &Sources, findings: &mut Findings) {
    findings.chances(CLAIM, chances(ctx), WHY_NONE);
    for &(read, value) in &sources.phantoms {
        let value = ctx.history.data().value(value);
        let what = format!("{}: nobody had written {value} by then.", explain::op(ctx, read));
        findings.add(finding(ctx, "phantom", vec![read], what, Vec::new()));
    }
    for &(read, write) in &sources.aborted {
        let words = explain::op(ctx, write);
        let what = format!("{}: it shows what had failed: {words}.", explain::op(ctx, read));
        findings.add(finding(ctx, "aborted write", vec![write, read], what, Vec::new()));
    }
    if ctx.history.header().workload == Workload::Set && sources.twice.is_none() {
        let mut sets = Sets::new(ctx, sources);
        for key in ctx.keys() {
            if let (Some(unset), count) = sets.judge(key) {
                findings.add_of(vec![explain_set(ctx, unset)], count);
            }
        }
        return;
    }
    let spent = AtomicU64::new(0);
    let traced = sources.phantoms.iter().map(|&(read, _)| read);
    let told: BTreeSet<OpId> =
        traced.chain(sources.aborted.iter().map(|&(read, _)| read)).collect();
    for judged in each_key(ctx, |key| judge(ctx, key, &told, &spent)) {
        match judged {
            Judged::Held => {}
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

fn chances(ctx: &Context<'_>) -> u64 {
    let of = |key| {
        let updated = ctx.on(key).any(|op| !op.f().is_read());
        let ok = ctx.on(key).filter(|op| op.is_ok()).count() as u64;
        if updated && ok > 1 { ok } else { 0 }
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
    if ctx.history.header().workload == Workload::Register
        && let Some(read) = ctx.on(key).find(|op| {
            op.is_ok() && op.f().is_read() && ctx.history.data().items(op.output()).len() > 1
        })
    {
        let what =
            format!("{}: a register holds one value at a time.", explain::op(ctx, read.id()));
        return Judged::Broken(vec![finding(ctx, "siblings", vec![read.id()], what, vec![])], 1);
    }
    let steps = Steps::new(ctx, key, told);
    if let Some(why) = steps.undecided {
        return Judged::Undecided(why);
    }
    if let Some(zones) = zones::zones(&steps.ops) {
        return clashes(ctx, &steps.ops, &zones);
    }
    let name = ctx.history.key_name(key);
    if matches!(ctx.history.header().workload, Workload::Counter | Workload::Inventory) {
        let outside = bounds::outside(&steps.ops);
        if !outside.is_empty() {
            let last = outside.iter().filter_map(|of| steps.ops[of.read].completed).max();
            if ctx.history.updates_left_out(key, None, last.unwrap_or(0)) {
                return Judged::Undecided(left_out(name));
            }
            let tell = |outside| explain_bounds(ctx, &steps.ops, outside);
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
        Found::No => Judged::Broken(vec![explain_none(ctx, key, &steps)], 1),
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

/// The smallest clash of each cause, and how many it stands for.
fn clashes(ctx: &Context<'_>, ops: &[steps::Op], zones: &[zones::Zone]) -> Judged {
    let mut of_cause: BTreeMap<String, (u64, zones::Clash)> = BTreeMap::new();
    for clash in zones::clashes(zones) {
        let last = clash.all().into_iter().map(|at| ops[at].id).max().unwrap_or(OpId(0));
        let (count, smallest) =
            of_cause.entry(explain::served(ctx, last)).or_insert_with(|| (0, clash.clone()));
        *count += 1;
        if clash.all().len() < smallest.all().len() {
            *smallest = clash;
        }
    }
    if of_cause.is_empty() {
        return Judged::Held;
    }
    let tell =
        |(_, (count, clash)): (_, (u64, zones::Clash))| (explain_clash(ctx, ops, &clash), count);
    Judged::Clashes(of_cause.into_iter().map(tell).collect())
}

fn left_out(key: &str) -> String {
    format!("{key}: updates of it are not part of this history")
}

fn explain_bounds(
    ctx: &Context<'_>,
    ops: &[steps::Op],
    bounds::Outside { read, lowest, highest }: bounds::Outside,
) -> Finding {
    let (read, until) = (ops[read].id, ops[read].completed);
    let mut all: Vec<OpId> = ops
        .iter()
        .filter(|op| !matches!(op.step, Step::Read(_)) && Some(op.invoked) < until)
        .map(|op| op.id)
        .collect();
    if all.len() > WITNESS_MAX {
        all.clear();
    }
    all.push(read);
    let what = format!(
        "{}: what was over before it began, and what it ran beside, allow {lowest} to {highest}.",
        explain::op(ctx, read)
    );
    finding(ctx, "not linearizable", all, what, Vec::new())
}

fn finding(
    ctx: &Context<'_>,
    kind: &'static str,
    ops: Vec<OpId>,
    sentence: String,
    edges: Vec<Dependency>,
) -> Finding {
    let last = ops.iter().copied().max().unwrap_or(OpId(0));
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind,
        cause: explain::served(ctx, last),
        sentence,
        key: ops.first().map(|&op| ctx.op(op).key()),
        ops,
        edges,
    }
}

fn real_time(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let (a, b) = (ctx.op(from).index(), ctx.op(to).index());
    Dependency { from, to, label: Label::RealTime, why: format!("#{a} was over before #{b} began") }
}

fn reads_from(ctx: &Context<'_>, from: OpId, to: OpId) -> Dependency {
    let why = crate::paths::reads_from(ctx, from, to);
    Dependency { from, to, label: Label::ReadsFrom, why }
}

fn explain_clash(ctx: &Context<'_>, ops: &[steps::Op], clash: &zones::Clash) -> Finding {
    let id = |at: usize| ops[at].id;
    let (still, begun) = (id(clash.still), id(clash.begun));
    let mut edges = Vec::new();
    let mut said = vec![explain::op(ctx, still)];
    if let Some(there) = clash.there.map(id) {
        edges.push(real_time(ctx, there, begun));
        said.insert(0, explain::op(ctx, there));
    } else {
        said.insert(0, "nothing had been written".to_owned());
    }
    let mut other = vec![explain::op(ctx, begun)];
    if let Some(over) = clash.over.map(id).filter(|&over| over != begun) {
        other.insert(0, explain::op(ctx, over));
    }
    if let Some(over) = clash.over.map(id) {
        edges.push(real_time(ctx, over, still));
    }
    for (write, readers) in
        clash.writes.iter().zip([[clash.there, Some(clash.still)], [clash.over, Some(clash.begun)]])
    {
        for reader in readers.into_iter().flatten().filter(|&reader| Some(reader) != *write) {
            edges.extend(write.map(|write| reads_from(ctx, id(write), id(reader))));
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to));
    edges.dedup_by_key(|edge| (edge.from, edge.to));
    let sentence = format!(
        "A value that was there and still there, and between the two another: {}, then {}; meanwhile {}.",
        said[0],
        said[1],
        other.join(" and ")
    );
    let all = clash.all().into_iter().map(id).collect();
    finding(ctx, "not linearizable", all, sentence, edges)
}

fn explain_set(ctx: &Context<'_>, unset: Unset) -> Finding {
    let (ops, sentence, edges) = match unset {
        Unset::Apart { reads: [a, b], adds: [x, y] } => (
            vec![x, y, a, b],
            format!(
                "{} and {} show neither all of the other: the first alone shows #{}, the second alone #{}.",
                read_of(ctx, a),
                read_of(ctx, b),
                ctx.op(x).index(),
                ctx.op(y).index()
            ),
            vec![reads_from(ctx, x, a), reads_from(ctx, y, b)],
        ),
        Unset::Shrunk { reads: [a, b], add } => (
            vec![add, a, b],
            format!(
                "{} shows {}, and {}, which began after it was over, does not.",
                read_of(ctx, a),
                explain::op(ctx, add),
                read_of(ctx, b)
            ),
            vec![reads_from(ctx, add, a), real_time(ctx, a, b)],
        ),
        Unset::Missed { add, read } => (
            vec![add, read],
            format!(
                "{} was over before {} began, which does not show it.",
                explain::op(ctx, add),
                read_of(ctx, read)
            ),
            vec![real_time(ctx, add, read)],
        ),
        Unset::Overtaken { adds: [x, y], read } => (
            vec![x, y, read],
            format!(
                "{} was over before {} began, and yet {} shows only the second.",
                explain::op(ctx, x),
                explain::op(ctx, y),
                read_of(ctx, read)
            ),
            vec![real_time(ctx, x, y), reads_from(ctx, y, read)],
        ),
    };
    finding(ctx, "not linearizable", ops, sentence, edges)
}

/// A read, without all that it shows.
fn read_of(ctx: &Context<'_>, read: OpId) -> String {
    let op = ctx.op(read);
    format!("process {}'s read of {} (#{})", op.process(), op.key_name(), op.index())
}

fn explain_none(ctx: &Context<'_>, key: KeyId, steps: &Steps) -> Finding {
    let witness = witness::shrink(ctx, steps);
    let ops: Vec<OpId> = witness.iter().map(|op| op.id).collect();
    let mut edges = Vec::new();
    for (at, op) in witness.iter().enumerate() {
        // The nearest that was over before: the others follow from it.
        let over = witness[..at].iter().filter(|before| before.completed < Some(op.invoked));
        let nearest = over.filter(|before| before.completed.is_some()).max_by_key(|b| b.completed);
        edges.extend(nearest.map(|before| real_time(ctx, before.id, op.id)));
    }
    let name = ctx.history.key_name(key);
    let count = ops.len();
    let sentence = format!(
        "No order of these {count} operations on {name} that keeps to real time explains what they returned; the last to \
         be over is {}.",
        witness
            .iter()
            .max_by_key(|op| op.completed)
            .map_or(String::new(), |op| explain::op(ctx, op.id))
    );
    finding(ctx, NO_ORDER, ops, sentence, edges)
}
