//! Histories of positions that can be read, good and bad, and what the checkers say of each.

use crate::table::{build, events, judge, only_who_roams_looks_back, outcome, sentence};
use afterall_checkers::{Valid, Verdict, check};
use afterall_history::{Property, RECORDED};

/// A table of positions that ends with both replicas at a position.
fn ends_at(table: &str, position: &str) -> Verdict {
    judge(&format!(
        "! workload position
        ! promise no-lost-writes convergence no-phantoms
        {table}
        p8@n1 read x {position} final
        p9@n2 read x {position} final"
    ))
}

fn lost(table: &str, position: &str) -> &'static str {
    outcome(&ends_at(table, position), Property::NoLostWrites)
}

#[test]
fn the_greatest_that_was_acknowledged_is_there_at_the_end_or_a_greater_one() {
    let table = "
        p1@n1 write x 600
        p2@n2 write x 1800
        p1@n1 write x 620
        p3@n2 write x 2400 info
        p4@n2 write x 3000 fail";
    assert_eq!(lost(table, "1800"), "held");
    assert_eq!(lost(table, "2400"), "held");
    assert_eq!(lost(table, "620"), "broken");
    assert_eq!(lost(table, "null"), "broken");
    // Nobody had written this: who knows what it replaced.
    let made_up = ends_at(table, "3000");
    assert_eq!(outcome(&made_up, Property::NoLostWrites), "undecided");
    assert_eq!(outcome(&made_up, Property::NoPhantoms), "broken");
}

#[test]
fn a_lost_position_is_named_with_what_is_left() {
    let verdict = ends_at("p1@n1 write x 1800\np2@n2 write x 600", "600");
    let anomaly = &verdict.anomalies[0];
    assert_eq!(anomaly.kind.name(), "lost write");
    assert_eq!(
        anomaly.sentence,
        "Session 1 wrote x=1800 at n1 (#0) and was acknowledged by n1, but at the end x is no further than 600."
    );
    assert_eq!(anomaly.witness.len(), 3, "{anomaly:?}");
    let fates = verdict.figures.fates.unwrap();
    assert_eq!((fates.survived, fates.superseded, fates.lost), (1, 0, 1));
    assert_eq!(verdict.valid, Valid::False);
}

#[test]
fn what_the_last_reads_need_not_show_is_not_lost() {
    let late = judge(
        "! workload position
        p1@n1 write x 600   1..2
        p1@n1 write x 1800  10..40
        p8@n1 read x 600    20..21 final
        p9@n2 read x 600    20..21 final",
    );
    assert_eq!(outcome(&late, Property::NoLostWrites), "undecided");
    let unread = judge(
        "! workload position
        p1@n1 write x 1800
        p9@n2 read x 600 final",
    );
    assert_eq!(outcome(&unread, Property::NoLostWrites), "undecided");
    let cut = judge(
        "! workload position
        partition n1>n2 1..
        p1@n1 write x 1800
        p8@n1 read x 600 final
        p9@n2 read x 600 final",
    );
    assert_eq!(outcome(&cut, Property::NoLostWrites), "undecided");
    // One that was acknowledged before is lost, whatever else is under way.
    let both = judge(
        "! workload position
        p1@n1 write x 1800  1..2
        p2@n1 write x 700   10..40
        p8@n1 read x 600    20..21 final
        p9@n2 read x 600    20..21 final",
    );
    assert_eq!(outcome(&both, Property::NoLostWrites), "broken");
}

#[test]
fn replicas_that_disagree_have_not_converged_and_have_not_lost_what_one_of_them_shows() {
    let verdict = judge(
        "! workload position
        ! promise convergence
        p1@n1 write x 600
        p1@n1 write x 1800
        p8@n1 read x 1800 final
        p9@n2 read x 600 final",
    );
    assert_eq!(outcome(&verdict, Property::Convergence), "broken");
    assert_eq!(outcome(&verdict, Property::NoLostWrites), "held");
    let said = &verdict.anomalies[0].sentence;
    assert!(said.contains("n1 holds 1800; n2 holds 600."), "{said}");
    assert!(said.contains("wrote x=1800 at n1 (#2) at 40 ns, which n2 does not show."), "{said}");
}

