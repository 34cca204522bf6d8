//! Of a broken property: which reads broke it, and the smallest histories that show it.

use super::conflict::Conflict;
use super::cycles;
use super::decide::{Decision, befores, decide};
use super::facts::{Facts, INITIAL, NONE};
use super::level::Level;
use super::paths::Paths;
use super::shape::{Shape, cycle, odd, stale};
use super::sorted::{Sorted, first_guess, sort};
use super::stale_reads::stale_reads;
use afterall_history::{OpId, Transactions};

/// Operations that are walked at most in search of the shortest witnesses of one property.
const WALK_MAX: usize = 20_000_000;

/// Witnesses of more transactions are not made smaller.
const SHRINK_MAX: usize = 64;

/// What is known of a broken property.
#[derive(Default)]
pub(super) struct Diagnosis {
    /// The reads that ignore what they must have known, each with what tells so.
    pub(super) stale: Vec<Conflict>,
    /// Cycles that no single read is to blame for.
    pub(super) cycles: Vec<Shape>,
    /// How many of them there are, those not shown included.
    pub(super) cycles_count: u64,
}

/// How many searches over the whole history may be made.
pub(super) fn searches(facts: &Facts<'_>) -> usize {
    (WALK_MAX / (facts.len() + facts.reads.len()).max(1)).clamp(8, 2_000)
}

/// Finds out why a property is broken. The conflicts are those that its decision ended with.
pub(super) fn diagnose(
    facts: &Facts<'_>,
    base: &Sorted,
    level: Level,
    mut conflicts: Vec<Conflict>,
) -> Diagnosis {
    if level == Level::Causal {
        return Diagnosis { stale: conflicts, ..Diagnosis::default() };
    }
    let stale = stale_reads(facts, base, level);
    // What no stale read explains.
    let blamed = |conflict: &Conflict| {
        stale.binary_search_by_key(&conflict.read, |known| known.read).is_ok()
    };
    conflicts.retain(|conflict| conflict.then != INITIAL && !blamed(conflict));
    let rest = sort(facts, &befores(&conflicts), &base.rank);
    if rest.stuck.is_empty() {
        return Diagnosis { stale, ..Diagnosis::default() };
    }
    let found = cycles::find(facts, &rest.stuck, &conflicts);
    let paths = Paths::new(facts, Vec::new());
    let cycles = found.shortest.iter().map(|links| cycle(facts, &paths, level, links)).collect();
    Diagnosis { stale, cycles, cycles_count: found.count }
}

/// An order that respects so and wr. Where effects come before their causes, also the cycles and how many there are, and
/// the order is one without the reads on them that go against the order of the file: what else is wrong can still
/// be told.
pub(super) fn base_order(facts: &mut Facts<'_>) -> (Sorted, Vec<Shape>, u64) {
    let guess = first_guess(facts);
    let base = sort(facts, &[], &guess);
    if base.stuck.is_empty() {
        return (base, Vec::new(), 0);
    }
    let found = cycles::find(facts, &base.stuck, &[]);
    let paths = Paths::new(facts, Vec::new());
    // Without conflicts it is the same at every level.
    let shapes =
        found.shortest.iter().map(|links| cycle(facts, &paths, Level::CausalConvergence, links));
    let shapes: Vec<Shape> = shapes.collect();
    drop(paths);
    let place = |txn: u32| (guess[txn as usize], txn);
    facts.retain_reads(|reader, read| {
        read.from == INITIAL
            || found.component[reader as usize] == NONE
            || found.component[reader as usize] != found.component[read.from as usize]
            || place(read.from) < place(reader)
    });
    (sort(facts, &[], &guess), shapes, found.count)
}

/// The smallest thing that is wrong with a small history, if anything is.
fn smallest(history: &Transactions, level: Level) -> Option<Shape> {
    let mut facts = Facts::new(history);
    let odd = facts.odd.iter().map(|&(op, why)| odd(&facts, op, why));
    let mut shapes: Vec<Shape> = odd.collect();
    let (base, cycles, _) = base_order(&mut facts);
    shapes.extend(cycles);
    let paths = Paths::new(&facts, Vec::new());
    if let Decision::Broken(conflicts) = decide(&facts, &base, level) {
        let Diagnosis { stale: reads, cycles, .. } = diagnose(&facts, &base, level, conflicts);
        shapes.extend(reads.iter().filter_map(|&read| stale(&facts, &base, &paths, level, read)));
        shapes.extend(cycles);
    }
    shapes.into_iter().min_by_key(|shape| shape.size(history))
}

/// The same with fewer transactions, if some of them are not needed.
pub(super) fn shrunk(history: &Transactions, level: Level, mut shape: Shape) -> Shape {
    'smaller: loop {
        let ops = shape.ops();
        let mut txns: Vec<_> = ops.iter().map(|&op| history.txn_of(op)).collect();
        txns.dedup();
        if txns.len() < 3 || txns.len() > SHRINK_MAX {
            return shape;
        }
        for &left_out in &txns {
            let left: Vec<OpId> =
                without_orphans(history, &ops, |op| history.txn_of(op) != left_out);
            let Ok(part) = history.part(&left) else { return shape };
            if let Some(smaller) = smallest(&part, level) {
                shape = smaller.within(&left);
                continue 'smaller;
            }
        }
        return shape;
    }
}

/// Those operations that are kept, without the reads whose writes were among them and are not kept.
fn without_orphans(history: &Transactions, ops: &[OpId], keep: impl Fn(OpId) -> bool) -> Vec<OpId> {
    let of = |id: OpId| history.op(id);
    let write_of = |read: OpId, among: &dyn Fn(OpId) -> bool| {
        ops.iter().any(|&other| {
            among(other)
                && of(other).write
                && (of(other).key, of(other).value) == (of(read).key, of(read).value)
        })
    };
    ops.iter()
        .copied()
        .filter(|&op| keep(op))
        .filter(|&op| of(op).write || write_of(op, &keep) || !write_of(op, &|_| true))
        .collect()
}
