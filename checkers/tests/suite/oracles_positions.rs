//! Positions against brute force, straight from the definitions, on thousands of histories of at most ten operations.

use crate::store::Dice;
use crate::table::{agrees, each_is_broken_at_times, history, outcome};
use afterall_checkers::check;
use afterall_history::{History, OpView, Property, Status};
use std::fmt::Write;

/// Positions of a film, read on two replicas at the end, where `careless` replicas forget and make things up.
fn draw(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = "! workload position\n".to_owned();
    let mut free_at = [0_u64; 3];
    let mut process = [0_u64, 1, 2];
    let mut written: Vec<u64> = Vec::new();
    let careless = dice.below(4);
    let held = |dice: &mut Dice, written: &[u64]| {
        let honest = careless == 0 || dice.below(4) >= careless;
        let made_up = careless == 3 && dice.below(8) == 0;
        match written.iter().max() {
            _ if made_up => (1 + dice.below(12)).to_string(),
            Some(furthest) if honest => furthest.to_string(),
            Some(_) => dice.pick(written).to_string(),
            None => "null".to_owned(),
        }
    };
    for _ in 0..3 + dice.below(5) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(8);
        let to = from + 1 + dice.below(8);
        free_at[session] = to + 1;
        let p = process[session];
        if dice.below(2) == 0 {
            let held = held(&mut dice, &written);
            writeln!(table, "p{p}@n1 read x {held} {from}..{to}").unwrap();
            continue;
        }
        // Few numbers, so that several write the same.
        let at = 1 + dice.below(9);
        let how = ["", "", "", "info", "fail"][dice.below(5) as usize];
        writeln!(table, "p{p}@n1 write x {at} {from}..{to} {how}").unwrap();
        if how != "fail" {
            written.push(at);
        }
        if how == "info" {
            process[session] += 10;
        }
    }
    // Some of the last reads begin before all is over.
    let end = free_at.iter().max().unwrap() + 1 - dice.below(3) * 4;
    let shown = held(&mut dice, &written);
    let other = if dice.below(4) == 0 { held(&mut dice, &written) } else { shown.clone() };
    writeln!(table, "p90@n1 read x {shown} {end}..{} final", end + 1).unwrap();
    writeln!(table, "p91@n2 read x {other} {end}..{} final", end + 1).unwrap();
    history(&table)
}

#[test]
fn positions() {
    let levels = [
        Property::NoLostWrites,
        Property::ReadYourWrites,
        Property::MonotonicReads,
        Property::NoPhantoms,
    ];
    let mut broken = [0; 4];
    let seeds = 8_000;
    for seed in 1..=seeds {
        let history = draw(seed);
        let verdict = check(&history);
        let ops: Vec<OpView<'_>> = history.ops().collect();
        let writes = || ops.iter().filter(|op| !op.f().is_read() && op.status() != Status::Fail);
        let reads = || ops.iter().filter(|op| op.f().is_read());
        let left = reads().filter(|op| op.is_final()).map(|op| op.output().as_int()).max();
        let begun = reads().filter(|op| op.is_final()).map(|op| op.index()).min();
        // Acknowledged before anything was read for the last time, and all that was read is less.
        let lost = writes().any(|op| {
            op.is_ok() && op.completion_index() < begun && Some(op.input().as_int()) > left
        });
        let earlier = |a: &OpView<'_>, b: &OpView<'_>| {
            a.session() == b.session() && a.id() < b.id() && a.is_ok()
        };
        let forgets = reads().any(|read| {
            writes().any(|own| earlier(own, read) && own.input().as_int() > read.output().as_int())
        });
        let goes_back = reads().any(|read| {
            reads().any(|old| earlier(old, read) && old.output().as_int() > read.output().as_int())
        });
        let phantom = reads().any(|read| {
            let mut begun = writes().filter(|op| Some(op.index()) < read.completion_index());
            !read.output().is_nil() && !begun.any(|op| op.input() == read.output())
        });
        // Where a number was written several times, a part does not tell whose a phantom is.
        let proves = |level| level != Property::NoPhantoms;
        let wrong = [lost, forgets, goes_back, phantom];
        agrees(&history, &verdict, (levels, wrong), proves, &mut broken, seed);
        let fates = verdict.figures.fates.unwrap();
        let sum = fates.survived + fates.superseded + fates.lost + fates.undecided;
        assert_eq!(sum, fates.acknowledged, "seed {seed}");
        // What is called held was there to be seen: nothing acknowledged is greater than what is left.
        if outcome(&verdict, Property::NoLostWrites) == "held" {
            assert!(
                writes().all(|op| !op.is_ok() || Some(op.input().as_int()) <= left),
                "seed {seed}"
            );
        }
    }
    each_is_broken_at_times(levels, broken, seeds);
}
