//! Histories that leave something open, and their neighbours that do not: what is doubted, and what all the same is known.

use crate::table::{build, events, history, judge, outcome, outcome_for};
use afterall_checkers::{Outcome, Valid, Verdict, can_show, cannot_show, check};
use afterall_history::{
    Event, FaultStage, History, OpId, Promise, Property as P, RECORDED, Sessions, Workload,
};

/// The verdict on a table whose reads of null may mean anything.
fn unjudged(table: &str) -> Verdict {
    let mut history = history(table);
    let nil = |op: &afterall_history::OpView<'_>| op.f().is_read() && op.output().is_nil();
    let reads: Vec<OpId> = history.ops().filter(nil).map(|op| op.id()).collect();
    assert!(!reads.is_empty());
    history.set_unjudged(reads);
    check(&history)
}

/// The verdict on a table that another tool recorded, with its last reads marked or not.
fn recorded(table: &str) -> Verdict {
    let (mut header, events) = events(table);
    header.world = RECORDED.to_owned();
    check(&build(header, events))
}

/// What the verdict says of why a property is undecided.
fn why(verdict: &Verdict, property: P) -> String {
    let of = verdict.properties.iter().filter(|p| p.property == property);
    let why = of.filter_map(|p| match &p.outcome {
        Outcome::Undecided { why } => Some(why.clone()),
        _ => None,
    });
    why.collect::<Vec<_>>().join("; ")
}

/// The sentence of the first anomaly of a property.
fn told(verdict: &Verdict, property: P) -> &str {
    &verdict.anomalies.iter().find(|a| a.property == property).unwrap().sentence
}

fn reasons(verdict: &Verdict) -> String {
    verdict.reasons.join("; ")
}

#[test]
fn a_nil_read_before_anything_was_there_leaves_nothing_undecided() {
    let verdict = unjudged(
        "p2@n1 read x null
         p1@n1 write x 1
         p2@n1 read x [1]",
    );
    for property in [P::Linearizable, P::Causal, P::Pram, P::MonotonicReads] {
        assert!(why(&verdict, property).is_empty(), "{property}: {}", why(&verdict, property));
    }
    assert_eq!(outcome(&verdict, P::Linearizable), "held");
}

#[test]
fn a_nil_read_after_an_acknowledged_write_leaves_the_models_undecided() {
    let verdict = unjudged(
        "p1@n1 write x 1
         p2@n1 read x null
         p3@n1 read x [1]",
    );
    for property in [P::Linearizable, P::Sequential, P::CausalConvergence, P::Causal, P::Pram] {
        assert_eq!(outcome(&verdict, property), "undecided", "{property}");
        assert!(why(&verdict, property).contains("--nil initial"), "{property}");
    }
    // Its session had not used x before, so it was owed nothing.
    for property in [P::ReadYourWrites, P::MonotonicReads, P::NoPhantoms] {
        assert_ne!(outcome(&verdict, property), "undecided", "{property}");
    }
    assert_eq!(verdict.counts.unjudged, 1);
}

#[test]
fn a_nil_read_by_the_session_that_wrote_leaves_its_guarantee_undecided_and_no_other_session_s() {
    let verdict = unjudged(
        "p1@n1 write x 1
         p1@n1 read x null
         p2@n1 write y 2
         p2@n2 read y [2]",
    );
    let ryw = |sessions| outcome_for(&verdict, P::ReadYourWrites, sessions);
    assert_eq!([ryw(Sessions::Sticky), ryw(Sessions::Roaming)], ["undecided", "held"]);
}

#[test]
fn a_last_read_of_nil_after_a_good_one_leaves_the_end_undecided() {
    let table = |last: &str| {
        format!(
            "p1@n1 write x 1
             p8@n1 read x [1] final
             p9@n2 read x [1] final
             {last}"
        )
    };
    let after = unjudged(&table("p9@n2 read x null final"));
    let before = unjudged(&format!("p3@n1 read y null\n{}", table("")));
    for property in [P::Convergence, P::NoLostWrites] {
        assert_eq!(outcome(&after, property), "undecided", "{property}");
        // Of y nothing is known; of x all.
        assert!(!why(&before, property).contains("nil"), "{}", why(&before, property));
    }
}

