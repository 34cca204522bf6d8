//! What values of other tools become: what has no order has none here, and what is no value is refused.

use crate::files::{kept, read_as, refused};
use afterall_formats::{Options, Recorded};
use afterall_history::{History, Value, Workload};

/// What the only write carried, and what the only read returned.
fn written_and_read(history: &History) -> (Value, Value) {
    let op = |at: usize| history.ops().nth(at).unwrap();
    let read = history.data().value(op(1).output());
    (history.data().value(op(0).input()), read.as_list().unwrap()[0].clone())
}

/// A register's history in EDN in which one thing is written and another read.
fn edn(write: &str, read: &str) -> String {
    format!(
        "{{:process 0, :type :invoke, :f :write, :value {write}}}
         {{:process 0, :type :ok, :f :write, :value {write}}}
         {{:process 1, :type :invoke, :f :read, :value nil}}
         {{:process 1, :type :ok, :f :read, :value {read}}}"
    )
}

fn json(write: &str, read: &str) -> String {
    format!(
        r#"{{"process":0,"type":"invoke","f":"write","value":{write}}}
        {{"process":0,"type":"ok","f":"write","value":{write}}}
        {{"process":1,"type":"invoke","f":"read","value":null}}
        {{"process":1,"type":"ok","f":"read","value":{read}}}"#
    )
}

#[test]
fn maps_and_sets_are_equal_in_any_order_at_any_depth() {
    for (write, read, value) in [
        ("{:name \"a\", :age 3}", "{:age 3, :name \"a\"}", r#"{"age":3,"name":"a"}"#),
        ("{\"b\" 1 \"a\" 2}", "{:a 2 :b 1}", r#"{"a":2,"b":1}"#),
        ("#{1 2 3}", "#{3 1 2}", "[1,2,3]"),
        ("#{:b \"a\"}", "#{a b}", r#"["a","b"]"#),
        ("#{#{2 1} #{3}}", "#{#{3} #{1 2}}", "[[1,2],[3]]"),
        ("[#{2 1} {:b 1 :a #{5 4}}]", "[#{1 2} {:a #{4 5} :b 1}]", r#"[[1,2],{"a":[4,5],"b":1}]"#),
        ("{#{2 1} :x, [1] :y}", "{[1] :y #{1 2} :x}", r#"{"[1,2]":"x","[1]":"y"}"#),
        ("#my.Record{:z 1 :a 2}", "{:a 2 :z 1}", r#"{"a":2,"z":1}"#),
        ("#{1 1 2}", "#{2 1 1}", "[1,1,2]"),
        ("{}", "{}", "{}"),
    ] {
        let (history, _) = kept(&edn(write, read));
        let (written, read) = written_and_read(&history);
        assert_eq!((written.to_string().as_str(), &written), (value, &read), "{write}");
        let one = history.ops().next().unwrap().input();
        let other = history.data().items(history.ops().nth(1).unwrap().output()).next();
        assert_eq!(Some(one), other, "{write}");
    }
    for (write, read) in [
        (r#"{"name":"a","age":3}"#, r#"{"age":3,"name":"a"}"#),
        (r#"[{"x":{"b":1,"a":2}}]"#, r#"[{"x":{"a":2,"b":1}}]"#),
    ] {
        let (written, read) = written_and_read(&kept(&json(write, read)).0);
        assert_eq!(written, read);
    }
}

#[test]
fn lists_are_in_order_and_another_map_is_another_value() {
    for (write, read) in [
        ("[1 2]", "[2 1]"),
        ("(1 2)", "[2 1]"),
        ("{:a 1}", "{:a 2}"),
        ("{:a 1}", "{:a 1 :b 2}"),
        ("#{1}", "#{1 1}"),
        ("[#{1 2}]", "#{1 2}"),
    ] {
        let (written, read) = written_and_read(&kept(&edn(write, read)).0);
        assert_ne!(written, read, "{write}");
    }
}

#[test]
fn maps_and_sets_are_keys_in_any_order() {
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :write, :key {:b 1 :a #{2 1}}, :value 1}
         {:process 0, :type :ok, :f :write, :key {:a #{1 2} :b 1}, :value 1}
         {:process 1, :type :invoke, :f :read, :key {:a #{2 1} :b 1}}
         {:process 1, :type :ok, :f :read, :key {:b 1 :a #{1 2}}, :value 1}",
    );
    assert_eq!(history.keys(), 1);
    assert_eq!(history.key_name(history.ops().next().unwrap().key()), r#"{"a":[1,2],"b":1}"#);
}

#[test]
fn a_set_keeps_what_it_returned_twice() {
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :add, :value 1}
         {:process 0, :type :ok, :f :add, :value 1}
         {:process 0, :type :invoke, :f :read, :value nil}
         {:process 0, :type :ok, :f :read, :value [1 2 2]}",
    );
    let read = history.ops().last().unwrap().output();
    assert_eq!(history.data().value(read).to_string(), "[1,2,2]");
    // Elements that are maps.
    let (history, _) = kept(
        "{:process 0, :type :invoke, :f :add, :value {:id 1, :node \"a\"}}
         {:process 0, :type :ok, :f :add, :value {:id 1, :node \"a\"}}
         {:process 0, :type :invoke, :f :read, :value nil}
         {:process 0, :type :ok, :f :read, :value #{{:node \"a\", :id 1}}}",
    );
    let added = history.ops().next().unwrap().input();
    let read = history.ops().last().unwrap().output();
    assert_eq!(history.data().items(read).collect::<Vec<_>>(), [added]);
}

#[test]
fn our_own_maps_have_no_order_either() {
    let header = r#"{"format":"afterall-history","version":1,"target":"t","world":"sim","workload":"register","seed":0,"nodes":["n1"]}"#;
    let op = |index: u32, kind: &str, f: &str, value: &str| {
        format!(
            r#"{{"index":{index},"time":{index},"type":"{kind}","process":0,"node":"n1","f":"{f}","key":"k"{value}}}"#
        )
    };
    let (one, other) = (r#"{"a":1,"b":{"y":1,"x":2}}"#, r#"{"b":{"x":2,"y":1},"a":1}"#);
    let text = [
        header.to_owned(),
        op(0, "invoke", "write", &format!(",\"value\":{one}")),
        op(1, "ok", "write", &format!(",\"value\":{one}")),
        op(2, "invoke", "read", ""),
        op(3, "ok", "read", &format!(",\"value\":[{other}]")),
    ]
    .join("\n");
    let Recorded::Operations(history) = read_as(&text, &Options::default()).unwrap().recorded
    else {
        panic!("{text}")
    };
    assert_eq!(history.header().workload, Workload::Register);
    let (written, read) = written_and_read(&history);
    assert_eq!(written, read);
}

#[test]
fn what_is_no_value_is_refused_with_its_line() {
    for (value, says) in [
        ("1.5", "expected a whole number"),
        ("1/2", "expected a whole number"),
        ("##Inf", "expected a whole number"),
        ("99999999999999999999", "expected a whole number"),
        ("[1 [2.0]]", "expected a whole number"),
        ("{nil 1}", "expected a key"),
    ] {
        let error = refused(&edn(value, "1"));
        assert!(error.contains(":1: ") && error.contains(says), "{value}: {error}");
    }
}
