//! How Jepsen's histories are read with options: initial values, the order of times, final reads.

use crate::files::{initial, kept, read_as};
use crate::jepsen_forms::{edn, kept_as, ops, says};
use afterall_formats::{Finals, InitialValue, Nil, Options, Order, Recorded};
use afterall_history::Initial;

#[test]
fn keys_begin_with_what_is_given() {
    let text = edn(&["read nil→0", "write 72", "read nil→72"]);
    let (history, _) = kept_as(&text, &initial(&["0"]));
    let expected =
        ["setup write register 0", "read register [0]", "write register 72", "read register [72]"];
    assert_eq!(ops(&history), expected);
    let numbers: Vec<u32> = history.ops().map(|op| op.number()).collect();
    assert_eq!(numbers, [6, 1, 3, 5], "the file's lines, and above them");
    assert!(
        history.ops().next().unwrap().completion_index()
            < Some(history.ops().nth(1).unwrap().index())
    );
    // Each key before its first use, and only those that are given.
    let text =
        edn(&["read [a nil]→[a 1]", "read [b nil]→[b 2]", "write [c 5]", "read [a nil]→[a 1]"]);
    let (history, notes) = kept_as(&text, &initial(&["1", "b=2", "c=nil", "d=7"]));
    assert_eq!(
        ops(&history),
        [
            "setup write a 1",
            "read a [1]",
            "setup write b 2",
            "read b [2]",
            "write c 5",
            "read a [1]"
        ]
    );
    assert!(says(&notes, "no operation is on the key d"), "{notes:?}");
    for (lines, value, first) in [
        (vec!["add 1", "read nil→3"], "2", vec!["setup increment counter 2"]),
        (vec!["add 1", "read nil→-1"], "-2", vec!["setup decrement counter 2"]),
        (vec!["add 1", "read nil→1"], "0", vec!["increment counter 1"]),
        (vec!["add 1", "read nil→[1 7]"], "[7 8]", vec!["setup add set 7", "setup add set 8"]),
        (vec!["add 1", "read nil→[1]"], "[]", vec!["add set 1"]),
        (vec!["append \"b\"", "read nil→\"ab\""], "\"a\"", vec!["setup write text \"a\""]),
        (vec!["sell 1", "read nil→1"], "5", vec!["setup restock inventory 5"]),
        (
            vec!["checkout nil→[]", "add [\"m\" 1]"],
            "[[\"egg\" 2]]",
            vec!["setup add cart [\"egg\",2]"],
        ),
        (
            vec!["write {:a 1}", "read nil→{:a 1}"],
            "{\"b\": 1, \"a\": 2}",
            vec!["setup write register {\"a\":2,\"b\":1}"],
        ),
    ] {
        let (history, _) = kept_as(&edn(&lines), &initial(&[value]));
        assert_eq!(ops(&history)[..first.len()], first, "{value}");
    }
    for (lines, value) in [
        (vec!["add 1", "read nil→3"], "[1]"),
        (vec!["add 1", "read nil→[1]"], "5"),
        (vec!["add 1", "read nil→[1]"], "[nil]"),
        (vec!["append \"b\""], "5"),
        (vec!["sell 1"], "-5"),
        (vec!["checkout nil→[]"], "[\"egg\"]"),
        (vec!["post [1 nil]"], "[1]"),
        (vec!["acquire nil"], "1"),
        (vec!["txn [[:w 1 2]]"], "-1"),
        (vec!["txn [[:w 1 2]]"], "x=1"),
        (vec!["txn [[:w 1 2]]"], "\"a\""),
    ] {
        let error = read_as(edn(&lines), &initial(&[value])).unwrap_err().to_string();
        assert!(error.contains("--initial: expected "), "{value}: {error}");
    }
}

