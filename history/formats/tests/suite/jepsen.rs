//! Jepsen's histories: what is kept of them, what is guessed, and what is refused, with its line.

use crate::files::{kept, read, read_as, refused};
use afterall_formats::{Format, Nil, Options, Recorded};
use afterall_history::{
    Function, History, Initial, NODE_UNKNOWN, Name, Status, Value, View, Workload,
};

/// Operations in words: process, what was asked, key, and what came of it.
fn ops(history: &History) -> Vec<String> {
    let words = |op: afterall_history::OpView<'_>| {
        let value = |datum| history.data().value(datum).to_string();
        let status = match op.status() {
            Status::Ok => "ok",
            Status::Fail => "fail",
            Status::Info => "info",
        };
        let key = history.key_name(op.key());
        let asked = if op.f().is_read() { value(op.output()) } else { value(op.input()) };
        format!("{} {} {key} {asked} {status}", op.process(), op.f())
    };
    history.ops().map(words).collect()
}

const REGISTER: &str = "\
{:process 0, :type :invoke, :f :write, :value 1, :time 10, :index 0}
{:process 1, :type :invoke, :f :cas, :value [1 2], :time 12, :index 1}
{:process 0, :type :ok, :f :write, :value 1, :time 14, :index 2}
{:process :nemesis, :type :info, :f :start-partition, :value {\"n1\" #{\"n2\"}}, :time 15, :index 3}
{:process 2, :type :invoke, :f :read, :value nil, :time 16, :index 4}
{:process 1, :type :fail, :f :cas, :value [1 2], :error :precondition, :time 18, :index 5}
{:process 2, :type :ok, :f :read, :value 1, :time 20, :index 6}
{:process 3, :type :invoke, :f :write, :value 3, :time 22, :index 7}
{:process 3, :type :info, :f :write, :value 3, :error [:timeout 5.0 \"n1\"], :time 24, :index 8}
{:process 4, :type :invoke, :f :read, :time 26, :index 9}
";

#[test]
fn a_register() {
    let (history, notes) = kept(REGISTER);
    assert_eq!(
        ops(&history),
        [
            "0 write register 1 ok",
            "1 cas register [1,2] fail",
            "2 read register [1] ok",
            "3 write register 3 info",
            "4 read register null info",
        ]
    );
    assert_eq!(history.header().workload, Workload::Register);
    assert_eq!(history.header().world, "recorded");
    assert_eq!(history.header().nodes, [NODE_UNKNOWN]);
    assert!(history.header().promises.is_empty());
    assert!(history.end().is_some());
    let times: Vec<i64> = history.ops().map(|op| op.invoked()).collect();
    assert_eq!(times, [10, 12, 16, 22, 26]);
    assert_eq!(history.ops().nth(1).unwrap().error(), Some("precondition"));
    assert_eq!(
        notes,
        [
            "the format was guessed from the first line: jepsen-edn",
            "the workload was guessed from cas, write: register",
            "1 line about faults skipped: faults of other tools come without evidence",
            "no replica is named: every session counts as sticky",
        ]
    );
}

#[test]
fn the_same_in_other_clothes() {
    let (bare, _) = kept(REGISTER);
    let tagged = REGISTER.replace("{:process", "#jepsen.history.Op{:process");
    let discarded = REGISTER.replace(", :f", ", #_ {:a [1]} :x 1.5 ; said\n :f");
    let strings = REGISTER.replace(":write", "\"write\"").replace(":ok", "\"ok\"");
    for text in [
        format!("; a comment\n\n[{REGISTER}]\n ; the end"),
        format!("({REGISTER})"),
        format!("#jepsen.history.DenseHistory [{REGISTER}]"),
        REGISTER.replace('\n', " "),
        REGISTER.replace('\n', "\r\n"),
        REGISTER.trim_end().to_owned(),
        tagged,
        discarded,
        strings,
    ] {
        let (other, _) = kept(&text);
        assert_eq!(ops(&other), ops(&bare), "{text}");
    }
}

#[test]
fn json() {
    let text = r#"[{"type":"invoke","f":"write","value":1,"process":0,"time":1,"index":0},
 {"type":"ok","f":"write","value":1,"process":0,"time":2,"index":1,"op-index":7,"x":1.5},
 {"process":"nemesis","type":"info","f":"start","value":null},
{"type":"invoke","f":"read","value":null,"process":1,"time":3},{"type":"ok","f":"read","value":"é\n","process":1,"time":4}]
"#;
    let (history, notes) = kept(text);
    assert_eq!(ops(&history), ["0 write register 1 ok", "1 read register [\"é\\n\"] ok"]);
    assert_eq!(
        notes[0],
        "the format was guessed from the fields of its first objects: jepsen-json"
    );
    let (lines, _) = kept(&text.replace(['[', ']'], "").replace("},", "}\n"));
    assert_eq!(ops(&lines), ops(&history));
}

#[test]
fn tuples_of_independent_keys() {
    let (history, notes) = kept(
        "{:process 0, :type :invoke, :f :write, :value [7 [1 2]]}
         {:process 0, :type :ok, :f :write, :value [7 [1 2]]}
         {:process 0, :type :invoke, :f :cas, :value #jepsen.independent/tuple [:x [1 2]]}
         {:process 0, :type :ok, :f :cas, :value [:x [1 2]]}
         {:process 0, :type :invoke, :f :read, :value [7 nil]}
         {:process 0, :type :ok, :f :read, :value [7 [1 2]]}",
    );
    assert_eq!(ops(&history), ["0 write 7 [1,2] ok", "0 cas x [1,2] ok", "0 read 7 [[1,2]] ok"]);
    assert!(notes.contains(&"the values are read as pairs [key value]".to_owned()), "{notes:?}");
    // A read that is invoked with nothing shows that pairs are plain values.
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :write, :value [7 8]}
         {:process 0, :type :ok, :f :write, :value [7 8]}
         {:process 0, :type :invoke, :f :read, :value nil}
         {:process 0, :type :ok, :f :read, :value [7 8]}",
    );
    assert_eq!(ops(&history), ["0 write register [7,8] ok", "0 read register [[7,8]] ok"]);
    // So does a field for the key.
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :write, :key 1 :value [7 8]}
         {:process 0, :type :ok, :f :write, :key 1 :value [7 8]}",
    );
    assert_eq!(ops(&history), ["0 write 1 [7,8] ok"]);
}

