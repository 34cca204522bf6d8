//! What verdicts say, as people read it: a snapshot, to be read when it changes.

use crate::table::judge;
use afterall_checkers::{Outcome, Verdict};
use std::collections::BTreeSet;
use std::fmt::Write;

/// Histories, by what is wrong with them.
const HISTORIES: &[(&str, &str)] = &[
    (
        "a replica that lacks a write",
        "! promise convergence
        p1@n1 write x 1
        p2@n1 read x [1] final
        p3@n2 read x [] final",
    ),
    (
        "replicas that hold three values",
        "! nodes n1 n2 n3 n4
        ! promise convergence
        p1@n1 write x 1 1..10
        p2@n2 write x 2 1..10
        p3@n3 write x 3 1..10
        p4@n1 read x [1] final
        p5@n2 read x [2] final
        p6@n3 read x [3] final
        p7@n4 read x [3] final",
    ),
    (
        "two sides, of which neither is the larger",
        "! nodes n1 n2 n3 n4
        ! promise convergence
        p1@n1 write x 1 1..10
        p2@n4 write x 2 1..10
        p4@n1 read x [1] final
        p5@n2 read x [2] final
        p6@n3 read x [1] final
        p7@n4 read x [2] final",
    ),
    (
        "replicas that all differ",
        "! nodes n1 n2 n3
        ! promise convergence
        p1@n1 write x 1 1..10
        p2@n2 write x 2 1..10
        p3@n3 write x 3 1..10
        p4@n1 read x [1] final
        p5@n2 read x [2] final
        p6@n3 read x [3] final",
    ),
    (
        "three sides, of which two are the largest",
        "! nodes n1 n2 n3 n4 n5
        ! promise convergence
        p1@n1 write x 1 1..10
        p2@n2 write x 2 1..10
        p3@n3 write x 3 1..10
        p4@n1 read x [1] final
        p5@n2 read x [2] final
        p6@n3 read x [3] final
        p7@n4 read x [1] final
        p8@n5 read x [2] final",
    ),
    (
        "a write that a kill took",
        "! promise no-lost-writes
        p1@n1 write x 1 1000000..2000000
        kill n1 43000000..50000000
        p2@n1 read x [] 60000000..61000000 final
        p3@n2 read x [] 62000000..63000000 final",
    ),
    (
        "a write lost to an older one",
        "! promise no-causal-loss
        p1@n1 write x 1
        p2@n1 read x [1]
        p2@n1 write x 2
        p3@n1 read x [1] final
        p4@n2 read x [1] final",
    ),
    (
        "a clock that was ahead",
        "! promise no-lost-writes
        clock n2 1..200
        p1@n2 write x 1 10..20
        p2@n1 write x 2 30..40
        p3@n1 read x [1] 100..101 final
        p4@n2 read x [1] 102..103 final",
    ),
    (
        "a session that does not see its own write, by versions",
        "
        p1@n1 write x 1 v={\"n1\":1}
        p1@n1 write x 2 v={\"n1\":2}
        p1@n2 read x [1] v={\"n1\":1}",
    ),
    (
        "writes that are ordered against their session, by versions",
        "
        p1@n1 write x 1 v={\"n1\":2}
        p1@n2 write x 2 v={\"n2\":1}
        p2@n1 read x [1] v={\"n1\":2}
        p2@n2 write x 3 v={\"n2\":2}",
    ),
    (
        "a session that reads backwards, by values",
        "
        p1@n1 write x 1
        p1@n1 write x 2
        p2@n1 read x [2]
        p2@n2 read x [1]",
    ),
    (
        "nothing read, and something in the past",
        "
        p1@n1 write x 1
        p1@n1 write y 2
        p2@n2 read y [2]
        p2@n2 read x []",
    ),
    (
        "what was overwritten in the past",
        "
        p1@n1 write x 1
        p1@n1 write x 2
        p1@n1 write y 3
        p2@n2 read y [3]
        p2@n2 read x [1]",
    ),
    (
        "sessions that disagree",
        "
        p1@n1 write x 1 1..10
        p2@n2 write x 2 1..10
        p3@n1 read x [1] 11..12
        p3@n1 read x [2] 13..14
        p4@n2 read x [2] 11..12
        p4@n2 read x [1] 13..14",
    ),
    (
        "effects before causes",
        "
        p1@n1 read x [2] 1..100
        p1@n1 write y 1 101..110
        p2@n2 read y [1] 105..120
        p2@n2 write x 2 121..130",
    ),
    (
        "a value that nobody wrote",
        "
        p1@n1 write x 1
        p2@n1 read x [7]",
    ),
    (
        "a value of a write that failed",
        "
        p1@n1 write x 1 fail
        p2@n1 read x [1]",
    ),
    (
        "a value of which only a write of another key carries it, and that failed",
        "
        p1@n1 write x 1
        p1@n1 write y 7 fail
        p2@n1 read x [7]",
    ),
    (
        "siblings",
        "! promise linearizable
        p1@n1 write x 1 1..10
        p2@n2 write x 2 1..10
        p3@n1 read x [1,2] 11..12",
    ),
    (
        "an increment that is missing",
        "! workload counter
        ! promise no-lost-increments
        p1@n1 increment c 5
        p2@n1 increment c 2
        p3@n1 read c 2 final
        p4@n2 read c 2 final",
    ),
    (
        "an increment applied twice",
        "! workload counter
        p1@n1 increment c 5
        p3@n1 read c 10 final
        p4@n2 read c 10 final",
    ),
    (
        "an increment applied four times",
        "! workload counter
        p1@n1 increment c 5
        p3@n1 read c 20 final
        p4@n2 read c 20 final",
    ),
    (
        "increments of which some count more than once",
        "! workload counter
        p1@n1 increment c 5
        p2@n2 increment c 5
        p3@n1 read c 20 final
        p4@n2 read c 20 final",
    ),
    (
        "no sum, and out of bounds",
        "! workload counter
        p1@n1 increment c 5
        p3@n1 read c 3
        p4@n2 read c 5 final
        p5@n1 read c 5 final",
    ),
    (
        "loss or double",
        "! workload counter
        p1@n1 increment c 3
        p1@n1 decrement c 1
        p3@n1 read c 4 final
        p4@n2 read c 4 final",
    ),
    (
        "an item that is lost, and one that is back",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p1@n1 add c [\"b\",1]
        p1@n1 remove c \"b\"
        p3@n1 read c [[\"b\",1]] final
        p4@n2 read c [[\"b\",1]] final",
    ),
    (
        "items twice, and in another quantity",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p2@n1 read c [[\"a\",1],[\"a\",1]]
        p2@n1 read c [[\"a\",5]]",
    ),
    (
        "an element that is lost",
        "! workload set
        p1@n1 add s 1
        p1@n1 add s 2
        p1@n2 read s [1]
        p3@n1 read s [1] final
        p4@n2 read s [1] final",
    ),
    (
        "sets that show what the other lacks",
        "! workload set
        ! promise linearizable
        p1@n1 add s 1 1..100
        p2@n2 add s 2 1..100
        p3@n1 read s [1] 10..20
        p4@n2 read s [2] 10..20
        p5@n2 read s [2,2] 21..22",
    ),
    (
        "more sold than there was",
        "! workload inventory
        ! promise no-oversell
        p1@n1 restock lamp 1
        p1@n1 sell lamp 1
        p2@n2 sell lamp 1",
    ),
    (
        "more sold than there was, and then more",
        "! workload inventory
        ! promise no-oversell
        p1@n1 restock lamp 1
        p1@n1 sell lamp 1
        p2@n2 sell lamp 1
        p2@n2 sell lamp 3",
    ),
    (
        "more sold than there was, and then stock and sales",
        "! workload inventory
        ! promise no-oversell
        p1@n1 restock lamp 1
        p2@n2 sell lamp 2
        p1@n1 restock lamp 2000
        p2@n2 sell lamp 1500",
    ),
    (
        "an answer without its message",
        "! workload chat
        p1@n1 post room [1,null]
        p2@n1 post room [2,1]
        p3@n2 read room [2]",
    ),
    (
        "a lock that two hold",
        "! workload mutex
        ! promise linearizable
        p1@n1 acquire m null
        p2@n2 acquire m null",
    ),
    (
        "texts that tear",
        "! workload text
        ! promise linearizable
        p1@n1 append t \"a\" 1..5
        p2@n1 append t \"b\" 6..10
        p3@n1 read t \"ba\" 11..12",
    ),
    (
        "nothing that tests anything",
        "! promise convergence monotonic-reads/roaming
        p1@n1 read x []",
    ),
    (
        "a fault that was never healed",
        "! promise convergence
        p1@n1 write x 1
        partition n1 n2 20..
        p2@n1 read x [1] 100..101 final
        p3@n2 read x [] 102..103 final",
    ),
    (
        "a run that was cut off",
        "! promise convergence
        p1@n1 write x 1
        cut",
    ),
    (
        "a value that two sessions wrote",
        "! promise monotonic-reads
        p1@n1 write x 1
        p2@n1 write x 1
        p3@n1 read x [1]
        p3@n1 read x [1]",
    ),
    (
        "what a session did to a cart, and does not see",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p1@n1 add c [\"b\",2]
        p1@n1 remove c \"b\"
        p1@n1 read c [[\"b\",2]]
        p2@n1 read c [[\"a\",1]]
        p2@n1 read c []
        p2@n1 read c [[\"a\",1]]",
    ),
    (
        "an order that misses an item",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p1@n1 checkout c []",
    ),
    (
        "an item that its session had not removed and another quantity of one that was added twice",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p2@n1 add c [\"a\",1]
        p3@n1 read c [[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1]]
        p4@n1 read c [[\"a\",5]]",
    ),
    (
        "an item that another had removed before, causally",
        "! workload cart
        p1@n1 add c [\"a\",1]
        p1@n1 remove c \"a\"
        p1@n1 add c [\"b\",1]
        p2@n1 read c [[\"b\",1]]
        p2@n2 read c [[\"a\",1],[\"b\",1]]",
    ),
    (
        "a session whose counter goes back",
        "! workload counter
        p1@n1 increment c 5
        p1@n2 read c 0
        p2@n1 read c 5
        p2@n2 read c 0",
    ),
    (
        "a counter with a decrement that is off",
        "! workload counter
        ! promise no-lost-increments
        p1@n1 increment c 5
        p2@n2 decrement c 3
        p3@n1 read c 5 final
        p4@n2 read c 5 final",
    ),
    (
        "a counter that is off by what either would explain",
        "! workload counter
        p1@n1 increment c 2
        p2@n2 increment c 7
        p3@n2 decrement c 2
        p8@n1 read c 5 final
        p9@n2 read c 5 final",
    ),
    (
        "a set that shrinks, and one that skips",
        "! workload set
        ! promise linearizable
        p1@n1 add s 1 1..100
        p2@n1 read s [1] 10..20
        p3@n2 read s [] 30..40
        p1@n1 add t 1 101..102
        p1@n1 add t 2 103..120
        p2@n2 read t [2] 104..110",
    ),
    (
        "texts that nobody made, or that differ",
        "! workload text
        ! promise linearizable
        p1@n1 append t \"a\" 1..50
        p2@n1 append t \"b\" 1..50
        p3@n1 read t \"aa\" 2..3
        p1@n1 append u \"a\" 51..60
        p2@n1 append u \"b\" 51..60
        p3@n1 read u \"ab\" 52..53
        p4@n1 read u \"ba\" 52..53",
    ),
    (
        "an edit without its message",
        "! workload chat
        p1@n1 post room [1,null]
        p2@n1 edit room [2,1]
        p3@n2 read room [2]",
    ),
    (
        "a compare-and-swap that two won",
        "! promise linearizable
        p1@n1 write x 1
        p2@n1 cas x [1,2]
        p3@n2 cas x [1,3]",
    ),
    (
        "sessions that no one order explains",
        "! promise sequential
        p1@n1 write x 1
        p1@n1 read y []
        p2@n2 write y 2
        p2@n2 read x []",
    ),
    (
        "a register that goes back and shows several values",
        "! promise monotonic-reads
        p1@n1 write x 1 v={\"n1\":1}
        p2@n2 write x 2 v={\"n2\":1}
        p3@n1 read x [1,2] v={\"n1\":1,\"n2\":1}
        p3@n2 read x [2] v={\"n2\":1}",
    ),
    (
        "an element that its session had read",
        "! workload set
        p1@n1 add s 1
        p2@n1 read s [1]
        p2@n2 read s []",
    ),
];

/// All that the verdict says, apart from what held.
fn told(title: &str, verdict: &Verdict) -> String {
    let mut text = format!("== {title}\n");
    let mut line = |label: &str, words: &str| writeln!(text, "{label}: {words}").unwrap();
    verdict.reasons.iter().for_each(|reason| line("reason", reason));
    verdict.notes.iter().for_each(|note| line("note", note));
    for property in verdict.properties.iter().filter(|p| !p.outcome.is_held()) {
        // What was not put to the test is told where it was promised: else it is the same in each.
        if property.promised || !matches!(property.outcome, Outcome::NotExercised { .. }) {
            line("property", &property.summary);
        }
    }
    for anomaly in &verdict.anomalies {
        line(&format!("{} ({})", anomaly.kind, anomaly.property), &anomaly.sentence);
        line("  cause", &anomaly.cause);
        anomaly.edges.iter().for_each(|edge| line("  edge", &edge.why));
    }
    text
}

#[test]
fn what_verdicts_say() {
    let verdicts: Vec<(&str, Verdict)> =
        HISTORIES.iter().map(|&(title, table)| (title, judge(table))).collect();
    let texts: Vec<String> = verdicts.iter().map(|(title, verdict)| told(title, verdict)).collect();
    // Those that differ only in their numbers are one.
    let anomalies = verdicts.iter().flat_map(|(_, verdict)| &verdict.anomalies);
    let sentences: BTreeSet<String> =
        anomalies.map(|a| a.sentence.replace(|c: char| c.is_ascii_digit(), "")).collect();
    assert!(sentences.len() >= 50, "{}: {sentences:#?}", sentences.len());
    insta::assert_snapshot!(texts.join("\n"));
}
