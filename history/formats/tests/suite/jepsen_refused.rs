//! What is refused of Jepsen's histories, with its line.

use crate::files::{read, refused};
use afterall_formats::FormatError;

#[test]
fn what_cannot_be_is_refused_with_its_line() {
    let invoke = "{:process 0, :type :invoke, :f :write, :value 1}\n";
    for (text, line, said) in [
        (
            format!("{invoke}{{:process 1, :type :ok, :f :write, :value 1}}").as_str(),
            2,
            "never invoked",
        ),
        (&format!("{invoke}\n{invoke}"), 3, "expected the completion"),
        (
            &format!("{invoke}{{:process 0, :type :ok, :f :read, :value 1}}"),
            2,
            "expected the completion of write, which the process invoked, found read",
        ),
        (&format!("{invoke}{{:process 0, :type :ok, :f :write, :value 2}}"), 2, "another value"),
        (
            &format!("{invoke}{{:process 1, :f :write, :value 2}}"),
            2,
            "expected a :type, found none",
        ),
        (
            &format!("{invoke}{{:process 1, :type :maybe, :f :write}}"),
            2,
            "expected invoke, ok, fail or info as :type, found \"maybe\"",
        ),
        (
            &format!("{invoke}{{:type :invoke, :f :write, :value 2}}"),
            2,
            "expected a :process, found none",
        ),
        (
            &format!("{invoke}{{:process 1, :type :invoke, :value 2}}"),
            2,
            "expected an :f, found none",
        ),
        (
            &format!("{invoke}{{:process 1, :type :invoke, :f :write, :value 2.5}}"),
            2,
            "expected a whole number of 64 bits, a text, a list, a set or a map, found 2.5",
        ),
        (
            &format!(
                "{invoke}{{:process 1, :type :invoke, :f :write, :value 99999999999999999999N}}"
            ),
            2,
            "found 99999999999999999999N",
        ),
        (
            &format!("{invoke}{{:process 1, :type :invoke, :f :append, :value \"a\"}}"),
            2,
            "the workload is taken for register",
        ),
        (
            &format!("{invoke}{{:process 1, :type :invoke, :f :write, :value nil}}"),
            2,
            "it needs a value",
        ),
        (&format!("{invoke}{{:process 1, :process 2}}"), 2, "found it twice"),
        (&format!("{invoke}{{:process 1, :type}}"), 2, "expected a value"),
        (&format!("{invoke}[1 2]"), 2, "expected an operation as a map"),
        (&format!("{invoke}{{:process 1, :type :invoke"), 2, "found the end of the file"),
        (&format!("[{invoke}"), 1, "the end of the list"),
        (&format!("[{invoke}]\n{invoke}"), 3, "nothing after the end of the list"),
        (
            &format!("{invoke}{{:process 1, :value \"a\nb\nc\", :time \"x\"}}"),
            4,
            "expected a whole number of 64 bits as time",
        ),
        ("{:process 0, :type :invoke, :f :enqueue, :value 1}", 1, "queues are not judged"),
        ("{:process 0, :type :invoke, :f :frobnicate, :value 1}", 1, "unknown :f \"frobnicate\""),
        (
            &format!(
                "{invoke}{{:process 1, :type :invoke, :f :read}}\n{{:process 1, :type :ok, :f :read, :value #{{1 2}}}}"
            ),
            3,
            "comments are not judged",
        ),
        (
            "{:process 0, :type :invoke, :f :add, :value [0 \"a\"]}
             {:process 0, :type :ok, :f :add, :value [0 \"a\"]}
             {:process 0, :type :invoke, :f :read, :value [0 nil]}
             {:process 0, :type :ok, :f :read, :value [0 [nil \"a\"]]}",
            4,
            "found nil among them",
        ),
        (
            "{:process 0, :type :invoke, :value [[:append 1 2]]}",
            1,
            "list-append transactions are not judged yet",
        ),
        (
            "{:process 0, :type :invoke, :f :txn, :value [[:w 1 2]]}\n\n{:process 1, :type :invoke, :f :txn, :value [[:append 1 2]]}",
            3,
            "list-append transactions are not judged yet",
        ),
        (
            "[{\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"process\":0},\n{\"type\":\"ok\",\"f\":\"write\",\"process\":nil}]",
            2,
            "expected",
        ),
        ("[{\"type\":\"invoke\",\"f\":\"write\",\"value\":1.5,\"process\":0}]", 1, "found 1.5"),
        (
            "[{\"type\":\"invoke\",\"f\":\"write\",\"value\":1,\"process\":0}",
            1,
            "the end of the list",
        ),
    ] {
        let error = read(text).unwrap_err();
        let FormatError::Line { line: at, problem, .. } = &error else { panic!("{error}: {text}") };
        assert_eq!(*at, line, "{error}: {text}");
        assert!(problem.to_string().contains(said), "{error}: {text}");
    }
    assert!(
        refused("{:process :nemesis, :type :info, :f :start}")
            .contains("expected an operation of a client")
    );
    assert!(refused("").contains("the file is empty"));
    assert!(refused("hello").contains("--format (afterall, jepsen-edn"));
}

#[test]
fn keys_that_are_numbers_here_and_texts_there_are_refused() {
    let error = refused(
        "{:process 0, :type :invoke, :f :write, :key 1, :value 1}
         {:process 1, :type :invoke, :f :write, :key \"1\", :value 2}",
    );
    assert!(error.contains(":2: expected keys that are all numbers or all texts"), "{error}");
}