#[test]
fn what_is_broken_stays_so_beside_a_nil_read_and_nil_reads_alone_are_unknown() {
    let table = "
        ! promise causal
        p1@n1 write x 1
        p2@n1 read x null
        p3@n1 read x [7]";
    assert_eq!(unjudged(table).valid, Valid::False);
    let alone = unjudged("! promise causal\np1@n1 write x 1\np2@n1 read x null");
    assert_eq!(alone.valid, Valid::Unknown);
    assert!(reasons(&alone).contains("none of the 1 reads was judged"), "{}", reasons(&alone));
}

#[test]
fn an_update_that_nobody_knows_about_may_be_told_late_and_one_that_is_acknowledged_late_is_in_doubt_alone()
 {
    let table = |how: &str, shown: &str| {
        format!(
            "! workload set
             p1@n1 add s 1
             p2@n1 add s 2     30..60 {how}
             p8@n1 read s {shown} 40..50 final
             p9@n2 read s {shown} 40..50 final"
        )
    };
    for judge in [judge, recorded] {
        let of = |how, shown| outcome(&judge(&table(how, shown)), P::NoLostItems);
        assert_eq!(
            [of("info", "[1]"), of("info", "[1,2]"), of("", "[1,2]")],
            ["held", "held", "held"]
        );
        assert_eq!(of("", "[1]"), "undecided");
        // The other one is lost, whatever is late.
        assert_eq!([of("info", "[]"), of("", "[]"), of("", "[2]")], ["broken"; 3]);
    }
    let counter = |how: &str, value: u8| {
        let verdict = judge(&format!(
            "! workload counter
             p1@n1 increment c 1
             p2@n1 increment c 5 30..60 {how}
             p8@n1 read c {value} 40..50 final
             p9@n2 read c {value} 40..50 final"
        ));
        [P::NoLostIncrements, P::NoDoubleIncrements].map(|property| outcome(&verdict, property))
    };
    for how in ["info", ""] {
        assert_eq!([counter(how, 1), counter(how, 6)], [["held"; 2]; 2], "{how}");
        assert_eq!(counter(how, 0), ["broken", "held"]);
        assert_eq!(counter(how, 7), ["held", "broken"]);
    }
}

#[test]
fn what_is_on_one_replica_only_is_divergence_and_not_loss() {
    let set = judge(
        "! workload set
         p1@n1 add s 1
         p8@n1 read s [1] final
         p9@n2 read s []  final",
    );
    assert_eq!([outcome(&set, P::Convergence), outcome(&set, P::NoLostItems)], ["broken", "held"]);
    let with_removes = judge(
        "! workload set
         p1@n1 add s 1
         p1@n1 add s 2
         p1@n1 remove s 2
         p8@n1 read s [1]   final
         p9@n2 read s [2]   final",
    );
    let of = |property| outcome(&with_removes, property);
    assert_eq!(
        [of(P::Convergence), of(P::NoLostItems), of(P::NoResurrectedItems)],
        ["broken", "held", "held"]
    );
    let counter = judge(
        "! workload counter
         p1@n1 increment c 1
         p8@n1 read c 1 final
         p9@n2 read c 0 final",
    );
    assert_eq!(outcome(&counter, P::Convergence), "broken");
    assert_eq!(outcome(&counter, P::NoLostIncrements), "undecided");
    assert!(why(&counter, P::NoLostIncrements).contains("the replicas disagree on c"));
}