#[test]
fn counters_are_told_from_sets_by_what_reads_return() {
    let adds = "{:process 0, :type :invoke, :f :add, :value 5}
         {:process 0, :type :ok, :f :add, :value 5}
         {:process 0, :type :invoke, :f :add, :value -2}
         {:process 0, :type :ok, :f :add, :value -2}
         {:process 0, :type :invoke, :f :add, :value 0}
         {:process 0, :type :ok, :f :add, :value 0}
         {:process 0, :type :invoke, :f :read}\n";
    let counter = format!("{adds}{{:process 0, :type :ok, :f :read, :value 3}}");
    let (history, notes) = kept(&counter);
    let words = ["0 increment counter 5 ok", "0 decrement counter 2 ok", "0 read counter 3 ok"];
    assert_eq!(ops(&history), words);
    assert!(notes.contains(&"1 add of 0 left out: nothing changes by it".to_owned()), "{notes:?}");
    assert!(!history.ops().last().unwrap().is_final(), "nobody said so");
    let set = format!("{adds}{{:process 0, :type :ok, :f :read, :value #{{5 0 -2}}}}");
    let (history, _) = kept(&set);
    assert_eq!(history.header().workload, Workload::Set);
    assert_eq!(ops(&history).last().unwrap(), "0 read set [-2,0,5] ok");
    // Nothing but adds could be either.
    let error = refused(adds);
    assert!(error.contains("name it with --workload"), "{error}");
    let options = Options { workload: Some(Workload::Set), ..Options::default() };
    assert!(matches!(read_as(adds, &options).unwrap().recorded, Recorded::Operations(_)));
}

