//! Histories of texts that can be read, good and bad, and what proves it of the bad ones.

use crate::table::{history, judge, minimal, outcome_for};
use afterall_history::{Property, Sessions};

/// How linearizability came out, and the operations of the smallest proof if it is broken.
fn judged(table: &str) -> (&'static str, Vec<u32>) {
    let table = format!("! workload text\n{table}");
    let verdict = judge(&table);
    let broken = minimal(&history(&table), &verdict, Property::Linearizable, 0);
    let witness = verdict.anomalies.first().map_or(Vec::new(), |found| found.witness.clone());
    assert_eq!(broken, !witness.is_empty());
    (outcome_for(&verdict, Property::Linearizable, Sessions::All), witness)
}

#[test]
fn a_put_begins_anew() {
    let table = "
        p1@n1 append x \"a,\"
        p1@n1 read x \"a,\"
        p1@n1 write x \"b,\"
        p2@n1 append x \"c,\"
        p1@n1 read x \"b,c,\"
        p1@n1 append x \"d,\" info
        p2@n1 read x \"b,c,d,\"";
    assert_eq!(judged(table), ("held", vec![]));
}

#[test]
fn an_append_that_is_missing() {
    // The put was over before the append began, and that before the last read, which shows the put without it.
    let table = "
        p1@n1 write x \"b,\"
        p1@n1 append x \"c,\"
        p1@n1 read x \"b,c,\"
        p2@n1 append x \"d,\"
        p1@n1 read x \"b,c,\"";
    assert_eq!(judged(table), ("broken", vec![0, 6, 8]));
}

#[test]
fn two_reads_that_disagree() {
    let table = "
        p1@n1 append x \"a,\"  10..90
        p2@n1 append x \"b,\"  10..90
        p3@n1 read x \"a,b,\"  20..80
        p4@n1 read x \"b,\"    20..80";
    assert_eq!(judged(table), ("broken", vec![2, 3]));
}

#[test]
fn a_read_of_the_future_and_a_text_that_nobody_made() {
    let early = "
        p1@n1 read x \"a,\"
        p1@n1 append x \"a,\"";
    assert_eq!(judged(early), ("broken", vec![0]));
    let unmade = "
        p1@n1 append x \"a,\"
        p1@n1 read x \"a,b,\"";
    assert_eq!(judged(unmade), ("broken", vec![2]));
    let twice = "
        p1@n1 append x \"a,\"
        p1@n1 read x \"a,a,\"";
    assert_eq!(judged(twice), ("broken", vec![2]));
}

#[test]
fn what_two_operations_wrote_proves_nothing_and_hides_nothing() {
    let good = "
        p1@n1 append x \"a,\"
        p2@n1 append x \"a,\"
        p1@n1 read x \"a,a,\"
        p1@n1 write x \"a,\"
        p1@n1 append x \"b,\"
        p1@n1 read x \"a,b,\"";
    assert_eq!(judged(good), ("held", vec![]));
    // `c,` was over before the last read began, which shows the beginning without it.
    let bad = "
        p1@n1 append x \"a,\"
        p2@n1 append x \"a,\"
        p1@n1 append x \"b,\"
        p1@n1 append x \"c,\"
        p1@n1 read x \"a,a,b,c,\"
        p1@n1 read x \"a,a,b,\"";
    assert_eq!(judged(bad), ("broken", vec![6, 10]));
    // Nothing of this is told apart: it is searched.
    let searched = "
        p1@n1 append x \"a\"
        p1@n1 append x \"aa\"
        p1@n1 read x \"aaaa\"";
    assert_eq!(judged(searched).0, "broken");
}