#[test]
fn a_value_twice_on_one_key_hides_no_loss_on_another() {
    let table = "
        ! promise no-lost-writes
        p1@n1 write x 1
        p2@n1 write x 1
        p1@n1 write y 5
        p8@n1 read x [1] final
        p9@n2 read x [1] final
        p8@n1 read y []  final
        p9@n2 read y []  final";
    let verdict = judge(table);
    assert_eq!(verdict.valid, Valid::False);
    assert!(told(&verdict, P::NoLostWrites).contains("y=5"), "{}", told(&verdict, P::NoLostWrites));
    // And the doubt is told where there is no loss.
    let verdict = judge(&table.replace("read y []", "read y [5]"));
    assert_eq!(outcome(&verdict, P::NoLostWrites), "undecided");
    assert!(why(&verdict, P::NoLostWrites).contains("both put 1 into x"));
}

#[test]
fn who_wrote_a_value_twice_or_deleted_it_matters_only_where_that_was_read() {
    let models = [P::Causal, P::CausalConvergence, P::CausalMemory, P::Pram, P::MonotonicReads];
    // The last read is stale, so that the history is not linearizable.
    let of = |updates: &str, then: &str| {
        let verdict = judge(&format!(
            "{updates}
             p2@n1 write x 5
             p3@n1 read x [5]
             {then}
             p4@n1 write y 6
             p2@n2 read y []
             p3@n1 read x [5]"
        ));
        assert_eq!(outcome(&verdict, P::Linearizable), "broken");
        models.map(|property| outcome(&verdict, property))
    };
    assert_eq!(of("p1@n1 write x 1\np1@n1 write x 1", ""), ["held"; 5]);
    assert_eq!(of("p1@n1 delete x", ""), ["held"; 5]);
    assert_eq!(of("p5@n1 read x []\np1@n1 delete x", ""), ["held"; 5]);
    assert_eq!(of("p1@n1 delete x", "p5@n1 read x []")[..4], ["undecided"; 4]);
    assert_eq!(of("p1@n1 write x 1\np1@n1 write x 1", "p5@n1 read x [1]")[..4], ["undecided"; 4]);
}

#[test]
fn a_write_is_lost_if_all_that_may_be_there_instead_was_there_before_it() {
    let of = |updates: &str, last: &str| {
        let ends = format!("p8@n1 read x {last} final\np9@n2 read x {last} final");
        let verdict = judge(&format!("{updates}\n{ends}"));
        (outcome(&verdict, P::NoLostWrites), verdict)
    };
    let twice = "p1@n1 write x 1\np2@n1 write x 1";
    let (end, verdict) = of(&format!("{twice}\np1@n1 write x 2"), "[1]");
    assert_eq!(end, "broken");
    assert!(
        told(&verdict, P::NoLostWrites).contains("x holds 1 instead"),
        "{:#?}",
        verdict.anomalies
    );
    // The second 1 may have come after 2.
    assert_eq!(of("p1@n1 write x 1\np1@n1 write x 2\np2@n1 write x 1", "[1]").0, "undecided");
    assert_eq!(of(twice, "[1]").0, "undecided");
    // Deleted before it was written again, and after.
    let (end, verdict) = of("p1@n1 write x 1\np1@n1 delete x\np1@n1 write x 2", "[]");
    assert_eq!(end, "broken");
    assert!(told(&verdict, P::NoLostWrites).contains("at the end x holds nothing."));
    assert_ne!(of("p1@n1 write x 1\np1@n1 write x 2\np1@n1 delete x", "[]").0, "broken");
    assert_ne!(of("p1@n1 write x 2 10..30\np2@n1 delete x 20..40", "[]").0, "broken");
}

#[test]
fn a_read_of_a_write_that_failed_says_so() {
    for (table, properties) in [
        ("p1@n1 write x 7 fail\np2@n1 read x [7]", &[P::NoPhantoms, P::Causal][..]),
        ("! workload set\np1@n1 add s 7 fail\np2@n1 read s [7]", &[P::NoPhantoms, P::Linearizable]),
    ] {
        let verdict = judge(table);
        for &property in properties {
            assert_eq!(outcome(&verdict, property), "broken");
        }
        let told = verdict.anomalies.iter().all(|a| a.sentence.contains("recorded as failed"));
        assert!(told && !verdict.anomalies.is_empty(), "{:#?}", verdict.anomalies);
    }
}

