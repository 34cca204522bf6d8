//! What makes a run false, unknown or true, and what the verdict looks like as JSON.

use crate::store::Dice;
use crate::table::{build, events, judge};
use afterall_checkers::{Valid, Verdict, check};
use afterall_history::{
    EndHow, Event, FaultStage, Function, Header, HistoryBuilder, NodeChange, NodeEvent, OpEvent,
    Outcome, Property, Sessions, Value, Workload,
};

const GOOD: &str = "
    ! promise convergence no-phantoms
    partition n1 n2 5..9
    p1@n1 write x 1  6..8
    p1@n1 read x [1]
    p5@n1 read x [1]  final
    p6@n2 read x [1]  final";

/// The good run with its events changed.
fn changed(change: impl Fn(&mut Vec<Event>)) -> Verdict {
    let (header, mut events) = events(GOOD);
    change(&mut events);
    check(&build(header, events))
}

/// Unknown, and for this reason alone.
fn unknown(verdict: &Verdict, why: &str) {
    assert_eq!(verdict.valid, Valid::Unknown, "{:?}", verdict.reasons);
    assert!(verdict.reasons.iter().any(|reason| reason.contains(why)), "{:?}", verdict.reasons);
}

#[test]
fn what_another_tool_recorded_needs_reads_at_the_end_only_for_promises_about_it() {
    let of = |promises: &str, world: &str| {
        let text = GOOD.replace("convergence no-phantoms", promises).replace("  final", "");
        // No read begins after the last update is over: none can stand for the final reads.
        let (mut header, events) = events(&format!("{text}\np1@n1 write x 2"));
        header.world = world.to_owned();
        check(&build(header, events))
    };
    assert_eq!(of("no-phantoms", "recorded").valid, Valid::True);
    unknown(&of("no-phantoms", "sim"), "no replica was read at the end");
    unknown(&of("convergence no-phantoms", "recorded"), "no replica was read at the end");
}

#[test]
fn a_run_that_held_its_promises() {
    let verdict = judge(GOOD);
    assert_eq!((verdict.valid, verdict.reasons.as_slice()), (Valid::True, &[][..]));
    assert!(verdict.faults[0].took && verdict.faults[0].healed);
    assert_eq!(verdict.counts.ops, 4);
    assert_eq!(verdict.strongest, Some(Property::Linearizable));
}

#[test]
fn a_fault_without_evidence_makes_it_unknown() {
    let stage = |event: &Event, of| matches!(event, Event::Fault(e) if e.stage == of);
    let silent = changed(|events| events.retain(|event| !stage(event, FaultStage::Took)));
    unknown(&silent, "did not take hold");
    let missed = changed(|events| {
        for event in events {
            if let Event::Fault(e) = event
                && e.stage == FaultStage::Took
            {
                e.stage = FaultStage::Missed;
                e.evidence = Some("dial n1→n2 went through".into());
            }
        }
    });
    unknown(&missed, "dial n1→n2 went through");
    let stuck = changed(|events| events.retain(|event| !stage(event, FaultStage::Healed)));
    unknown(&stuck, "was not healed");
}

#[test]
fn a_node_that_died_unasked_makes_it_unknown() {
    let died = changed(|events| {
        events.push(Event::Node(NodeEvent {
            index: 0,
            time: 7,
            node: "n2".into(),
            change: NodeChange::Died,
            detail: "exit status: 101".into(),
        }));
    });
    unknown(&died, "n2 died without a fault: exit status: 101");
}

#[test]
fn a_run_that_did_not_come_to_its_end_is_unknown() {
    unknown(&changed(|events| events.retain(|e| !matches!(e, Event::End(_)))), "cut off");
    let interrupted = changed(|events| {
        for event in events {
            if let Event::End(e) = event {
                e.how = EndHow::Interrupted;
                e.detail = Some("Ctrl-C".into());
            }
        }
    });
    unknown(&interrupted, "was interrupted: Ctrl-C");
}

#[test]
fn without_operations_or_final_reads_it_is_unknown() {
    let only_the_end = |events: &mut Vec<Event>| events.retain(|e| matches!(e, Event::End(_)));
    unknown(&changed(only_the_end), "no operation was made");
    unknown(
        &judge("! promise no-phantoms\np1@n1 write x 1\np1@n1 read x [1]"),
        "no replica was read",
    );
}

