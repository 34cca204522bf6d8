//! What Redis's client asks, and what it makes of every kind of answer.

use super::*;
use crate::client::Client;
use crate::error::ClientError;
use crate::fake::{Fake, nowhere};
use crate::registry;
use afterall_history::Function;
use afterall_workloads::Operation;
use std::net::SocketAddr;

fn client(
    workload: Workload,
    options: &[(&str, &str)],
    addresses: &[SocketAddr],
) -> Result<StoreClient<Redis>, ClientError> {
    let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let spec = ClientSpec { protocol: "redis".to_owned(), port: 1, command: Vec::new(), options };
    let numbers = 1..=addresses.len();
    let cluster = Cluster {
        names: numbers.clone().map(|n| format!("n{n}")).collect(),
        internal: numbers.map(|n| format!("10.0.0.{n}").parse().unwrap()).collect(),
        addresses: addresses.to_vec(),
    };
    registry::open(&spec, workload, cluster.clone())?;
    Ok(Redis::client(&spec, workload, cluster))
}

fn operation(f: Function, value: Value) -> Operation {
    Operation { f, key: "k".to_owned(), value, level: None }
}

fn write() -> Operation {
    operation(Function::Write, Value::Int(17))
}

fn read() -> Operation {
    operation(Function::Read, Value::Nil)
}

fn failed(what: &str) -> Result<Answer, OpError> {
    Err(OpError::Failed(what.to_owned()))
}

fn done_by(node: &str) -> Result<Answer, OpError> {
    Ok(Answer { node: Some(node.to_owned()), ..Answer::done() })
}

/// What was asked, a command a line.
fn asked(fake: &Fake) -> Vec<String> {
    let command = |bytes: Vec<u8>| {
        let text = String::from_utf8(bytes).unwrap();
        let words = text.split("\r\n").skip(2).step_by(2).map(str::to_owned);
        words.collect::<Vec<_>>().join(" ")
    };
    fake.requests().into_iter().map(command).collect()
}

#[tokio::test]
async fn each_operation_is_a_command() {
    let item = Value::List(vec!["egg#1".into(), Value::Int(2)]);
    for (workload, operation, answer, command, expected) in [
        (Workload::Register, write(), "+OK\r\n", "SET k 17", Answer::done()),
        (Workload::Register, read(), "$-1\r\n", "GET k", Answer::read(Value::Nil)),
        (
            Workload::Register,
            read(),
            "$2\r\n17\r\n",
            "GET k",
            Answer::read(Value::List(vec![Value::Int(17)])),
        ),
        (
            Workload::Counter,
            operation(Function::Increment, Value::Int(3)),
            ":3\r\n",
            "INCRBY k 3",
            Answer::done(),
        ),
        (
            Workload::Counter,
            operation(Function::Decrement, Value::Int(3)),
            ":0\r\n",
            "DECRBY k 3",
            Answer::done(),
        ),
        (Workload::Counter, read(), "$-1\r\n", "GET k", Answer::read(Value::Int(0))),
        (Workload::Counter, read(), "$2\r\n-4\r\n", "GET k", Answer::read(Value::Int(-4))),
        (
            Workload::Cart,
            operation(Function::Add, item.clone()),
            ":1\r\n",
            "HSET k egg#1 2",
            Answer::done(),
        ),
        (
            Workload::Cart,
            operation(Function::Remove, "egg#1".into()),
            ":0\r\n",
            "HDEL k egg#1",
            Answer::done(),
        ),
        (
            Workload::Cart,
            operation(Function::Checkout, Value::Nil),
            "*2\r\n$5\r\negg#1\r\n$1\r\n2\r\n",
            "HGETALL k",
            Answer::read(Value::List(vec![item])),
        ),
    ] {
        let fake = Fake::start([answer]).await;
        let mut client = client(workload, &[], &[fake.address]).unwrap();
        assert_eq!(client.invoke(0, &operation).await, Ok(expected), "{command}");
        assert_eq!(asked(&fake), [command]);
    }
}

