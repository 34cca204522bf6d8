//! Counter and cart checkers against brute force, straight from the definitions, on thousands of small histories.

use crate::store::Dice;
use crate::table::{history, only, outcome};
use afterall_checkers::check;
use afterall_history::{Function, History, OpView, Property, Status};
use std::fmt::Write;

fn outcome_word(dice: &mut Dice) -> &'static str {
    ["", "", "", "info", "fail"][dice.below(5) as usize]
}

/// A counter of at most eight operations, read on two replicas at the end.
fn counter(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = "! workload counter\n".to_owned();
    let (mut sum, mut free_at) = (0, [0_i64; 3]);
    let mut process = [0_u64, 1, 2];
    let down = dice.below(2);
    for _ in 0..2 + dice.below(6) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(10) as i64;
        let to = from + 1 + dice.below(10) as i64;
        free_at[session] = to + 1;
        let word = outcome_word(&mut dice);
        let p = process[session];
        let amount = 1 + dice.below(5) as i64;
        match dice.below(4) {
            0 => {
                let value = sum + [0, 0, 0, 0, 1, -1][dice.below(6) as usize] * amount;
                writeln!(table, "p{p}@n1 read c {value} {from}..{to}").unwrap();
                continue;
            }
            1 if down == 1 => {
                sum -= if word == "fail" { 0 } else { amount };
                writeln!(table, "p{p}@n1 decrement c {amount} {from}..{to} {word}").unwrap();
            }
            _ => {
                sum += if word == "fail" { 0 } else { amount };
                writeln!(table, "p{p}@n1 increment c {amount} {from}..{to} {word}").unwrap();
            }
        }
        if word == "info" {
            process[session] += 10;
        }
    }
    let value = sum + [0, 0, 0, 2, 5, -1, -4][dice.below(7) as usize];
    for node in [1, 2] {
        let from = 1_000 + 10 * node;
        writeln!(table, "p90{node}@n{node} read c {value} {from}..{} final", from + 5).unwrap();
    }
    history(&table)
}

fn amount(op: &OpView<'_>) -> i64 {
    let amount = op.input().as_int().unwrap();
    if op.f() == Function::Decrement { -amount } else { amount }
}

/// The sums of every choice of some of these.
fn sums(of: &[i64]) -> Vec<i64> {
    let chosen = |choice: u32| (0..of.len()).filter(move |i| choice >> i & 1 == 1);
    (0..1_u32 << of.len()).map(|choice| chosen(choice).map(|i| of[i]).sum()).collect()
}

#[test]
fn counters() {
    let (mut off, mut impossible, mut back, seeds) = (0, 0, 0, 6_000);
    for seed in 0..seeds {
        let history = counter(seed);
        let verdict = check(&history);
        let updates: Vec<OpView<'_>> =
            history.ops().filter(|op| !op.f().is_read() && op.status() != Status::Fail).collect();
        let reads: Vec<OpView<'_>> = history.ops().filter(|op| op.f().is_read()).collect();
        let last = reads.iter().find(|read| read.is_final()).unwrap().output().as_int().unwrap();
        let acked: i64 = updates.iter().filter(|op| op.is_ok()).map(amount).sum();
        let maybe: Vec<i64> = updates.iter().filter(|op| !op.is_ok()).map(amount).collect();
        let up = updates.iter().all(|op| amount(op) > 0);
        let any_acked = updates.iter().any(|op| op.is_ok());
        // Less than nothing, and nothing was acknowledged: a phantom, and neither lost nor twice.
        let phantom_only = up && !any_acked && last < 0;
        let explained =
            sums(&maybe).contains(&(last - acked)) || phantom_only || updates.is_empty();
        let words = [Property::NoLostIncrements, Property::NoDoubleIncrements]
            .map(|property| outcome(&verdict, property));
        let doubted = words.iter().any(|word| matches!(*word, "broken" | "undecided"));
        assert_eq!(doubted, !explained, "seed {seed} {words:?}");
        let most: i64 = acked + maybe.iter().sum::<i64>();
        if up && any_acked {
            assert_eq!(words[0] == "broken", last < acked, "seed {seed}");
            assert_eq!(words[1] == "broken", last > most, "seed {seed}");
        }
        off += usize::from(!explained);

        let possible = |read: &OpView<'_>| {
            let begun = updates.iter().filter(|op| op.invoked() <= read.until());
            let begun: Vec<i64> = begun.map(amount).collect();
            sums(&begun).contains(&read.output().as_int().unwrap())
        };
        let phantom = !reads.iter().all(possible);
        assert_eq!(outcome(&verdict, Property::NoPhantoms) == "broken", phantom, "seed {seed}");
        impossible += usize::from(phantom);

        let goes_back = up
            && reads.iter().any(|b| {
                reads.iter().any(|a| {
                    a.id() < b.id()
                        && a.session() == b.session()
                        && a.output().as_int() > b.output().as_int()
                })
            });
        assert_eq!(outcome(&verdict, Property::MonotonicReads) == "broken", goes_back, "{seed}");
        // What it may return by what its session did for certain and what the others may have done by then.
        let forgets = reads.iter().any(|read| {
            let own = |op: &&OpView<'_>| {
                op.id() < read.id() && op.session() == read.session() && op.is_ok()
            };
            let begun = |op: &&OpView<'_>| op.index() < read.completion_index().unwrap();
            let (own, others): (Vec<_>, Vec<_>) = updates.iter().filter(begun).partition(own);
            let sum: i64 = own.iter().map(|op| amount(op)).sum();
            let most: i64 = others.iter().map(|op| amount(op).max(0)).sum();
            let least: i64 = others.iter().map(|op| amount(op).min(0)).sum();
            let all: i64 = own.iter().chain(&others).map(|op| amount(op).max(0)).sum();
            let value = read.output().as_int().unwrap();
            // More than there ever was is a phantom, whoever reads it.
            !own.is_empty() && (value < sum + least || (value > sum + most && value <= all))
        });
        assert_eq!(outcome(&verdict, Property::ReadYourWrites) == "broken", forgets, "{seed}");
        back += usize::from(goes_back) + usize::from(forgets);
        witnesses_fail(&history, &verdict, seed);
    }
    assert!(off * 10 > seeds as usize && off * 10 < seeds as usize * 9, "{off}");
    assert!(
        impossible * 10 > seeds as usize && impossible * 10 < seeds as usize * 9,
        "{impossible}"
    );
    assert!(back > 150, "{back}");
}

