//! The many forms that histories of Jepsen's have in the wild, and what becomes of each.

use crate::files::{initial, kept, read, read_as, refused};
use afterall_formats::{Nil, Options, Recorded};
use afterall_history::{Function, History, KeyId, Name, Status, Transactions, Workload};

/// Operations in words: what was asked, key, what came of it, and `?` where nobody judges it.
pub(crate) fn ops(history: &History) -> Vec<String> {
    let words = |op: afterall_history::OpView<'_>| {
        let value = |datum| history.data().value(datum).to_string();
        let key = history.key_name(op.key());
        let asked = if op.f().is_read() { value(op.output()) } else { value(op.input()) };
        let status = match op.status() {
            _ if op.is_unjudged() => " ?",
            Status::Ok => "",
            Status::Fail => " fail",
            Status::Info => " info",
        };
        let setup = if op.is_setup() { "setup " } else { "" };
        format!("{setup}{} {key} {asked}{status}", op.f())
    };
    history.ops().map(words).collect()
}

pub(crate) fn kept_as(text: &str, options: &Options) -> (History, Vec<String>) {
    match read_as(text, options) {
        Ok(read) => match read.recorded {
            Recorded::Operations(history) => (history, read.notes),
            other => panic!("{other:?}"),
        },
        Err(error) => panic!("{error}\n{text}"),
    }
}

pub(crate) fn txns(text: &str) -> (Transactions, Vec<String>) {
    let read = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let Recorded::Transactions(transactions) = read.recorded else { panic!("{text}") };
    (transactions, read.notes)
}

/// Operations, one a line, each of one process: `f asked → returned`; both ends follow each other.
pub(crate) fn edn(lines: &[&str]) -> String {
    let mut text = String::new();
    for (at, line) in lines.iter().enumerate() {
        let (f, rest) = line.split_once(' ').unwrap();
        let (asked, returned) = rest.split_once('→').unwrap_or((rest, rest));
        for (kind, value) in [("invoke", asked), ("ok", returned)] {
            text.push_str(&format!("{{:process {at}, :type :{kind}, :f :{f}, :value {value}}}\n"));
        }
    }
    text
}

pub(crate) fn says(notes: &[String], what: &str) -> bool {
    notes.iter().any(|note| note.contains(what))
}

#[test]
fn a_cas_in_a_tuple_may_have_its_values_beside_the_key() {
    for (lines, expected) in [
        (vec!["write [k v]", "read [k nil]→[k v]", "cas [k v w]"], "cas k [\"v\",\"w\"]"),
        (vec!["cas [k v w]", "read [k nil]→[k w]"], "cas k [\"v\",\"w\"]"),
        (vec!["cas [1 [2 3] [4 5]]", "read [1 nil]→[1 [4 5]]"], "cas 1 [[2,3],[4,5]]"),
        (vec!["cas [1 nil 5]", "read [1 nil]→[1 5]"], "cas 1 [null,5]"),
        (vec!["cas [1 2 3]", "write [1 4]"], "cas 1 [2,3]"),
    ] {
        let (history, notes) = kept(&edn(&lines));
        assert!(ops(&history).contains(&expected.to_owned()), "{:?}", ops(&history));
        assert!(says(&notes, "the values are read as pairs"), "{notes:?}");
    }
    // In one history there may be both.
    let (history, _) = kept(&edn(&["cas [k v w]", "cas [k [w x]]"]));
    assert_eq!(ops(&history), ["cas k [\"v\",\"w\"]", "cas k [\"w\",\"x\"]"]);
    let error = refused(&edn(&["write [k v]", "read [k nil]", "cas [k v w x]"]));
    assert!(error.contains(":5: expected a tuple [key value]"), "{error}");
    let error = refused(&edn(&["write [k v]", "read [k nil]", "write [k v w]"]));
    assert!(error.contains(":5: expected a tuple [key value]"), "{error}");
}

