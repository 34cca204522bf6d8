//! Elements that are added several times, to sets and to carts: a second add changes nothing, and what is in doubt is that
//! element alone.

use crate::store::Dice;
use crate::table::{build, events, judge, outcome};
use afterall_checkers::check;
use afterall_history::{Function, History, OpView, Property, RECORDED, Status};
use std::collections::BTreeSet;

/// A small set as a table, and whether its last reads are marked: adds again and again, and perhaps removes.
fn draw(removes: bool, careful: bool, seed: u64) -> (String, bool) {
    let mut dice = Dice::new(seed);
    let marked = dice.below(2) == 0;
    let mut table = "! workload set\n".to_owned();
    let (mut free_at, mut process) = ([0_u64; 3], [0_u64, 1, 2]);
    let mut touched: BTreeSet<u64> = BTreeSet::new();
    // What a set would hold if operations took effect as they are drawn: careful readers mostly return that.
    let mut holds: BTreeSet<u64> = BTreeSet::new();
    let show = |dice: &mut Dice, touched: &BTreeSet<u64>, holds: &BTreeSet<u64>| {
        let off = if careful { dice.below(5) == 0 } else { true };
        let of = if off { touched } else { holds };
        let shown: Vec<String> =
            of.iter().filter(|_| !off || dice.below(4) > 0).map(u64::to_string).collect();
        format!("[{}]", shown.join(","))
    };
    for _ in 0..3 + dice.below(3) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(4);
        let to = from + 1 + dice.below(9);
        free_at[session] = to + 1;
        let (node, element) = (1 + session % 2, 1 + dice.below(3));
        let mut how = ["", "", "", "", "info", "fail"][dice.below(6) as usize];
        let what = match dice.below(6) {
            0 | 1 => {
                how = "";
                format!("read s {}", show(&mut dice, &touched, &holds))
            }
            2 | 3 if removes => {
                if how.is_empty() {
                    holds.remove(&element);
                }
                format!("remove s {element}")
            }
            _ => {
                if how != "fail" {
                    touched.insert(element);
                    holds.insert(element);
                }
                format!("add s {element}")
            }
        };
        table.push_str(&format!("p{}@n{node} {what} {from}..{to} {how}\n", process[session]));
        if how == "info" {
            process[session] += 10;
        }
    }
    // Late updates: they are acknowledged, or given up, when the last reads have begun.
    let early = dice.below(2) * dice.below(7);
    let end = free_at.iter().max().unwrap().saturating_sub(early).max(1);
    let last = if marked { "final" } else { "" };
    for node in 1..=2 {
        let shown = show(&mut dice, &touched, &holds);
        table.push_str(&format!("p9{node}@n{node} read s {shown} {end}..{} {last}\n", end + 2));
    }
    (table, marked)
}

fn recorded(table: &str) -> History {
    let (mut header, events) = events(table);
    header.world = RECORDED.to_owned();
    build(header, events)
}

fn element(history: &History, op: OpView<'_>) -> i64 {
    history.data().value(op.input()).as_int().unwrap()
}

fn shown(history: &History, read: OpView<'_>) -> BTreeSet<i64> {
    let data = history.data();
    data.items(read.output()).map(|v| data.value(v).as_int().unwrap()).collect()
}

/// Present, and lost, of the elements that were acknowledged, on the last read of each replica.
fn at_the_end(history: &History, marked: bool) -> (u64, u64) {
    let last_of = |node| {
        let mut reads = history.ops().filter(|op| op.f().is_read() && op.is_ok());
        reads.rfind(|op| op.sent_to() == node && (op.is_final() || !marked))
    };
    let finals: Vec<OpView<'_>> = history.replicas().filter_map(last_of).collect();
    assert_eq!(finals.len(), 2);
    let begun = finals.iter().map(|read| read.index()).min();
    let (mut present, mut lost) = (0, 0);
    for e in 1..=3 {
        let adds: Vec<OpView<'_>> = history
            .ops()
            .filter(|op| op.f() == Function::Add && op.is_ok() && element(history, *op) == e)
            .collect();
        // What is shown before anybody had begun to add it is a phantom.
        let shows = |&read: &OpView<'_>| {
            let may = |add: OpView<'_>| {
                add.f() == Function::Add
                    && add.status() != Status::Fail
                    && element(history, add) == e
                    && Some(add.index()) < read.completion_index()
            };
            shown(history, read).contains(&e) && history.ops().any(may)
        };
        let there = finals.iter().any(shows);
        let in_time = adds.iter().any(|add| add.completion_index() < begun);
        // Late or lost: of reads that nobody called final it is not known.
        let apart = !marked && in_time && there && !finals.iter().all(shows);
        present += u64::from(!adds.is_empty() && there && !apart);
        lost += u64::from(in_time && !there);
    }
    (present, lost)
}

