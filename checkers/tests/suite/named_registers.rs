//! Histories of registers that can be read, good and bad, and what the checkers say of each.

use crate::table::{judge, outcome, outcome_for};
use afterall_checkers::Anomaly;
use afterall_history::{FaultKind, Property, Sessions};

/// CC and CCv of a table.
fn causal(table: &str) -> (&'static str, &'static str) {
    let verdict = judge(table);
    (outcome(&verdict, Property::Causal), outcome(&verdict, Property::CausalConvergence))
}

#[test]
fn an_effect_before_its_cause() {
    // Session 3 saw the answer, and not the question.
    let table = "
        p1@n1 write x 5
        p2@n1 read x [5]
        p2@n1 write y 9
        p3@n2 read y [9]
        p3@n2 read x []";
    let verdict = judge(table);
    assert_eq!(outcome(&verdict, Property::Causal), "broken");
    let anomaly = verdict.anomalies.iter().find(|a| a.kind.name() == "WriteCOInitRead").unwrap();
    assert_eq!(anomaly.witness.len(), 5, "{anomaly:?}");
    assert!(anomaly.sentence.contains("Session 3 found nothing in x"), "{}", anomaly.sentence);
    assert_eq!(anomaly.edges.len(), 5, "{:?}", anomaly.edges);
}

#[test]
fn the_same_without_the_effect_is_only_stale() {
    let table = "
        p1@n1 write x 5
        p2@n1 read x [5]
        p2@n1 write y 9
        p3@n2 read x []
        p3@n2 read y [9]
        p3@n2 read x [5]";
    assert_eq!(causal(table), ("held", "held"));
}

#[test]
fn an_overwritten_value_read_again() {
    let table = "
        p1@n1 write x 1
        p1@n1 write x 2
        p2@n2 read x [2]
        p2@n2 read x [1]";
    assert_eq!(causal(table), ("broken", "broken"));
}

/// Bouajjani et al. 2017, figure 3 (a): CM, but not CCv. Two writes of x are seen in opposite orders.
#[test]
fn two_sessions_order_two_writes_differently() {
    let table = "
        p1@n1 write x 1  10..15
        p2@n2 write x 2  10..15
        p1@n1 read x [2] 20..25
        p2@n2 read x [1] 20..25";
    assert_eq!(causal(table), ("held", "broken"));
}

/// As figure 3 (b): CCv, though no single session could explain it by itself (not CM).
#[test]
fn one_order_of_writes_for_all_though_a_session_goes_back_and_forth() {
    let table = "
        p1@n1 write z 1   10..15
        p1@n1 write x 1   20..25
        p1@n1 write y 1   30..35
        p2@n2 write x 2   10..28
        p2@n2 read z []   30..35
        p2@n2 read y [1]  40..45
        p2@n2 read x [2]  50..55";
    assert_eq!(causal(table), ("held", "held"));
}

/// As figure 3 (c): CC, but neither CM nor CCv.
#[test]
fn a_session_flips_between_concurrent_writes() {
    let table = "
        p1@n1 write x 1   10..15
        p2@n2 write x 2   10..15
        p2@n2 read x [1]  20..25
        p2@n2 read x [2]  30..35";
    let (cc, ccv) = causal(table);
    assert_eq!((cc, ccv), ("held", "broken"));
}

/// Cycles through two keys: no order of x's writes and y's writes together.
#[test]
fn conflicts_over_two_keys_close_a_cycle() {
    let table = "
        p1@n1 write x 1   10..15
        p1@n1 write y 1   20..25
        p2@n2 write y 2   10..15
        p2@n2 write x 2   20..25
        p3@n1 read y [1]  40..45
        p3@n1 read x [2]  50..55
        p3@n1 read y [1]  60..65
        p4@n2 read x [2]  40..45
        p4@n2 read y [1]  50..55
        p4@n2 read x [1]  60..65";
    assert_eq!(causal(table), ("held", "broken"));
}