#[test]
fn versions_beside_values_are_told_from_pairs() {
    let (history, notes) = kept(&edn(&[
        "write [5 [nil 4]]→[5 [1 4]]",
        "read [5 [nil nil]]→[5 [1 4]]",
        "cas [5 [nil [4 2]]]→[5 [2 [4 2]]]",
        "read [5 [nil nil]]→[5 [2 2]]",
        "read [5 [nil nil]]→[5 [nil nil]]",
    ]));
    assert_eq!(
        ops(&history),
        ["write 5 4", "read 5 [4]", "cas 5 [4,2]", "read 5 [2]", "read 5 null ?"]
    );
    assert!(says(&notes, "values are pairs [version value]"), "{notes:?}");
    // Without a key, and with one of its own.
    let bare = edn(&["write [nil 4]→[1 4]", "read [nil nil]→[1 4]"]);
    assert_eq!(ops(&kept(&bare).0), ["write register 4", "read register [4]"]);
    let keyed = bare.replace(":f", ":key 9, :f");
    assert_eq!(ops(&kept(&keyed).0), ["write 9 4", "read 9 [4]"]);
    // Reads that are invoked with nothing, or writes with something in the place, show that values are pairs.
    for (lines, expected) in [
        (vec!["write [nil 4]", "read nil→[nil 4]"], "write register [null,4]"),
        (vec!["write [5 [nil 4]]", "read [5 nil]→[5 [nil 4]]"], "write 5 [null,4]"),
        (vec!["write [5 [nil 4]]", "write [5 [1 4]]", "read [5 nil]→[5 [1 4]]"], "write 5 [1,4]"),
    ] {
        let (history, notes) = kept(&edn(&lines));
        assert!(ops(&history).contains(&expected.to_owned()), "{:?}", ops(&history));
        assert!(!says(&notes, "version"), "{notes:?}");
    }
    let error = refused(&edn(&["write [5 [nil 4]]→[5 [1 4]]", "read [5 [nil nil]]→[5 7]"]));
    assert!(error.contains(":4: expected [version value]"), "{error}");
}

#[test]
fn deletes_write_nothing_and_nil_is_judged_beside_them() {
    for lines in [
        ["write 1", "delete nil", "read nil"],
        ["write [register 1]", "delete [register nil]", "read [register nil]"],
        ["write 1", "del nil→1", "read nil"],
    ] {
        let (history, notes) = kept(&edn(&lines));
        assert_eq!(
            ops(&history),
            ["write register 1", "delete register null", "read register null"]
        );
        assert!(says(&notes, "taken as: nothing was there"), "{notes:?}");
        assert_eq!(history.unjudged(), 0);
    }
    // Also where the delete comes after the read.
    let text = edn(&["read nil", "write 1", "delete nil"]);
    assert_eq!(kept(&text).0.unjudged(), 0);
    let options = Options { nil: Some(Nil::Unknown), ..Options::default() };
    assert_eq!(kept_as(&text, &options).0.unjudged(), 1);
    let json = r#"{"process":0,"type":"invoke","f":"delete","key":"k"}
                  {"process":0,"type":"ok","f":"delete","key":"k"}"#;
    assert_eq!(ops(&kept(json).0), ["delete k null"]);
    assert!(refused(&edn(&["write 1", "delete 1"])).contains(":3: delete cannot carry"));
    // A key-value store by other names.
    let options = Options { workload: Some(Workload::Register), ..Options::default() };
    let (history, _) = kept_as(&edn(&["put 1", "get nil→1", "delete nil"]), &options);
    assert_eq!(ops(&history), ["write register 1", "read register [1]", "delete register null"]);
}

