//! Sets, chats and stock against brute force, straight from the definitions, on thousands of histories of at most
//! ten operations.

use crate::store::Dice;
use crate::table::{history, judge, minimal, outcome};
use afterall_checkers::check;
use afterall_history::{Datum, Function, History, OpView, Property, Status};

/// A set or a chat, read on two replicas at the end.
fn draw(chat: bool, seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = format!("! workload {}\n", if chat { "chat" } else { "set" });
    let mut free_at = [0_u64; 3];
    let mut process = [0_u64, 1, 2];
    let mut added: Vec<u64> = Vec::new();
    let careless = dice.below(4);
    let list = |dice: &mut Dice, added: &[u64]| {
        let shown = |dice: &mut Dice| careless == 0 || dice.below(6) >= careless;
        let shown: Vec<String> = added.iter().filter(|_| shown(dice)).map(u64::to_string).collect();
        format!("[{}]", shown.join(","))
    };
    for n in 1..=4 + dice.below(4) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(8);
        let to = from + 1 + dice.below(8);
        free_at[session] = to + 1;
        let how = ["", "", "", "", "info", "fail"][dice.below(6) as usize];
        if dice.below(5) < 2 {
            let shown = list(&mut dice, &added);
            table.push_str(&format!("p{}@n1 read x {shown} {from}..{to}\n", process[session]));
            continue;
        }
        let what = if chat {
            let parent = if added.is_empty() || dice.below(3) == 0 {
                "null".to_owned()
            } else {
                dice.pick(&added).to_string()
            };
            let f = if parent != "null" && dice.below(3) == 0 { "edit" } else { "post" };
            format!("{f} x [{n},{parent}]")
        } else {
            format!("add x {n}")
        };
        table.push_str(&format!("p{}@n1 {what} {from}..{to} {how}\n", process[session]));
        if how != "fail" {
            added.push(n);
        }
        if how == "info" {
            process[session] += 10;
        }
    }
    let end = free_at.iter().max().unwrap() + 20;
    let shown = list(&mut dice, &added);
    table.push_str(&format!("p90@n1 read x {shown} {end}..{} final\n", end + 1));
    table.push_str(&format!("p91@n2 read x {shown} {end}..{} final\n", end + 1));
    history(&table)
}

/// What a small history is, by matrix.
struct Small<'h> {
    ops: Vec<OpView<'h>>,
    /// By operation: the adds that it shows, or names.
    shows: Vec<Vec<usize>>,
    before: Vec<Vec<bool>>,
}

fn small(history: &History) -> Small<'_> {
    let data = history.data();
    let ops: Vec<OpView<'_>> = history.ops().collect();
    let n = ops.len();
    let writer = |value: Datum, until: Option<u32>| {
        (0..n).find(|&w| {
            history.value_written(ops[w].id()) == Some(value)
                && ops[w].status() != Status::Fail
                && Some(ops[w].index()) < until
        })
    };
    let shows = |op: &OpView<'_>| -> Vec<usize> {
        match op.f() {
            Function::Read if op.is_ok() => {
                let all = data.items(op.output());
                all.filter_map(|value| writer(value, op.completion_index())).collect()
            }
            Function::Post | Function::Edit => {
                let named = data.items(op.input()).nth(1).filter(|value| !value.is_nil());
                named.and_then(|value| writer(value, Some(op.index()))).into_iter().collect()
            }
            _ => Vec::new(),
        }
    };
    let shows: Vec<Vec<usize>> = ops.iter().map(shows).collect();
    let seen = |a: usize| shows.iter().any(|shows| shows.contains(&a));
    let part =
        |a: usize| ops[a].status() == Status::Ok || (ops[a].status() == Status::Info && seen(a));
    let mut before = vec![vec![false; n]; n];
    for a in 0..n {
        for b in 0..n {
            let so = ops[a].process() == ops[b].process() && a < b;
            before[a][b] = part(a) && part(b) && (so || shows[b].contains(&a));
        }
    }
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                before[i][j] |= before[i][k] && before[k][j];
            }
        }
    }
    Small { ops, shows, before }
}

#[test]
fn sets_and_chats() {
    let levels = [
        Property::NoLostItems,
        Property::ReadYourWrites,
        Property::MonotonicReads,
        Property::Causal,
    ];
    for chat in [false, true] {
        let seeds = 4_000;
        let mut broken = [0; 4];
        for seed in 1..=seeds {
            let history = draw(chat, seed);
            let verdict = check(&history);
            let Small { ops, shows, before } = small(&history);
            let n = ops.len();
            let adds = |a: usize| !ops[a].f().is_read();
            let read = |r: usize| ops[r].f().is_read() && ops[r].is_ok();
            let misses = |r: usize, a: usize| !shows[r].contains(&a);
            let at_end = |a: usize| (0..n).any(|r| ops[r].is_final() && shows[r].contains(&a));
            let lost = (0..n).any(|a| adds(a) && ops[a].is_ok() && !at_end(a));
            let own = |r: usize, a: usize| {
                a < r && adds(a) && ops[a].is_ok() && ops[a].process() == ops[r].process()
            };
            let ryw = (0..n).any(|r| read(r) && (0..n).any(|a| own(r, a) && misses(r, a)));
            let mr = (0..n).any(|r| {
                read(r)
                    && (0..r).any(|e| {
                        read(e)
                            && ops[e].process() == ops[r].process()
                            && shows[e].iter().any(|&a| misses(r, a))
                    })
            });
            let causal = (0..n).any(|r| {
                let past = |a: usize| adds(a) && before[a][r];
                let thin_air = shows[r].len() < history.data().items(ops[r].output()).len();
                read(r) && (thin_air || (0..n).any(|a| past(a) && misses(r, a)))
            });
            for ((level, wrong), broken) in
                levels.into_iter().zip([lost, ryw, mr, causal]).zip(&mut broken)
            {
                let found = outcome(&verdict, level);
                assert_eq!(found == "broken", wrong, "{chat} {seed} {level}: {found}");
                *broken += usize::from(wrong);
                if wrong {
                    minimal(&history, &verdict, level, seed);
                }
            }
        }
        for broken in broken {
            assert!((seeds as usize / 50..seeds as usize * 19 / 20).contains(&broken), "{broken}");
        }
    }
}

