//! Histories of counters and carts that can be read, good and bad, and what the checkers say of each.

use crate::table::{judge, outcome, outcome_for};
use afterall_checkers::Valid;
use afterall_history::{Property, Sessions};

/// A counter table that ends with both replicas at a value.
fn counter(table: &str, value: i64) -> afterall_checkers::Verdict {
    judge(&format!(
        "! workload counter
        {table}
        p8@n1 read c {value} final
        p9@n2 read c {value} final"
    ))
}

/// Lost increments, double increments, phantoms.
fn counted(table: &str, value: i64) -> [&'static str; 3] {
    let verdict = counter(table, value);
    [Property::NoLostIncrements, Property::NoDoubleIncrements, Property::NoPhantoms]
        .map(|property| outcome(&verdict, property))
}

#[test]
fn a_counter_that_only_went_up() {
    let table = "
        p1@n1 increment c 3
        p2@n2 increment c 4
        p3@n2 increment c 10 info
        p4@n2 increment c 100 fail";
    assert_eq!(counted(table, 7), ["held"; 3]);
    assert_eq!(counted(table, 17), ["held"; 3]);
    assert_eq!(counted(table, 4), ["broken", "held", "held"]);
    assert_eq!(counted(table, 21), ["held", "broken", "broken"]);
    // In between, and no sum: 3 or 4 is missing and 10 happened, or something was applied twice.
    assert_eq!(counted(table, 14), ["undecided", "undecided", "held"]);
    assert_eq!(counted(table, 9), ["undecided", "undecided", "broken"]);
    assert_eq!(counted(table, 107), ["held", "broken", "broken"]);
}

#[test]
fn the_missing_increment_is_named_where_its_amount_tells() {
    let verdict = counter(
        "
        p1@n1 increment c 3
        p2@n2 increment c 4  20000000..21000000
        kill n2              26000000..27000000",
        3,
    );
    let anomaly = &verdict.anomalies[0];
    assert_eq!(anomaly.kind.name(), "lost increments");
    assert_eq!(anomaly.cause, "n2 was killed after it acknowledged");
    assert!(anomaly.sentence.contains("killed 5 ms after"), "{}", anomaly.sentence);
}

#[test]
fn one_increment_is_named_only_where_the_version_lacks_no_more() {
    let told = |version: &str| {
        let verdict = judge(&format!(
            "! workload counter
            p1@n1 increment c 52
            p2@n2 increment c 30
            p8@n1 read c 30 v={version} final
            p9@n2 read c 30 v={version} final"
        ));
        verdict.anomalies[0].sentence.clone()
    };
    let one = told("{\"n1.0\":0,\"n2.0\":30}");
    assert!(one.contains("one operation makes up the difference: session 1 added 52"), "{one}");
    // By its version all that was done is missing.
    let all = told("{\"n1.0\":0,\"n2.0\":0}");
    assert!(!all.contains("one operation"), "{all}");
    assert!(all.contains("the replicas applied 0"), "{all}");
}

#[test]
fn a_stock_below_nothing_that_is_shown_as_nothing_counts_nothing_twice() {
    let sold = |left: i64| {
        let verdict = judge(&format!(
            "! workload inventory
            ! nodes n1 n2 n3
            p1@n1 restock c 3
            p2@n2 sell c 3
            p3@n3 sell c 2
            p8@n1 read c {left} final
            p9@n2 read c {left} final
            p7@n3 read c {left} final"
        ));
        [Property::NoDoubleIncrements, Property::NoLostIncrements, Property::NoOversell]
            .map(|property| outcome(&verdict, property))
    };
    assert_eq!(sold(0), ["undecided", "undecided", "broken"]);
    assert_eq!(sold(-2), ["held", "held", "broken"]);
}