fn witnesses_fail(history: &History, verdict: &afterall_checkers::Verdict, seed: u64) {
    for anomaly in &verdict.anomalies {
        if outcome(verdict, anomaly.property) == "broken" {
            let again = check(&only(history, &anomaly.witness));
            let word = outcome(&again, anomaly.property);
            assert!(matches!(word, "broken" | "undecided"), "seed {seed}: {word} {anomaly:#?}");
        }
    }
}

/// A cart of at most eight operations, read on two replicas at the end.
fn cart(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = "! workload cart\n".to_owned();
    let mut process = [0_u64, 1, 2];
    let mut added: Vec<u64> = Vec::new();
    let held = |dice: &mut Dice, added: &[u64]| {
        let there: Vec<String> = added
            .iter()
            .filter(|_| dice.below(3) > 0)
            .map(|element| format!("[{element},1]"))
            .collect();
        format!("[{}]", there.join(","))
    };
    for n in 0..2 + dice.below(6) {
        let session = dice.below(3) as usize;
        let p = process[session];
        let node = if session == 2 { 1 + dice.below(2) } else { session as u64 + 1 };
        let word = outcome_word(&mut dice);
        match dice.below(4) {
            0 => {
                let f = ["read", "checkout"][dice.below(2) as usize];
                let held = held(&mut dice, &added);
                writeln!(table, "p{p}@n{node} {f} c {held}").unwrap();
                continue;
            }
            1 if !added.is_empty() => {
                let element = dice.pick(&added);
                writeln!(table, "p{p}@n{node} remove c {element} {word}").unwrap();
            }
            _ => {
                added.push(n);
                writeln!(table, "p{p}@n{node} add c [{n},1] {word}").unwrap();
            }
        }
        if word == "info" {
            process[session] += 10;
        }
    }
    let last = held(&mut dice, &added);
    for node in [1, 2] {
        writeln!(table, "p90{node}@n{node} read c {last} final").unwrap();
    }
    history(&table)
}