#[test]
fn sets_with_removes_are_told_from_carts() {
    for (lines, workload) in [
        (vec!["add \"foo\"", "remove \"foo\"", "read nil→[]"], Workload::Set),
        (vec!["add 1", "remove 1", "read nil→#{}"], Workload::Set),
        (vec!["remove 1", "add 1", "read nil→#{}"], Workload::Set),
        (vec!["add [k 1]", "remove [k 1]", "read [k nil]→[k #{}]"], Workload::Set),
        (vec!["add {:id 1}", "remove {:id 1}", "read nil→#{}"], Workload::Set),
        (vec!["add 1", "delete 1", "read nil→#{}"], Workload::Set),
        (vec!["add [\"milk\" 1]", "remove \"milk\"", "read nil→[]"], Workload::Cart),
        (vec!["remove \"milk\"", "add [\"milk\" 1]", "read nil→[]"], Workload::Cart),
        (
            vec!["add [k [\"milk\" 1]]", "remove [k \"milk\"]", "read [k nil]→[k []]"],
            Workload::Cart,
        ),
        (vec!["add [\"milk\" 2]", "checkout nil→[[\"milk\" 2]]"], Workload::Cart),
    ] {
        let (history, notes) = kept(&edn(&lines));
        assert_eq!(history.header().workload, workload, "{lines:?} {notes:?}");
        assert_eq!(history.len(), lines.len());
        assert!(history.ops().all(|op| op.status() == Status::Ok));
    }
}

#[test]
fn micro_operations_make_a_transaction_whatever_its_name() {
    let (transactions, _) = txns(&edn(&[
        "read [[:r 9 nil] [:r 8 nil]]",
        "write [[:w 9 1] [:w 8 1]]",
        "txn [[:r 9 nil] [:w 8 2]]→[[:r 9 1] [:w 8 2]]",
        "mixed [[:r 8 nil]]→[[:r 8 1]]",
        "r [[\"r\" 8 nil]]→[[\"r\" 8 2]]",
    ]));
    assert_eq!((transactions.len(), transactions.ops()), (5, 8));
    let (transactions, _) = txns(
        r#"[{"type":"invoke","f":"read","process":0,"value":[["r",9,null]]},{"type":"ok","f":"read","process":0,"value":[["r",9,null]]}]"#,
    );
    assert_eq!(transactions.len(), 1);
    // Values that only look like them.
    let (history, _) = kept(&edn(&["add [:r 1 2]", "read nil→[[:r 1 2]]"]));
    assert_eq!(history.header().workload, Workload::Set);
    let (history, _) = kept(
        &edn(&["read nil→[[:r 1 2]]", "write [[:w 1 2]]"])
            .replace("[[:w 1 2]]", "[1]")
            .replace("[[:r 1 2]]", "nil"),
    );
    assert_eq!(history.header().workload, Workload::Register);
    let error = refused(&edn(&["txn [[:r 9 nil]]", "write 5"]));
    assert!(error.contains(":3: expected a list of micro-operations"), "{error}");
}

#[test]
fn what_is_posted_is_not_a_tuple() {
    let (history, _) = kept(&edn(&["post [\"q\" nil]", "post [\"a\" \"q\"]", "read nil→[\"a\"]"]));
    assert_eq!(
        ops(&history),
        ["post chat [\"q\",null]", "post chat [\"a\",\"q\"]", "read chat [\"a\"]"]
    );
    let (history, _) = kept(&edn(&["post [\"q\" nil]", "edit [\"e\" \"q\"]"]));
    assert_eq!(history.len(), 2);
    let (history, _) = kept(&edn(&["post [room [\"q\" nil]]", "read [room nil]→[room [\"q\"]]"]));
    assert_eq!(ops(&history)[0], "post room [\"q\",null]");
    let options = Options { workload: Some(Workload::Chat), ..Options::default() };
    let (history, _) = kept_as(&edn(&["read nil→[]", "post [\"q\" nil]"]), &options);
    assert_eq!(ops(&history)[1], "post chat [\"q\",null]");
}

