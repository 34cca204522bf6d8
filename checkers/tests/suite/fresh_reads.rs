//! Reads that are older than what had been acknowledged before they began.

use crate::oracles_registers::{Draw, PLAIN, draw};
use crate::single_copy::{Plant, Setup, run};
use crate::table::{build, history, judge, minimal, outcome};
use afterall_checkers::{Outcome, Tier, Valid, check};
use afterall_history::{History, OpView, Property, Sessions, Status, Workload};

const IT: Property = Property::FreshReads;

#[test]
fn a_read_of_what_had_been_superseded_is_stale_and_one_beside_the_write_is_not() {
    let table = "! promise fresh-reads
        p1@n1 write x 1 10..20
        p1@n1 write x 2 30..40
        p2@n2 read x [1] 50..60
        p2@n1 read x [2] 70..80 final";
    let verdict = judge(table);
    assert_eq!(verdict.valid, Valid::False, "{:?}", verdict.reasons);
    let of = verdict.property(IT, Sessions::All).unwrap();
    assert_eq!(of.outcome, Outcome::Broken { count: 1, groups: 1, chances: 2 });
    assert_eq!(of.tier, Some(Tier::Inferred));
    assert!(minimal(&history(table), &verdict, IT, 0));
    let beside = table.replace("50..60", "35..60");
    assert_eq!(outcome(&judge(&beside), IT), "held");
}

#[test]
fn what_nobody_acknowledged_may_come_late_and_nothing_is_older_than_every_write() {
    let late = "p1@n1 write x 1 info 10..20
        p2@n1 write x 2 30..40
        p3@n2 read x [1] 50..60";
    assert_eq!(outcome(&judge(late), IT), "held");
    assert_eq!(outcome(&judge(&late.replace("[1]", "[]")), IT), "broken");
    let failed = "p1@n1 write x 1 fail 10..20\np3@n2 read x [] 50..60";
    assert_eq!(outcome(&judge(failed), IT), "not exercised");
    let deleted = "p1@n1 write x 1 10..20\np1@n1 delete x 25..30\np3@n2 read x [] 50..60";
    assert_eq!(outcome(&judge(deleted), IT), "not exercised");
}

#[test]
fn of_several_values_one_that_is_not_older_is_enough() {
    let siblings = "! rule siblings-replica
        p1@n1 write x 1 10..20
        p2@n1 write x 2 30..40
        p3@n2 read x [1,2] 50..60";
    assert_eq!(outcome(&judge(siblings), IT), "held");
    assert_eq!(outcome(&judge(&siblings.replace("[1,2]", "[1]")), IT), "broken");
}

