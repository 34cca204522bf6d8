//! Histories written as tables, so that a test can be read.
//!
//! ```text
//! ! workload counter                 header: workload, nodes, rule, promise
//! p1@n1 write x 5                    a line an operation: session, node, f, key, then input or output
//! p2@n2 read x [5]  20..31           when; without it, the lines follow one another
//! p3@n2 write x 6   info             nobody knows; also: fail, final
//! p1@n1 read x [6]  v={"n1":3}       the version that came back
//! p1@n1 read x [6]  @one             the consistency level that was asked for
//! kill n2 40..50                     a fault, from injection to healing; without the second, never healed
//! partition n1>n2 40..50             on links
//! cut                                the history has no end
//! ```

use afterall_checkers::{Outcome, Verdict, check};
use afterall_history::{
    EndEvent, EndHow, Event, FaultEvent, FaultStage, Function, Header, History, HistoryBuilder,
    OpEvent, Outcome as How, Property, RegisterRule, Sessions, StampRule, Value, Workload,
};

/// So many times as many drawn histories are tried as usual, where this variable says so.
const TIMES: &str = "AFTERALL_TIMES";

/// How many histories a test draws that usually draws `usual`: as many for every change, and more in the night.
pub(crate) fn drawn(usual: u64) -> u64 {
    let times = std::env::var(TIMES).map_or(1, |times| {
        times.parse().unwrap_or_else(|_| panic!("expected a number as {TIMES}, found {times:?}"))
    });
    usual * times
}

/// The history of a table.
pub(crate) fn history(table: &str) -> History {
    let (header, events) = events(table);
    build(header, events)
}

/// The verdict on a table.
pub(crate) fn judge(table: &str) -> Verdict {
    check(&history(table))
}

/// One word for how a property came out, over all kinds of sessions: the worst.
pub(crate) fn outcome(verdict: &Verdict, property: Property) -> &'static str {
    let words: Vec<&str> = verdict
        .properties
        .iter()
        .filter(|p| p.property == property)
        .map(|p| match p.outcome {
            Outcome::Broken { .. } => "broken",
            Outcome::Undecided { .. } => "undecided",
            Outcome::Held { .. } => "held",
            Outcome::NotExercised { .. } => "not exercised",
        })
        .collect();
    let order = ["broken", "undecided", "held", "not exercised"];
    order.into_iter().find(|word| words.contains(word)).unwrap_or("not judged")
}

/// As [`outcome`], for one kind of sessions.
pub(crate) fn outcome_for(
    verdict: &Verdict,
    property: Property,
    sessions: Sessions,
) -> &'static str {
    match verdict.property(property, sessions).map(|p| &p.outcome) {
        Some(Outcome::Broken { .. }) => "broken",
        Some(Outcome::Undecided { .. }) => "undecided",
        Some(Outcome::Held { .. }) => "held",
        Some(Outcome::NotExercised { .. }) => "not exercised",
        None => "not judged",
    }
}

/// Asserts that read-your-writes and monotonic reads are broken for sessions that roam, and not for those that stay.
pub(crate) fn only_who_roams_looks_back(verdict: &Verdict) {
    for property in [Property::ReadYourWrites, Property::MonotonicReads] {
        assert_eq!(outcome_for(verdict, property, Sessions::Roaming), "broken");
        assert_ne!(outcome_for(verdict, property, Sessions::Sticky), "broken");
    }
}

/// The sentence of the first anomaly of a property.
pub(crate) fn sentence(verdict: &Verdict, property: Property) -> &str {
    &verdict.anomalies.iter().find(|a| a.property == property).unwrap().sentence
}

/// A history of these events, which may come without index, in any order.
pub(crate) fn build(header: Header, mut events: Vec<Event>) -> History {
    events.sort_by_key(|event| (event.time(), rank(event)));
    let mut builder = HistoryBuilder::new(header).unwrap();
    for (at, event) in events.iter_mut().enumerate() {
        let index = match event {
            Event::Op(e) => &mut e.index,
            Event::Phase(e) => &mut e.index,
            Event::Fault(e) => &mut e.index,
            Event::Node(e) => &mut e.index,
            Event::End(e) => &mut e.index,
        };
        *index = at as u64;
        builder.push(event).unwrap();
    }
    builder.finish()
}