#[test]
fn completions_alone_are_judged_without_times() {
    let text = "{:type :ok, :f :write, :value [x 1], :process 0, :time 0, :index 0}
        {:type :ok, :f :write, :value [x 2], :process 0, :time 1, :index 1}
        {:type :info, :f :write, :value [x 3], :process 2, :time 1, :index 2}
        {:type :fail, :f :write, :value [x 4], :process 3, :time 1, :index 3}
        {:type :ok, :f :read, :value [x 2], :process 1, :time 2, :index 4}
        {:type :ok, :f :read, :value [x nil], :process 1, :time 3, :index 5}";
    let (history, notes) = kept(text);
    assert_eq!(
        ops(&history),
        [
            "write x 1",
            "write x 2",
            "write x 3 info",
            "write x 4 fail",
            "read x [2]",
            "read x null ?"
        ]
    );
    assert!(!history.has_real_time());
    assert!(says(
        &notes,
        "only completions were recorded: judged by sessions and reads, not by times"
    ));
    assert!(!says(&notes, "invoked with a value"), "{notes:?}");
    let numbers: Vec<u32> = history.ops().map(|op| op.number()).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4, 5]);
    // Single values, sets, counters, logs.
    for text in [
        "{:type :ok, :f :write, :value 1, :process 0}\n{:type :ok, :f :read, :value 1, :process 0}",
        "{:type :ok, :f :add, :value 1, :process 0}\n{:type :ok, :f :read, :value [1], :process 0}",
        "{:type :ok, :f :add, :value 1, :process 0}\n{:type :ok, :f :read, :value 1, :process 0}",
        "0\t:ok\t:write\t1\n0\t:ok\t:read\t1\n",
        "[{\"type\":\"ok\",\"f\":\"write\",\"value\":1,\"process\":0},{\"type\":\"ok\",\"f\":\"read\",\"value\":1,\"process\":0}]",
    ] {
        let (history, _) = kept(text);
        assert_eq!((history.len(), history.has_real_time()), (2, false), "{text}");
    }
    let (history, notes) = kept(&edn(&["write 1", "read nil→1"]));
    assert!(history.has_real_time() && !says(&notes, "only completions"), "{notes:?}");
    let (transactions, notes) = txns(
        "{:process 0, :type :ok, :f :txn, :value [[:w :x 1]]}
         {:process 1, :type :ok, :f :txn, :value [[:r :x 1]]}
         {:process 2, :type :fail, :f :txn, :value [[:w :x 2]]}",
    );
    assert_eq!((transactions.len(), transactions.ops()), (3, 3));
    assert!(says(&notes, "only completions were recorded"), "{notes:?}");
    // Some with and some without.
    let mixed = format!("{}{{:process 9, :type :ok, :f :read, :value 1}}", edn(&["write 1"]));
    assert!(refused(&mixed).contains(":3: expected an invocation, found a completion"));
}

#[test]
fn operations_are_called_what_the_file_calls_them() {
    let numbers = |text: &str| -> Vec<u32> { kept(text).0.ops().map(|op| op.number()).collect() };
    let text = edn(&["write 1", "read nil→1"]);
    assert_eq!(numbers(&text), [1, 3], "by lines");
    assert_eq!(numbers(&format!("[;\n\n{text}]")), [3, 5]);
    let mut at = 10;
    let indexed = text.lines().map(|line| {
        at += 5;
        line.replace("{:", &format!("{{:index {at}, :")) + "\n"
    });
    let indexed: String = indexed.collect();
    assert_eq!(numbers(&indexed), [15, 25]);
    assert_eq!(numbers(&indexed.replace('\n', " ")), [15, 25]);
    assert_eq!(numbers(&indexed.replace("25", "15")), [1, 3], "not unique: by lines");
    assert_eq!(numbers(&indexed.replace(":index 25, ", "")), [1, 3], "not all there: by lines");
    assert_eq!(numbers(&indexed.replace("15", "-1")), [1, 3], "not a count: by lines");
    assert_eq!(numbers(&text.replace('\n', " ")), [0, 2], "all in one line: by places");
    // Lines of the nemesis count, too.
    let log = "INFO starting\n0\t:invoke\t:write\t1\n:nemesis\t:info\t:start\tnil\n0\t:ok\t:write\t1\n0\t:invoke\t:read\tnil\n";
    let options =
        Options { format: Some(afterall_formats::Format::JepsenLog), ..Options::default() };
    let named: Vec<u32> = kept_as(log, &options).0.ops().map(|op| op.number()).collect();
    assert_eq!(named, [2, 5]);
    // What stands for the beginning has the highest numbers, also where places count.
    let (history, _) = kept_as(&text.replace('\n', " "), &initial(&["0"]));
    let named: Vec<u32> = history.ops().map(|op| op.number()).collect();
    assert_eq!(named, [3, 0, 2]);
    let op = history.op_of_number(2).unwrap();
    assert_eq!(history.op(op).f(), Function::Read);
}