#[test]
fn a_lost_decrement_a_double_one_and_one_of_which_it_is_not_known_are_told_apart() {
    let counter = |updates: &str, value: i8| {
        judge(&format!(
            "! workload counter\n{updates}\np8@n1 read c {value} final\np9@n2 read c {value} final"
        ))
    };
    let of = |verdict: &Verdict| {
        [P::NoLostIncrements, P::NoDoubleIncrements].map(|p| outcome(verdict, p))
    };
    let updates = "p1@n1 increment c 5\np2@n2 decrement c 3";
    let lost = counter(updates, 5);
    assert_eq!(of(&lost), ["broken", "held"]);
    let said = "applying each of these amounts once or twice cannot give 5: +5, -3";
    assert!(told(&lost, P::NoLostIncrements).contains(said), "{:#?}", lost.anomalies);
    assert_eq!(of(&counter(updates, -1)), ["held", "broken"]);
    // The increment of 2 is missing, or the decrement of 2 was applied twice.
    let either = counter("p1@n1 increment c 2\np2@n2 increment c 7\np3@n2 decrement c 2", 5);
    assert_eq!(of(&either), ["undecided", "undecided"]);
    assert!(why(&either, P::NoDoubleIncrements).contains("the values do not show which"));
}

#[test]
fn counter_bounds_are_broken_by_what_was_over_before_or_had_not_begun_and_by_nothing_else() {
    let of = |reads: &str| {
        let table = format!(
            "! workload counter\np1@n1 increment c 4 10..20\np2@n1 increment c 2 30..50\n{reads}"
        );
        outcome(&judge(&table), P::CounterBounds)
    };
    assert_eq!(of("p3@n2 read c 0 25..28"), "broken");
    assert_eq!([of("p3@n2 read c 4 35..40"), of("p3@n2 read c 6 35..40")], ["held", "held"]);
    assert_eq!(of("p3@n2 read c 6 22..25"), "broken");
    // It is no sum of them, and within bounds: others find that.
    assert_eq!(of("p3@n2 read c 5 35..40"), "held");
}

/// A history of which only completions were recorded.
fn completions(table: &str) -> History {
    let mut history = history(table);
    history.forget_real_time();
    history
}

#[test]
fn of_completions_alone_nothing_is_judged_that_needs_real_time() {
    let registers = "
        p1@n1 write x 1
        p1@n1 write x 2
        p8@n1 read x [1] final
        p9@n2 read x []  final";
    let counters =
        "! workload counter\np1@n1 increment c 3\np8@n1 read c 0 final\np9@n2 read c 1 final";
    let sets = "! workload set\np1@n1 add s 1\np8@n1 read s [] final\np9@n2 read s [] final";
    let real_time = [
        P::Linearizable,
        P::Convergence,
        P::NoLostWrites,
        P::NoCausalLoss,
        P::NoLostIncrements,
        P::NoDoubleIncrements,
        P::CounterBounds,
        P::NoLostItems,
        P::NoResurrectedItems,
    ];
    for table in [registers, counters, sets] {
        let verdict = check(&completions(table));
        for property in real_time {
            assert_eq!(outcome(&verdict, property), "not judged", "{property}");
            assert!(verdict.anomalies.iter().all(|a| a.property != property), "{property}");
        }
        let figures = &verdict.figures;
        assert!(
            figures.items.is_none()
                && figures.visibility.is_empty()
                && figures.fates.is_none()
                && figures.convergence.is_none()
                && figures.counters.is_empty()
        );
    }
    // A read may have been recorded before the write that it saw; sessions and values tell all the same.
    let of = |table: &str| check(&completions(table));
    let early = of("p2@n1 read x [1]\np1@n1 write x 1");
    assert_eq!(
        [outcome(&early, P::NoPhantoms), outcome(&early, P::Causal)],
        ["held", "not exercised"]
    );
    assert_eq!(outcome(&of("p2@n1 read x [7]\np1@n1 write x 1"), P::NoPhantoms), "broken");
    assert_eq!(outcome(&of("p1@n1 write x 1\np1@n1 read x []"), P::Causal), "broken");
}

