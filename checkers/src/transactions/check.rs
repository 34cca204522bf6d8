//! A history of transactions in, a verdict out.

use super::decide::{Decision, decide};
use super::diagnosis::{Diagnosis, base_order, diagnose, searches, shrunk};
use super::facts::Facts;
use super::level::Level;
use super::paths::Paths;
use super::shape::{Kinds, Shape};
use super::sorted::Sorted;
use crate::cause::Cause;
use crate::findings::Findings;
use crate::judge;
use crate::registry::Registry;
use crate::verdict::{AnomalyKind, Counts, CountsOf, TransactionFigures, Verdict};
use afterall_history::{Function, Status, Transactions, Workload};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

const WHY_NONE: &str = "no transaction read a key that a committed one wrote";

/// Judges a history of transactions.
pub(crate) fn check(history: &Transactions, registry: &Registry) -> Verdict {
    let rows = registry.shown_rows(Workload::Transactions, true);
    let levels: Vec<Level> = rows.filter_map(|row| row.level).collect();
    let mut findings = Findings::default();
    let mut facts = Facts::new(history);
    for &level in &levels {
        let claim = level.claim();
        findings.chances(claim, facts.chances, WHY_NONE);
        if let Some(why) = &facts.untraced {
            findings.undecided(claim, why.clone());
        }
    }
    odd_reads(&facts, &levels, &mut findings);
    let (base, cycles, count) = base_order(&mut facts);
    for &level in &levels {
        file_cycles(&facts, level, &cycles, count, &mut findings);
    }
    for level in Level::ORDERED.into_iter().filter(|level| levels.contains(level)) {
        match decide(&facts, &base, level) {
            // What is weaker demands less of the same.
            Decision::Held => break,
            Decision::Broken(conflicts) => {
                let diagnosis = diagnose(&facts, &base, level, conflicts);
                file(&facts, &base, level, &diagnosis, &mut findings);
            }
        }
    }
    drop(facts);
    let (counts, transactions) = counts(history);
    findings.figures.transactions = Some(transactions);
    judge::transactions(history, registry, findings, counts)
}

/// Files the reads that are wrong by themselves: they break every property.
fn odd_reads(facts: &Facts<'_>, levels: &[Level], findings: &mut Findings) {
    let mut groups = Groups::default();
    for &(op, odd) in &facts.odd {
        let cause = super::words::cause(facts.history, odd.kind(), Some(op));
        if !groups.count_more(odd.kind(), &cause) {
            groups.add(facts.history, cause, super::shape::odd(facts, op, odd), 1);
        }
    }
    for &level in levels {
        groups.file(facts.history, level, findings);
    }
}

/// Files what broke one property: each read with its shortest witness as long as the searches last; then reads are
/// counted with those of their session, or of other sessions.
fn file(
    facts: &Facts<'_>,
    base: &Sorted,
    level: Level,
    diagnosis: &Diagnosis,
    findings: &mut Findings,
) {
    let history = facts.history;
    let paths = Paths::new(facts, Vec::new());
    let mut groups = Groups::default();
    let mut kinds = Kinds::default();
    // Reads that ignore their causal past break causal consistency, and so causal convergence.
    let ordered = level;
    let (level, broken) = match level {
        Level::CausalConvergence => (Level::Causal, &[Level::Causal, Level::CausalConvergence][..]),
        _ => (level, std::slice::from_ref(&ordered)),
    };
    let mut left = searches(facts);
    for &conflict in &diagnosis.stale {
        let read = facts.reads[conflict.read as usize].op;
        let kind = kinds.of(facts, level, conflict);
        let mut cause = super::words::cause(history, kind, Some(read));
        if left == 0 {
            if groups.count_more(kind, &cause)
                || groups.count_more(kind, &Cause::ReadsOfOtherSessions)
            {
                continue;
            }
            cause = Cause::ReadsOfOtherSessions;
        }
        left = left.saturating_sub(1);
        if let Some(shape) = super::shape::stale(facts, base, &paths, level, conflict) {
            groups.add(history, cause, shrunk(history, level, shape), 1);
        }
    }
    for &level in broken {
        groups.file(history, level, findings);
    }
    file_cycles(facts, ordered, &diagnosis.cycles, diagnosis.cycles_count, findings);
}

/// Files cycles, of which there are `count`.
fn file_cycles(
    facts: &Facts<'_>,
    level: Level,
    cycles: &[Shape],
    count: u64,
    findings: &mut Findings,
) {
    let mut groups = Groups::default();
    for (at, shape) in cycles.iter().enumerate() {
        let shape = shrunk(facts.history, level, shape.clone());
        let more = if at == 0 { count - cycles.len() as u64 } else { 0 };
        let cause = super::words::cause(facts.history, shape.kind, shape.read);
        groups.add(facts.history, cause, shape, 1 + more);
    }
    groups.file(facts.history, level, findings);
}

/// What was found, by kind and cause: how often, and the one with the fewest transactions.
#[derive(Default)]
struct Groups(BTreeMap<(AnomalyKind, Cause), (u64, Shape)>);

impl Groups {
    fn add(&mut self, history: &Transactions, cause: Cause, shape: Shape, count: u64) {
        match self.0.entry((shape.kind, cause)) {
            Entry::Vacant(entry) => {
                entry.insert((count, shape));
            }
            Entry::Occupied(mut entry) => {
                let (known, smallest) = entry.get_mut();
                *known += count;
                if shape.size(history) < smallest.size(history) {
                    *smallest = shape;
                }
            }
        }
    }

    fn count_more(&mut self, kind: AnomalyKind, cause: &Cause) -> bool {
        let group = self.0.get_mut(&(kind, cause.clone()));
        group.map(|(count, _)| *count += 1).is_some()
    }

    fn file(&self, history: &Transactions, level: Level, findings: &mut Findings) {
        for ((_, cause), (count, shape)) in &self.0 {
            findings.add_many(super::words::finding(history, level, shape, cause), *count);
        }
    }
}

fn counts(history: &Transactions) -> (Counts, TransactionFigures) {
    let mut by_f = [[0_u64; 3]; 2];
    let mut txns = [0_u64; 3];
    for txn in history.txns() {
        let status = history.status(txn) as usize;
        txns[status] += 1;
        for op in history.ops_of(txn) {
            by_f[usize::from(op.write)][status] += 1;
        }
    }
    let sum = |status: usize| by_f.iter().map(|of| of[status]).sum();
    let named = [Function::Read, Function::Write].into_iter().zip(by_f);
    let counts = Counts {
        ops: history.ops() as u64,
        ok: sum(Status::Ok as usize),
        fail: sum(Status::Fail as usize),
        info: sum(Status::Info as usize),
        unjudged: 0,
        sessions: history.sessions() as u64,
        keys: history.keys() as u64,
        by_f: named
            .filter(|(_, of)| *of != [0; 3])
            .map(|(f, [ok, fail, info])| CountsOf { f: f.name().to_owned(), ok, fail, info })
            .collect(),
    };
    let [committed, aborted, unknown] = txns;
    (counts, TransactionFigures { committed, aborted, unknown })
}