#[test]
fn a_session_that_changes_its_device_may_find_an_older_position() {
    let verdict = judge(
        "! workload position
        p1@n1 write x 1800
        p1@n1 read x 1800
        p1@n2 read x 600
        p2@n2 write x 600 1..90
        p3@n2 write x 900 info
        p4@n2 read x 600",
    );
    only_who_roams_looks_back(&verdict);
    assert_eq!(
        sentence(&verdict, Property::ReadYourWrites),
        "Read #5 of x at n2 returned 600, which does not show session 1's own update #1 (it wrote x=1800); the position of #5 is 600, that of #1 is 1800."
    );
}

#[test]
fn nothing_is_read_after_something() {
    let verdict = judge(
        "! workload position
        p1@n1 write x 7
        p1@n1 read x null
        p2@n1 read x 7
        p2@n1 read x null",
    );
    assert_eq!(outcome(&verdict, Property::ReadYourWrites), "broken");
    assert_eq!(outcome(&verdict, Property::MonotonicReads), "broken");
    assert!(
        verdict
            .anomalies
            .iter()
            .any(|a| a.sentence.ends_with("the position of #6 is nothing, that of #4 is 7.")),
        "{:?}",
        verdict.anomalies
    );
}

#[test]
fn a_lower_write_changes_nothing_and_breaks_nothing() {
    // Whatever the versions say: of a position its value is what counts.
    let verdict = judge(
        "! workload position
        p1@n1 write x 1800 v=[3]
        p1@n1 write x 600  v=[2]
        p1@n1 read x 1800  v=[1]
        p8@n1 read x 1800 final
        p9@n2 read x 1800 final",
    );
    for property in [Property::ReadYourWrites, Property::NoLostWrites, Property::Convergence] {
        assert_eq!(outcome(&verdict, property), "held", "{property}");
    }
    for property in [Property::MonotonicWrites, Property::WritesFollowReads] {
        assert_eq!(outcome(&verdict, property), "not judged", "{property}");
    }
    let fates = verdict.figures.fates.unwrap();
    assert_eq!((fates.survived, fates.superseded, fates.lost), (1, 1, 0));
}

#[test]
fn two_may_have_come_equally_far() {
    let verdict = ends_at("p1@n1 write x 600\np2@n2 write x 600\np2@n2 read x 600", "600");
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    assert_eq!(verdict.figures.fates.unwrap().survived, 2);
}

#[test]
fn where_nobody_waited_replicas_may_differ_by_a_position_of_which_nobody_knows() {
    let convergence = |shown: [&str; 2]| {
        let [first, other] = shown;
        let (mut header, events) = events(&format!(
            "! workload position
            p1@n1 write x 600
            p2@n1 write x 700
            p3@n1 write x 1800 info
            p8@n1 read x {first} final
            p9@n2 read x {other} final"
        ));
        header.world = RECORDED.to_owned();
        outcome(&check(&build(header, events)), Property::Convergence)
    };
    assert_eq!(convergence(["1800", "700"]), "undecided");
    assert_eq!(convergence(["600", "700"]), "broken");
    assert_eq!(convergence(["1800", "1800"]), "held");
}

#[test]
fn where_no_replica_is_named_each_read_that_is_marked_as_final_counts() {
    let at_the_end = |first: u32, second: u32| {
        let verdict = judge(&format!(
            "! workload position
            ! nodes ?
            p1@? write x 1800     1..2
            p2@? write x 600      3..4
            p8@? read x {first}   20..21 final
            p9@? read x {second}  22..23 final"
        ));
        outcome(&verdict, Property::NoLostWrites)
    };
    assert_eq!(at_the_end(1800, 600), "held");
    assert_eq!(at_the_end(600, 600), "broken");
}