#[test]
fn versions_tell_what_is_older_where_there_are_any() {
    let table = |read: &str| {
        format!(
            "p1@n1 write x 1 v=5 10..20
            p2@n1 write x 2 v=7 30..40
            p3@n2 read x {read} 50..60"
        )
    };
    let stale = judge(&table("[1] v=5"));
    assert_eq!(outcome(&stale, IT), "broken");
    assert_eq!(stale.property(IT, Sessions::All).unwrap().tier, Some(Tier::Exact));
    assert!(minimal(&history(&table("[1] v=5")), &stale, IT, 0));
    // The store says that it put the first write last.
    assert_eq!(outcome(&judge(&table("[1] v=8")), IT), "held");
    assert_eq!(outcome(&judge(&table("[]")), IT), "broken");
    let concurrent = "p1@n1 write x 1 v={\"n1\":1} 10..20
        p2@n2 write x 2 v={\"n2\":1} 30..40
        p3@n1 read x [1] v={\"n1\":1} 50..60";
    assert_eq!(outcome(&judge(concurrent), IT), "held");
}

#[test]
fn a_fault_that_the_promise_excludes_suspends_it_only_while_it_can_be_felt() {
    let of = |fault: &str, from: i64| {
        judge(&format!(
            "! promise fresh-reads unless partition
            {fault}
            p1@n1 write x 1 {from}..{}
            p1@n1 write x 2 {}..{}
            p2@n2 read x [1] {}..{}
            p1@n1 write y 1 3000000000..3000000001
            p2@n2 read y [1] 3000000002..3000000003
            p2@n1 read x [2] 4000000000..4000000001 final",
            from + 1,
            from + 2,
            from + 3,
            from + 4,
            from + 5
        ))
    };
    let cut = "partition n1>n2 n2>n1 1000..2000";
    let during = of(cut, 1500);
    assert_eq!((outcome(&during, IT), during.valid), ("held", Valid::True), "{:?}", during.reasons);
    // The read of y is the only chance.
    let all = during.property(IT, Sessions::All).unwrap();
    assert!(matches!(all.outcome, Outcome::Held { chances: 1, .. }), "{all:?}");
    // The second after the cut was mended is its after-effect.
    assert_eq!(outcome(&of(cut, 3000), IT), "held");
    let before = of(cut, 10);
    assert_eq!((outcome(&before, IT), before.valid), ("broken", Valid::False));
    assert!(before.anomalies.iter().any(|a| a.property == IT && a.promised));
    let after = of(cut, 2_000_000_000);
    assert_eq!((outcome(&after, IT), after.valid), ("broken", Valid::False));
    let other = of("pause n2 1000..2000", 1500);
    assert_eq!((outcome(&other, IT), other.valid), ("broken", Valid::False));
}

/// Straight from the definition, of histories without versions and deletes.
fn stale_reads(history: &History) -> usize {
    let data = history.data();
    let is_write = |op: &OpView<'_>| !op.f().is_read() && op.status() != Status::Fail;
    let over = |op: &OpView<'_>| op.completion_index().filter(|_| op.is_ok());
    let is_stale = |read: &OpView<'_>| {
        let on_key = || history.ops().filter(|op| op.key() == read.key()).filter(is_write);
        let writer = |value| on_key().find(|write| write.input() == value);
        let shown: Option<Vec<OpView<'_>>> = data.items(read.output()).map(writer).collect();
        // What nobody had written is another story.
        let Some(shown) =
            shown.filter(|all| all.iter().all(|w| Some(w.index()) < read.completion_index()))
        else {
            return false;
        };
        on_key().any(|missed| {
            over(&missed).is_some_and(|end| end < read.index())
                && shown.iter().all(|write| over(write).is_some_and(|end| end < missed.index()))
        })
    };
    history.ops().filter(|op| op.f().is_read() && op.is_ok()).filter(is_stale).count()
}

#[test]
fn small_histories_agree_with_the_definition() {
    let (mut broken, seeds) = (0, 4_000);
    for seed in 0..seeds {
        let history = draw(Draw { siblings: seed % 2 == 0, ..PLAIN }, seed);
        let found = match check(&history).property(IT, Sessions::All).map(|p| p.outcome.clone()) {
            Some(Outcome::Broken { count, .. }) => count,
            _ => 0,
        };
        let stale = stale_reads(&history) as u64;
        assert_eq!(found, stale, "seed {seed}");
        broken += u64::from(stale > 0);
    }
    assert!(broken * 10 > seeds && broken * 10 < seeds * 9, "{broken} of {seeds}");
}

#[test]
fn a_single_copy_raises_no_alarm_and_one_stale_read_is_found() {
    let setup = Setup {
        workload: Workload::Register,
        few: false,
        clients: 5,
        keys: 4,
        ops: 400,
        doubt: 20,
    };
    for seed in 1..=30 {
        let (header, events) = run(setup, None, seed);
        assert_eq!(outcome(&check(&build(header, events)), IT), "held", "seed {seed}");
        let (header, events) =
            run(Setup { doubt: 0, ..setup }, Some((200, Plant::StaleRead)), seed);
        assert_eq!(outcome(&check(&build(header, events)), IT), "broken", "seed {seed}");
    }
}
