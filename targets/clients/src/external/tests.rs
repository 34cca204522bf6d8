//! What the external client makes of programs that keep to the protocol, and of all that do not.

use super::*;
use afterall_history::Function;

/// A client of a shell script that says `ready` first, and reads `hello` before it.
fn after_ready(workload: Workload, script: &str) -> ExternalClient {
    client(workload, &format!("read -r hello\necho '{{\"type\":\"ready\"}}'\n{script}"))
}

fn client(workload: Workload, script: &str) -> ExternalClient {
    let command = ["sh", "-c", script].map(str::to_owned).to_vec();
    let options = [("colour".to_owned(), "red".to_owned())].into();
    let spec = ClientSpec { protocol: "external".to_owned(), port: 1, command, options };
    ExternalClient::new(&spec, workload, cluster()).unwrap()
}

fn cluster() -> Cluster {
    Cluster {
        names: vec!["n1".to_owned(), "n2".to_owned()],
        internal: Vec::new(),
        addresses: vec!["127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()],
    }
}

fn read() -> Operation {
    Operation { f: Function::Read, key: "r1".to_owned(), value: Value::Nil, level: None }
}

fn write(value: i64) -> Operation {
    Operation { f: Function::Write, key: "r1".to_owned(), value: Value::Int(value), level: None }
}

/// The words of the trouble that a program's one answer makes, told to the operation with the id 1.
async fn trouble(workload: Workload, operation: Operation, script: &str) -> OpError {
    let mut client = after_ready(workload, &format!("read -r line\n{script}\nread -r line"));
    client.invoke(0, &operation).await.unwrap_err()
}

#[tokio::test]
async fn a_program_is_told_who_there_is_and_what_to_do() {
    // It says back what it was told, as the text of an error.
    let mut client = client(
        Workload::Register,
        r#"quoted() { printf %s "$1" | sed 's/"/\\"/g'; }
        read -r hello; echo '{"type":"ready"}'; id=0
        while read -r line; do
            id=$((id + 1))
            echo "{\"type\":\"fail\",\"id\":$id,\"error\":\"$(quoted "$hello$line")\"}"
            hello=
        done"#,
    );
    let OpError::Failed(told) = client.invoke(1, &write(17)).await.unwrap_err() else { panic!() };
    let (hello, invoke) = told.split_once("}{").unwrap();
    let hello: serde_json::Value = serde_json::from_str(&format!("{hello}}}")).unwrap();
    let nodes =
        json!([{"name": "n1", "address": "127.0.0.1:1"}, {"name": "n2", "address": "127.0.0.1:2"}]);
    let expected = json!({"type": "hello", "version": 1, "workload": "register", "nodes": nodes, "options": {"colour": "red"}});
    assert_eq!(hello, expected);
    let invoke: serde_json::Value = serde_json::from_str(&format!("{{{invoke}")).unwrap();
    let expected =
        json!({"type": "invoke", "id": 1, "node": "n2", "f": "write", "key": "r1", "value": 17});
    assert_eq!(invoke, expected);
    let OpError::Failed(told) = client.invoke(0, &read()).await.unwrap_err() else { panic!() };
    let invoke: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(invoke, json!({"type": "invoke", "id": 2, "node": "n1", "f": "read", "key": "r1"}));
    let told = client.ping(1).await.unwrap_err().to_string();
    let ping: serde_json::Value =
        serde_json::from_str(told.strip_prefix("failed: ").unwrap()).unwrap();
    assert_eq!(ping, json!({"type": "ping", "id": 3, "node": "n2"}));
}

#[tokio::test]
async fn answers_are_taken_over() {
    let mut client = after_ready(
        Workload::Register,
        r#"for answer in '"ok","id":1' '"ok","id":2,"value":[17],"node":"n2","version":3' '"ok","id":3,"value":null' \
            '"fail","id":4,"error":"full"' '"info","id":5,"error":"late"' '"ok","id":6'; do
            read -r line; echo "{\"type\":$answer}"
        done; read -r line"#,
    );
    assert_eq!(client.invoke(0, &write(17)).await, Ok(Answer::done()));
    let answer = Answer {
        node: Some("n2".to_owned()),
        read: Some(Value::List(vec![Value::Int(17)])),
        version: Some(Value::Int(3)),
    };
    assert_eq!(client.invoke(0, &read()).await, Ok(answer));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
    assert_eq!(client.invoke(0, &write(1)).await, Err(OpError::Failed("full".to_owned())));
    assert_eq!(client.invoke(0, &write(2)).await, Err(OpError::Indeterminate("late".to_owned())));
    assert_eq!(client.ping(0).await, Ok(()));
}

#[test]
fn an_error_is_told_on_one_line() {
    let said = super::clip("connection failed:\n\tthe server ended\n".to_owned());
    assert_eq!(said, "connection failed: the server ended");
    assert!(super::clip("é ".repeat(10_000)).chars().count() <= super::ERROR_CHARS_MAX + 1);
}

#[tokio::test]
async fn what_does_not_keep_to_the_protocol_is_unknown() {
    for (answer, expected) in [
        ("echo nonsense", "it said \"nonsense\": expected"),
        (r#"echo '{"type":"ok","id":2}'"#, "expected the id 1"),
        (r#"echo '{"type":"ok"}'"#, "missing field `id`"),
        (r#"echo '{"type":"done","id":1}'"#, "unknown variant `done`"),
        (r#"echo '{"type":"ok","id":1,"vlaue":1}'"#, "unknown field `vlaue`"),
        (r#"echo '{"type":"ok","id":1,"node":"n9"}'"#, "unknown node \"n9\""),
        (r#"echo '{"type":"ready"}'"#, "it was ready before"),
        ("printf unended; exec >&-", "its last line has no end: \"unended\""),
        ("exec >&-", "its standard output is closed"),
        (
            "echo it broke >&2; exit 3",
            "it ended: exit status: 3; its standard error ends with: it broke",
        ),
        ("kill -9 $$", "it was killed"),
        ("printf '\\377\\n'", "it said \"\u{fffd}\""),
        ("head -c 1048577 /dev/zero; echo", "it said more than 1048576 bytes in a line"),
        ("head -c 3000000 /dev/zero | tr '\\0' x", "bytes in a line: \"xxxx"),
    ] {
        match trouble(Workload::Register, write(17), answer).await {
            OpError::Indeterminate(what) => {
                assert!(what.contains(expected), "{answer}: {what}");
                assert!(what.len() < 3_000, "{answer}: {} bytes", what.len());
            }
            failed => panic!("{answer}: {failed}"),
        }
    }
}

#[tokio::test]
async fn a_value_that_does_not_fit_the_workload_is_unknown() {
    for (workload, value, expected) in [
        (Workload::Register, r#","value":17"#, "null or a list of values"),
        (Workload::Register, "", "expected a value in the answer of a read"),
        (Workload::Register, r#","value":[1.5]"#, "floating point"),
        (
            Workload::Counter,
            r#","value":null"#,
            "expected the read of a counter to return a whole number",
        ),
        (Workload::Cart, r#","value":[["egg#1"]]"#, "a list of [element, quantity]"),
        (Workload::Cart, r#","value":[[null,1]]"#, "a list of [element, quantity]"),
    ] {
        let script = format!("echo '{{\"type\":\"ok\",\"id\":1{value}}}'");
        let what = trouble(workload, read(), &script).await;
        assert!(matches!(&what, OpError::Indeterminate(what) if what.contains(expected)), "{what}");
    }
    let items = Value::List(vec![Value::List(vec!["egg#1".into(), Value::Int(2)])]);
    assert_eq!(fitting(Workload::Cart, items.clone()).unwrap(), items);
    assert_eq!(fitting(Workload::Counter, Value::Int(-1)).unwrap(), Value::Int(-1));
}

#[tokio::test]
async fn a_program_that_broke_is_started_anew_by_the_next_call() {
    let mut client = after_ready(
        Workload::Counter,
        r#"read -r line; case $line in *read*) echo '{"type":"ok","id":2,"value":5}'; read -r line;; *) exit 1;; esac"#,
    );
    let increment = Operation {
        f: Function::Increment,
        key: "c".to_owned(),
        value: Value::Int(1),
        level: None,
    };
    assert!(matches!(client.invoke(0, &increment).await, Err(OpError::Indeterminate(_))));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(5))));
}

#[tokio::test]
async fn one_that_ended_between_two_calls_costs_nothing() {
    let mut client = after_ready(
        Workload::Register,
        r#"read -r line; id=${line#*'"id":'}; echo "{\"type\":\"ok\",\"id\":${id%%,*}}""#,
    );
    for value in 1..4 {
        assert_eq!(client.invoke(0, &write(value)).await, Ok(Answer::done()));
        let pid = client.running.as_ref().unwrap().child.pid().unwrap();
        let ended = rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT;
        rustix::process::waitid(rustix::process::WaitId::Pid(pid), ended).unwrap();
    }
}

#[tokio::test]
async fn a_late_answer_is_not_taken_for_the_next_operations() {
    // An increment is answered when the next line comes. Each process counts what it was asked.
    let mut client = after_ready(
        Workload::Counter,
        r#"n=0; while read -r line; do
            case $line in *reset*) continue;; *increment*) read -r next;; esac
            n=$((n + 1)); id=${line#*'"id":'}
            echo "{\"type\":\"ok\",\"id\":${id%%,*},\"value\":$n}"
        done"#,
    );
    let increment = Operation {
        f: Function::Increment,
        key: "c".to_owned(),
        value: Value::Int(1),
        level: None,
    };
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(1))));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(2))));
    let dropped = tokio::time::timeout(Duration::from_millis(50), client.invoke(0, &increment));
    assert!(dropped.await.is_err());
    client.reset();
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(1))));
}