/// Whether some order of what is left explains it; what nobody knows about is in it or not.
fn linearizable(history: &History, left: &[OpView<'_>], state: &BTreeSet<i64>) -> bool {
    if left.iter().all(|op| op.status() == Status::Info) {
        return true;
    }
    left.iter().enumerate().any(|(at, op)| {
        let waits =
            left.iter().any(|other| other.is_ok() && other.completion_index() < Some(op.index()));
        let mut state = state.clone();
        match op.f() {
            _ if waits => return false,
            Function::Read if shown(history, *op) != state => return false,
            Function::Read => {}
            Function::Add => _ = state.insert(element(history, *op)),
            _ => _ = state.remove(&element(history, *op)),
        }
        let mut rest = left.to_vec();
        rest.remove(at);
        linearizable(history, &rest, &state)
    })
}

#[test]
fn a_second_add_changes_nothing() {
    let (mut counts, seeds) = ([0; 4], 4_000);
    for seed in 0..seeds {
        let (table, marked) = draw(false, seed % 2 == 0, seed);
        let history = recorded(&table);
        let verdict = check(&history);
        let items = verdict.figures.items.unwrap();
        let (present, lost) = at_the_end(&history, marked);
        assert_eq!((items.present, items.lost), (present, lost), "seed {seed}\n{table}");
        let found = outcome(&verdict, Property::NoLostItems);
        assert_eq!(found == "broken", lost > 0, "seed {seed} {found}\n{table}");
        assert!(found != "undecided" || items.undecided > 0, "seed {seed}\n{table}");
        let at = ["broken", "undecided", "held", "not exercised"].iter().position(|w| *w == found);
        counts[at.unwrap()] += 1;
    }
    assert!(counts.iter().all(|&count| count > 30), "{counts:?}");
}

#[test]
fn sets_are_linearizable_if_some_order_explains_them_however_often_elements_are_added() {
    for removes in [false, true] {
        let (mut broken, mut again, seeds) = (0, 0, 4_000);
        for seed in 0..seeds {
            let (table, _) = draw(removes, seed % 4 > 0, seed);
            let history = recorded(&table);
            let part: Vec<OpView<'_>> =
                history.ops().filter(|op| op.status() != Status::Fail).collect();
            let wrong = !linearizable(&history, &part, &BTreeSet::new());
            let found = outcome(&check(&history), Property::Linearizable);
            assert_eq!(found == "broken", wrong, "seed {seed} {found}\n{table}");
            assert_ne!(found, "undecided", "seed {seed}\n{table}");
            broken += usize::from(wrong);
            let adds = |e| {
                let of = part.iter().filter(|op| op.f() == Function::Add);
                of.filter(|op| element(&history, **op) == e).count()
            };
            again += usize::from(!wrong && (1..=3).any(|e| adds(e) > 1));
        }
        assert!(broken > 400 && seeds as usize - broken > 400 && again > 100, "{broken} {again}");
    }
}

/// A cart in which "1" is put several times, and the others once.
fn cart(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let mut table = "! workload cart\n".to_owned();
    let (mut free_at, mut process) = ([0_u64; 3], [0_u64, 1, 2]);
    let mut touched: BTreeSet<u64> = BTreeSet::new();
    let list = |dice: &mut Dice, touched: &BTreeSet<u64>| {
        let most = 2 + dice.below(3);
        let shown: Vec<String> =
            touched.iter().filter(|_| dice.below(5) < most).map(|e| format!("[{e},1]")).collect();
        format!("[{}]", shown.join(","))
    };
    for _ in 0..6 + dice.below(5) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(4);
        let to = from + 1 + dice.below(6);
        free_at[session] = to + 1;
        let mut how = ["", "", "", "", "info", "fail"][dice.below(6) as usize];
        let element = 1 + dice.below(4);
        let what = match dice.below(6) {
            0 | 1 => {
                how = "";
                format!("read c {}", list(&mut dice, &touched))
            }
            2 => format!("remove c {element}"),
            _ if element == 1 || !touched.contains(&element) => {
                if how != "fail" {
                    touched.insert(element);
                }
                format!("add c [{element},1]")
            }
            _ => "add c [1,1]".to_owned(),
        };
        if what == "add c [1,1]" && how != "fail" {
            touched.insert(1);
        }
        table.push_str(&format!("p{}@n1 {what} {from}..{to} {how}\n", process[session]));
        if how == "info" {
            process[session] += 10;
        }
    }
    let early = dice.below(2) * dice.below(6);
    let end = free_at.iter().max().unwrap().saturating_sub(early).max(1);
    for node in 1..=2 {
        let shown = list(&mut dice, &touched);
        table.push_str(&format!("p9{node}@n{node} read c {shown} {end}..{} final\n", end + 2));
    }
    table
}

