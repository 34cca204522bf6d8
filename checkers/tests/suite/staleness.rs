//! Staleness: histories that can be read, and brute force straight from the definition.

use crate::store::Dice;
use crate::table::{history, judge};
use afterall_checkers::{Verdict, check};
use afterall_history::{Function, History, OpView, Value};

fn figures(verdict: &Verdict) -> &afterall_checkers::verdict::StalenessFigures {
    verdict.figures.staleness.as_ref().unwrap()
}

#[test]
fn a_read_of_what_was_overwritten_is_as_old_as_the_overwriting() {
    let verdict = judge(
        "
        p1@n1 write x 1  10..20
        p1@n1 write x 2  30..40
        p2@n2 read x [2] 41..42
        p1@n1 write x 3  50..60
        p2@n2 read x [3] 61..62
        p2@n2 read x [1] 100..110",
    );
    let figures = figures(&verdict);
    assert_eq!((figures.reads, figures.stale, figures.versions_max), (3, 1, 2));
    assert_eq!(figures.max_ns, Some(60));
    assert_eq!(figures.stalest.as_ref().unwrap().node, "n2");
}

#[test]
fn what_may_be_fresh_is_fresh() {
    for table in [
        // The later write had not been acknowledged.
        "
        p1@n1 write x 1  10..20
        p1@n1 write x 2  30..40
        p2@n2 read x [1] 39..60
        p2@n2 read x [2] 61..70",
        // The writes overlap: either may be the later.
        "
        p1@n1 write x 1  10..20
        p3@n1 write x 2  15..40
        p2@n2 read x [2] 50..55
        p2@n2 read x [1] 60..70",
        // Nobody ever read the later write: it may have lost.
        "
        p1@n1 write x 1  10..20
        p1@n1 write x 2  30..40
        p2@n2 read x [1] 60..70",
        // Nobody knows when the returned write took effect.
        "
        p1@n1 write x 1  10..20 info
        p3@n1 write x 2  30..40
        p2@n2 read x [2] 50..55
        p2@n2 read x [1] 60..70",
    ] {
        let verdict = judge(table);
        assert_eq!(verdict.figures.staleness.as_ref().map_or(0, |f| f.stale), 0, "{table}");
    }
}

#[test]
fn nothing_read_after_something_was_written_is_stale() {
    let verdict = judge(
        "
        p1@n1 write x 1  10..20
        p2@n2 read x []  30..31
        p2@n2 read x [1] 40..41",
    );
    assert_eq!((figures(&verdict).stale, figures(&verdict).max_ns), (1, Some(10)));
}

#[test]
fn no_reads_no_figures() {
    assert!(judge("p1@n1 write x 1 10..20").figures.staleness.is_none());
    assert!(judge("p1@n1 read x [] 10..20").figures.staleness.is_none());
}

/// A small history of one or two keys; writes carry values of their own, reads return any value begun by then.
fn draw(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = String::new();
    let mut written: Vec<(u64, i64, u64)> = Vec::new();
    for n in 0..8 {
        let key = dice.below(4) / 3;
        let from = 1 + dice.below(60) as i64;
        let to = from + 1 + dice.below(20) as i64;
        let line = if n > 2 && dice.below(2) == 0 {
            let known: Vec<u64> =
                written.iter().filter(|w| w.0 == key && w.1 <= to).map(|w| w.2).collect();
            let some = !known.is_empty() && dice.below(5) > 0;
            let value = if some { dice.pick(&known).to_string() } else { String::new() };
            format!("p{n}@n1 read k{key} [{value}] {from}..{to}\n")
        } else {
            written.push((key, from, n));
            let outcome = if dice.below(6) == 0 { "info" } else { "" };
            format!("p{n}@n1 write k{key} {n} {from}..{to} {outcome}\n")
        };
        table.push_str(&line);
    }
    history(&table)
}

/// Straight from the definition: stale reads and their ages.
fn brute_force(history: &History) -> Vec<i64> {
    let ops: Vec<OpView<'_>> = history.ops().collect();
    let reads = |op: &&OpView<'_>| op.f().is_read() && op.is_ok();
    let values = |op: &OpView<'_>| match history.data().value(op.output()) {
        Value::List(values) => values,
        _ => Vec::new(),
    };
    let written = |op: &OpView<'_>| history.data().value(op.input());
    let is_write = |op: &OpView<'_>| op.f() == Function::Write;
    let seen = |write: &OpView<'_>| {
        ops.iter().filter(reads).any(|read| {
            read.key() == write.key()
                && values(read).contains(&written(write))
                && Some(write.index()) < read.completion_index()
        })
    };
    let mut ages = Vec::new();
    for read in ops.iter().filter(reads) {
        let same = |op: &&OpView<'_>| is_write(op) && op.key() == read.key();
        let sources: Vec<&OpView<'_>> =
            ops.iter().filter(same).filter(|w| values(read).contains(&written(w))).collect();
        let traced = sources.len() == values(read).len()
            && sources.iter().all(|w| w.is_ok() && Some(w.index()) < read.completion_index());
        if !traced {
            continue;
        }
        let overwriting = ops.iter().filter(same).filter(|later| {
            later.is_ok()
                && seen(later)
                && later.until() < read.invoked()
                && sources.iter().all(|source| source.until() < later.invoked())
        });
        ages.extend(overwriting.map(|later| read.invoked() - later.until()).max());
    }
    ages.sort_unstable();
    ages
}

#[test]
fn brute_force_finds_the_same() {
    let (mut stale, mut fresh) = (0, 0);
    for seed in 0..4_000 {
        let history = draw(seed);
        let verdict = check(&history);
        let expected = brute_force(&history);
        let (count, max) = verdict
            .figures
            .staleness
            .as_ref()
            .map_or((0, None), |figures| (figures.stale as usize, figures.max_ns));
        assert_eq!((count, max), (expected.len(), expected.last().copied()), "seed {seed}");
        if expected.is_empty() { fresh += 1 } else { stale += 1 }
    }
    assert!(stale > 500 && fresh > 500, "{stale} {fresh}");
}