#[test]
fn stock_that_may_be_below_nothing_is_in_doubt_where_it_is_shown_as_nothing() {
    let off = |table: &str| {
        let verdict = judge(&format!("! workload inventory\n! nodes n1 n2\n{table}"));
        [Property::NoDoubleIncrements, Property::NoLostIncrements, Property::ReadYourWrites]
            .map(|property| outcome(&verdict, property))
    };
    // The restock that nobody acknowledged did not happen: -1.
    let not_restocked = "
        p1@n1 restock c 3         1..2
        p2@n1 sell c 2            3..4
        p3@n2 sell c 2            5..6
        p4@n1 restock c 5 info    7..8
        p8@n1 read c 0 final      20..21
        p9@n2 read c 0 final      20..21";
    assert_eq!(off(not_restocked)[..2], ["undecided", "undecided"]);
    // The sale that nobody acknowledged did.
    let sold = not_restocked.replace("sell c 2            5..6", "sell c 2 info       5..6");
    let sold = sold.replace("p4@n1 restock c 5 info    7..8", "");
    assert_eq!(off(&sold)[..2], ["undecided", "undecided"]);
    // The session sees both of its sales, of which the second could not be made.
    let own = "
        p1@n1 restock c 3         1..2
        p5@n1 sell c 2            3..4
        p5@n2 sell c 2            5..6
        p5@n2 read c 0            7..8
        p8@n1 read c 0 final      20..21
        p9@n2 read c 0 final      20..21";
    assert_ne!(off(own)[2], "broken");
}