/// At the same time, what ends comes before what begins.
fn rank(event: &Event) -> u8 {
    match event {
        Event::Op(OpEvent { outcome: How::Invoke, .. }) => 1,
        Event::End(_) => 2,
        _ => 0,
    }
}

/// The part of a history that is made of these operations, named by the index of their invocation.
pub(crate) fn only(history: &History, witness: &[u32]) -> History {
    let ops: Vec<_> = witness.iter().map(|&index| history.op_of_number(index).unwrap()).collect();
    history.part(&ops, &history.by_key())
}

/// Asserts of each anomaly of a property that its witness breaks the property by itself, and does so no longer if
/// any of its operations is left out. Whether there was one.
pub(crate) fn minimal(history: &History, verdict: &Verdict, of: Property, seed: u64) -> bool {
    let mut any = false;
    for anomaly in verdict.anomalies.iter().filter(|anomaly| anomaly.property == of) {
        any = true;
        let part = only(history, &anomaly.witness);
        let alone = outcome(&check(&part), of);
        assert_eq!(alone, "broken", "seed {seed}: alone it is {alone}: {anomaly:#?}");
        for left_out in &anomaly.witness {
            let rest: Vec<u32> =
                anomaly.witness.iter().copied().filter(|index| index != left_out).collect();
            let without = outcome(&check(&only(&part, &rest)), of);
            assert_ne!(without, "broken", "seed {seed}: without #{left_out}: {anomaly:#?}");
        }
    }
    any
}

/// Asserts of each property that the verdict calls it broken if and only if it is (`wrong`), and counts those that are. Of the
/// anomalies of those that `prove` themselves, [`minimal`] is asserted.
pub(crate) fn agrees<const N: usize>(
    history: &History,
    verdict: &Verdict,
    (of, wrong): ([Property; N], [bool; N]),
    proves: impl Fn(Property) -> bool,
    broken: &mut [u64; N],
    seed: u64,
) {
    for ((property, wrong), broken) in of.into_iter().zip(wrong).zip(broken) {
        let said = outcome(verdict, property);
        assert_eq!(said == "broken", wrong, "seed {seed}: {property} is {said}");
        *broken += u64::from(wrong);
        if proves(property) {
            let proved = minimal(history, verdict, property, seed);
            assert_eq!(proved, wrong, "seed {seed}: {property}");
        }
    }
}

/// Asserts that each property was broken often, and by less than half of the histories.
pub(crate) fn each_is_broken_at_times<const N: usize>(
    of: [Property; N],
    broken: [u64; N],
    seeds: u64,
) {
    for (property, broken) in of.into_iter().zip(broken) {
        assert!(broken > 200 && broken * 2 < seeds, "{property}: {broken} of {seeds}");
    }
}

