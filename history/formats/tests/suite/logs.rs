//! Jepsen's logs and Porcupine's key-value logs.

use crate::files::{kept, read, read_as};
use afterall_formats::{Format, FormatError, Nil, Options, Recorded};
use afterall_history::{History, Status, Value, Workload};

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
            "the format was guessed from lines with jepsen.util: jepsen-log",
            "the workload was guessed from cas, read: register",
            "1 read returned nil; taken as: nothing had been written",
            "1 line about faults skipped: faults of other tools come without evidence",
            "10 events without a time: the order of the lines stands for it, and no duration is told",
            "no replica is named: every session counts as sticky",
            "2 lines of the log are skipped, without an operation",
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
        ("INFO  jepsen.util - 0\t:ok\t:read\t[3", "expected the end of the value in this line"),
        ("INFO  jepsen.util - 0\t:ok\t:read\t3)", "closes nothing"),
        ("INFO  jepsen.util - 0\t:ok", "expected an :f"),
        ("INFO  jepsen.util - 1\t:ok\t:write\t3", "never invoked"),
    ] {
        let error = read(&format!("{good}{line}\n{good}")).unwrap_err();
        let FormatError::Line { line: 2, problem, .. } = &error else { panic!("{error}: {line}") };
        assert!(problem.to_string().contains(said), "{error}: {line}");
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

#[test]
fn times_in_brackets_are_the_times() {
    let lines = "\
2022-07-28 07:53:02,850{GMT}\tINFO\t[jepsen worker nemesis] jepsen.util: [ 1345013587 ] :nemesis\t:info\t:add-server\t\"n5\"
2022-07-28 07:53:02,853{GMT}\tINFO\t[jepsen worker 2] jepsen.util: [ 1350999542 ] 2\t:invoke\t:write\t4
2022-07-28 07:53:02,859{GMT}\tINFO\t[jepsen worker 2] jepsen.util: [1351999542] 2\t:ok\t:write\t4
[ 1595229221 ] 1\t:invoke\t:read\tnil
INFO  jepsen.util - [ 2109497754 ]  1\t:ok\t:read\t4";
    let options = Options { format: Some(Format::JepsenLog), ..Options::default() };
    for text in [lines.to_owned(), lines.replace('\n', "\r\n")] {
        let read = read_as(&text, &options).unwrap();
        let Recorded::Operations(history) = read.recorded else { panic!() };
        let times: Vec<_> = history.ops().map(|op| (op.invoked(), op.completed())).collect();
        assert_eq!(
            times,
            [(1_350_999_542, Some(1_351_999_542)), (1_595_229_221, Some(2_109_497_754))]
        );
        assert!(!read.notes.iter().any(|note| note.contains("without a time")), "{:?}", read.notes);
    }
    let (history, _) = kept(lines);
    assert_eq!(history.len(), 2);
    // What stands in brackets and is no time is no part of an operation.
    let (_, notes) = kept(&format!("{lines}\nINFO  jepsen.util - [ now ] 1 done"));
    assert!(notes.iter().any(|note| note.starts_with("1 line of the log is skipped")), "{notes:?}");
}

#[test]
fn a_long_set_up_comes_before_the_first_operation() {
    let logged =
        "2022-07-28 07:50:02,850{GMT}\tINFO\t[jepsen node n1] jepsen.control.util: downloading\n";
    let shell = "  Reading package lists... Done\n";
    for set_up in [logged, shell] {
        let (history, notes) = kept(&format!("{}{LOG}", set_up.repeat(200_000 / set_up.len())));
        assert_eq!(history.len(), 5, "{notes:?}");
    }
    let error = read(&shell.repeat(10_000)).unwrap_err().to_string();
    assert!(error.contains("--format"), "{error}");
}

#[test]
fn what_an_analysis_says_is_not_part_of_the_history() {
    let history = "\
INFO  jepsen.util - 0\t:invoke\t:write\t1
INFO  jepsen.util - 0\t:ok\t:write\t1
INFO  jepsen.util - 0\t:invoke\t:read\tnil
INFO  jepsen.util - 0\t:ok\t:read\t2
";
    for analysis in [
        "Followed by inconsistent operation:\n0\t:invoke\t:read\t2\nWorld with fixed history:\n0\t:invoke\t:write\t1\n",
        "World with fixed history:\n0\t:invoke\t:write\t1\n",
        "Everything looks good! ヽ(‘ー`)ノ\n0\t:invoke\t:write\t1\n",
        "Analysis invalid! (ﾉಥ益ಥ）ﾉ ┻━┻\n0\t:ok\t:write\t1\n",
        "{:valid? false,\n :op {:process 0, :type :ok}}\n0\t:ok\t:write\t1\n",
        "INFO  jepsen.core - Analyzing...\nINFO  jepsen.util - 0\t:ok\t:read\t7\n",
        "2020-01-01 INFO\t[jepsen test runner] jepsen.core: Run complete, writing\n0\t:ok\t:write\t1\n",
    ] {
        let (read, notes) = kept(&format!("{history}{analysis}"));
        assert_eq!(read.len(), 2, "{analysis}");
        let note = notes.iter().find(|note| note.starts_with("the analysis begins in line 5: "));
        let note = note.unwrap_or_else(|| panic!("{analysis}: {notes:?}"));
        assert!(note.ends_with("not part of the history"), "{note}");
    }
}

#[test]
fn types_in_prose_are_passed_over_and_counted() {
    let prose = [
        "INFO  jepsen.nemesis - all nodes are :ok now",
        "INFO  jepsen.util - 0 at :ok\t:read\t3",
        "INFO  jepsen.util - waiting for :info of 3 nodes",
        "INFO  db - result 17 :fail",
        "WARN  client - n1 answers :fail 3 times",
    ];
    for line in prose {
        let (history, notes) = kept(&format!("{line}\n{LOG}\n{line}\n"));
        assert_eq!(history.len(), 5);
        let note = notes.iter().find(|note| note.contains("in prose")).unwrap();
        assert!(note.starts_with("4 lines of the log (2 with :ok or the like"), "{note}");
    }
}

#[test]
fn texts_that_failed_are_told_from_reasons() {
    let (history, _) = kept(
        "0\t:invoke\t:add\t\"a\"\n0\t:info\t:add\t\"a\"\t:timeout\n1\t:invoke\t:add\t\"b\"\n1\t:fail\t:add\t:full\n",
    );
    let errors: Vec<_> = history.ops().map(|op| op.error()).collect();
    assert_eq!(errors, [Some("timeout"), Some("full")]);
}
