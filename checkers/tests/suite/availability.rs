//! What is answered while a fault is in force.

use crate::table::{judge, minimal, outcome};
use afterall_checkers::{Outcome, Valid, Verdict};
use afterall_history::{FaultKind, Property};

const IT: Property = Property::Availability;

fn history(promise: &str, table: &str) -> Verdict {
    judge(&format!("! nodes n1 n2 n3\n! promise {promise}\n{table}"))
}

/// Both sides of a partition, of which the smaller answers nothing.
const CUT: &str = "partition n1>n3 n3>n1 n2>n3 n3>n2 10..90
    p1@n1 write x 1 20..25
    p2@n2 read x [1] 30..35
    p3@n3 read x null fail 40..45
    p4@n3 write x 2 info 50..55
    p1@n1 read x [1] 100..101
    p9@n1 read x [1] 110..111 final";

#[test]
fn a_side_that_does_not_answer_breaks_it_and_is_named() {
    let verdict = history("availability", CUT);
    assert_eq!(verdict.valid, Valid::False, "{:?}", verdict.reasons);
    let of = verdict.property(IT, afterall_history::Sessions::All).unwrap();
    assert_eq!(of.outcome, Outcome::Broken { count: 2, groups: 1, chances: 4 });
    let anomaly = &verdict.anomalies[0];
    assert_eq!((anomaly.cause.as_str(), anomaly.count), ("under partition, at n3", 2));
    assert_eq!(anomaly.blames, [FaultKind::Partition]);
    let told = "Of 2 operations begun under partition, at n3, 0 were answered, which is 0 %. The first that was not: session 3's read of x";
    assert!(anomaly.sentence.starts_with(told), "{}", anomaly.sentence);
    let sides: Vec<_> =
        verdict.figures.availability.iter().map(|f| (&f.side[..], f.ok, f.ops)).collect();
    let (majority, minority) = (["n1".to_owned(), "n2".to_owned()], ["n3".to_owned()]);
    assert_eq!(sides, [(&[][..], 1, 1), (&majority[..], 2, 2), (&minority[..], 0, 2)]);
    let table = format!("! nodes n1 n2 n3\n! promise availability\n{CUT}");
    assert!(minimal(&crate::table::history(&table), &verdict, IT, 0));
}

#[test]
fn it_holds_where_both_sides_answer_and_is_unknown_where_nothing_was_asked() {
    let held = CUT.replace(" fail", "").replace(" info", "");
    let verdict = history("availability", &held);
    assert_eq!((outcome(&verdict, IT), verdict.valid), ("held", Valid::True));
    let before = "partition n1>n3 n3>n1 n2>n3 n3>n2 200..300\n";
    let rest: String = CUT.lines().skip(1).collect::<Vec<_>>().join("\n");
    let verdict = history("availability", &format!("{before}{rest}"));
    assert_eq!((outcome(&verdict, IT), verdict.valid), ("not exercised", Valid::Unknown));
}

#[test]
fn a_node_that_was_killed_is_not_asked_to_answer_and_those_left_standing_are() {
    let killed = "kill n1 20..60
        p1@n1 write x 1 info 30..40
        p2@n2 write x 2 30..40
        p3@n1 write x 3 info 10..25";
    let verdict = history("availability", killed);
    assert_eq!(outcome(&verdict, IT), "held");
    let verdict =
        history("availability", &killed.replace("p2@n2 write x 2", "p2@n2 write x 2 fail"));
    assert_eq!(outcome(&verdict, IT), "broken");
    assert_eq!(verdict.anomalies[0].cause, "under kill, at nodes that did not fail");
}

#[test]
fn what_may_be_refused_for_what_it_asks_is_no_outage() {
    let sold_out = "! workload inventory
        partition n1>n2 n2>n1 10..90
        p1@n1 restock x 1 20..21
        p1@n1 sell x 1 30..31
        p1@n1 sell x 1 fail 40..41";
    assert_eq!(outcome(&judge(sold_out), IT), "held");
}

#[test]
fn a_share_is_held_undecided_or_broken_by_what_chance_allows() {
    let ops = |missed: usize, all: usize| {
        let line = |at: usize| {
            let how = if at < missed { " fail" } else { "" };
            let from = 20 + 2 * at;
            format!("p1@n1 write x {at} {from}..{}{how}\n", from + 1)
        };
        let end = 30 + 2 * all;
        format!("clock n1 10..{end}\n{}", (0..all).map(line).collect::<String>())
    };
    let of = |missed, all| outcome(&history("availability>=90%", &ops(missed, all)), IT);
    assert_eq!(of(10, 100), "held");
    assert_eq!(of(11, 100), "undecided");
    assert_eq!(of(30, 100), "broken");
    assert_eq!(of(1, 3), "undecided");
    let held = history("availability>=90%", &ops(10, 100));
    match held.property(IT, afterall_history::Sessions::All).unwrap().outcome {
        // Ten of a hundred were not answered: it may be up to 17 %.
        Outcome::Held { chances: 100, bound } => assert!((0.17..0.18).contains(&bound), "{bound}"),
        ref other => panic!("{other:?}"),
    }
    let broken = history("availability>=90%", &ops(30, 100));
    assert!(
        broken.anomalies[0].sentence.contains("promised 90%"),
        "{}",
        broken.anomalies[0].sentence
    );
}

#[test]
fn faults_that_were_in_force_together_are_named_together_and_what_met_another_in_between_is_not_judged()
 {
    let table = "clock n2 10..90
        kill n3 40..80
        p1@n1 write x 1 20..25
        p1@n1 write x 2 fail 30..45
        p1@n1 write x 3 fail 50..55
        p1@n1 write x 4 fail 82..85
        p1@n1 read x [1] 110..111 final";
    let verdict = history("availability", table);
    let causes: Vec<_> = verdict.anomalies.iter().map(|a| (a.cause.as_str(), a.count)).collect();
    let together = "under clock and kill, at nodes that did not fail";
    assert_eq!(causes, [("under clock, at n1 and n3", 1), (together, 1)]);
    let sides: Vec<_> =
        verdict.figures.availability.iter().map(|f| (f.faults.len(), f.ok, f.ops)).collect();
    assert_eq!(sides, [(2, 0, 1), (1, 1, 2)]);
}