#[test]
fn final_reads_of_maelstrom() {
    let (history, notes) = kept(
        "{:process 0, :type :invoke, :f :broadcast, :value 5}
         {:process 0, :type :ok, :f :broadcast, :value 5}
         {:process 0, :type :invoke, :f :read}
         {:process 0, :type :ok, :f :read, :value []}
         {:process 0, :type :invoke, :f :read, :final? true}
         {:process 0, :type :ok, :f :read, :value [5], :final? true}",
    );
    let finals: Vec<bool> = history.ops().map(|op| op.is_final()).collect();
    assert_eq!(finals, [false, false, true]);
    assert!(!notes.iter().any(|note| note.contains("final")), "{notes:?}");
}

#[test]
fn locks() {
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :acquire, :value nil}
         {:process 0, :type :ok, :f :acquire, :value nil}
         {:process 0, :type :invoke, :f :release, :value nil}
         {:process 0, :type :ok, :f :release, :value :done}",
    );
    assert_eq!(ops(&history), ["0 acquire mutex null ok", "0 release mutex null ok"]);
}

#[test]
fn a_read_of_nil_is_unknown_unless_it_is_said_to_be_initial() {
    let text = "{:process 0, :type :invoke, :f :read}
         {:process 0, :type :ok, :f :read, :value nil}
         {:process 0, :type :invoke, :f :write, :value 1}";
    let (history, notes) = kept(text);
    assert_eq!(ops(&history)[0], "0 read register null fail");
    let read = history.ops().next().unwrap();
    assert!(read.is_unjudged() && read.error().is_none());
    assert_eq!(history.unjudged(), 1);
    let part = history.part(&[read.id()], &history.by_key());
    assert_eq!((part.len(), part.unjudged()), (1, 1));
    assert!(notes.iter().any(|note| note.starts_with("1 read returned nil")), "{notes:?}");
    let options = Options { nil: Some(Nil::Initial), ..Options::default() };
    let Recorded::Operations(history) = read_as(text, &options).unwrap().recorded else { panic!() };
    assert_eq!(ops(&history)[0], "0 read register null ok");
    assert_eq!(history.unjudged(), 0);
}

#[test]
fn a_process_that_goes_on_after_an_info_is_another_session() {
    let (history, notes) = kept(
        "{:process 0, :type :invoke, :f :write, :value 1}
         {:process 0, :type :info, :f :write, :value 1}
         {:process 0, :type :invoke, :f :write, :value 2}
         {:process 0, :type :info, :f :write}
         {:process 0, :type :invoke, :f :write, :value 3}
         {:process :a, :type :invoke, :f :write, :value 4}
         {:process -5, :type :invoke, :f :write, :value 5}",
    );
    let processes: Vec<u64> = history.ops().map(|op| op.process()).collect();
    assert_eq!(processes, [0, 1_000_000_000, 1_000_000_001, 1_000_000_002, 1_000_000_003]);
    assert!(notes.iter().any(|note| note.starts_with("a process continued 2 times")), "{notes:?}");
}

#[test]
fn the_order_of_lines_counts_where_times_or_indexes_disagree_or_are_missing() {
    let (history, notes) = kept(
        "{:process 0, :type :invoke, :f :write, :value 1, :time 5, :index 1}
         {:process 0, :type :ok, :f :write, :value 1, :time 9, :index 2}
         {:process 1, :type :invoke, :f :write, :value 2, :time 7, :index 1}
         {:process 1, :type :ok, :f :write, :value 2}",
    );
    let invoked: Vec<i64> = history.ops().map(|op| op.invoked()).collect();
    assert_eq!(invoked, [5, 9]);
    for said in
        ["1 event without a time", "1 event with an earlier time", "1 event with a lower index"]
    {
        assert!(notes.iter().any(|note| note.starts_with(said)), "{said}: {notes:?}");
    }
}

