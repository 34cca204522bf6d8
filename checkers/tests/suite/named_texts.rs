//! Histories of texts that can be read, good and bad, and what proves it of the bad ones.

use crate::table::{
    build, events, history, judge, minimal, only_who_roams_looks_back, outcome, outcome_for,
    sentence,
};
use afterall_checkers::{Valid, Verdict, check};
use afterall_history::{Property, RECORDED, Sessions};

/// What is judged piece by piece.
const BY_PIECES: [Property; 4] = [
    Property::NoLostItems,
    Property::NoPhantoms,
    Property::ReadYourWrites,
    Property::MonotonicReads,
];

/// How linearizability came out, and the operations of the smallest proof if it is broken.
fn judged(table: &str) -> (&'static str, Vec<u32>) {
    let table = format!("! workload text\n{table}");
    let verdict = judge(&table);
    let broken = minimal(&history(&table), &verdict, Property::Linearizable, 0);
    let mut found = verdict.anomalies.iter();
    let found = found.find(|found| found.property == Property::Linearizable);
    let witness = found.map_or(Vec::new(), |found| found.witness.clone());
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

/// A table of a text that ends with these texts on the two replicas.
fn ends_with(table: &str, [first, other]: [&str; 2]) -> Verdict {
    judge(&format!(
        "! workload text
        ! promise no-lost-items convergence no-phantoms
        {table}
        p8@n1 read x {first} final
        p9@n2 read x {other} final"
    ))
}

#[test]
fn every_piece_that_was_acknowledged_is_in_the_text_at_the_end() {
    let table = "
        p1@n1 append x \"a;\"
        p2@n2 append x \"b;\"
        p3@n2 append x \"c;\" info
        p4@n2 append x \"d;\" fail";
    let lost = |text| outcome(&ends_with(table, [text, text]), Property::NoLostItems);
    assert_eq!(lost("\"a;b;\""), "held");
    assert_eq!(lost("\"c;b;a;\""), "held");
    assert_eq!(lost("\"b;\""), "broken");
    assert_eq!(lost("null"), "broken");
    let verdict = ends_with(table, ["\"b;c;\"", "\"b;c;\""]);
    assert_eq!(verdict.valid, Valid::False);
    let anomaly = &verdict.anomalies[0];
    assert_eq!(anomaly.kind.name(), "lost item");
    assert_eq!(
        anomaly.sentence,
        "Session 1 appended \"a;\" to x at n1 (#0) and was acknowledged by n1, but at the end no replica shows it."
    );
    assert_eq!(anomaly.witness.len(), 3, "{anomaly:?}");
    let items = verdict.figures.items.unwrap();
    assert_eq!((items.acknowledged, items.present, items.lost, items.recovered), (2, 1, 1, 1));
}

#[test]
fn the_same_pieces_in_another_order_are_no_agreement() {
    let table = "p1@n1 append x \"a;\"\np1@n1 append x \"b;\"\np1@n1 append x \"c;\"";
    let verdict = ends_with(table, ["\"a;b;c;\"", "\"a;c;b;\""]);
    assert_eq!(outcome(&verdict, Property::Convergence), "broken");
    assert_eq!(outcome(&verdict, Property::NoLostItems), "held");
    assert_eq!(outcome(&verdict, Property::NoPhantoms), "held");
    let said = &verdict.anomalies[0].sentence;
    assert!(
        said.ends_with(
            "They show the same pieces in another order: after \"a;\" stands \"b;\" at n1, and \"c;\" at n2."
        ),
        "{said}"
    );
    // What one of them lacks is named.
    let verdict = ends_with(table, ["\"a;b;c;\"", "\"a;b;\""]);
    let said = &verdict.anomalies[0].sentence;
    assert!(
        said.contains("appended \"c;\" to x at n1 (#4) at 50 ns, which n2 does not show."),
        "{said}"
    );
}

#[test]
fn what_nobody_had_appended_by_then_and_what_is_there_twice() {
    let phantom = |text: &str| {
        let verdict = judge(&format!(
            "! workload text
            p1@n1 append x \"a;\"  1..2
            p2@n1 append x \"b;\"  1..2 fail
            p3@n1 read x \"{text}\" 3..4
            p1@n1 append x \"c;\"  5..6"
        ));
        let found = verdict.anomalies.iter().find(|a| a.property == Property::NoPhantoms);
        found.map(|found| (found.kind.name(), found.sentence.clone()))
    };
    assert_eq!(phantom("a;"), None);
    let read = |text| format!("Session 3 read x as \"{text}\" at n1 (#4)");
    for (text, part) in
        [("a;c;", "c;"), ("a;d;", "d;"), ("a;a", "a"), ("b", "b"), (";a;", ";"), ("aa;", "aa;")]
    {
        let said = format!("{}: no session had appended \"{part}\" to it by then.", read(text));
        assert_eq!(phantom(text), Some(("phantom", said)), "{text}");
    }
    let twice = format!("{}: it holds \"a;\" more than once.", read("a;a;"));
    assert_eq!(phantom("a;a;"), Some(("duplicate item", twice)));
    let failed = "although the append of \"b;\" is recorded as failed: session 2 appended \"b;\" to x at n1 (#1).";
    let failed = format!("{}, {failed}", read("b;a;"));
    assert_eq!(phantom("b;a;"), Some(("aborted write", failed)));
}

#[test]
fn a_session_sees_every_piece_that_it_appended_or_read() {
    let verdict = judge(
        "! workload text
        p1@n1 append x \"a;\"
        p1@n1 append x \"b;\"
        p1@n1 read x \"c;b;a;\"
        p1@n2 read x \"b;\"
        p2@n1 append x \"c;\" 1..2",
    );
    only_who_roams_looks_back(&verdict);
    assert_eq!(
        sentence(&verdict, Property::ReadYourWrites),
        "Session 1's read of x at n2 (#8) does not show what the same session had appended before: session 1 appended \"a;\" to x at n1 (#2)."
    );
}

#[test]
fn versions_tell_what_a_session_sees_wherever_there_are_any() {
    let verdict = judge(
        "! workload text
        p1@n1 append x \"a\"  v={\"n1\":1}
        p2@n1 append x \"aa\" v={\"n1\":2}
        p1@n1 read x \"aaa\"  v={\"n1\":2}
        p1@n1 read x \"a\"    v={\"n1\":1}",
    );
    assert_eq!(outcome(&verdict, Property::MonotonicReads), "broken");
    assert_eq!(outcome(&verdict, Property::ReadYourWrites), "held");
    assert_eq!(outcome(&verdict, Property::NoPhantoms), "undecided");
}

#[test]
fn of_a_text_whose_pieces_are_not_told_apart_nothing_is_said() {
    for (also, why) in [
        ("write x \"b;\"", "#2 wrote it as a whole"),
        ("write x \"b;\" fail", "#2 wrote it as a whole"),
        ("append x \"a;\"", "several operations appended \"a;\""),
        ("append x \"a;\" fail", "several operations appended \"a;\""),
        ("append x \"a;\" info", "several operations appended \"a;\""),
        ("append x \"\"", "#2 appended nothing"),
        ("append x \"b\"", "#2 appended \"b\", and not every piece"),
        ("append x \";b;\"", "#2 appended \";b;\", and not every piece"),
        ("append x \";;\" info", "#2 appended \";;\", and not every piece"),
    ] {
        let verdict = judge(&format!(
            "! workload text
            ! promise no-lost-items no-phantoms read-your-writes monotonic-reads
            p1@n1 append x \"a;\"
            p2@n1 {also}
            p1@n1 read x \"a;e;\"
            p1@n1 read x \"a;a;\"
            p1@n1 read x \"c;\"
            p8@n1 read x \"c;\" final
            p9@n2 read x \"c;\" final"
        ));
        for property in BY_PIECES {
            assert_eq!(outcome(&verdict, property), "undecided", "{also}: {property}");
        }
        assert_eq!(verdict.valid, Valid::Unknown, "{also}");
        let told = format!("the pieces of the text \"x\" cannot be told apart: {why}");
        assert!(verdict.reasons.iter().any(|r| r.contains(&told)), "{also}: {:?}", verdict.reasons);
        assert!(verdict.figures.items.is_none(), "{also}");
    }
}

#[test]
fn a_history_of_another_tool_is_held_to_linearizability_alone() {
    let (mut header, events) = events(
        "! workload text
        ! nodes ?
        p1@? append x \"x00y\"
        p2@? append x \"x10y\"
        p1@? read x \"x10y\"",
    );
    header.world = RECORDED.to_owned();
    let recorded = build(header, events);
    let usual = afterall_checkers::usual_promises(&recorded);
    let usual: Vec<Property> = usual.into_iter().map(|promise| promise.property).collect();
    assert_eq!(usual, [Property::Linearizable]);
    assert_eq!(outcome(&check(&recorded), Property::Linearizable), "broken");
}