#[test]
fn stock() {
    let (mut oversold, seeds) = (0, 2_000);
    for seed in 1..=seeds {
        let mut dice = Dice::new(seed);
        let mut table = "! workload inventory\n".to_owned();
        for n in 1..=3 + dice.below(5) {
            let how = ["", "", "", "info", "fail"][dice.below(5) as usize];
            let f = ["restock", "sell", "sell"][dice.below(3) as usize];
            table.push_str(&format!("p{n}@n1 {f} x {} {how}\n", 1 + dice.below(3)));
        }
        let history = history(&table);
        let sum = |f, counts: &dyn Fn(&OpView<'_>) -> bool| -> i64 {
            let of = history.ops().filter(|op| op.f() == f && counts(op));
            of.map(|op| op.input().as_int().unwrap()).sum()
        };
        // At the end of some sale more was sold than had begun to be put into stock.
        let too_many = history.ops().any(|sale| {
            let until = sale.completion_index();
            let sold = sum(Function::Sell, &|op| op.is_ok() && op.completion_index() <= until);
            let stock = sum(Function::Restock, &|op| {
                op.status() != Status::Fail && Some(op.index()) < until
            });
            sale.f() == Function::Sell && sale.is_ok() && sold > stock
        });
        let verdict = check(&history);
        let found = outcome(&verdict, Property::NoOversell);
        assert_eq!(found == "broken", too_many, "{seed}: {found}");
        oversold += usize::from(too_many);
        minimal(&history, &verdict, Property::NoOversell, seed);
    }
    assert!((200..1_800).contains(&oversold), "{oversold}");
}

#[test]
fn the_last_one_is_sold_on_both_sides_of_a_partition() {
    let verdict = judge(
        "! workload inventory
         p1@n1 restock lamp 1 1..2
         partition n2 5..30
         p1@n1 sell lamp 1 10..11
         p2@n2 sell lamp 1 12..13
         p3@n1 read lamp -1 40..41 final
         p4@n2 read lamp -1 40..41 final",
    );
    assert_eq!(outcome(&verdict, Property::NoOversell), "broken");
    let told = verdict.anomalies.iter().find(|a| a.property == Property::NoOversell).unwrap();
    assert_eq!(
        told.sentence,
        "2 units of lamp were sold, but only 1 had been there to sell. The last sale: session 2 sold 1 of lamp at n2 (#6); it was \
         acknowledged by n2 while it was cut off (partition)."
    );
}

#[test]
fn an_answer_before_its_question() {
    let verdict = judge(
        r#"! workload chat
         p1@n1 post room ["3pm?",null] 1..2
         p1@n1 post room ["2pm!","3pm?"] 3..4
         p2@n2 read room ["2pm!"] 5..6"#,
    );
    assert_eq!(outcome(&verdict, Property::Causal), "broken");
    let told = verdict.anomalies.iter().find(|a| a.kind.name().starts_with("answer")).unwrap();
    assert!(
        told.sentence.starts_with(
            "Session 2's read of room at n2 (#4) shows an answer, but not the message"
        )
    );
    assert_eq!(told.witness, [0, 2, 4]);
}

/// Another replica shows the element first; this one does not until late, or never.
#[test]
fn replicas_are_measured_apart() {
    let verdict = judge(
        "! workload set
         p1@n1 add s 1 0..10
         p1@n1 add s 2 20..30
         p1@n1 read s [1,2] 40..41
         p2@n2 read s [] 40..45
         p2@n2 read s [1] 50..55
         p3@n1 read s [1,2] 60..61 final
         p4@n2 read s [1] 60..61 final",
    );
    let [n1, n2] = &verdict.figures.visibility[..] else { panic!("{:?}", verdict.figures) };
    assert_eq!((n1.node.as_str(), n1.shown, n1.late, n1.missing), ("n1", 2, 0, 0));
    assert_eq!((n2.node.as_str(), n2.shown, n2.late, n2.missing), ("n2", 1, 1, 1));
    assert_eq!(n2.max_ns, Some(30));
    assert_eq!(outcome(&verdict, Property::Convergence), "broken");
    assert_eq!(outcome(&verdict, Property::NoLostItems), "held");
}

/// The second add of an element changes nothing: it counts once, from the first that was acknowledged.
#[test]
fn what_was_added_twice_is_measured_once() {
    let verdict = judge(
        "! workload set
         p1@n1 add s 1 0..10
         p2@n2 read s [] 20..25
         p3@n1 add s 1 30..40
         p2@n2 read s [1] 50..55
         p4@n1 add s 2 0..10 info
         p5@n1 add s 2 12..14
         p1@n1 read s [1,2] 60..61 final
         p2@n2 read s [1,2] 60..61 final",
    );
    let [n1, n2] = &verdict.figures.visibility[..] else { panic!("{:?}", verdict.figures) };
    assert_eq!((n1.shown, n1.late, n1.missing, n1.never_read), (2, 0, 0, 0));
    assert_eq!((n2.shown, n2.late, n2.missing, n2.never_read), (2, 2, 0, 0));
    // Of 2, from the end of the add that was acknowledged to the last read without it.
    assert_eq!((n2.p50_ns, n2.max_ns), (Some(36), Some(36)));
}