#[test]
fn nodes_that_are_named_are_the_replicas() {
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :write, :value 1, :node \"n2\"}
         {:process 0, :type :ok, :f :write, :value 1, :node \"n2\"}
         {:process 1, :type :invoke, :f :write, :value 2, :node :n1}",
    );
    assert_eq!(history.header().nodes, ["n1", "n2"]);
    assert_eq!(history.ops().next().unwrap().node_name(), "n2");
}

#[test]
fn other_workloads_when_they_are_named() {
    let text = "{:process 0, :type :invoke, :f :add, :value [\"i\" 1], :key \"c\"}
         {:process 0, :type :ok, :f :add, :value [\"i\" 1], :key \"c\"}
         {:process 0, :type :invoke, :f :read, :key \"c\"}
         {:process 0, :type :ok, :f :read, :value [[\"i\" 1]], :key \"c\"}";
    let options = Options { workload: Some(Workload::Cart), ..Options::default() };
    let Recorded::Operations(history) = read_as(text, &options).unwrap().recorded else { panic!() };
    assert_eq!(ops(&history), ["0 add c [\"i\",1] ok", "0 read c [[\"i\",1]] ok"]);
}

#[test]
fn transactions_of_reads_and_writes() {
    let read = read(
        "{:process 0, :type :invoke, :f :txn, :value [[:w x 1] [:r y]]}
         {:process 0, :type :ok, :f :txn, :value [[:w x 1] [:r y nil]]}
         {:process 0, :type :invoke, :f :txn, :value [[:r x nil] [:w y \"1\"]]}
         {:process 0, :type :fail, :f :txn, :value [[:r x nil] [:w y \"1\"]]}
         {:process 1, :type :invoke, :f :txn, :value [[:r x nil] [:w y 2]]}
         {:process 1, :type :info, :f :txn}
         {:process 2, :type :invoke, :f :txn, :value [[:r x nil]]}
         {:process 2, :type :ok, :f :txn, :value [[:r x 1]]}
         {:process 3, :type :invoke, :f :txn, :value [[:write x 5]]}",
    )
    .unwrap();
    let Recorded::Transactions(transactions) = read.recorded else { panic!() };
    let txns: Vec<_> = transactions
        .txns()
        .map(|txn| {
            let ops = transactions.ops_of(txn).map(|op| {
                let value = transactions.value(op.value);
                (op.write, transactions.key_name(op.key), value)
            });
            (transactions.status(txn), ops.collect::<Vec<_>>())
        })
        .collect();
    let (x, y) = (Name::Text("x"), Name::Text("y"));
    let number = |n| Some(Name::Number(n));
    assert_eq!(
        txns,
        [
            (Status::Ok, vec![(true, x, number(1)), (false, y, None)]),
            (Status::Fail, vec![(true, y, Some(Name::Text("1")))]),
            (Status::Info, vec![(true, y, number(2))]),
            (Status::Ok, vec![(false, x, number(1))]),
            (Status::Info, vec![(true, x, number(5))]),
        ]
    );
}

#[test]
fn transactions_as_elle_has_them_need_no_f() {
    let read = read(
        r#"[{"index":0,"process":1,"type":"invoke","value":[["w",255,8],["r",253,null]]},
            {"index":1,"process":1,"type":"ok","value":[["w",255,8],["r",253,null]]}]"#,
    )
    .unwrap();
    assert_eq!(read.format, Format::JepsenJson);
    let Recorded::Transactions(transactions) = read.recorded else { panic!() };
    assert_eq!(transactions.txns().count(), 1);
}

#[test]
fn a_multi_register_of_knossos_begins_with_zeros() {
    // The reads of 0 are of no write, whoever wrote 0 later.
    let read = read(
        "[{:type :invoke, :f :txn, :value [[:read :x nil] [:read :y nil]], :process 3}
          {:type :ok, :f :txn, :value [[:read :x 0] [:read :y 0]], :process 3}
          {:type :invoke, :f :txn, :value [[:write :x 0]], :process 3}
          {:type :ok, :f :txn, :value [[:write :x 0]], :process 3}]",
    )
    .unwrap();
    assert!(read.notes.iter().any(|note| note.starts_with("reads of 0")), "{:?}", read.notes);
    let Recorded::Transactions(transactions) = read.recorded else { panic!() };
    assert_eq!(transactions.initial(), Initial::Always(0));
}

#[test]
fn a_set_may_have_pairs_for_elements() {
    let text = "{:type :invoke, :f :add, :value [0 1], :process 0}
         {:type :ok, :f :add, :value [0 1], :process 0}
         {:type :invoke, :f :read, :value [0 nil], :process 0}
         {:type :ok, :f :read, :value [[0 1] [0 2] [0 3]], :process 0}";
    let (history, _) = kept(text);
    assert_eq!(ops(&history)[0], "0 add set [0,1] ok");
}

#[test]
fn forms_of_edn() {
    let write = |form: &str| {
        let (history, _) = kept(&format!(
            "{{:process 0, :type :invoke, :f :write, :value {form}}}\n{{:process 0, :type :ok, :f :write}}"
        ));
        let op = history.ops().next().unwrap();
        assert_eq!(op.f(), Function::Write);
        if let View::List(items) = history.view(op.input()) {
            return Value::List(items.map(|item| history.data().value(item)).collect()).to_string();
        }
        history.data().value(op.input()).to_string()
    };
    for (form, value) in [
        ("true", "true"),
        ("-7", "-7"),
        ("+7", "7"),
        ("0", "0"),
        ("-0", "0"),
        ("123456789012345678", "123456789012345678"),
        ("9223372036854775807", "9223372036854775807"),
        ("-9223372036854775808N", "-9223372036854775808"),
        ("\"a\\tb\\\"\\\\\\u00e9\\ud83d\\ude00\"", "\"a\\tb\\\"\\\\é😀\""),
        (":a/b", "\"a/b\""),
        ("sym-bol", "\"sym-bol\""),
        ("-", "\"-\""),
        ("\\a", "\"a\""),
        ("\\newline", "\"\\n\""),
        ("\\u0041", "\"A\""),
        ("\\(", "\"(\""),
        ("[1 (2 #{3}) []]", "[1,[2,[3]],[]]"),
        ("{:a 1, \"b\" {2 nil}}", "{\"a\":1,\"b\":{\"2\":null}}"),
        ("#inst \"1985-04-12T23:20:50.52Z\"", "\"1985-04-12T23:20:50.52Z\""),
        ("#uuid \"f81d\"", "\"f81d\""),
        ("#my/tag #other [1]", "[1]"),
        ("#_1 #_[2 #_3] 4", "4"),
        ("; one\n 5", "5"),
    ] {
        assert_eq!(write(form), value, "{form}");
    }
    for form in [
        "010",
        "1.0",
        "1/2",
        "1e5",
        "5M",
        "##NaN",
        "99999999999999999999",
        "\\nothing",
        "\"\\x\"",
        "\"\\ud83d\"",
        "'a",
        "@a",
        "#{1",
        "]",
        "#!",
    ] {
        let text = format!("{{:process 0, :type :invoke, :f :write, :value {form}}}");
        assert!(read(&text).is_err(), "{form}");
    }
}

#[test]
fn formats_and_their_names() {
    for &format in Format::ALL {
        assert_eq!(format.to_string().parse(), Ok(format));
    }
    let error = "knossos".parse::<Format>().unwrap_err().to_string();
    assert!(error.contains("jepsen-edn, jepsen-json"), "{error}");
}