/// The same cart without one element, or with it alone.
fn only(table: &str, keep: impl Fn(&str) -> bool) -> String {
    let line = |line: &str| {
        let words: Vec<&str> = line.split(' ').collect();
        let &[who, f, key, value, ref rest @ ..] = &words[..] else { return Some(line.to_owned()) };
        let element =
            |item: &str| item.trim_matches(['[', ']']).split(',').next().unwrap().to_owned();
        let value = match f {
            "add" | "remove" if !keep(&element(value)) => return None,
            "read" => {
                let items = value[1..value.len() - 1].split("],").filter(|item| !item.is_empty());
                let kept: Vec<String> = items
                    .filter(|item| keep(&element(item)))
                    .map(|item| format!("[{}]", item.trim_matches(['[', ']'])))
                    .collect();
                format!("[{}]", kept.join(","))
            }
            _ => value.to_owned(),
        };
        Some(format!("{who} {f} {key} {value} {}", rest.join(" ")))
    };
    let lines: Vec<String> = table.lines().filter_map(line).collect();
    lines.join("\n")
}

#[test]
fn the_other_items_of_a_cart_are_judged_as_without_the_doubled_one() {
    let sessions = [Property::ReadYourWrites, Property::MonotonicReads];
    let (mut broken, mut clean) = ([0; 4], [0; 4]);
    for seed in 0..4_000 {
        let table = cart(seed);
        let twice =
            table.lines().filter(|line| line.contains("add c [1,1]") && !line.ends_with("fail"));
        if twice.count() < 2 {
            continue;
        }
        let whole = judge(&table);
        let (rest, doubled) =
            (judge(&only(&table, |e| e != "1")), judge(&only(&table, |e| e == "1")));
        let figures = [&whole, &rest, &doubled].map(|verdict| verdict.figures.items.unwrap());
        let sums = figures.map(|f| [f.present, f.removed, f.lost, f.undecided, f.resurrected]);
        for (whole, (rest, doubled)) in sums[0].iter().zip(sums[1].iter().zip(&sums[2])) {
            assert_eq!(*whole, rest + doubled, "seed {seed} {sums:?}\n{table}");
        }
        // At the end each counts for itself; in sessions, and in what is causally before, nothing is said of the doubled one.
        let ends = [Property::NoLostItems, Property::NoResurrectedItems];
        for (at, property) in ends.into_iter().chain(sessions).enumerate() {
            let words =
                [&whole, &rest, &doubled].map(|verdict| outcome(verdict, property) == "broken");
            assert_eq!(words[0], words[1] || words[2], "seed {seed} {property}\n{table}");
            assert!(at < 2 || !words[2], "seed {seed} {property}\n{table}");
            let count = if words[1] { &mut broken } else { &mut clean };
            count[at] += 1;
        }
    }
    assert!(broken.iter().chain(&clean).all(|&count| count > 20), "{broken:?} {clean:?}");
}
