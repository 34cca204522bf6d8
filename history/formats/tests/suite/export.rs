//! What is exported comes back the same.

use crate::files::read_as;
use afterall_formats::export::{Export, ExportError, write};
use afterall_formats::{Nil, Options, Recorded};
use afterall_history::{
    EndEvent, EndHow, Event, FaultEvent, FaultStage, Function, Header, History, HistoryBuilder,
    NODE_UNKNOWN, OpEvent, Outcome, Phase, PhaseEvent, Value, Workload,
};
use proptest::prelude::*;

fn exported(history: &History, format: Export) -> String {
    let mut bytes = Vec::new();
    write(history, format, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// All that is to survive, an operation a line.
fn ops(history: &History) -> Vec<String> {
    let words = |op: afterall_history::OpView<'_>| {
        let (input, output) = (history.data().value(op.input()), history.data().value(op.output()));
        let output = if op.f().is_read() && op.completed().is_some() { output } else { Value::Nil };
        format!(
            "{} {}→{} {} {} {input} {output} {:?} {}..{:?} {:?} {}",
            op.process(),
            history.node_name(op.sent_to()),
            op.node_name(),
            op.f(),
            history.key_name(op.key()),
            op.status(),
            op.invoked(),
            op.completed(),
            op.error(),
            op.is_final()
        )
    };
    history.ops().map(words).collect()
}

fn back(history: &History, format: Export) -> History {
    let text = exported(history, format);
    let options = Options {
        workload: Some(history.header().workload),
        nil: Some(Nil::Initial),
        ..Options::default()
    };
    let read = read_as(&text, &options).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!(read.format.name(), format.name(), "{text}");
    let Recorded::Operations(history) = read.recorded else { panic!("{text}") };
    history
}

fn op(process: u64, outcome: Outcome, f: Function, key: &str, value: Value) -> OpEvent {
    OpEvent {
        level: None,
        index: 0,
        time: 0,
        outcome,
        process,
        node: NODE_UNKNOWN.to_owned(),
        f,
        key: key.to_owned(),
        value,
        version: None,
        error: None,
        last: false,
    }
}

/// A history of these events, each at a time of its own.
fn history(workload: Workload, nodes: &[&str], events: impl IntoIterator<Item = Event>) -> History {
    let header = Header::new("t", workload, 0, nodes.iter().copied());
    let mut builder = HistoryBuilder::new(header).unwrap();
    for (index, mut event) in events.into_iter().enumerate() {
        let (index, time) = (index as u64, 10 * index as i64);
        match &mut event {
            Event::Op(e) => (e.index, e.time) = (index, time),
            Event::Phase(e) => (e.index, e.time) = (index, time),
            Event::Fault(e) => (e.index, e.time) = (index, time),
            Event::Node(e) => (e.index, e.time) = (index, time),
            Event::End(e) => (e.index, e.time) = (index, time),
        }
        builder.push(&event).unwrap();
    }
    builder.finish()
}

/// A write that fails, a fault, a last read.
fn small() -> History {
    let fault = |stage, evidence: Option<&str>| {
        Event::Fault(FaultEvent {
            index: 0,
            time: 0,
            fault: 0,
            f: "partition".parse().unwrap(),
            stage,
            nodes: vec!["n1".to_owned()],
            links: Vec::new(),
            value: Value::Nil,
            evidence: evidence.map(str::to_owned),
        })
    };
    let on_n1 = |mut event: OpEvent| {
        event.node = "n1".to_owned();
        Event::Op(event)
    };
    let mut failed = op(0, Outcome::Fail, Function::Write, "x", "a\"b".into());
    failed.error = Some("no \\ leader".to_owned());
    let mut last = op(1, Outcome::Ok, Function::Read, "x", Value::List(vec![7.into()]));
    last.last = true;
    history(
        Workload::Register,
        &["n1"],
        [
            Event::Phase(PhaseEvent { index: 0, time: 0, phase: Phase::Healthy }),
            on_n1(op(0, Outcome::Invoke, Function::Write, "x", "a\"b".into())),
            fault(FaultStage::Inject, None),
            on_n1(failed),
            fault(FaultStage::Took, Some("dial refused")),
            on_n1(op(1, Outcome::Invoke, Function::Read, "x", Value::Nil)),
            on_n1(last),
            Event::End(EndEvent { index: 0, time: 0, how: EndHow::Complete, detail: None }),
        ],
    )
}

#[test]
fn a_small_history_in_full() {
    let history = small();
    assert_eq!(
        exported(&history, Export::JepsenEdn),
        r#"{:index 0, :time 0, :type :info, :process :nemesis, :f :phase, :value "healthy"}
{:index 1, :time 10, :type :invoke, :process 0, :f :write, :key "x", :value "a\"b", :node "n1"}
{:index 2, :time 20, :type :info, :process :nemesis, :f :start-partition, :value {"nodes" ["n1"], "links" [], "value" nil}}
{:index 3, :time 30, :type :fail, :process 0, :f :write, :key "x", :value "a\"b", :node "n1", :error "no \\ leader"}
{:index 4, :time 40, :type :info, :process :nemesis, :f :start-partition, :value ["took" "dial refused"]}
{:index 5, :time 50, :type :invoke, :process 1, :f :read, :key "x", :value nil, :node "n1", :final? true}
{:index 6, :time 60, :type :ok, :process 1, :f :read, :key "x", :value 7, :node "n1", :final? true}
"#
    );
    let json = exported(&history, Export::JepsenJson);
    assert!(json.starts_with(
        r#"[{"index":0,"time":0,"type":"info","process":"nemesis","f":"phase","value":"healthy"},"#
    ));
    assert!(json.contains(r#"{"index":6,"time":60,"type":"ok","process":1,"f":"read","key":"x","value":7,"node":"n1","final?":true}]"#));
    for format in [Export::JepsenEdn, Export::JepsenJson] {
        assert_eq!(ops(&back(&history, format)), ops(&history));
    }
}

#[test]
fn a_table_has_a_row_for_each_operation() {
    assert_eq!(
        exported(&small(), Export::Csv),
        r#"operation,session,f,key,input,output,version,outcome,error,sent_to,answered_by,invoked_ns,completed_ns,phase,final,faults
1,0,write,x,"""a\""b""",,,fail,no \ leader,n1,n1,10,30,healthy,false,
5,1,read,x,,[7],,ok,,n1,n1,50,60,healthy,true,0
"#
    );
}

/// Values of a target may hold whatever separates fields.
#[test]
fn what_separates_fields_is_quoted() {
    let key = "a,\"b\"\nc";
    let write = |outcome| Event::Op(op(0, outcome, Function::Write, key, 1.into()));
    let history =
        history(Workload::Register, &[NODE_UNKNOWN], [write(Outcome::Invoke), write(Outcome::Ok)]);
    let text = exported(&history, Export::Csv);
    assert!(text.contains("0,0,write,\"a,\"\"b\"\"\nc\",1,"), "{text}");
}

#[test]
fn a_trace_has_a_track_for_each_session_and_each_fault() {
    let trace = exported(&small(), Export::Perfetto);
    let trace: serde_json::Value = serde_json::from_str(&trace).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let tracks = events.iter().filter(|event| event["name"] == "thread_name");
    let tracks: Vec<&str> = tracks.map(|event| event["args"]["name"].as_str().unwrap()).collect();
    assert_eq!(tracks, ["fault 0: partition", "n1", "session 0", "session 1"]);
    let slices = events.iter().filter(|event| event["ph"] == "X");
    let slices: Vec<String> =
        slices.map(|event| format!("{} {}+{}", event["name"], event["ts"], event["dur"])).collect();
    // Microseconds.
    let expected = [
        r#""healthy" 0.0+0.07"#,
        r#""partition" 0.02+0.05"#,
        r#""write x" 0.01+0.02"#,
        r#""read x" 0.05+0.01"#,
    ];
    assert_eq!(slices, expected);
    let fault = events.iter().find(|event| event["name"] == "partition").unwrap();
    assert_eq!(fault["args"]["evidence"][0], "dial refused");
}

#[cfg(not(feature = "parquet"))]
#[test]
fn a_build_without_parquet_says_so() {
    let error = write(&small(), Export::Parquet, Vec::new()).unwrap_err();
    assert!(matches!(error, ExportError::NotBuiltIn(Export::Parquet)), "{error}");
}

#[cfg(feature = "parquet")]
#[test]
fn a_parquet_file_has_the_rows_of_the_table() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let mut bytes = Vec::new();
    write(&small(), Export::Parquet, &mut bytes).unwrap();
    let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
    let rows: Vec<String> =
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
    assert_eq!(
        rows,
        [
            r#"{operation: 1, session: 0, f: "write", key: "x", input: ""a\"b"", output: null, version: null, outcome: "fail", error: "no \ leader", sent_to: "n1", answered_by: "n1", invoked_ns: 10, completed_ns: 30, phase: "healthy", final: false, faults: ""}"#,
            r#"{operation: 5, session: 1, f: "read", key: "x", input: null, output: "[7]", version: null, outcome: "ok", error: null, sent_to: "n1", answered_by: "n1", invoked_ns: 50, completed_ns: 60, phase: "healthy", final: true, faults: "0"}"#,
        ]
    );
}

#[test]
fn what_has_no_form_is_refused() {
    let two = Value::List(vec![1.into(), 2.into()]);
    let siblings = history(
        Workload::Register,
        &[NODE_UNKNOWN],
        [
            Event::Op(op(0, Outcome::Invoke, Function::Read, "x", Value::Nil)),
            Event::Op(op(0, Outcome::Ok, Function::Read, "x", two)),
        ],
    );
    let error = write(&siblings, Export::JepsenEdn, Vec::new()).unwrap_err();
    assert!(matches!(error, ExportError::Siblings { index: 0, values: 2 }), "{error}");
}

#[test]
fn nothing_exported_is_still_a_list() {
    let empty = history(Workload::Register, &["n1"], []);
    assert_eq!(exported(&empty, Export::JepsenJson), "[]\n");
    assert_eq!(exported(&empty, Export::JepsenEdn), "");
}

/// Any scalar that a value can be.
fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Int),
        any::<bool>().prop_map(Value::Bool),
        any::<String>().prop_map(Value::Text),
        "[a-z0-9:]{0,3}".prop_map(Value::Text),
    ]
}