#[test]
fn a_promise_that_cannot_be_shown_is_refused_and_never_held() {
    let header = |promise: &str| events(&format!("! workload counter\n! promise {promise}")).0;
    let refused = |promise: &str, real_time| {
        cannot_show(&header(promise), real_time).map(|why| why.to_string())
    };
    assert_eq!(refused("no-lost-increments convergence", true), None);
    let said = refused("no-lost-increments causal", true).unwrap();
    assert!(
        said.starts_with("a counter history cannot show causal: it can show linearizable, "),
        "{said}"
    );
    assert!(said.contains("read-your-writes[/sticky|/roaming]"), "{said}");
    let said = refused("no-lost-increments", false).unwrap();
    assert!(said.contains("of completions alone"), "{said}");
    let verdict =
        judge("! workload counter\n! promise causal\np1@n1 increment c 1\np1@n1 read c 1");
    assert_eq!(verdict.valid, Valid::Unknown);
    assert!(reasons(&verdict).contains("no counter history shows causal"), "{}", reasons(&verdict));
}

#[test]
fn a_promise_to_sticky_sessions_needs_a_property_that_tells_them_apart() {
    let can = |promise: &str| {
        can_show(Workload::Register, true, promise.parse::<Promise>().unwrap()).is_ok()
    };
    assert!(can("monotonic-reads/sticky") && can("monotonic-reads") && can("causal"));
    assert!(!can("causal/sticky") && !can("no-lost-writes/roaming") && !can("convergence/sticky"));
    let cart = "no-resurrected-items/sticky".parse::<Promise>().unwrap();
    assert!(can_show(Workload::Cart, true, cart).is_ok());
}

const GOOD: &str = "
    p1@n1 write x 1
    p1@n1 read x [1]
    p8@n1 read x [1] final
    p9@n2 read x [1] final";

#[test]
fn nothing_promised_is_unknown_unless_it_was_only_to_be_measured() {
    let of = |measure_only: bool, table: &str| {
        let (mut header, events) = events(table);
        header.measure_only = measure_only;
        check(&build(header, events))
    };
    let verdict = of(false, GOOD);
    assert_eq!(verdict.valid, Valid::Unknown);
    assert!(reasons(&verdict).contains("nothing was promised"), "{}", reasons(&verdict));
    assert_eq!(of(true, GOOD).valid, Valid::Measured);
    assert_eq!(of(true, &format!("{GOOD}\ncut")).valid, Valid::Unknown);
    assert_eq!(of(true, &format!("! promise no-phantoms\n{GOOD}")).valid, Valid::True);
}

#[test]
fn a_promise_with_fewer_chances_than_the_floor_is_hardly_exercised() {
    let of = |floor: u64| {
        let (mut header, events) = events(&format!("! promise no-phantoms\n{GOOD}"));
        header.floor = floor;
        check(&build(header, events))
    };
    assert_eq!([of(0).valid, of(3).valid], [Valid::True; 2]);
    assert_eq!(of(4).valid, Valid::Unknown);
    let said = "hardly exercised: no-phantoms could have been broken 3 times, expected at least 4";
    assert!(reasons(&of(4)).contains(said), "{}", reasons(&of(4)));
    let marked = |verdict: Verdict| verdict.properties.iter().any(|p| p.hardly_exercised);
    assert!(marked(of(4)) && !marked(of(3)));
    assert!(of(3).notes.iter().any(|note| note.contains("tells little of")), "{:?}", of(3).notes);
}