#[test]
fn a_read_of_nil_is_one_of_what_was_given_where_nil_is_initial() {
    let text = edn(&["read nil", "write 72"]);
    let with = |nil| Options { nil, ..initial(&["0"]) };
    assert_eq!(ops(&kept_as(&text, &with(Some(Nil::Initial))).0)[1], "read register [0]");
    assert_eq!(ops(&kept_as(&text, &with(None)).0)[1], "read register null ?");
    let text = edn(&["read nil", "add 1", "read nil→8"]);
    let options = Options { nil: Some(Nil::Initial), ..initial(&["7"]) };
    assert_eq!(ops(&kept_as(&text, &options).0)[1], "read counter 7");
    // What was deleted is not what was there at first.
    let text = edn(&["read nil", "delete nil", "read nil"]);
    let options = Options { nil: Some(Nil::Initial), ..initial(&["7"]) };
    let (history, _) = kept_as(&text, &options);
    assert_eq!(
        ops(&history)[1..],
        ["read register [7]", "delete register null", "read register null"]
    );
    // jepsen.tests.causal says itself what a key began with.
    let (history, _) = kept_as(
        &edn(&["read-init [0 nil]→[0 0]", "write [0 1]", "read [0 nil]→[0 1]"]),
        &initial(&["0"]),
    );
    assert_eq!(ops(&history), ["setup write 0 0", "read 0 [0]", "write 0 1", "read 0 [1]"]);
}

#[test]
fn initial_values_are_written_as_json_or_edn() {
    for (text, key, value) in [
        ("0", None, "0"),
        ("-5", None, "-5"),
        ("nil", None, "null"),
        ("null", None, "null"),
        (":init", None, "\"init\""),
        ("\"a=b\"", None, "\"a=b\""),
        ("[1 2]", None, "[1,2]"),
        ("#{2 1}", None, "[1,2]"),
        ("{\"a\": [1, 2]}", None, "{\"a\":[1,2]}"),
        ("x=0", Some("x"), "0"),
        (":x=0", Some("x"), "0"),
        ("5={:b 1 :a \"=\"}", Some("5"), "{\"a\":\"=\",\"b\":1}"),
        ("\"a b\"=[]", Some("a b"), "[]"),
        ("[1 2]=0", Some("[1,2]"), "0"),
    ] {
        let parsed: InitialValue = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(
            (parsed.key.as_deref(), parsed.value.to_string().as_str()),
            (key, value),
            "{text}"
        );
    }
    for text in ["", "x=", "=0", "[1", "1 2", "1.5", "nil=0", "\"", "]"] {
        let error = text.parse::<InitialValue>().unwrap_err();
        assert!(error.to_string().contains("expected"), "{text}: {error}");
    }
}

#[test]
fn transactions_begin_with_a_number() {
    let text = edn(&["txn [[:r 9 nil]]→[[:r 9 0]]", "txn [[:w 9 1]]"]);
    let read = read_as(&text, &initial(&["0"])).unwrap();
    let Recorded::Transactions(transactions) = read.recorded else { panic!() };
    assert_eq!(transactions.initial(), Initial::Always(0));
}

const AT_COMPLETION: &str = "\
{:type :invoke :f :write :process 1 :time 10 :value 1}
{:type :ok :f :write :process 1 :time 20 :value 1}
{:type :invoke :f :write :process 1 :time 40 :value 2}
{:type :ok :f :write :process 1 :time 60 :value 2}
{:type :invoke :f :read :process 2 :time 30 :value nil}
{:type :ok :f :read :process 2 :time 70 :value 1}
";

fn by_time() -> Options {
    Options { order: Order::Time, ..Options::default() }
}

#[test]
fn times_tell_the_order_where_they_are_asked() {
    let (history, notes) = kept(AT_COMPLETION);
    assert_eq!(ops(&history), ["write register 1", "write register 2", "read register [1]"]);
    assert!(says(&notes, "--order time"), "{notes:?}");
    let (history, notes) = kept_as(AT_COMPLETION, &by_time());
    assert_eq!(ops(&history), ["write register 1", "read register [1]", "write register 2"]);
    assert!(!says(&notes, "--order time"), "{notes:?}");
    let [_, read, write] = history.ops().collect::<Vec<_>>()[..] else { panic!() };
    assert!(Some(write.index()) < read.completion_index(), "they overlap");
    assert_eq!((read.number(), write.number()), (5, 3), "lines of the file");
    let error =
        read_as(AT_COMPLETION.replace(":time 40 ", ""), &by_time()).unwrap_err().to_string();
    assert!(error.contains(":3: expected a :time, by which --order time goes"), "{error}");
    // Faults need none, and what cannot be is told with its line.
    let nemesis = format!("{{:process :nemesis :type :info :f :start}}\n{AT_COMPLETION}");
    assert_eq!(kept_as(&nemesis, &by_time()).0.len(), 3);
    let twice = AT_COMPLETION.replace(":process 2 :time 30", ":process 1 :time 41");
    let error = read_as(&twice, &by_time()).unwrap_err().to_string();
    assert!(error.contains(":5: expected the completion of what"), "{error}");
}

