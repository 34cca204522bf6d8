//! Histories go to a file and come back the same; what is damaged is refused with its place; no bytes panic.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use afterall_history::{
    Damage, EndEvent, EndHow, Event, FaultEvent, FaultStage, Function, Header, History,
    HistoryBuilder, NodeChange, NodeEvent, NodeId, OpEvent, Outcome, Phase, PhaseEvent, Status,
    Value, Workload, Writer, limits, read_jsonl_from,
};
use proptest::prelude::*;

fn header() -> Header {
    Header::new("reference", Workload::Register, 7, ["n1", "n2"])
}

fn file_of(events: &[Event]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).unwrap();
    for event in events {
        writer.append(event).unwrap();
    }
    writer.finish().unwrap()
}

fn built(events: &[Event]) -> History {
    let mut builder = HistoryBuilder::new(header()).unwrap();
    for event in events {
        builder.push(event).unwrap();
    }
    builder.finish()
}

fn read(bytes: &[u8]) -> Result<History, String> {
    read_jsonl_from(bytes, "h.jsonl").map_err(|error| error.to_string())
}

/// Everything a history says, as text, so that two can be compared.
fn dump(history: &History) -> String {
    let mut lines = vec![format!("{:?}", history.header())];
    for op in history.ops() {
        let data = history.data();
        lines.push(format!(
            "{:?} {} {} {}>{} {} {} {:?} {}..{:?} {} {} {} {:?} {} {:?}",
            op.id(),
            op.index(),
            op.process(),
            history.node_name(op.sent_to()),
            op.node_name(),
            op.f(),
            op.key_name(),
            op.status(),
            op.invoked(),
            op.completed(),
            data.value(op.input()),
            data.value(op.output()),
            data.value(op.version()),
            op.error(),
            op.is_final(),
            op.completion_index(),
        ));
    }
    lines.push(format!("{:?}", history.phases()));
    lines.push(format!("{:?}", history.faults()));
    lines.push(format!("{:?}", history.node_turns()));
    lines.push(format!("{:?} {:?} {}", history.end(), history.torn(), history.last_time()));
    lines.join("\n")
}

fn op(index: u64, outcome: Outcome, process: u64, f: Function, value: Value) -> OpEvent {
    OpEvent {
        level: None,
        index,
        time: index as i64 * 10,
        outcome,
        process,
        node: "n1".into(),
        f,
        key: "x".into(),
        value,
        version: None,
        error: None,
        last: false,
    }
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::Int),
        "(a|\"|\\\\|<script>|é|\n){0,4}".prop_map(Value::Text),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::vec(("[a-c]", inner), 0..3).prop_map(Value::Map),
        ]
    })
}

/// What may happen next; [`stream`] turns it into an event that can.
#[derive(Debug, Clone)]
enum Step {
    Op { process: u64, write: bool, node: u8, key: u8, value: Value, version: Value, how: u8 },
    Phase,
    Fault(Value),
    Node(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => (0..4_u64, any::<bool>(), 0..3_u8, 0..3_u8, value(), value(), 0..8_u8).prop_map(
            |(process, write, node, key, value, version, how)| Step::Op {
                process, write, node, key, value, version, how
            }
        ),
        1 => Just(Step::Phase),
        1 => value().prop_map(Step::Fault),
        1 => any::<bool>().prop_map(Step::Node),
    ]
}