#[test]
fn a_cut_that_met_no_operation_tested_nothing() {
    let of = |kind: &str, from: u8, until: u8| {
        judge(&format!("! promise no-phantoms\n{GOOD}\n{kind} n1 n2 {from}..{until}"))
    };
    let met = of("partition", 15, 22);
    assert_eq!((met.valid, met.faults[0].touched), (Valid::True, Some(1)));
    let missed = of("partition", 1, 3);
    assert_eq!((missed.valid, missed.faults[0].touched), (Valid::Unknown, Some(0)));
    assert!(
        reasons(&missed)
            .contains("any partition while it was seen to be in force: it tested nothing")
    );
    // A node that is killed has been killed, whoever asks it.
    assert_eq!(of("kill", 1, 3).valid, Valid::True);
    // One of a kind that met something is enough.
    let one =
        judge(&format!("! promise no-phantoms\n{GOOD}\npartition n1 1..3\npartition n1 15..22"));
    assert_eq!(one.valid, Valid::True, "{}", reasons(&one));
}

#[test]
fn a_fault_that_took_hold_without_evidence_did_not() {
    for said in [None, Some(""), Some("  ")] {
        let (header, mut events) = events(&format!("! promise no-phantoms\nkill n1 5..12\n{GOOD}"));
        for event in &mut events {
            if let Event::Fault(e) = event
                && e.stage == FaultStage::Took
            {
                e.evidence = said.map(str::to_owned);
            }
        }
        let verdict = check(&build(header, events));
        assert_eq!(verdict.valid, Valid::Unknown, "{said:?}");
        assert!(!verdict.faults[0].took && reasons(&verdict).contains("did not take hold"));
    }
}

#[test]
fn a_phantom_breaks_pram_and_siblings_break_what_knows_single_values_alone() {
    let phantom = judge("p1@n1 write x 1\np2@n1 read x [7]");
    for property in
        [P::Linearizable, P::Sequential, P::CausalMemory, P::Causal, P::Pram, P::NoPhantoms]
    {
        assert_eq!(outcome(&phantom, property), "broken", "{property}");
    }
    assert_eq!(phantom.strongest, None);
    let siblings = judge(
        "! rule siblings-replica
         p1@n1 write x 1 10..20
         p2@n2 write x 2 10..20
         p3@n1 read x [1,2]
         p3@n1 read x [2,1]",
    );
    for property in [P::Linearizable, P::Sequential] {
        assert_eq!(outcome(&siblings, property), "broken", "{property}");
    }
    for property in [P::CausalConvergence, P::CausalMemory, P::Causal, P::Pram, P::MonotonicReads] {
        assert_ne!(outcome(&siblings, property), "broken", "{property}");
    }
    assert!(siblings.notes.iter().any(|note| note.contains("several values at once")));
    assert!(!matches!(siblings.strongest, Some(P::Linearizable | P::Sequential)));
}

#[test]
fn stock_of_which_nobody_says_what_there_was_at_first_is_not_oversold() {
    let sold = "p1@n1 sell lamp 1
                p2@n1 sell lamp 1";
    let unknown = recorded(&format!("! workload inventory\n! promise no-oversell\n{sold}"));
    assert_eq!(unknown.valid, Valid::Unknown, "{}", reasons(&unknown));
    assert!(reasons(&unknown).contains("--initial says it"), "{}", reasons(&unknown));
    let late = recorded(&format!(
        "! workload inventory\n! promise no-oversell\n{sold}\np3@n1 restock lamp 1"
    ));
    assert_eq!(late.valid, Valid::Unknown, "{}", reasons(&late));
    let set_up = recorded(&format!(
        "! workload inventory\n! promise no-oversell\np3@n1 restock lamp 1\n{sold}"
    ));
    assert_eq!(set_up.valid, Valid::False, "{}", reasons(&set_up));
    let enough = recorded(&format!(
        "! workload inventory\n! promise no-oversell\np3@n1 restock lamp 2\n{sold}"
    ));
    assert_eq!(enough.valid, Valid::True, "{}", reasons(&enough));
}