#[test]
fn carts() {
    let (mut lost, mut back, mut ryw, mut mr, mut cc, seeds) = (0, 0, 0, 0, 0, 6_000);
    for seed in 0..seeds {
        let history = cart(seed);
        let data = history.data();
        let verdict = check(&history);
        let ops: Vec<OpView<'_>> = history.ops().collect();
        let element = |op: &OpView<'_>| match op.f() {
            Function::Add => data.items(op.input()).next().unwrap(),
            _ => op.input(),
        };
        let shows = |read: &OpView<'_>, add: &OpView<'_>| {
            data.items(read.output()).any(|item| data.items(item).next() == Some(element(add)))
        };
        let last = ops.iter().find(|op| op.is_final()).unwrap();
        let adds: Vec<&OpView<'_>> = ops
            .iter()
            .filter(|op| op.f() == Function::Add && op.status() != Status::Fail)
            .collect();
        let removes: Vec<&OpView<'_>> = ops
            .iter()
            .filter(|op| op.f() == Function::Remove && op.status() != Status::Fail)
            .collect();
        let reads: Vec<&OpView<'_>> = ops.iter().filter(|op| op.f().is_read()).collect();
        let removed_by = |add: &OpView<'_>, time: i64| {
            removes.iter().any(|op| element(op) == element(add) && op.invoked() <= time)
        };

        let is_lost =
            adds.iter().any(|add| add.is_ok() && !shows(last, add) && !removed_by(add, i64::MAX));
        assert_eq!(outcome(&verdict, Property::NoLostItems) == "broken", is_lost, "seed {seed}");

        // What the session of an operation had seen before it.
        let seen = |op: &OpView<'_>, add: &OpView<'_>| {
            ops.iter().any(|before| {
                before.id() < op.id()
                    && before.session() == op.session()
                    && before.is_ok()
                    && (before.id() == add.id() || (before.f().is_read() && shows(before, add)))
            })
        };
        let undone = |remove: &OpView<'_>, add: &OpView<'_>| {
            remove.is_ok() && element(remove) == element(add) && seen(remove, add)
        };
        let is_back = adds
            .iter()
            .any(|add| shows(last, add) && removes.iter().any(|remove| undone(remove, add)));
        let word = outcome(&verdict, Property::NoResurrectedItems);
        assert_eq!(word == "broken", is_back, "seed {seed}");

        let earlier =
            |a: &OpView<'_>, b: &OpView<'_>| a.id() < b.id() && a.session() == b.session();
        let forgets = reads.iter().any(|read| {
            adds.iter().any(|add| {
                let misses = add.is_ok()
                    && earlier(add, read)
                    && !shows(read, add)
                    && !removed_by(add, read.until());
                let undone = removes
                    .iter()
                    .any(|remove| earlier(remove, read) && undone(remove, add) && shows(read, add));
                misses || undone
            })
        });
        let word = outcome(&verdict, Property::ReadYourWrites);
        assert_eq!(word == "broken", forgets, "seed {seed}");

        let goes_back = reads.iter().any(|b| {
            reads.iter().filter(|a| earlier(a, b)).any(|a| {
                adds.iter().filter(|add| shows(a, add)).any(|add| {
                    let misses = !shows(b, add) && !removed_by(add, b.until());
                    let gone_and_back = shows(b, add)
                        && reads.iter().any(|m| earlier(a, m) && earlier(m, b) && !shows(m, add));
                    misses || gone_and_back
                })
            })
        });
        let word = outcome(&verdict, Property::MonotonicReads);
        assert_eq!(word == "broken", goes_back, "seed {seed}");

        // hb by matrix.
        let n = ops.len();
        let mut hb = vec![vec![false; n]; n];
        for a in 0..n {
            for b in 0..n {
                let reads = ops[b].f().is_read()
                    && adds.iter().any(|add| add.id() == ops[a].id())
                    && shows(&ops[b], &ops[a]);
                let part = ops[a].status() != Status::Fail && ops[b].status() != Status::Fail;
                hb[a][b] = part && (reads || earlier(&ops[a], &ops[b]));
            }
        }
        for k in 0..n {
            for a in 0..n {
                for b in 0..n {
                    hb[a][b] |= hb[a][k] && hb[k][b];
                }
            }
        }
        let at = |op: &OpView<'_>| op.id().0 as usize;
        let thin = reads.iter().any(|read| {
            data.items(read.output())
                .any(|item| !adds.iter().any(|add| data.items(item).next() == Some(element(add))))
        });
        let stale = reads.iter().any(|read| {
            adds.iter().any(|add| {
                let misses =
                    hb[at(add)][at(read)] && !shows(read, add) && !removed_by(add, read.until());
                let shown = shows(read, add)
                    && removes.iter().any(|remove| {
                        remove.is_ok()
                            && element(remove) == element(add)
                            && hb[at(add)][at(remove)]
                            && hb[at(remove)][at(read)]
                    });
                misses || shown
            })
        });
        let word = outcome(&verdict, Property::Causal);
        assert_eq!(word == "broken", thin || stale, "seed {seed}");

        lost += usize::from(is_lost);
        back += usize::from(is_back);
        ryw += usize::from(forgets);
        mr += usize::from(goes_back);
        cc += usize::from(thin || stale);
        witnesses_fail(&history, &verdict, seed);
    }
    for broken in [lost, back, ryw, mr, cc] {
        assert!(broken > 60 && broken < seeds as usize * 9 / 10, "{broken}");
    }
}