#[tokio::test]
async fn a_session_that_ends_is_told() {
    let mut client = after_ready(
        Workload::Register,
        r#"while read -r line; do case $line in
            *reset*) resets=x$resets;;
            *) id=${line#*'"id":'}; echo "{\"type\":\"fail\",\"id\":${id%%,*},\"error\":\"$resets\"}";;
        esac; done"#,
    );
    let said = |resets: &str| Err(OpError::Failed(resets.to_owned()));
    assert_eq!(client.invoke(0, &write(1)).await, said(""));
    client.reset();
    assert_eq!(client.invoke(0, &write(2)).await, said("x"));
    assert_eq!(client.invoke(0, &write(3)).await, said("x"));
}

#[tokio::test]
async fn one_that_does_not_become_ready_has_failed_and_three_times_are_told() {
    for (script, expected) in [
        ("echo no >&2; exit 1", "its standard error ends with: no"),
        ("read -r hello; echo steady", "expected ready, but it said \"steady\""),
        (
            "read -r hello; echo '{\"type\":\"ok\",\"id\":1}'; read -r line",
            "expected ready, but it said \"{",
        ),
    ] {
        let mut client = client(Workload::Register, script);
        for time in 1..=4 {
            let OpError::Failed(what) = client.invoke(0, &write(1)).await.unwrap_err() else {
                panic!("nothing was sent to the store")
            };
            assert!(what.contains(expected), "{what}");
            assert_eq!(what.contains(&format!("{time} times in a row")), time >= 3, "{what}");
        }
    }
    let spec = ClientSpec {
        protocol: "external".to_owned(),
        port: 1,
        command: vec!["/nowhere/at-all".to_owned()],
        options: Default::default(),
    };
    let mut client = ExternalClient::new(&spec, Workload::Register, cluster()).unwrap();
    let error = client.invoke(0, &write(1)).await.unwrap_err().to_string();
    assert!(error.starts_with("failed: ") && error.contains("cannot be started"), "{error}");
    let spec = ClientSpec { command: Vec::new(), ..spec };
    let error = ExternalClient::new(&spec, Workload::Register, cluster()).err().unwrap();
    assert!(error.to_string().contains("`command` in [client]"));
}