#[tokio::test]
async fn each_error_of_a_write_is_failed_or_unknown() {
    for (error, sure) in [
        ("READONLY You can't write against a read only replica.", true),
        ("MOVED 3999 10.0.0.1:6379", true),
        ("ASK 3999 10.0.0.1:6379", true),
        ("TRYAGAIN Multiple keys request during rehashing of slot", true),
        ("CLUSTERDOWN The cluster is down", true),
        ("LOADING Redis is loading the dataset in memory", true),
        ("MASTERDOWN Link with MASTER is down", true),
        ("NOREPLICAS Not enough good replicas to write.", true),
        ("NOAUTH Authentication required.", true),
        ("NOPERM this user has no permissions", true),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", true),
        ("OOM command not allowed when used memory > 'maxmemory'.", true),
        ("MISCONF Redis is configured to save RDB snapshots", true),
        ("BUSY Redis is busy running a script.", true),
        ("ERR value is not an integer or out of range", false),
        ("SOMETHING new", false),
    ] {
        let fake = Fake::start([format!("-{error}\r\n"), format!("-{error}\r\n")]).await;
        let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
        let expected = if sure {
            OpError::Failed(error.to_owned())
        } else {
            OpError::Indeterminate(error.to_owned())
        };
        assert_eq!(client.invoke(0, &write()).await, Err(expected));
        assert_eq!(client.invoke(0, &read()).await, failed(error), "a read never did anything");
    }
}

#[tokio::test]
async fn a_lost_connection_is_unknown_and_one_that_was_refused_is_failed() {
    let fake = Fake::start(["", "+OK\r\n", "$1\r\n"]).await;
    let mut client = client(Workload::Register, &[], &[fake.address, nowhere().await]).unwrap();
    let lost = client.invoke(0, &write()).await;
    assert!(
        matches!(&lost, Err(OpError::Indeterminate(what)) if what.contains("lost")),
        "{lost:?}"
    );
    assert_eq!(client.invoke(0, &write()).await, Ok(Answer::done()), "connected again");
    let refused = client.invoke(1, &write()).await;
    assert!(matches!(&refused, Err(OpError::Failed(what)) if what.contains("no connection")));
    for (answer, operation) in [("what?\r\n", write()), ("$2\r\nOK\r\n", write())] {
        let fake = Fake::start([answer]).await;
        client.store.connections.lead(0, fake.address);
        client.reset();
        let strange = client.invoke(0, &operation).await;
        assert!(matches!(strange, Err(OpError::Indeterminate(_))), "{answer}: {strange:?}");
    }
}

#[tokio::test]
async fn redirections_are_followed_to_the_node_that_they_name() {
    let moved = "-MOVED 1 10.0.0.2:6379\r\n";
    let one = Fake::start([moved, "-ASK 1 10.0.0.2:6379\r\n", "-MOVED 1 n2:6379\r\n"]).await;
    let two = Fake::start(["+OK\r\n", "+OK\r\n", "+OK\r\n", "$1\r\n5\r\n"]).await;
    let addresses = [one.address, two.address];
    let mut client = client(Workload::Register, &[("redirect", "follow")], &addresses).unwrap();
    assert_eq!(client.invoke(0, &write()).await, done_by("n2"));
    assert_eq!(client.invoke(0, &write()).await, done_by("n2"));
    let read = client.invoke(0, &read()).await.unwrap();
    assert_eq!(read.node.as_deref(), Some("n2"));
    assert_eq!(read.read, Some(Value::List(vec![Value::Int(5)])));
    assert_eq!(asked(&two), ["SET k 17", "ASKING", "SET k 17", "GET k"]);
}

#[tokio::test]
async fn redirections_end() {
    let circle = ["-MOVED 1 10.0.0.1:6379\r\n"; 8];
    let one = Fake::start(circle).await;
    let options = [("redirect", "follow")];
    let mut client = client(Workload::Register, &options, &[one.address]).unwrap();
    let error = client.invoke(0, &write()).await.unwrap_err();
    assert!(matches!(&error, OpError::Failed(what) if what.contains("too often")), "{error}");
    assert_eq!(one.requests().len(), 1 + REDIRECTIONS_MAX);
    for place in ["10.0.0.9:6379", ":6379", "", "nonsense"] {
        let one = Fake::start([format!("-MOVED 1 {place}\r\n")]).await;
        client.store.connections.lead(0, one.address);
        client.reset();
        let error = client.invoke(0, &write()).await.unwrap_err();
        assert!(matches!(&error, OpError::Failed(what) if what.contains("no node of the cluster")));
    }
}

