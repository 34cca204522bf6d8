//! Jepsen's logs and Porcupine's key-value logs.

mod files;

use afterall_formats::{Format, FormatError, Nil, Options, Recorded};
use afterall_history::{History, Status, Value, Workload};
use files::{kept, read, read_as};

fn outputs(history: &History) -> Vec<(Status, Value)> {
    history.ops().map(|op| (op.status(), history.data().value(op.output()))).collect()
}

const LOG: &str = "\
INFO  jepsen.core - Worker 0 starting
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 1\t:invoke\t:cas\t[0 4]
INFO  jepsen.util - 0\t:ok\t:read\tnil
INFO  jepsen.util - :nemesis\t:info\t:start\t\"Cut off {:n1 #{:n2}}\"
INFO  jepsen.util - 1\t:info\t:cas\t:timed-out
INFO  jepsen.util - 0   :invoke :write  3  
2020-01-01 00:00:00 INFO [jepsen worker 6] jepsen.util: passing
INFO [2021-03-04 05:06:07,890] jepsen worker 0 - jepsen.util 6\t:invoke\t:cas\t[3 4]
INFO  jepsen.util - 0\t:ok\t:write\t3
INFO [2021-03-04 05:06:07,891] jepsen worker 0 - jepsen.util 6\t:fail\t:cas\t[3 4]
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:fail\t:read\t:timed-out";

#[test]
fn a_log_of_jepsen() {
    let (history, notes) = kept(LOG);
    assert_eq!(history.header().workload, Workload::Register);
    assert_eq!(
        outputs(&history),
        [
            (Status::Ok, Value::Nil),
            (Status::Info, Value::List(vec![0.into(), 4.into()])),
            (Status::Ok, 3.into()),
            (Status::Fail, Value::List(vec![3.into(), 4.into()])),
            (Status::Fail, Value::Nil),
        ]
    );
    assert_eq!(history.ops().nth(1).unwrap().error(), Some("timed-out"));
    assert_eq!(
        notes,
        [
            "guessed the format jepsen-log from lines with jepsen.util",
            "guessed the register workload from cas, read",
            "1 read returned nil; taken as: nothing had been written",
            "1 line of the nemesis passed over: faults of other tools come without evidence",
            "10 events without a time; positions stand for it, so durations mean nothing",
            "no replica is named: every session counts as sticky",
            "2 lines of the log are no operations, and were passed over",
        ]
    );
    let options = Options { nil: Some(Nil::Unknown), ..Options::default() };
    let Recorded::Operations(history) = read_as(LOG, &options).unwrap().recorded else { panic!() };
    assert_eq!(outputs(&history)[0], (Status::Fail, Value::Nil));
}

#[test]
fn newer_logs_and_the_short_history() {
    let lines = [
        "0\t:invoke\t:write\t3",
        ":nemesis\t:info\t:start\tnil",
        "0\t:ok\t:write\t3",
        "1\t:invoke\t:cas\t[3 4]",
        "1\t:fail\t:cas\t[3 4]\t:conn-closed",
        "0\t:invoke\t:read\tnil",
        "0\t:ok\t:read\t3",
    ];
    let newer: String = lines
        .iter()
        .map(|line| {
            format!("2021-02-26 23:39:01,300{{GMT}}\tINFO\t[jepsen worker 0] jepsen.util: {line}\n")
        })
        .collect();
    for text in [newer, lines.join("\n")] {
        let (history, _) = kept(&text);
        assert_eq!(
            outputs(&history),
            [
                (Status::Ok, 3.into()),
                (Status::Fail, Value::List(vec![3.into(), 4.into()])),
                (Status::Ok, Value::List(vec![3.into()])),
            ],
            "{text}"
        );
    }
}

#[test]
fn lines_that_look_like_operations_are_not_passed_over() {
    let good = "INFO  jepsen.util - 0\t:invoke\t:read\tnil\n";
    for (line, said) in [
        ("INFO  other.thing - 0\t:ok\t:read\t3", "found 0 :ok without jepsen.util before it"),
        ("INFO  jepsen.util - 0\t:okay\t:read\t3", "after the process 0, found :okay"),
        ("INFO  jepsen.util - 0\t:ok\t:read\t[3", "breaks off"),
        ("INFO  jepsen.util - 0\t:ok\t:read\t3)", "closes nothing"),
        ("INFO  jepsen.util - 0\t:ok", "no :f"),
        ("INFO  jepsen.util - 1\t:ok\t:write\t3", "nothing open"),
    ] {
        let error = read(&format!("{good}{line}\n{good}")).unwrap_err();
        let FormatError::Line { line: 2, what, .. } = &error else { panic!("{error}: {line}") };
        assert!(what.contains(said), "{error}: {line}");
    }
}

const KEY_VALUE: &str = "\
{:process 0, :type :invoke, :f :put, :key \"1\", :value \"x\"}
{:process 1, :type :invoke, :f :get, :key \"2\", :value nil}
{:process 0, :type :ok, :f :put, :key \"1\", :value \"x\"}
{:process 1, :type :ok, :f :get, :key \"2\", :value \"\"}
{:process 1, :type :invoke, :f :append, :key \"1\", :value \"y\"}
{:process 1, :type :ok, :f :append, :key \"1\", :value \"y\"}
{:process 1, :type :invoke, :f :get, :key \"1\", :value nil}
{:process 1, :type :ok, :f :get, :key \"1\", :value \"xy\"}
";

#[test]
fn a_key_value_log_of_porcupine() {
    let read = read(KEY_VALUE).unwrap();
    assert_eq!(read.format, Format::Porcupine);
    let Recorded::Operations(history) = read.recorded else { panic!() };
    assert_eq!(history.header().workload, Workload::Text);
    assert_eq!(history.keys(), 2);
    let values: Vec<Value> = outputs(&history).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["x".into(), Value::Nil, "y".into(), Value::from("xy")]);
}

#[test]
fn values_of_a_key_value_log_are_texts() {
    let error = read_as(
        KEY_VALUE.replace("\"y\"", "5"),
        &Options { format: Some(Format::Porcupine), ..Options::default() },
    );
    let error = error.unwrap_err().to_string();
    assert!(error.contains(":5: append cannot carry the value 5: the value is a text"), "{error}");
}

#[test]
fn a_format_that_is_named_is_not_guessed() {
    let options = Options { format: Some(Format::JepsenJson), ..Options::default() };
    let error = read_as(KEY_VALUE, &options).unwrap_err().to_string();
    assert!(error.contains(":1: "), "{error}");
    let options = Options { format: Some(Format::Afterall), ..Options::default() };
    assert!(read_as(KEY_VALUE, &options).is_err());
    let missing = afterall_formats::read("/nonexistent".as_ref(), &Options::default()).unwrap_err();
    assert!(matches!(missing, FormatError::Io { .. }), "{missing}");
}