#[tokio::test]
async fn one_that_is_silent_is_not_waited_for_for_ever() {
    let mut client = client(Workload::Register, "read -r hello; read -r line");
    client.ready_within = Duration::from_millis(30);
    let error = client.invoke(0, &write(1)).await.unwrap_err().to_string();
    assert!(error.contains("no answer to hello within 30 ms; it was killed"), "{error}");
}

#[tokio::test]
async fn a_slow_start_survives_calls_that_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let go = folder.path().join("go");
    let script = format!(
        r#"read -r hello; while ! [ -e {} ]; do sleep 0.01; done; echo '{{"type":"ready"}}'
        read -r line; echo '{{"type":"ok","id":1}}'; read -r line"#,
        go.display()
    );
    let mut client = client(Workload::Register, &script);
    let first = write(1);
    let dropped = tokio::time::timeout(Duration::from_millis(50), client.invoke(0, &first));
    assert!(dropped.await.is_err());
    let pid = client.running.as_ref().unwrap().child.pid();
    std::fs::write(go, "").unwrap();
    assert_eq!(client.invoke(0, &write(2)).await, Ok(Answer::done()));
    assert_eq!(client.running.as_ref().unwrap().child.pid(), pid, "it is the same process");
}

#[tokio::test]
async fn the_whole_process_group_ends_with_the_client() {
    // The grandchild inherits a pipe to this test, and holds it for as long as it lives.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let status = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(status.success());
    let script = format!(
        r#"exec 9>{}; sleep 1000 & read -r line; echo '{{"type":"ok","id":1}}'; read -r line"#,
        pipe.display()
    );
    let mut client = after_ready(Workload::Register, &script);
    let reader = tokio::task::spawn_blocking(move || std::fs::read(pipe).unwrap());
    assert_eq!(client.invoke(0, &write(1)).await, Ok(Answer::done()));
    assert!(!reader.is_finished());
    drop(client);
    assert_eq!(reader.await.unwrap(), b"");
}

#[tokio::test]
async fn a_clock_is_a_number_or_cannot_be_asked() {
    let script = r#"read -r line; echo '{"type":"ok","id":1,"value":1794000000000}'
        read -r line; echo '{"type":"fail","id":2,"error":"no clock"}'
        read -r line; echo '{"type":"ok","id":3,"value":"noon"}'"#;
    let mut client = after_ready(Workload::Register, script);
    assert_eq!(client.clock_ms(0).await, Ok(Some(1_794_000_000_000)));
    assert!(client.clock_ms(0).await.unwrap_err().to_string().contains("no clock"));
    assert!(client.clock_ms(0).await.unwrap_err().to_string().contains("noon"));
}