/// What is asked in a workload, and what comes back of it.
fn asked(workload: Workload) -> BoxedStrategy<(Function, Value, Value)> {
    use Function as F;
    fn same(f: Function) -> impl Fn(Value) -> (Function, Value, Value) + Copy {
        move |value| (f, value.clone(), value)
    }
    let read = |output: BoxedStrategy<Value>| output.prop_map(|out| (F::Read, Value::Nil, out));
    let list = |item: BoxedStrategy<Value>| {
        prop_oneof![Just(Value::Nil), prop::collection::vec(item, 0..4).prop_map(Value::List)]
            .boxed()
    };
    let pair = || (scalar(), scalar()).prop_map(|(a, b)| Value::List(vec![a, b]));
    let amount = || (1..i64::MAX).prop_map(Value::Int);
    match workload {
        Workload::Register => prop_oneof![
            scalar().prop_map(same(F::Write)),
            pair().prop_map(same(F::Write)),
            pair().prop_map(same(F::Cas)),
            Just((F::Delete, Value::Nil, Value::Nil)),
            read(
                prop_oneof![
                    Just(Value::Nil),
                    scalar().prop_map(|v| Value::List(vec![v])),
                    pair().prop_map(|v| Value::List(vec![v])),
                ]
                .boxed()
            ),
        ]
        .boxed(),
        Workload::Counter => prop_oneof![
            amount().prop_map(same(F::Increment)),
            amount().prop_map(same(F::Decrement)),
            read(any::<i64>().prop_map(Value::Int).boxed()),
        ]
        .boxed(),
        Workload::Set => prop_oneof![
            scalar().prop_map(same(F::Add)),
            pair().prop_map(same(F::Add)),
            scalar().prop_map(same(F::Remove)),
            pair().prop_map(same(F::Remove)),
            read(list(scalar().boxed())),
        ]
        .boxed(),
        Workload::Text => prop_oneof![
            any::<String>().prop_map(|text| same(F::Write)(Value::Text(text))),
            "[a-c]{0,3}".prop_map(|text| same(F::Append)(Value::Text(text))),
            read(prop_oneof![Just(Value::Nil), "[a-c]{1,3}".prop_map(Value::Text)].boxed()),
        ]
        .boxed(),
        Workload::Cart => prop_oneof![
            (scalar(), amount()).prop_map(|(e, n)| same(F::Add)(Value::List(vec![e, n]))),
            scalar().prop_map(same(F::Remove)),
            (scalar(), any::<i64>())
                .prop_map(|(e, n)| Value::List(vec![Value::List(vec![e, n.into()])]))
                .prop_flat_map(|out| prop_oneof![
                    Just((F::Checkout, Value::Nil, out.clone())),
                    Just((F::Read, Value::Nil, out))
                ]),
        ]
        .boxed(),
        Workload::Inventory => prop_oneof![
            amount().prop_map(same(F::Restock)),
            amount().prop_map(same(F::Sell)),
            read(any::<i64>().prop_map(Value::Int).boxed()),
        ]
        .boxed(),
        Workload::Chat => prop_oneof![
            pair().prop_map(same(F::Post)),
            pair().prop_map(same(F::Edit)),
            read(list(scalar().boxed())),
        ]
        .boxed(),
        Workload::Position => prop_oneof![
            amount().prop_map(same(F::Write)),
            read(prop_oneof![Just(Value::Nil), amount()].boxed()),
        ]
        .boxed(),
        Workload::Mutex | Workload::Transactions => prop_oneof![
            Just((F::Acquire, Value::Nil, Value::Nil)),
            Just((F::Release, Value::Nil, Value::Nil))
        ]
        .boxed(),
    }
}