/// A stream of events that a harness could have recorded.
fn stream(steps: &[Step]) -> Vec<Event> {
    const PHASES: [Phase; 5] =
        [Phase::Healthy, Phase::Faults, Phase::Heal, Phase::Quiescence, Phase::Final];
    const STAGES: [FaultStage; 4] =
        [FaultStage::Inject, FaultStage::Took, FaultStage::Heal, FaultStage::Healed];
    let mut events = Vec::new();
    let (mut phases, mut stages) = (PHASES.iter(), 0);
    let mut renamed = [0_u64; 4];
    let mut open: Vec<Option<OpEvent>> = vec![None; 4];
    for step in steps {
        let index = events.len() as u64;
        let time = index as i64 / 2 * 7;
        match step {
            Step::Op { process, write, node, key, value, version, how } => {
                let slot = *process as usize;
                let f = if *write { Function::Write } else { Function::Read };
                let node = format!("n{}", 1 + node % 2);
                let e = match open[slot].take() {
                    None => OpEvent {
                        index,
                        time,
                        node,
                        process: process + 10 * renamed[slot],
                        key: format!("k{key}"),
                        value: match (write, value) {
                            (false, _) => Value::Nil,
                            (true, Value::Nil) => Value::Int(0),
                            (true, value) => value.clone(),
                        },
                        ..op(index, Outcome::Invoke, 0, f, Value::Nil)
                    },
                    Some(invoked) => {
                        let outcome = match how {
                            0 => Outcome::Info,
                            1 => Outcome::Fail,
                            _ => Outcome::Ok,
                        };
                        renamed[slot] += u64::from(outcome == Outcome::Info);
                        let value = match invoked.f {
                            Function::Write => invoked.value.clone(),
                            _ => Value::List(vec![value.clone()]),
                        };
                        let version = (!version.is_nil()).then(|| version.clone());
                        let error = (outcome != Outcome::Ok).then(|| "timeout".to_owned());
                        let last = *how == 7;
                        OpEvent {
                            index,
                            time,
                            outcome,
                            node,
                            value,
                            version,
                            error,
                            last,
                            ..invoked
                        }
                    }
                };
                if e.outcome == Outcome::Invoke {
                    open[slot] = Some(e.clone());
                }
                events.push(Event::Op(e));
            }
            Step::Phase => {
                if let Some(&phase) = phases.next() {
                    events.push(Event::Phase(PhaseEvent { index, time, phase }));
                }
            }
            Step::Fault(value) => {
                events.push(Event::Fault(FaultEvent {
                    index,
                    time,
                    fault: stages / 4,
                    f: "partition".parse().unwrap(),
                    stage: STAGES[stages as usize % 4],
                    nodes: vec!["n1".into()],
                    links: vec![("n1".into(), "n2".into())],
                    value: value.clone(),
                    evidence: (stages % 2 == 1).then(|| "refused".into()),
                }));
                stages += 1;
            }
            Step::Node(died) => {
                let change = if *died { NodeChange::Died } else { NodeChange::Ready };
                let (node, detail) = ("n2".into(), "exit status: 101".into());
                events.push(Event::Node(NodeEvent { index, time, node, change, detail }));
            }
        }
    }
    events
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_read_back(steps in prop::collection::vec(step(), 0..60)) {
        let events = stream(&steps);
        let bytes = file_of(&events);
        prop_assert_eq!(&bytes, &file_of(&events));
        prop_assert_eq!(dump(&read(&bytes).unwrap()), dump(&built(&events)));
    }

    #[test]
    fn wherever_it_is_cut_off_it_is_read_up_to_there(
        steps in prop::collection::vec(step(), 1..20), cut in 0.0..1.0_f64,
    ) {
        let events = stream(&steps);
        let bytes = file_of(&events);
        let first = bytes.iter().position(|&b| b == b'\n').unwrap();
        let cut = first + 1 + ((bytes.len() - first - 1) as f64 * cut) as usize;
        let history = read(&bytes[..cut]).unwrap();
        prop_assert_eq!(history.torn().is_some(), bytes[cut - 1] != b'\n');
        prop_assert!(history.events() as usize <= events.len());
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let mut file = file_of(&[]);
        file.extend_from_slice(&bytes);
        let _ = read(&file);
    }

    #[test]
    fn no_mutation_of_a_file_panics(
        steps in prop::collection::vec(step(), 1..12),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = file_of(&stream(&steps));
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let _ = read(&bytes);
    }
}

/// A good file, and the message for one of its lines replaced.
fn damaged(line: &str) -> String {
    let mut bytes = file_of(&[
        Event::Phase(PhaseEvent { index: 0, time: 0, phase: Phase::Faults }),
        Event::Op(op(1, Outcome::Invoke, 1, Function::Write, 5.into())),
    ]);
    bytes.extend_from_slice(line.as_bytes());
    bytes.extend_from_slice(b"\n{}\n");
    read(&bytes).unwrap_err()
}