#[test]
fn operations_overlap_where_times_are_equal() {
    let text = "\
{:type :invoke :f :write :process 1 :time 10 :value 1}
{:type :ok :f :write :process 1 :time 20 :value 1}
{:type :invoke :f :write :process 1 :time 20 :value 2}
{:type :ok :f :write :process 1 :time 20 :value 2}
{:type :invoke :f :read :process 2 :time 20 :value nil}
{:type :ok :f :read :process 2 :time 30 :value 1}
";
    let (history, _) = kept_as(text, &by_time());
    let [one, read, two] = history.ops().collect::<Vec<_>>()[..] else {
        panic!("{:?}", ops(&history))
    };
    assert_eq!((one.number(), two.number(), read.number()), (1, 3, 5));
    assert!(Some(read.index()) < one.completion_index());
    assert!(one.completion_index() < Some(two.index()));
    // All at once, as without a clock.
    let same: String = (0..500)
        .map(|n| {
            let process = n % 7;
            format!(
                "{{:type :invoke :f :write :process {process} :time 0 :value {n}}}\n{{:type :ok :f :write :process {process} :time 0 :value {n}}}\n"
            )
        })
        .collect();
    assert_eq!(kept_as(&same, &by_time()).0.len(), 500);
    let (transactions, _) = {
        let options = by_time();
        let text = "{:process 0 :type :invoke :f :txn :time 1 :value [[:w 1 1]]}
                    {:process 0 :type :ok :f :txn :time 2 :value [[:w 1 1]]}";
        let read = read_as(text, &options).unwrap();
        let Recorded::Transactions(transactions) = read.recorded else { panic!() };
        (transactions, read.notes)
    };
    assert_eq!(transactions.len(), 1);
}

#[test]
fn the_last_reads_are_final_where_they_are_asked() {
    let last = Options { finals: Finals::Last, ..Options::default() };
    let text = "\
{:process 0, :node \"n1\", :type :invoke, :f :read, :value nil}
{:process 0, :node \"n1\", :type :ok, :f :read, :value 0}
{:process 0, :node \"n1\", :type :invoke, :f :write, :value 1}
{:process 0, :node \"n1\", :type :ok, :f :write, :value 1}
{:process 0, :node \"n1\", :type :invoke, :f :read, :value nil}
{:process 0, :node \"n1\", :type :ok, :f :read, :value 1}
{:process 0, :node \"n1\", :type :invoke, :f :read, :value nil}
{:process 0, :node \"n1\", :type :ok, :f :read, :value 1}
{:process 1, :node \"n2\", :type :invoke, :f :read, :value nil}
{:process 1, :node \"n2\", :type :ok, :f :read, :value 0}
{:process 1, :node \"n2\", :type :invoke, :f :read, :value nil}
{:process 1, :node \"n2\", :type :ok, :f :read, :value nil}
";
    let finals = |text: &str, options: &Options| -> Vec<u32> {
        let (history, _) = kept_as(text, options);
        history.ops().filter(|op| op.is_final()).map(|op| op.number()).collect()
    };
    assert_eq!(finals(text, &Options::default()), [0_u32; 0]);
    assert_eq!(finals(text, &last), [7, 9], "a read of nil that is not judged is not the last");
    assert!(says(&kept_as(text, &last).1, "2 reads taken as final"));
    let no_nodes = text.replace(":node \"n1\", ", "").replace(":node \"n2\", ", "");
    assert_eq!(finals(&no_nodes, &last), [9]);
    // Each key by itself, and none before the last update of its key.
    let keys = edn(&["write [a 1]", "read [a nil]→[a 1]", "read [b nil]→[b 1]", "write [b 1]"]);
    assert_eq!(finals(&keys, &last), [3]);
    // An update whose end nobody knows is not awaited.
    let lost = format!(
        "{{:process 9, :type :invoke, :f :write, :value 2}}\n{}{{:process 9, :type :info, :f :write, :value 2}}",
        edn(&["read nil→1"])
    );
    assert_eq!(finals(&lost, &last), [2]);
    assert!(read_as(edn(&["txn [[:w 1 2]]"]), &last).is_err());
}