#[test]
fn a_value_from_nowhere() {
    for table in ["p1@n1 read x [7]", "p1@n1 write x 7 fail\np2@n1 read x [7]"] {
        assert_eq!(causal(table), ("broken", "broken"));
        assert_eq!(outcome(&judge(table), Property::NoPhantoms), "broken");
    }
    let unknown = judge("p1@n1 write x 7 info\np2@n1 read x [7]");
    assert_eq!(outcome(&unknown, Property::NoPhantoms), "held");
}

#[test]
fn siblings_stay_until_something_newer_has_seen_them() {
    let both = "
        p1@n1 write x 1
        p2@n2 write x 2
        p3@n1 read x [1,2]";
    assert_eq!(causal(both), ("not exercised", "not exercised"));
    let replaced = format!("{both}\np3@n1 write x 3\np3@n1 read x [1,2]");
    assert_eq!(causal(&replaced), ("broken", "broken"));
    // One of the two may be a sibling of 3 in a store where the client's context counts.
    let one = format!("{both}\np3@n1 write x 3\np3@n1 read x [1,3]");
    assert_eq!(causal(&one), ("held", "held"));
}

#[test]
fn fates_of_writes_under_last_write_wins() {
    let verdict = judge(
        "
        p1@n1 write x 1
        p1@n1 write x 2   20..25
        p2@n2 write x 3   20..25
        p3@n1 write x 4   info
        p4@n1 write x 5
        p5@n1 read x [3]  final
        p6@n2 read x [3]  final",
    );
    let fates = verdict.figures.fates.unwrap();
    assert_eq!(
        [fates.acknowledged, fates.survived, fates.superseded, fates.discarded, fates.lost],
        [4, 1, 1, 1, 1]
    );
    assert_eq!(outcome(&verdict, Property::NoLostWrites), "broken");
    // Nothing shows that the writer of 5 had seen 3.
    assert_eq!(outcome(&verdict, Property::NoCausalLoss), "held");
}

#[test]
fn a_write_lost_to_what_its_session_had_seen() {
    let verdict = judge(
        "
        p1@n1 write x 1    v=1700000000900
        p2@n2 read x [1]   v=1700000000900
        p2@n2 write x 2    v=1700000000030
        p5@n1 read x [1]   final
        p6@n2 read x [1]   final
        clock n1 1..16 by=900",
    );
    assert_eq!(outcome(&verdict, Property::NoCausalLoss), "broken");
    let anomaly = verdict.anomalies.iter().find(|a| a.property == Property::NoCausalLoss).unwrap();
    assert!(anomaly.cause.contains("the clock of n1 was ahead"), "{anomaly:?}");
    assert_eq!(outcome(&verdict, Property::WritesFollowReads), "broken");
}

#[test]
fn a_write_nobody_acknowledged_may_come_late() {
    // 2 was begun before 3 and took effect after it: nothing is lost but to a concurrent write.
    let verdict = judge(
        "
        p1@n1 write x 2   info
        p2@n2 write x 3
        p5@n1 read x [2]  final
        p6@n2 read x [2]  final",
    );
    assert_eq!(outcome(&verdict, Property::NoLostWrites), "held");
    let fates = verdict.figures.fates.unwrap();
    assert_eq!((fates.discarded, fates.recovered), (1, 1));
    // Once it has been seen, it has taken effect, and cannot do so again.
    let seen = judge(
        "
        p1@n1 write x 2   info
        p3@n1 read x [2]
        p2@n2 write x 3
        p5@n1 read x [2]  final
        p6@n2 read x [2]  final",
    );
    assert_eq!(outcome(&seen, Property::NoLostWrites), "broken");
    assert_eq!(outcome(&seen, Property::NoCausalLoss), "held");
}

#[test]
fn an_acknowledged_write_that_a_kill_took() {
    let verdict = judge(
        "
        ! promise no-lost-writes convergence
        p1@n1 write x 1   1000000..2000000
        kill n1           43000000..50000000
        p5@n1 read x []   60000000..60000001 final
        p6@n2 read x []   60000000..60000001 final",
    );
    assert_eq!(verdict.valid, afterall_checkers::Valid::False);
    let anomaly = &verdict.anomalies[0];
    assert_eq!(anomaly.cause, "n1 was killed after it acknowledged");
    assert!(anomaly.sentence.contains("killed 41 ms after"), "{}", anomaly.sentence);
}