/// The header and the events of a table.
pub(crate) fn events(table: &str) -> (Header, Vec<Event>) {
    let mut header = Header::new("table", Workload::Register, 0, ["n1", "n2"]);
    let mut events = Vec::new();
    let (mut clock, mut faults, mut cut) = (0, 0, false);
    for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        clock += 10;
        let mut span = (clock, Some(clock + 5));
        if let Some(at) = words.iter().position(|word| word.contains("..")) {
            let (from, to) = words.remove(at).split_once("..").unwrap();
            span = (from.parse().unwrap(), to.parse().ok());
            clock = clock.max(span.1.unwrap_or(span.0));
        }
        match words[0] {
            "!" => head(&mut header, &words[1..]),
            "cut" => cut = true,
            word if word.contains('@') => op(&mut events, &words, span),
            kind => {
                let stages = [(FaultStage::Inject, Some(span.0)), (FaultStage::Took, Some(span.0))];
                // `by=500`: how far a clock is put forward, milliseconds; `over=1000`: within how many.
                let mut parameters = Vec::new();
                for (word, name) in [("by=", "by_ms"), ("over=", "over_ms")] {
                    let Some(at) = words.iter().position(|it| it.starts_with(word)) else {
                        continue;
                    };
                    let number = words.remove(at)[word.len()..].parse().unwrap();
                    parameters.push((name.to_owned(), Value::Int(number)));
                }
                let value = if parameters.is_empty() { Value::Nil } else { Value::Map(parameters) };
                let (links, mut nodes): (Vec<&str>, Vec<&str>) =
                    words[1..].iter().partition(|word| word.contains('>'));
                let links: Vec<_> =
                    links.iter().map(|ends| ends.split_once('>').unwrap()).collect();
                nodes.extend(links.iter().flat_map(|&(from, to)| [from, to]));
                let healing = [(FaultStage::Heal, span.1), (FaultStage::Healed, span.1)];
                for (stage, time) in stages.into_iter().chain(healing) {
                    let Some(time) = time else { continue };
                    events.push(Event::Fault(FaultEvent {
                        index: 0,
                        time,
                        fault: faults,
                        f: kind.parse().unwrap(),
                        stage,
                        nodes: nodes.iter().map(|&node| node.to_owned()).collect(),
                        links: links.iter().map(|&(a, b)| (a.to_owned(), b.to_owned())).collect(),
                        value: value.clone(),
                        evidence: (stage == FaultStage::Took).then(|| "measured".to_owned()),
                    }));
                }
                faults += 1;
            }
        }
    }
    let time = events.iter().map(Event::time).max().unwrap_or(0) + 1;
    if !cut {
        events.push(Event::End(EndEvent { index: 0, time, how: EndHow::Complete, detail: None }));
    }
    (header, events)
}

fn head(header: &mut Header, words: &[&str]) {
    match words {
        ["workload", name] => header.workload = serde_json::from_value((*name).into()).unwrap(),
        ["nodes", nodes @ ..] => header.nodes = nodes.iter().map(|&n| n.to_owned()).collect(),
        ["rule", "siblings-client"] => header.semantics.register = RegisterRule::SiblingsClient,
        ["rule", "siblings-replica"] => header.semantics.register = RegisterRule::SiblingsReplica,
        ["stamps", "node-clock"] => header.semantics.stamps = StampRule::NodeClock,
        ["slo", slo] => header.slos.push(slo.parse().unwrap()),
        ["promise", promise @ .., "unless", faults] => {
            let promise = format!("{} unless {faults}", promise.join(" "));
            header.promises.push(promise.parse().unwrap());
        }
        ["promise", promises @ ..] => {
            header.promises = promises.iter().map(|promise| promise.parse().unwrap()).collect();
        }
        other => panic!("{other:?}"),
    }
}

fn op(events: &mut Vec<Event>, words: &[&str], (from, to): (i64, Option<i64>)) {
    let (process, node) = words[0].split_once('@').unwrap();
    let f: Function = words[1].parse().unwrap();
    let (mut how, mut last, mut version, mut value) = (How::Ok, false, None, Value::Nil);
    let mut level = None;
    for &word in &words[3..] {
        match word {
            "info" => how = How::Info,
            "fail" => how = How::Fail,
            "final" => last = true,
            _ => match word.strip_prefix("v=") {
                None if word.starts_with('@') => level = Some(word[1..].parse().unwrap()),
                Some(json) => version = Some(serde_json::from_str(json).unwrap()),
                None => value = serde_json::from_str(word).unwrap(),
            },
        }
    }
    let invoke = OpEvent {
        level,
        index: 0,
        time: from,
        outcome: How::Invoke,
        process: process[1..].parse().unwrap(),
        node: node.to_owned(),
        f,
        key: words[2].to_owned(),
        value: if f.is_read() { Value::Nil } else { value.clone() },
        version: None,
        error: None,
        last,
    };
    if let Some(time) = to {
        events.push(Event::Op(OpEvent { time, outcome: how, value, version, ..invoke.clone() }));
    }
    events.push(Event::Op(invoke));
}