/// One operation: by whom, on which key, where, what, how it ends (or not at all), and whether it is marked final.
type Step =
    (u64, &'static str, bool, (Function, Value, Value), Option<Outcome>, Option<String>, bool);

fn step(workload: Workload) -> impl Strategy<Value = Step> {
    (
        0..4_u64,
        prop_oneof![Just("1"), Just("x"), Just("a \"b\"")],
        any::<bool>(),
        asked(workload),
        prop::option::of(prop_oneof![Just(Outcome::Ok), Just(Outcome::Fail), Just(Outcome::Info)]),
        prop::option::of("[a-z\"]{1,5}"),
        any::<bool>(),
    )
}

fn any_history() -> impl Strategy<Value = History> {
    const WORKLOADS: &[Workload] = &[
        Workload::Register,
        Workload::Counter,
        Workload::Set,
        Workload::Text,
        Workload::Mutex,
        Workload::Cart,
        Workload::Inventory,
        Workload::Chat,
        Workload::Position,
    ];
    let named = any::<bool>();
    (prop::sample::select(WORKLOADS), named).prop_flat_map(|(workload, named)| {
        prop::collection::vec(step(workload), 1..12).prop_map(move |steps| {
            let mut events = Vec::new();
            // A session ends with an operation that stays open, or as info.
            let mut generation = [0; 4];
            for (process, key, first, (f, input, output), end, error, last) in steps {
                let session = process + 4 * generation[process as usize];
                let node = match (named, first) {
                    (false, _) => NODE_UNKNOWN,
                    (true, true) => "n1",
                    (true, false) => "n2",
                };
                let mut event = op(session, Outcome::Invoke, f, key, input.clone());
                event.node = node.to_owned();
                event.last = last;
                events.push(Event::Op(event.clone()));
                if let Some(outcome) = end {
                    let ok = outcome == Outcome::Ok;
                    event.outcome = outcome;
                    event.value = if f.is_read() && ok { output } else { input };
                    event.error = error.filter(|_| !ok);
                    events.push(Event::Op(event));
                }
                if end.is_none_or(|outcome| outcome == Outcome::Info) {
                    generation[process as usize] += 1;
                }
            }
            let nodes: &[&str] = if named { &["n1", "n2"] } else { &[NODE_UNKNOWN] };
            history(workload, nodes, events)
        })
    })
}

proptest! {
    #[test]
    fn any_history_comes_back(history in any_history(), json in any::<bool>()) {
        let format = if json { Export::JepsenJson } else { Export::JepsenEdn };
        let back = back(&history, format);
        let (before, after) = (ops(&history), ops(&back));
        prop_assert_eq!(before, after, "{}", exported(&history, format));
    }
}

/// What runs of this program look like: each session's operations one after the other, all acknowledged.
fn run(workload: Workload, ops: &[(Function, &str, Value, Value)]) -> History {
    let events = ops.iter().zip(0_u64..).flat_map(|((f, key, input, output), at)| {
        let end = if f.is_read() { output } else { input };
        [(Outcome::Invoke, input), (Outcome::Ok, end)]
            .map(|(outcome, value)| Event::Op(op(at % 2, outcome, *f, key, value.clone())))
    });
    history(workload, &[NODE_UNKNOWN], events)
}

#[test]
fn what_is_exported_is_told_without_being_named() {
    use Function as F;
    let list = |items: &[Value]| Value::List(items.to_vec());
    let nil = || Value::Nil;
    let item = |name: &str, n: i64| list(&[name.into(), n.into()]);
    let read = |key, output| (F::Read, key, nil(), output);
    // By one key and by two: there values are tuples.
    for keys in [["a", "a"], ["a", "b"]] {
        let [a, b] = keys;
        for history in [
            run(
                Workload::Cart,
                &[
                    (F::Add, a, item("milk", 2), nil()),
                    read(a, list(&[item("milk", 2)])),
                    (F::Add, b, item("egg", 1), nil()),
                    (F::Remove, a, "milk".into(), nil()),
                    (F::Checkout, a, nil(), list(&[])),
                    read(b, list(&[item("egg", 1)])),
                ],
            ),
            run(
                Workload::Set,
                &[
                    (F::Add, a, 1.into(), nil()),
                    (F::Add, b, 2.into(), nil()),
                    (F::Remove, a, 1.into(), nil()),
                    read(a, list(&[])),
                    read(b, list(&[2.into()])),
                ],
            ),
            run(
                Workload::Register,
                &[
                    (F::Write, a, 1.into(), nil()),
                    (F::Cas, a, list(&[1.into(), 2.into()]), nil()),
                    (F::Delete, a, nil(), nil()),
                    read(a, nil()),
                    (F::Write, b, 3.into(), nil()),
                    read(b, list(&[3.into()])),
                ],
            ),
            run(
                Workload::Chat,
                &[
                    (F::Post, a, list(&["q".into(), nil()]), nil()),
                    (F::Post, a, list(&["r".into(), "q".into()]), nil()),
                    (F::Edit, b, list(&["e".into(), "q".into()]), nil()),
                    read(a, list(&["q".into(), "r".into()])),
                ],
            ),
            run(
                Workload::Inventory,
                &[
                    (F::Restock, a, 5.into(), nil()),
                    (F::Sell, b, 2.into(), nil()),
                    read(a, 3.into()),
                ],
            ),
            run(
                Workload::Counter,
                &[
                    (F::Increment, a, 5.into(), nil()),
                    (F::Decrement, b, 2.into(), nil()),
                    read(a, 3.into()),
                ],
            ),
            run(
                Workload::Text,
                &[
                    read(a, nil()),
                    (F::Append, a, "t1;".into(), nil()),
                    (F::Append, b, "t2;".into(), nil()),
                    (F::Append, a, "t3;".into(), nil()),
                    read(a, "t1;t3;".into()),
                ],
            ),
        ] {
            for format in [Export::JepsenEdn, Export::JepsenJson] {
                let text = exported(&history, format);
                let read = read_as(&text, &Options::default());
                let read = read.unwrap_or_else(|error| panic!("{error}\n{text}"));
                let Recorded::Operations(back) = read.recorded else { panic!("{text}") };
                assert_eq!(back.header().workload, history.header().workload, "{text}");
                assert_eq!(ops(&back), ops(&history), "{text}");
                assert_eq!(back.unjudged(), 0, "{text}");
            }
        }
    }
}

#[test]
fn a_read_that_is_not_judged_is_exported_as_acknowledged() {
    let text = "{:process 0, :type :invoke, :f :read, :key \"k\"}
                {:process 0, :type :ok, :f :read, :key \"k\", :value nil}
                {:process 0, :type :invoke, :f :write, :key \"k\", :value 1}";
    let Recorded::Operations(history) = read_as(text, &Options::default()).unwrap().recorded else {
        panic!()
    };
    let again = exported(&history, Export::JepsenEdn);
    assert!(again.contains(":type :ok, :process 0, :f :read"), "{again}");
    assert_eq!(history.unjudged(), 1);
}