#[test]
fn a_promise_that_was_not_put_to_the_test_makes_it_unknown() {
    unknown(&judge(&format!("{GOOD}\n! promise monotonic-writes")), "promise not exercised");
    // What nothing could break is not held: a promise about another data type is never dropped.
    unknown(
        &judge(&format!("{GOOD}\n! promise no-lost-items")),
        "no register history shows no-lost-items",
    );
    // Made to all sessions: sticky ones suffice.
    let all = judge(&format!("{GOOD}\n! promise read-your-writes"));
    assert_eq!(all.valid, Valid::True, "{:?}", all.reasons);
}

#[test]
fn the_verdict_is_json_and_back() {
    let bad = judge(&format!("{GOOD}\np1@n1 read x [7]"));
    assert_eq!(bad.valid, Valid::False);
    let json = serde_json::to_value(&bad).unwrap();
    assert_eq!(json["format"], "afterall-verdict");
    assert_eq!(json["version"], 1);
    assert_eq!(json["valid"], false);
    let phantoms = json["properties"]
        .as_array()
        .unwrap()
        .iter()
        .find(|p| p["property"] == "no-phantoms")
        .unwrap();
    assert_eq!((&phantoms["outcome"], &phantoms["count"]), (&"broken".into(), &1.into()));
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), bad);
    let unknown = serde_json::to_value(judge("p1@n1 write x 1")).unwrap();
    assert_eq!(unknown["valid"], "unknown");
    let held = judge(GOOD);
    let property = held.property(Property::NoPhantoms, Sessions::All).unwrap();
    assert!(property.summary.contains("held in 3 chances"), "{}", property.summary);
}

#[test]
fn no_value_of_the_target_is_too_much() {
    // Whatever a target returns, there is a verdict.
    for value in ["[]", "null", "[[[]]]", "[{\"a\":{}}]", "[\"<script>\"]", "[null,null]"] {
        let verdict =
            judge(&format!("p1@n1 write x 1 v={{\"a\":\"b\"}}\np1@n1 read x {value} v=[{{}}]"));
        assert_ne!(verdict.valid, Valid::True);
    }
}

#[test]
fn whatever_a_history_says_there_is_a_verdict() {
    for seed in 0..4_000 {
        let mut dice = Dice::new(seed);
        let workload = *dice.pick(&[Workload::Register, Workload::Counter, Workload::Cart]);
        let mut header = Header::new("t", workload, seed, ["n1", "n2"]);
        let promises = Property::ALL.iter().map(|&p| afterall_history::Promise::to_all(p));
        header.promises = promises.collect();
        let mut builder = HistoryBuilder::new(header).unwrap();
        let number = |dice: &mut Dice| *dice.pick(&[0, 1, 2, -1, i64::MAX, i64::MIN, 1 << 40]);
        let mut time = *dice.pick(&[i64::MIN, -5, 0]);
        let mut index = 0;
        for _ in 0..60 {
            time = time.saturating_add(*dice.pick(&[0, 1, 1_000, i64::MAX / 3]));
            let value = match dice.below(5) {
                0 => Value::Nil,
                1 => Value::Int(number(&mut dice)),
                2 => vec![number(&mut dice), number(&mut dice)].into(),
                3 => Value::List(vec![vec![number(&mut dice), number(&mut dice)].into()]),
                _ => Value::Map(vec![("n1".into(), Value::Int(number(&mut dice)))]),
            };
            let kinds = [Outcome::Invoke, Outcome::Ok, Outcome::Ok, Outcome::Fail, Outcome::Info];
            let outcome = *dice.pick(&kinds);
            let version = (outcome != Outcome::Invoke && dice.below(2) == 0).then(|| value.clone());
            let event = Event::Op(OpEvent {
                level: None,
                index,
                time,
                outcome,
                process: dice.below(3) + 10 * dice.below(2),
                node: (*dice.pick(&["n1", "n2"])).to_owned(),
                f: *dice.pick(Function::ALL),
                key: (*dice.pick(&["x", "y"])).to_owned(),
                value,
                version,
                error: None,
                last: dice.below(3) == 0,
            });
            // Most of these cannot happen, and are refused; the others make a history.
            if builder.push(&event).is_ok() {
                index += 1;
            }
        }
        assert_ne!(check(&builder.finish()).valid, Valid::True, "it has no end");
    }
}