#[test]
fn siblings_are_superseded_by_what_contains_them() {
    let table = |second: &str| {
        format!(
            "
        ! rule siblings-replica
        p1@n1 write x 1    v={{\"n1\":1}}
        p2@n2 write x 2    v={second}
        p5@n1 read x [2]   final
        p6@n2 read x [2]   final"
        )
    };
    let knew = judge(&table("{\"n1\":1,\"n2\":1}"));
    assert_eq!(outcome(&knew, Property::NoLostWrites), "held");
    // The replica did not hold 1, so 1 should be a sibling of 2 now.
    let not = judge(&table("{\"n2\":1}"));
    assert_eq!(outcome(&not, Property::NoLostWrites), "broken");
}

#[test]
fn the_clients_context_decides_where_it_counts() {
    let table = |read: &str| {
        format!(
            "
        ! rule siblings-client
        p1@n1 write x 1
        {read}
        p2@n1 write x 2
        p5@n1 read x [2]   final
        p6@n2 read x [2]   final"
        )
    };
    let read = judge(&table("p2@n1 read x [1]"));
    assert_eq!(outcome(&read, Property::NoLostWrites), "held");
    let blind = judge(&table("p2@n1 read y []"));
    assert_eq!(outcome(&blind, Property::NoLostWrites), "broken");
}

#[test]
fn replicas_that_disagree_at_the_end() {
    let apart = judge(
        "
        p1@n1 write x 1
        p5@n1 read x [1]  final
        p6@n2 read x []   final",
    );
    assert_eq!(outcome(&apart, Property::Convergence), "broken");
    let figures = apart.figures.convergence.unwrap();
    assert_eq!((figures.divergent, figures.window_ns), (1, None));
    assert_eq!(figures.examples[0].replicas.len(), 2);
    // In another order they are the same siblings.
    let same = "
        p1@n1 write x 1
        p2@n2 write x 2
        p5@n1 read x [1,2]  final
        p6@n2 read x [2,1]  final";
    assert_eq!(outcome(&judge(same), Property::Convergence), "held");
    // A replica that was not read is not equal.
    let unread = "
        p1@n1 write x 1
        p5@n1 read x [1]  final
        p6@n2 read x      final info";
    assert_eq!(outcome(&judge(unread), Property::Convergence), "undecided");
    // Divergence while a fault is in force is no fault of the target.
    let under = "
        p1@n1 write x 1
        partition n1 n2 5..
        p5@n1 read x [1]  final
        p6@n2 read x []   final";
    assert_eq!(outcome(&judge(under), Property::Convergence), "undecided");
    assert_eq!(outcome(&judge("p1@n1 write x 1"), Property::Convergence), "undecided");
}

#[test]
fn sessions_by_versions() {
    let broken =
        |table: &str, property: Property| outcome_for(&judge(table), property, Sessions::Sticky);
    use Property as P;
    let ryw = "p1@n1 write x 1 v=5\np1@n1 read x [0] v=4\np2@n1 write x 0 v=4";
    assert_eq!(broken(ryw, P::ReadYourWrites), "broken");
    let lost_but_newer = "p1@n1 write x 1 v=5\np2@n2 write x 2 v=6\np1@n1 read x [2] v=6";
    assert_eq!(broken(lost_but_newer, P::ReadYourWrites), "held");
    let nothing = "p1@n1 write x 1 v=5\np1@n1 read x []";
    assert_eq!(broken(nothing, P::ReadYourWrites), "broken");
    let mr =
        "p2@n1 write x 1 v=[5,\"a\"]\np1@n1 read x [1] v=[5,\"a\"]\np1@n1 read x [] v=[4,\"z\"]";
    assert_eq!(broken(mr, P::MonotonicReads), "broken");
    let mw = "p1@n1 write x 1 v=5\np1@n1 write x 2 v=4";
    assert_eq!(broken(mw, P::MonotonicWrites), "broken");
    let tie = "p1@n1 write x 1 v=5\np1@n1 write x 2 v=5";
    assert_eq!(broken(tie, P::MonotonicWrites), "held");
    let concurrent = "p1@n1 write x 1 v={\"n1\":1}\np1@n1 write x 2 v={\"n2\":1}";
    assert_eq!(broken(concurrent, P::MonotonicWrites), "broken");
    let vector_tie = "p1@n1 write x 1 v={\"n1\":1}\np1@n1 write x 2 v={\"n1\":1,\"n2\":0}";
    assert_eq!(broken(vector_tie, P::MonotonicWrites), "broken");
    let wfr = "p2@n1 write x 1 v=5\np1@n1 read x [1] v=5\np1@n1 write x 2 v=4";
    assert_eq!(broken(wfr, P::WritesFollowReads), "broken");
    let mixed = "p1@n1 write x 1 v=5\np1@n1 write x 2 v=\"a\"";
    assert_eq!(broken(mixed, P::MonotonicWrites), "undecided");
}

#[test]
fn sticky_and_roaming_sessions_apart() {
    let table = "
        p1@n1 write x 1 v=5
        p1@n2 read x [] v=0
        p2@n1 read x [1] v=5
        p2@n1 read x [1] v=5";
    let verdict = judge(table);
    let of = |property, sessions| outcome_for(&verdict, property, sessions);
    assert_eq!(of(Property::ReadYourWrites, Sessions::Roaming), "broken");
    assert_eq!(of(Property::ReadYourWrites, Sessions::Sticky), "not exercised");
    assert_eq!(of(Property::MonotonicReads, Sessions::Sticky), "held");
    let promised = |to: &str| judge(&format!("! promise read-your-writes{to}\n{table}")).valid;
    use afterall_checkers::Valid;
    assert_eq!(promised("/roaming"), Valid::False);
    assert_eq!(promised(""), Valid::False);
    assert_eq!(promised("/sticky"), Valid::Unknown);
}

#[test]
fn sessions_by_values() {
    let of = |table: &str, property| outcome(&judge(table), property);
    use Property as P;
    let back = "
        p1@n1 write x 1
        p2@n2 write x 2
        p3@n1 read x [1]
        p3@n1 read x [2]
        p3@n1 read x [1]";
    assert_eq!(of(back, P::MonotonicReads), "broken");
    assert_eq!(of(back, P::ReadYourWrites), "not exercised");
    let opposite = "
        p1@n1 write x 1
        p2@n2 write x 2
        p3@n1 read x [1]
        p3@n1 read x [2]
        p4@n2 read x [2]
        p4@n2 read x [1]";
    assert_eq!(of(opposite, P::MonotonicReads), "broken");
    let forth = "
        p1@n1 write x 1
        p2@n2 write x 2
        p3@n1 read x [1]
        p3@n1 read x [1,2]";
    assert_eq!(of(forth, P::MonotonicReads), "held");
    // Once siblings, neither can have replaced the other; a third can have replaced both.
    assert_eq!(of(&format!("{forth}\np3@n1 read x [2]"), P::MonotonicReads), "broken");
    let third = format!("{forth}\np4@n1 write x 3\np3@n1 read x [3]");
    assert_eq!(of(&third, P::MonotonicReads), "held");
    let unseen = "p1@n1 write x 1\np1@n1 read x []";
    assert_eq!(of(unseen, P::ReadYourWrites), "broken");
    // Its own write lost to the older one it had read: RYW or WFR, and values do not tell which.
    let either = "
        p1@n1 write x 1
        p2@n1 read x [1]
        p2@n1 write x 2
        p2@n1 read x [1]";
    assert_eq!(of(either, P::ReadYourWrites), "undecided");
    assert_eq!(of(either, P::WritesFollowReads), "undecided");
    let both = "! promise read-your-writes writes-follow-reads";
    let verdict = judge(&format!("{both}\n{either}"));
    assert_eq!(verdict.valid, afterall_checkers::Valid::False);
    let one = judge(&format!("! promise read-your-writes\n{either}"));
    assert_eq!(one.valid, afterall_checkers::Valid::Unknown);
}

#[test]
fn what_was_not_promised_is_shown_and_not_failed() {
    let table = "
        p1@n1 write x 1
        p1@n1 read x []
        p5@n1 read x [1]  final
        p6@n2 read x [1]  final";
    let verdict = judge(&format!("! promise convergence\n{table}"));
    assert_eq!(verdict.valid, afterall_checkers::Valid::True, "{:?}", verdict.reasons);
    assert_eq!(outcome(&verdict, Property::ReadYourWrites), "broken");
    assert!(!verdict.anomalies.is_empty() && verdict.anomalies.iter().all(|a| !a.promised));
}

#[test]
fn a_run_that_was_cut_off_is_unknown_and_a_broken_promise_all_the_same_false() {
    use afterall_checkers::Valid;
    let cut = judge("! promise no-phantoms\np1@n1 write x 1\np1@n1 read x [1]\ncut");
    assert_eq!(cut.valid, Valid::Unknown);
    assert!(cut.reasons.iter().any(|why| why.contains("cut off")), "{:?}", cut.reasons);
    let broken = judge("! promise no-phantoms\np1@n1 read x [7]\ncut");
    assert_eq!(broken.valid, Valid::False);
}

/// What breaks a property, of a table in which it is broken.
fn broken(table: &str, property: Property) -> Anomaly {
    judge(table).anomalies.into_iter().find(|a| a.property == property).unwrap()
}

#[test]
fn a_clock_is_named_only_if_its_skew_accounts_for_the_versions() {
    let cause = |versions: (&str, &str), faults: &str| {
        let table = format!(
            "
            p1@n2 write x 1  20..30 v={}
            p2@n1 write x 2  40..50 v={}
            p8@n1 read x [1] 200..201 final
            p9@n2 read x [1] 200..201 final
            {faults}",
            versions.0, versions.1
        );
        let lost = broken(&table, Property::NoLostWrites);
        (lost.cause, lost.blames)
    };
    // Milliseconds since the epoch, 500 apart.
    let stamps = ("1700000000500", "1700000000000");
    let (said, blamed) = cause(stamps, "clock n2 10..100 by=500");
    assert_eq!(said, "an older write won: the clock of n2 was ahead");
    assert_eq!(blamed, [FaultKind::Clock]);
    // The clock of the later write may be behind as well.
    let (said, blamed) = cause(stamps, "clock n1 10..100 by=-500");
    assert_eq!(said, "an older write won: the clock of n1 was behind");
    assert_eq!(blamed, [FaultKind::Clock]);
    for (versions, faults) in [
        // Too small a skew, a skew the wrong way, of a node that took neither, of another time; and none at all.
        (stamps, "clock n2 10..100 by=50"),
        (stamps, "clock n2 10..100 by=-500"),
        (stamps, "clock n1 10..100 by=500"),
        (stamps, "clock n2 1..10 by=500"),
        (stamps, "partition n2 10..100"),
        // These versions count and carry no time.
        (("500", "3"), "clock n2 10..100 by=500"),
    ] {
        let (said, blamed) = cause(versions, faults);
        assert_eq!((said.as_str(), blamed.as_slice()), ("an older write won", &[][..]), "{faults}");
    }
    // Without versions nobody knows that an older write won by a version.
    let (said, blamed) = cause(("null", "null"), "clock n2 10..100 by=500");
    assert_eq!((said.as_str(), blamed.as_slice()), ("acknowledged by n1", &[][..]));
    assert_eq!(cause(("null", "null"), "partition n1 35..100").1, [FaultKind::Partition]);
}

#[test]
fn a_store_that_stamps_by_the_clocks_of_its_nodes_need_not_tell_the_stamps() {
    let blamed = |faults: &str| {
        let table = format!(
            "
            ! stamps node-clock
            p1@n2 write x 1  20..30
            p2@n1 write x 2  400000040..400000050
            p8@n1 read x [1] 400000200..400000201 final
            p9@n2 read x [1] 400000200..400000201 final
            {faults}"
        );
        broken(&table, Property::NoLostWrites).blames
    };
    // 400 ms lie between the writes: so much the clock must have been ahead, or that of the later one behind.
    assert_eq!(blamed("clock n2 10..100 by=500"), [FaultKind::Clock]);
    assert_eq!(blamed("clock n1 400000000..400000100 by=-500"), [FaultKind::Clock]);
    // A clock that drifts has gone as far as its time allows: here all the way, and here a tenth of it.
    assert_eq!(blamed("clock n1 10..400000100 by=-500 over=400"), [FaultKind::Clock]);
    for faults in [
        "clock n2 10..100 by=50",
        "clock n2 10..100 by=-500",
        "clock n2 1..10 by=500",
        "clock n1 400000000..400000100 by=500",
        "clock n1 10..400000100 by=-500 over=4000",
        "clock n2 10..100 by=500 over=400",
        "",
    ] {
        assert_eq!(blamed(faults), [], "{faults}");
    }
    // What else had happened where the later one was taken comes first.
    let both = "clock n2 10..100 by=500\n partition n1 400000030..400000060";
    assert_eq!(blamed(both), [FaultKind::Partition]);
}

#[test]
fn that_no_fault_was_in_force_is_said_only_where_none_was_felt() {
    let cause = |faults: &str| {
        let table = format!(
            "
            p1@n2 write x 1  2000000020..2000000030
            p2@n1 write x 2  2000000040..2000000050
            p8@n1 read x [1] 2000000200..2000000201 final
            p9@n2 read x [1] 2000000200..2000000201 final
            {faults}"
        );
        broken(&table, Property::NoLostWrites).cause
    };
    let (nothing, quiet) =
        ("acknowledged by n1", "acknowledged by n1 with no fault in force on it");
    assert_eq!(cause("partition n1 10..20"), quiet);
    // Healed less than a second before; a stamp of a clock that was far ahead; nothing recorded at all.
    assert_eq!(cause("pause n1 10..1999999990"), nothing);
    assert_eq!(cause("clock n2 10..20 by=5000"), nothing);
    assert_eq!(cause("clock n2 10..20 by=500"), quiet);
    assert_eq!(cause(""), nothing);
}

#[test]
fn a_divergence_names_a_write_of_each_side_and_no_fault_that_was_over() {
    let anomaly = |faults: &str| {
        let table = format!(
            "
            p1@n1 write x 1  20..30
            p2@n2 write x 2  60..70
            p8@n1 read x [1] 200..201 final
            p9@n2 read x [2] 200..201 final
            {faults}"
        );
        broken(&table, Property::Convergence)
    };
    for (faults, blamed) in [
        ("", &[][..]),
        // Over before the first, between the two, and after both: neither update was held up by it.
        ("partition n1>n2 n2>n1 1..10", &[]),
        ("kill n1 90..100", &[]),
        ("kill n1 40..50", &[FaultKind::Kill]),
        ("pause n2 25..40", &[FaultKind::Pause]),
        ("clock n1 10..100 by=500", &[]),
    ] {
        let anomaly = anomaly(faults);
        assert_eq!(anomaly.blames, blamed, "{faults}: {}", anomaly.cause);
        let shown = "Not shown everywhere: session 1 wrote x=1";
        assert!(anomaly.sentence.contains(shown), "{}", anomaly.sentence);
        assert!(anomaly.sentence.contains("after the first had been acknowledged"));
    }
}

/// A store without a rule: what a node took itself gives way to what it is told later, so that each ends with the other's write.
#[test]
fn what_is_not_said_to_be_the_last_read_shows_no_loss() {
    // The replica may have been about to hear of 2.
    let table = "
        p1@n1 write x 1  20..30
        p1@n1 write x 2  40..50
        p2@n2 read x [1] 60..70";
    assert_eq!(outcome(&judge(table), Property::NoLostWrites), "undecided");
    assert_eq!(outcome(&judge(&format!("{table} final")), Property::NoLostWrites), "undecided");
    let read_everywhere = format!("{table} final\np3@n1 read x [1] 60..70 final");
    assert_eq!(outcome(&judge(&read_everywhere), Property::NoLostWrites), "broken");
}

#[test]
fn a_divergence_names_what_one_side_lacks_not_what_both_have() {
    // n2 has both of the writes that began at the same time; what it lacks is the one that replaced them.
    let table = "
        ! rule siblings-replica
        ! nodes n1 n2 n3
        p1@n1 write x 1  20..30
        p2@n2 write x 2  20..30
        p3@n3 write x 3  60..70
        p7@n1 read x [3] 300..301 final
        p8@n2 read x [1,2] 300..301 final
        p9@n3 read x [3] 300..301 final";
    let sentence = broken(table, Property::Convergence).sentence;
    let (_, told) = sentence.split_once("Not shown everywhere: ").unwrap();
    assert!(told.contains("wrote x=3 at n3") && told.contains("which n2 does not show"), "{told}");
    assert!(told.contains("wrote x=1") && told.contains("which n1 and n3 do not show"), "{told}");
    assert!(!told.contains("x=2"), "{told}");
}

#[test]
fn of_writes_that_gave_way_to_each_other_only_what_stood_between_their_replicas_is_named() {
    let anomaly = |second: &str, faults: &str| {
        let table = format!(
            "
            ! nodes n1 n2 n3
            p1@n1 write x 1  20..30
            p2@n2 write x 2  {second}
            p7@n1 read x [2] 300..301 final
            p8@n2 read x [1] 300..301 final
            p9@n3 read x [1] 300..301 final
            {faults}"
        );
        broken(&table, Property::Convergence)
    };
    let cut = [FaultKind::Partition];
    for (second, faults, blamed) in [
        ("22..32", "", &[][..]),
        // Between the replicas that took them, while one of them was taken.
        ("22..32", "partition n1>n2 10..100", &cut[..]),
        ("60..70", "partition n2>n1 25..50", &cut),
        ("60..70", "partition n1>n2 31..50", &[]),
        // Both had been long healed.
        ("122..132", "partition n1>n2 1..10", &[]),
        // Elsewhere: n3 ends with what n1 took, and heard it in the order in which n2 did.
        ("22..32", "partition n2>n3 10..100", &[]),
        ("22..32", "partition n1>n3 10..100", &[]),
        ("60..70", "pause n2 25..40", &[FaultKind::Pause]),
        ("60..70", "pause n3 25..40", &[]),
    ] {
        let anomaly = anomaly(second, faults);
        assert_eq!(anomaly.blames, blamed, "{second}, {faults}: {}", anomaly.cause);
        assert!(anomaly.sentence.contains("Not shown everywhere: session 1 wrote x=1"));
    }
}

#[test]
fn what_kept_one_replica_from_an_update_that_several_lack_is_not_blamed() {
    let blames = |faults: &str| {
        let table = format!(
            "
            ! nodes n1 n2 n3
            p1@n1 write x 1  20..30
            p2@n2 write x 2  22..32
            p7@n1 read x [1] 300..301 final
            p8@n2 read x [2] 300..301 final
            p9@n3 read x [2] 300..301 final
            {faults}"
        );
        broken(&table, Property::Convergence)
    };
    let (kill, cut) = (FaultKind::Kill, FaultKind::Partition);
    // n2 lacks the write of n1 as n3 does, and was not down.
    assert_eq!(blames("kill n3 10..100").blames, []);
    // n2 may hear of it by n3.
    assert_eq!(blames("partition n1>n3 n3>n1 10..100").blames, [cut]);
    assert_eq!(blames("partition n1>n2 n1>n3 10..100").blames, [cut]);
    // Together they account for it.
    let both = blames("partition n1>n2 10..100\n kill n3 10..100");
    assert_eq!(both.blames, [cut, kill]);
    assert_eq!(
        both.cause,
        "n1 differs from the others; partition stood between them when the updates were made; a replica that lacks an update, or took it, was under kill"
    );
}

#[test]
fn the_cause_names_a_replica_of_the_witness() {
    // What n1 shows later is not needed to show that n2 had not got it.
    let verdict = judge("p1@n1 write x 1\np2@n2 read x []\np3@n1 read x [1]");
    let anomalies = verdict.anomalies.iter();
    let found: Vec<_> = anomalies.filter(|a| a.property == Property::Linearizable).collect();
    let [anomaly] = found.as_slice() else { panic!("{:#?}", verdict.anomalies) };
    assert_eq!((anomaly.cause.as_str(), anomaly.witness.len()), ("served by n2", 2));
}