#[tokio::test]
async fn writes_find_the_primary_and_remember_it_until_it_refuses() {
    let refusal = "-READONLY You can't write against a read only replica.\r\n";
    let master = "*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n";
    let slave = "*2\r\n$5\r\nslave\r\n:1\r\n";
    let one = Fake::start([refusal, "$-1\r\n", refusal]).await;
    let two = Fake::start([slave, master, "+OK\r\n"]).await;
    let three = Fake::start([master, "+OK\r\n", "+OK\r\n", refusal]).await;
    let addresses = [one.address, two.address, three.address];
    let mut client = client(Workload::Register, &[("writes", "primary")], &addresses).unwrap();
    assert_eq!(client.invoke(0, &write()).await, done_by("n3"));
    assert_eq!(client.invoke(0, &write()).await, done_by("n3"), "asked at once");
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)), "by who was asked");
    assert_eq!(client.invoke(0, &write()).await, done_by("n2"), "the new primary");
    assert_eq!(asked(&one), ["SET k 17", "GET k", "SET k 17"]);
    assert_eq!(asked(&two), ["ROLE", "ROLE", "SET k 17"]);
    assert_eq!(asked(&three), ["ROLE", "SET k 17", "SET k 17", "SET k 17"]);
}

#[tokio::test]
async fn a_write_is_never_tried_again_after_anything_but_sure_failure() {
    let refusal = "-READONLY You can't write against a read only replica.\r\n";
    let master = "*3\r\n$6\r\nmaster\r\n:1\r\n*0\r\n";
    let one = Fake::start([refusal, refusal]).await;
    let two = Fake::start([master, "", master, "+OK\r\n"]).await;
    let three = Fake::start([master, "+OK\r\n"]).await;
    let addresses = [one.address, two.address, three.address];
    let mut client = client(Workload::Register, &[("writes", "primary")], &addresses).unwrap();
    let lost = client.invoke(0, &write()).await;
    assert!(matches!(lost, Err(OpError::Indeterminate(_))), "{lost:?}");
    assert_eq!(three.requests().len(), 0);
    assert_eq!(client.store.primary, None, "it is forgotten with its connection");
    client.store.connections.lead(1, nowhere().await);
    client.store.connections.lead(2, nowhere().await);
    client.reset();
    let error = client.invoke(0, &write()).await.unwrap_err();
    assert!(matches!(&error, OpError::Failed(what) if what.starts_with("READONLY")), "{error}");
}

#[tokio::test]
async fn a_write_waits_for_its_replicas() {
    let fake = Fake::start(["+OK\r\n", ":2\r\n", "+OK\r\n", ":1\r\n", "+OK\r\n", ""]).await;
    let mut client = client(Workload::Register, &[("wait", "2")], &[fake.address]).unwrap();
    assert_eq!(client.invoke(0, &write()).await, Ok(Answer::done()));
    for _ in 0..2 {
        assert!(matches!(client.invoke(0, &write()).await, Err(OpError::Indeterminate(_))));
    }
    assert_eq!(asked(&fake)[..2], ["SET k 17", "WAIT 2 500"]);
}

#[tokio::test]
async fn replicas_of_a_cluster_are_told_that_reads_are_meant_for_them() {
    let fake = Fake::start(["+OK\r\n", "$-1\r\n", "$-1\r\n"]).await;
    let mut client = client(Workload::Register, &[("readonly", "yes")], &[fake.address]).unwrap();
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
    assert_eq!(asked(&fake), ["READONLY", "GET k", "GET k"]);
    let fake = Fake::start(["-ERR This instance has cluster support disabled\r\n"]).await;
    client.store.connections.lead(0, fake.address);
    client.reset();
    let error = client.invoke(0, &write()).await.unwrap_err();
    assert!(matches!(&error, OpError::Failed(what) if what.contains("cluster support")), "{error}");
}

#[tokio::test]
async fn a_node_is_asked_how_it_is_and_what_time_it_is() {
    let time = "*2\r\n$10\r\n1700000000\r\n$6\r\n123456\r\n";
    let fake = Fake::start(["+PONG\r\n", "-LOADING wait\r\n", time, ":1\r\n"]).await;
    let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
    assert_eq!(client.ping(0).await, Ok(()));
    assert_eq!(
        client.ping(0).await,
        Err(OpError::Failed("unexpected answer to PING: LOADING wait".to_owned()))
    );
    assert_eq!(client.clock_ms(0).await, Ok(Some(1_700_000_000_123)));
    assert!(client.clock_ms(0).await.is_err());
}

#[test]
fn options_are_checked() {
    for (name, value) in
        [("redirect", "maybe"), ("wait", "0"), ("writes", "any"), ("colour", "red")]
    {
        let error = client(Workload::Register, &[(name, value)], &[]).unwrap_err().to_string();
        assert!(error.contains("option") && error.contains(name), "{error}");
    }
}