#[test]
fn a_damaged_line_is_named_with_what_is_wrong() {
    let op = |rest: &str| format!(r#"{{"index":2,"time":10,"type":{rest}}}"#);
    let cases = [
        ("", "expected a value, found the end"),
        ("[]", "expected an event as an object, found a list"),
        ("{", "expected the rest of an object, found the end"),
        ("{}}", "expected nothing after the value, found more"),
        (r#"{"index":2,"time":10}"#, r#"expected the field "type", found none"#),
        (
            r#"{"index":3,"time":10,"type":"end","how":"complete"}"#,
            "expected event index 2, found 3",
        ),
        (
            r#"{"index":2,"time":9,"type":"end","how":"complete"}"#,
            "expected a time of 10 ns or later",
        ),
        (r#"{"index":2,"time":1.5,"type":"end"}"#, "found 1.5"),
        (r#"{"index":2,"index":2}"#, "expected the field `index` once, found it twice"),
        (&op(r#""end","how":"tired""#), r#"unknown end "tired""#),
        (&op(r#""end","how":"complete","phase":"final""#), r#"expected no field "phase""#),
        (&op(r#""begin""#), "unknown word `begin`: expected"),
        (&op(r#""end","who":1"#), "unknown field `who`"),
        (
            &op(r#""ok","process":1,"node":"n1","f":"write","key":"x""#),
            r#"expected the field "value", found none"#,
        ),
        (
            &op(r#""ok","process":1,"node":"n1","f":"write","key":"y","value":5"#),
            "but had invoked write \"x\" (event 1)",
        ),
        (
            &op(r#""ok","process":2,"node":"n1","f":"write","key":"x","value":5"#),
            "process 2 completed an operation it never invoked",
        ),
        (
            &op(r#""invoke","process":1,"node":"n1","f":"read","key":"x""#),
            "process 1 invoked an operation before completing event 1",
        ),
        (
            &op(r#""invoke","process":2,"node":"n1","f":"read","key":"x","value":1"#),
            "without a value",
        ),
        (&op(r#""invoke","process":2,"node":"n1","f":"write","key":"x""#), "it needs a value"),
        (&op(r#""invoke","process":2,"node":"n1","f":"sing","key":"x""#), "unknown f \"sing\""),
        (
            &op(r#""invoke","process":2,"node":"n1","f":"checkout","key":"x""#),
            "the workload register has no operation checkout",
        ),
        (
            &op(r#""invoke","process":2,"node":"n1","f":"read","key":"x","version":1"#),
            "expected no version in an invocation",
        ),
        (&op(r#""invoke","process":2,"node":"n1","f":"read","key":7"#), "expected text, found 7"),
        (
            &op(r#""invoke","process":2,"node":"n9","f":"read","key":"x""#),
            r#"unknown node "n9": the header names n1, n2"#,
        ),
        (&op(r#""invoke","process":2,"node":"?","f":"read","key":"x""#), "the header names n1, n2"),
        (
            &op(r#""ok","process":1,"node":"n3","f":"write","key":"x","value":5"#),
            "the header names n1, n2",
        ),
        (&op(r#""node","node":"n3","change":"died","detail":"x""#), "the header names n1, n2"),
        (
            &op(r#""fault","fault":0,"f":"kill","stage":"inject","nodes":["n3"]"#),
            "the header names n1, n2",
        ),
        (
            &op(
                r#""fault","fault":0,"f":"partition","stage":"inject","links":[["n1","n2"],["n2","n4"]]"#,
            ),
            "the header names n1, n2",
        ),
        (
            &op(r#""invoke","process":-2,"node":"n1","f":"read","key":"x""#),
            "expected a whole number from 0, found -2",
        ),
        (&op(r#""phase","phase":"healthy""#), "expected a phase after faults, found healthy"),
        (
            &op(r#""fault","fault":1,"f":"kill","stage":"inject""#),
            "expected fault 0 as the next to be injected, found 1",
        ),
        (&op(r#""fault","fault":0,"f":"kill","stage":"took""#), "fault 0 was never injected"),
    ];
    for (line, what) in cases {
        let message = damaged(line);
        assert!(message.starts_with("h.jsonl:4: "), "{line}: {message}");
        assert!(message.contains(what), "{line}: {message}");
    }
}

#[test]
fn what_is_not_a_history_is_told_apart() {
    let future = String::from_utf8(file_of(&[])).unwrap().replace("\"version\":1", "\"version\":2");
    let other = future.replace("afterall-history", "afterall-verdict");
    let extra =
        String::from_utf8(file_of(&[])).unwrap().replace("{\"format\"", "{\"fun\":1,\"format\"");
    for (bytes, what) in [
        ("", "h.jsonl: expected a history, which begins with a line"),
        ("hello\n", "h.jsonl:1: expected the first line of a history: "),
        (&future, "expected a version of the format up to 1, found 2: a newer program wrote it"),
        (&other, "expected the format \"afterall-history\", found \"afterall-verdict\""),
        (&extra, "unknown field `fun`"),
    ] {
        let message = read(bytes.as_bytes()).unwrap_err();
        assert!(message.contains(what), "{message}");
    }
    let mut none = header();
    none.nodes.clear();
    assert_eq!(HistoryBuilder::new(none).err(), Some(Damage::NoNodes));
    let mut twice = header();
    twice.nodes.push("n1".into());
    assert_eq!(HistoryBuilder::new(twice).err(), Some(Damage::NodeTwice("n1".into())));
}

#[test]
fn limits_are_told() {
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    let line = format!(
        r#"{{"index":2,"time":10,"type":"invoke","process":2,"node":"n1","f":"write","key":"x","value":{deep}}}"#
    );
    assert!(damaged(&line).contains("at most 16 deep"), "{}", damaged(&line));
    assert!(damaged(&"[".repeat(limits::LINE_BYTES_MAX + 1)).contains("at most 1048576 bytes"));
    assert!(damaged(&"[".repeat(100_000)).contains("h.jsonl:4"));
}

#[test]
fn a_process_ends_with_an_info() {
    let mut builder = HistoryBuilder::new(header()).unwrap();
    for event in [
        op(0, Outcome::Invoke, 1, Function::Write, 5.into()),
        op(1, Outcome::Info, 1, Function::Write, 5.into()),
    ] {
        builder.push(&Event::Op(event)).unwrap();
    }
    let again = Event::Op(op(2, Outcome::Invoke, 1, Function::Read, Value::Nil));
    assert_eq!(builder.push(&again), Err(Damage::AfterInfo { process: 1 }));
    let other = Event::Op(op(2, Outcome::Invoke, 2, Function::Read, Value::Nil));
    builder.push(&other).unwrap();
    let history = builder.finish();
    assert_eq!(history.len(), 2);
    assert!(history.end().is_none());
    assert!(history.ops().all(|op| op.status() == Status::Info));
}

#[test]
fn the_columns_answer_who_when_and_under_what() {
    let fault = |index, stage| {
        Event::Fault(FaultEvent {
            index,
            time: index as i64 * 10,
            fault: 0,
            f: "kill".parse().unwrap(),
            stage,
            nodes: vec!["n2".into()],
            links: vec![],
            value: Value::Nil,
            evidence: None,
        })
    };
    let history = built(&[
        Event::Phase(PhaseEvent { index: 0, time: 0, phase: Phase::Healthy }),
        Event::Op(op(1, Outcome::Invoke, 8, Function::Write, 5.into())),
        Event::Phase(PhaseEvent { index: 2, time: 20, phase: Phase::Faults }),
        fault(3, FaultStage::Inject),
        Event::Op(OpEvent {
            node: "n2".into(),
            ..op(4, Outcome::Ok, 8, Function::Write, 5.into())
        }),
        fault(5, FaultStage::Heal),
        fault(6, FaultStage::Healed),
        Event::Op(op(7, Outcome::Invoke, 9, Function::Read, Value::Nil)),
        Event::Op(op(8, Outcome::Ok, 9, Function::Read, vec![5].into())),
        Event::End(EndEvent { index: 9, time: 90, how: EndHow::Complete, detail: None }),
    ]);
    let [write, read] = [0, 1].map(|id| history.op(afterall_history::OpId(id)));
    assert_eq!((write.sent_to(), write.served_by()), (NodeId(0), NodeId(1)));
    assert_eq!((write.process(), read.process()), (8, 9));
    assert_eq!(history.data().items(read.output()).collect::<Vec<_>>(), [write.input()]);
    assert_eq!(history.phase_at(15), Some(Phase::Healthy));
    assert_eq!(history.phase_at(-1), None);
    assert_eq!(history.phase_at(99), Some(Phase::Faults));
    let under = |from, to, node| history.faults_in_force(from, to, node).count();
    assert_eq!(under(0, 29, None), 0);
    assert_eq!(under(0, 30, Some(NodeId(1))), 1);
    assert_eq!(under(40, 40, Some(NodeId(0))), 0);
    assert_eq!(under(61, 99, None), 0);
    for index in [1, 4] {
        assert_eq!(history.op_of_event(index), Some(write.id()));
    }
    assert_eq!(history.op_of_event(2), None);
    assert_eq!(history.by_key().of(0).len(), 2);
    assert_eq!(history.by_session().iter().map(<[_]>::len).collect::<Vec<_>>(), [1, 1]);
}