#[test]
fn what_users_write_otherwise_means_the_same() {
    let plain = ops(&kept(&edn(&["write [1 5]", "read [1 nil]→[1 5]"])).0);
    for text in [
        // Tuples of other versions of Jepsen.
        edn(&[
            "write #jepsen.independent.Tuple[1 5]",
            "read #jepsen.independent/tuple [1 nil]→(1 5)",
        ]),
        edn(&["write [:1 5]", "read [\"1\" nil]→[\\1 5]"]),
        // Comments, discarded forms, trailing commas, tags, other fields.
        edn(&["write [1 #_7 5,,]", "read [1 nil], :x #inst \"2020-01-01\", :y 1/2, :z \\a→[1 5]"]),
        edn(&["write [1 5]", "read [1 nil]→[1 5]"]).replace('\n', "\r\n"),
        // Namespaces.
        edn(&["write [1 5]", "read [1 nil]→[1 5]"]).replace("{:process", "#:op{:process"),
        edn(&["write [1 5]", "read [1 nil]→[1 5]"])
            .replace(":type", ":op/type")
            .replace(":process", ":op/process")
            .replace(":f", ":op/f")
            .replace(":value", ":client/time 7.5, :op/value"),
        edn(&["write [1 5]", "read [1 nil]→[1 5]"]).replace(":type :", ":type \""),
        edn(&["write [1 5]", "read [1 nil]→[1 5]"])
            .replace("{:process", "#jepsen.history.Op{:process"),
        format!(
            "{{:process \"nemesis\", :type :info, :f :x, :value 1.5}}\n{{:process :nemesis, :type :info, :f nil, :value #{{}}}}\n{}",
            edn(&["write [1 5]", "read [1 nil]→[1 5]"])
        ),
    ] {
        let text = text
            .replace(":type \"invoke", ":type \"invoke\"")
            .replace(":type \"ok", ":type \"ok\"");
        let (history, _) = kept(&text);
        assert_eq!(ops(&history), plain, "{text}");
    }
    let json = [
        r#"{"type":":invoke","f":":write","process":0,"value":[1,5]}"#,
        r#"{"type":":ok","f":":write","process":0,"value":[1,5]}"#,
        r#"{"type":":invoke","f":":read","process":"1","value":[1,null]}"#,
        r#"{"type":":ok","f":":read","process":"1","value":[1,5]}"#,
    ];
    for text in
        [json.join("\n"), json.join(",\n"), format!("[{}]", json.join(",")), json.join("\r\n")]
    {
        assert_eq!(ops(&kept(&text).0), plain, "{text}");
    }
    // Of what failed the value may be anything.
    let failed = "{:process 0, :type :invoke, :f :write, :value [1 5]}
        {:process 0, :type :info, :f :write, :value :timeout}
        {:process 1, :type :invoke, :f :read, :value [1 nil]}
        {:process 1, :type :fail, :f :read, :value {:status 503}}
        {:process 2, :type :invoke, :f :cas, :value [1 [5 6]]}
        {:process 2, :type :fail, :f :cas, :value [5 6]}";
    let (history, _) = kept(failed);
    assert_eq!(ops(&history), ["write 1 5 info", "read 1 null fail", "cas 1 [5,6] fail"]);
    let counter = "{:process 0, :type :invoke, :f :add, :value -5}
        {:process 0, :type :fail, :f :add, :value :timeout}
        {:process 1, :type :invoke, :f :read}
        {:process 1, :type :ok, :f :read, :value 0}";
    assert_eq!(ops(&kept(counter).0), ["decrement counter 5 fail", "read counter 0"]);
}

#[test]
fn keywords_texts_and_numbers_are_keys_of_transactions() {
    let (transactions, _) = txns(&edn(&["txn [[:w :x 1] [:w \"y\" 2] [:w 3 3]]"]));
    let names: Vec<Name<'_>> = (0..3).map(|key| transactions.key_name(KeyId(key))).collect();
    assert_eq!(names, [Name::Text("x"), Name::Text("y"), Name::Number(3)]);
}