#[test]
fn a_read_without_a_version_does_not_hide_a_sum_that_goes_down() {
    let reads = |second: &str, third: &str| {
        let verdict = judge(&format!(
            "! workload counter
            p1@n1 increment c 5 v={{\"n1.0\":5}}  1..2
            p2@n2 increment c 3 v={{\"n2.0\":3}}  1..2
            p5@n1 read c 5 v={{\"n1.0\":5}}       3..4
            p5@n1 read c 5 {second}                 5..6
            p5@n1 read c {third}                    7..8"
        ));
        outcome_for(&verdict, Property::MonotonicReads, Sessions::Sticky)
    };
    let newer = "3 v={\"n1.0\":5,\"n2.0\":3}";
    assert_eq!(reads("", newer), "broken");
    assert_eq!(reads("v={\"n1.0\":5}", newer), "broken");
    assert_eq!(reads("", "8 v={\"n1.0\":5,\"n2.0\":3}"), "held");
}

#[test]
fn with_decrements_the_sums_or_the_versions_tell_a_loss_from_a_double() {
    let table = "
        p1@n1 increment c 5
        p2@n2 decrement c 3";
    assert_eq!(counted(table, 2), ["held"; 3]);
    // The decrement is missing: no choice of operations, each applied once or twice, gives 5.
    assert_eq!(counted(table, 5)[..2], ["broken", "held"]);
    // It was applied twice: no choice of operations, each applied at most once, gives -1.
    assert_eq!(counted(table, -1)[..2], ["held", "broken"]);
    // Either: the increment of 2 is missing, or the decrement of 2 was applied twice.
    let either = "
        p1@n1 increment c 2
        p2@n2 increment c 7
        p3@n2 decrement c 2";
    assert_eq!(counted(either, 5)[..2], ["undecided", "undecided"]);
    let versions = |vector: &str| {
        let verdict = judge(&format!(
            "! workload counter
            {table}
            p8@n1 read c 5 v={vector} final
            p9@n2 read c 5 v={vector} final"
        ));
        [Property::NoLostIncrements, Property::NoDoubleIncrements]
            .map(|property| outcome(&verdict, property))
    };
    assert_eq!(versions("{\"n1.0\":5}"), ["broken", "held"]);
    assert_eq!(versions("{\"n1.0\":5,\"n2.0\":3,\"n2.1\":3}"), ["held", "broken"]);
    assert_eq!(versions("{\"n1.0\":5,\"n2.0\":3}"), ["undecided", "undecided"]);
}

#[test]
fn both_promised_one_of_them_broken_is_a_broken_promise() {
    let table = "
        ! promise no-lost-increments no-double-increments
        p1@n1 increment c 5
        p2@n2 decrement c 3";
    let verdict = counter(table, 5);
    assert_eq!(verdict.valid, afterall_checkers::Valid::False);
    assert_eq!(counter(table, 2).valid, afterall_checkers::Valid::True);
}

#[test]
fn a_read_must_be_a_sum_of_what_was_begun() {
    let early = judge(
        "! workload counter
        p1@n1 read c 4
        p2@n1 increment c 4",
    );
    assert_eq!(outcome(&early, Property::NoPhantoms), "broken");
    let during = judge(
        "! workload counter
        p2@n1 increment c 4  10..30
        p1@n1 read c 4       15..20
        p3@n2 read c 0       40..50",
    );
    assert_eq!(outcome(&during, Property::NoPhantoms), "held");
    let between = judge(
        "! workload counter
        p1@n1 increment c 4
        p1@n1 increment c 10
        p3@n2 read c 6",
    );
    assert_eq!(outcome(&between, Property::NoPhantoms), "broken");
}

#[test]
fn a_counter_that_went_back_for_a_session() {
    let verdict = judge(
        "! workload counter
        p1@n1 increment c 4
        p1@n1 read c 4
        p1@n1 read c 0",
    );
    let of = |property| outcome_for(&verdict, property, Sessions::Sticky);
    assert_eq!(of(Property::MonotonicReads), "broken");
    assert_eq!(of(Property::ReadYourWrites), "broken");
    // With a decrement about, nothing follows.
    let down = judge(
        "! workload counter
        p1@n1 increment c 4
        p2@n1 decrement c 4
        p1@n1 read c 4
        p1@n1 read c 0",
    );
    assert_eq!(outcome(&down, Property::MonotonicReads), "not exercised");
}

#[test]
fn a_counter_on_which_replicas_disagree_is_divergence_first() {
    let verdict = judge(
        "! workload counter
        p1@n1 increment c 4
        p8@n1 read c 4 final
        p9@n2 read c 0 final",
    );
    assert_eq!(outcome(&verdict, Property::Convergence), "broken");
    assert_eq!(outcome(&verdict, Property::NoLostIncrements), "undecided");
}

/// A cart table that ends with both replicas holding the same.
fn cart(table: &str, held: &str) -> afterall_checkers::Verdict {
    judge(&format!(
        "! workload cart
        {table}
        p8@n1 read c {held} final
        p9@n2 read c {held} final"
    ))
}

#[test]
fn items_at_the_end() {
    let table = "
        p1@n1 add c [\"a\",1]
        p1@n1 add c [\"b\",2]
        p1@n1 remove c \"b\"
        p2@n2 add c [\"u\",1] info
        p3@n2 remove c \"a\" fail";
    let of = |held: &str, property| outcome(&cart(table, held), property);
    use Property as P;
    for held in ["[[\"a\",1]]", "[[\"u\",1],[\"a\",1]]"] {
        for property in [P::NoLostItems, P::NoResurrectedItems, P::NoPhantoms, P::Convergence] {
            assert_eq!(of(held, property), "held", "{held} {property}");
        }
    }
    assert_eq!(of("[]", P::NoLostItems), "broken");
    assert_eq!(of("[[\"a\",1],[\"b\",2]]", P::NoResurrectedItems), "broken");
    assert_eq!(of("[[\"a\",1],[\"z\",2]]", P::NoPhantoms), "broken");
    assert_eq!(of("[[\"a\",1],[\"a\",1]]", P::NoPhantoms), "broken");
    assert_eq!(of("[[\"a\",2]]", P::NoPhantoms), "broken");
    let fates = cart(table, "[[\"u\",1]]").figures.items.unwrap();
    assert_eq!(
        [fates.acknowledged, fates.present, fates.removed, fates.lost, fates.recovered],
        [2, 0, 1, 1, 1]
    );
}

#[test]
fn a_remove_nobody_acknowledged_excuses_and_proves_nothing() {
    let table = "
        p1@n1 add c [\"a\",1]
        p1@n1 remove c \"a\" info";
    for held in ["[]", "[[\"a\",1]]"] {
        let verdict = cart(table, held);
        assert_eq!(outcome(&verdict, Property::NoLostItems), "held");
        assert_eq!(outcome(&verdict, Property::NoResurrectedItems), "not exercised");
    }
}

#[test]
fn a_remove_by_one_that_had_not_seen_the_add_proves_nothing() {
    let table = "
        p1@n1 add c [\"a\",1]
        p2@n2 remove c \"a\"";
    let verdict = cart(table, "[[\"a\",1]]");
    assert_eq!(outcome(&verdict, Property::NoResurrectedItems), "not exercised");
}

#[test]
fn a_remove_that_roamed_is_judged_apart() {
    let verdict = cart(
        "
        p1@n1 add c [\"a\",1]
        p2@n1 read c [[\"a\",1]]
        p2@n2 remove c \"a\"",
        "[[\"a\",1]]",
    );
    let of = |sessions| outcome_for(&verdict, Property::NoResurrectedItems, sessions);
    assert_eq!(of(Sessions::Roaming), "broken");
    assert_eq!(of(Sessions::Sticky), "not exercised");
}

#[test]
fn an_order_that_misses_what_its_session_had_added() {
    let anomaly = |last: &str| {
        let verdict = judge(&format!(
            "! workload cart
            p1@n1 add c [\"a\",1]
            p1@n1 add c [\"b\",1]
            p1@n1 remove c \"b\"
            {last}"
        ));
        let kinds: Vec<&str> = verdict.anomalies.iter().map(|a| a.kind.name()).collect();
        (outcome(&verdict, Property::ReadYourWrites), kinds)
    };
    assert_eq!(anomaly("p1@n1 checkout c [[\"a\",1]]").0, "held");
    let (outcome, kinds) = anomaly("p1@n1 checkout c []");
    assert_eq!(outcome, "broken");
    assert!(kinds.contains(&"checkout anomaly"), "{kinds:?}");
    assert_eq!(anomaly("p1@n1 checkout c [[\"a\",1],[\"b\",1]]").0, "broken");
    // Somebody has begun to remove it.
    assert_eq!(anomaly("p2@n2 remove c \"a\" info\np1@n1 checkout c []").0, "held");
}

#[test]
fn a_cart_that_ignores_its_causal_past() {
    let table = |last: &str| {
        format!(
            "! workload cart
            p1@n1 add c [\"a\",1]
            p2@n1 read c [[\"a\",1]]
            p2@n1 add d [\"b\",1]
            p3@n2 read d [[\"b\",1]]
            {last}"
        )
    };
    let of = |last: &str| outcome(&judge(&table(last)), Property::Causal);
    assert_eq!(of("p3@n2 read c [[\"a\",1]]"), "held");
    assert_eq!(of("p3@n2 read c []"), "broken");
    assert_eq!(of("p4@n2 remove c \"a\" info\np3@n2 read c []"), "held");
    let removed = "
        p2@n1 remove c \"a\"
        p2@n1 add d [\"e\",1]
        p3@n2 read d [[\"b\",1],[\"e\",1]]
        p3@n2 read c [[\"a\",1]]";
    assert_eq!(of(removed), "broken");
}

#[test]
fn a_remove_need_not_make_a_version_newer() {
    let of = |last: &str| {
        let verdict = judge(&format!(
            "! workload cart
            p1@n1 add c [\"a\",1] v={{\"n1\":1}}
            p1@n1 {last} v={{\"n1\":1}}"
        ));
        outcome(&verdict, Property::MonotonicWrites)
    };
    assert_eq!(of("remove c \"a\""), "held");
    assert_eq!(of("add c [\"b\",1]"), "broken");
}

#[test]
fn a_counter_that_only_grows_does_not_go_back_within_a_session_whatever_its_versions_say() {
    let reads = |versions: [&str; 2], more: &str| {
        let [first, then] = versions;
        judge(&format!(
            "! workload counter
            p1@n1 increment c 5 {first}
            p3@n2 increment c 3 {then}
            {more}
            p2@n1 read c 5 {first}
            p2@n1 read c 3 {then}"
        ))
    };
    let newer = ["v={\"n1\":5}", "v={\"n1\":5,\"n2\":3}"];
    for versions in [newer, ["v=[1]", "v=[2]"], ["", ""]] {
        let verdict = reads(versions, "");
        assert_eq!(outcome(&verdict, Property::MonotonicReads), "broken", "{versions:?}");
        let anomalies = verdict.anomalies.iter();
        let of_reads = anomalies.filter(|a| a.property == Property::MonotonicReads);
        assert_eq!(of_reads.map(|a| a.count).sum::<u64>(), 1, "{versions:?}");
    }
    // A decrement may account for it, and the versions say that it does.
    for versions in [newer, ["v=[1]", "v=[2]"]] {
        let down = format!("p4@n2 decrement c 5 {}", versions[1]);
        let verdict = reads(versions, &down);
        assert_eq!(outcome(&verdict, Property::MonotonicReads), "held", "{versions:?}");
    }
    // What the versions find is found once.
    let verdict = reads(["v=[2]", "v=[1]"], "");
    let anomalies = verdict.anomalies.iter().filter(|a| a.property == Property::MonotonicReads);
    assert_eq!(anomalies.map(|a| a.count).sum::<u64>(), 1);
}

#[test]
fn of_two_promises_of_which_one_is_broken_neither_is_called_broken() {
    let of = |value: i64, promises: &str| {
        judge(&format!(
            "! workload counter
            ! promise {promises}
            p1@n1 increment c 1 1..2
            p2@n2 decrement c 1 3..4
            p3@n1 increment c 1 5..6
            p8@n1 read c {value} final 20..21
            p9@n2 read c {value} final 22..23"
        ))
    };
    // Both increments are missing: nothing that was done twice comes to it.
    assert_eq!(outcome(&of(-1, "no-lost-increments"), Property::NoLostIncrements), "broken");
    // The decrement is missing, or an increment was applied twice.
    let verdict = of(2, "no-lost-increments no-double-increments");
    let both = [Property::NoLostIncrements, Property::NoDoubleIncrements];
    assert_eq!(both.map(|p| outcome(&verdict, p)), ["undecided", "undecided"], "{verdict:#?}");
    assert_eq!(verdict.valid, Valid::False);
    assert!(both.iter().all(|&p| verdict.breaks_promise(p)));
    let why = "promise broken: one of no-double-increments and no-lost-increments, but the values do not show which";
    assert_eq!(verdict.reasons, [why]);
    // With one of them alone nothing is broken for certain.
    let verdict = of(2, "no-lost-increments");
    assert_eq!(verdict.valid, Valid::Unknown);
    assert!(!verdict.breaks_promise(Property::NoLostIncrements));
}

#[test]
fn what_was_expected_is_told_of_all_operations_and_not_of_the_witness_alone() {
    let verdict = judge(
        "! workload counter
        p1@n1 increment c 1 1..2
        p2@n2 increment c 2 3..4
        p3@n2 increment c 9 5..6
        p8@n1 read c 1 final 20..21
        p9@n2 read c 1 final 22..23",
    );
    let sentence = &verdict.anomalies[0].sentence;
    assert!(sentence.starts_with("At the end c is 1, expected 12; "), "{sentence}");
    assert!(sentence.contains("acknowledged operations: 1 by n1 and 2 by n2"), "{sentence}");
    // The increment of 9 alone is more than what is there.
    assert_eq!(verdict.anomalies[0].witness.len(), 3, "{:?}", verdict.anomalies[0]);
}
