//! What Cassandra's client asks, and what it makes of every kind of answer.

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
) -> Result<StoreClient<Cql>, ClientError> {
    let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let spec = ClientSpec { protocol: "cql".to_owned(), port: 1, command: Vec::new(), options };
    let names = (1..=addresses.len()).map(|n| format!("n{n}")).collect();
    let cluster = Cluster { names, internal: Vec::new(), addresses: addresses.to_vec() };
    registry::open(&spec, workload, cluster.clone())?;
    Ok(Cql::client(&spec, workload, cluster))
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

fn frame(opcode: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap();
    [&[0x84, 0, 0, 0, opcode], &length.to_be_bytes()[..], body].concat()
}

fn ready() -> Vec<u8> {
    frame(0x02, &[])
}

fn void() -> Vec<u8> {
    frame(0x08, &[0, 0, 0, 1])
}

fn string(text: &str) -> Vec<u8> {
    [&u16::try_from(text.len()).unwrap().to_be_bytes()[..], text.as_bytes()].concat()
}

fn error(code: i32, more: &[u8]) -> Vec<u8> {
    frame(0x00, &[&code.to_be_bytes()[..], &string("words"), more].concat())
}

const TEXT: u16 = 0x0d;
const BIGINT: u16 = 0x02;
const COUNTER: u16 = 0x05;

/// Rows of columns with these types; each cell is its bytes, or null.
fn rows(types: &[u16], rows: &[&[Option<Vec<u8>>]]) -> Vec<u8> {
    let int = |n: usize| i32::try_from(n).unwrap().to_be_bytes().to_vec();
    // One table for all columns: flag 1.
    let mut body = [int(2), int(1), int(types.len()), string("afterall"), string("t")].concat();
    for kind in types {
        body.extend([string("column"), kind.to_be_bytes().to_vec()].concat());
    }
    body.extend(int(rows.len()));
    for cell in rows.concat() {
        match cell {
            Some(bytes) => body.extend([int(bytes.len()), bytes].concat()),
            None => body.extend((-1_i32).to_be_bytes()),
        }
    }
    frame(0x08, &body)
}

fn int(n: i64) -> Option<Vec<u8>> {
    Some(n.to_be_bytes().to_vec())
}

/// The statements that came after the connection was opened, each with what follows it.
fn asked(fake: &Fake) -> Vec<(String, Vec<u8>)> {
    let statement = |bytes: Vec<u8>| {
        assert_eq!(bytes[..5], [4, 0, 0, 0, 7], "a QUERY of version 4");
        let length = usize::from(u16::from_be_bytes([bytes[11], bytes[12]]));
        let (text, rest) = bytes[13..].split_at(length);
        (String::from_utf8(text.to_vec()).unwrap(), rest.to_vec())
    };
    fake.requests().into_iter().skip(1).map(statement).collect()
}

#[tokio::test]
async fn writes_are_statements_with_their_values_and_consistency() {
    let item = Value::List(vec!["egg#1".into(), Value::Int(2)]);
    let text =
        |text: &str| [&[0, 0, 0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let number = |n: i64| [&[0, 0, 0, 8], &n.to_be_bytes()[..]].concat();
    for (workload, operation, statement, values) in [
        (
            Workload::Register,
            write(),
            "INSERT INTO afterall.register (key, value) VALUES (?, ?)",
            vec![text("k"), number(17)],
        ),
        (
            Workload::Counter,
            operation(Function::Decrement, Value::Int(3)),
            "UPDATE afterall.counter SET n = n + ? WHERE key = ?",
            vec![number(-3), text("k")],
        ),
        (
            Workload::Cart,
            operation(Function::Add, item),
            "INSERT INTO afterall.cart (key, element, quantity) VALUES (?, ?, ?)",
            vec![text("k"), text("egg#1"), number(2)],
        ),
        (
            Workload::Cart,
            operation(Function::Remove, "egg#1".into()),
            "DELETE FROM afterall.cart WHERE key = ? AND element = ?",
            vec![text("k"), text("egg#1")],
        ),
    ] {
        let fake = Fake::start([ready(), void()]).await;
        let options = [("consistency", "QUORUM"), ("read-consistency", "ONE")];
        let mut client = client(workload, &options, &[fake.address]).unwrap();
        assert_eq!(client.invoke(0, &operation).await, Ok(Answer::done()), "{statement}");
        let startup = &fake.requests()[0];
        assert_eq!(startup[..5], [4, 0, 0, 0, 1]);
        // Consistency 4 is QUORUM; the flag says that values follow; there is no timestamp after them.
        let count = u8::try_from(values.len()).unwrap();
        let rest = [vec![0, 4, 1, 0, count], values.concat()].concat();
        assert_eq!(asked(&fake), [(statement.to_owned(), rest)]);
    }
}

#[tokio::test]
async fn reads_return_what_the_rows_hold() {
    let egg = || Some(b"egg#1".to_vec());
    let one = Value::List(vec![Value::List(vec!["egg#1".into(), Value::Int(2)])]);
    for (workload, answer, expected) in [
        (Workload::Register, rows(&[BIGINT], &[]), Value::Nil),
        (Workload::Register, rows(&[BIGINT], &[&[None]]), Value::Nil),
        (Workload::Register, rows(&[BIGINT], &[&[int(17)]]), Value::List(vec![Value::Int(17)])),
        (Workload::Counter, rows(&[COUNTER], &[]), Value::Int(0)),
        (Workload::Counter, rows(&[COUNTER], &[&[int(-4)]]), Value::Int(-4)),
        (Workload::Cart, rows(&[TEXT, BIGINT], &[]), Value::List(Vec::new())),
        (Workload::Cart, rows(&[TEXT, BIGINT], &[&[egg(), int(2)]]), one),
    ] {
        let fake = Fake::start([ready(), answer]).await;
        let options = [("consistency", "ALL"), ("read-consistency", "ONE")];
        let mut client = client(workload, &options, &[fake.address]).unwrap();
        assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(expected)));
        assert_eq!(asked(&fake)[0].1[..3], [0, 1, 1], "consistency ONE, one value");
    }
    for answer in [void(), rows(&[TEXT], &[]), error(0x1200, &[0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0])] {
        let fake = Fake::start([ready(), answer]).await;
        let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
        let trouble = client.invoke(0, &read()).await;
        assert!(matches!(trouble, Err(OpError::Failed(_))), "{trouble:?}");
    }
}

#[tokio::test]
async fn each_error_of_a_write_is_failed_or_unknown() {
    let unavailable = [0, 4, 0, 0, 0, 2, 0, 0, 0, 1];
    let timeout = [&[0, 1, 0, 0, 0, 0, 0, 0, 0, 1][..], &string("SIMPLE")].concat();
    let failure = [&[0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1][..], &string("SIMPLE")].concat();
    for (code, more, sure) in [
        (0x000A, &[][..], true),
        (0x0100, &[], true),
        (0x1000, &unavailable, true),
        (0x1001, &[], true),
        (0x1002, &[], true),
        (0x2000, &[], true),
        (0x2100, &[], true),
        (0x2200, &[], true),
        (0x2300, &[], true),
        (0x2500, &[0, 1, 7], true),
        (0x0000, &[], false),
        (0x1003, &[], false),
        (0x1100, &timeout, false),
        (0x1500, &failure, false),
        (0x1700, &[], false),
        (0x4242, &[], false),
    ] {
        let fake = Fake::start([ready(), error(code, more)]).await;
        let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
        let trouble = client.invoke(0, &write()).await.unwrap_err();
        assert_eq!(matches!(trouble, OpError::Failed(_)), sure, "{code:#06x}: {trouble}");
        assert!(trouble.to_string().ends_with("words"), "{trouble}");
    }
}

#[tokio::test]
async fn what_is_no_answer_to_a_write_is_unknown() {
    let long = [0x84, 0, 0, 0, 8, 0x7f, 0xff, 0xff, 0xff].to_vec();
    for answer in [
        Vec::new(),
        b"HTTP/1.1 400 no".to_vec(),
        long,
        frame(0x77, &[]),
        frame(0x08, &[0, 0]),
        rows(&[TEXT], &[]),
        ready(),
    ] {
        let fake = Fake::start([ready(), answer.clone()]).await;
        let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
        let trouble = client.invoke(0, &write()).await;
        assert!(matches!(trouble, Err(OpError::Indeterminate(_))), "{answer:?}: {trouble:?}");
    }
}

#[tokio::test]
async fn before_the_statement_is_sent_all_trouble_is_failure() {
    let authenticate = frame(0x03, &string("PasswordAuthenticator"));
    for answer in [authenticate, error(0x000A, &[]), Vec::new(), b"not Cassandra".to_vec()] {
        let fake = Fake::start([answer.clone(), ready(), void()]).await;
        let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
        let trouble = client.invoke(0, &write()).await;
        assert!(matches!(trouble, Err(OpError::Failed(_))), "{answer:?}: {trouble:?}");
    }
    let mut client = client(Workload::Register, &[], &[nowhere().await]).unwrap();
    assert!(matches!(client.invoke(0, &write()).await, Err(OpError::Failed(_))));
}

#[tokio::test]
async fn setup_makes_tables_and_waits_until_every_node_has_them() {
    let none = || rows(&[TEXT], &[]);
    let made = || [ready(), void(), void(), void(), void(), none(), none(), none()];
    let one = Fake::start(made()).await;
    let two = Fake::start([ready(), none(), error(0x2200, &[])]).await;
    let mut client = client(Workload::Register, &[], &[one.address, two.address]).unwrap();
    let error = client.setup(3).await.unwrap_err();
    assert!(error.to_string().contains("n2 lacks the table counter"), "{error}");
    let statements = asked(&one).into_iter().map(|(statement, _)| statement).collect::<Vec<_>>();
    assert!(statements[0].contains("'replication_factor': 3"), "{statements:?}");
    assert!(statements[1].starts_with("CREATE TABLE IF NOT EXISTS afterall.register (key text"));
    let (one, two) =
        (Fake::start(made()).await, Fake::start([ready(), none(), none(), none()]).await);
    client.store.connections.lead(0, one.address);
    client.store.connections.lead(1, two.address);
    client.reset();
    assert_eq!(client.setup(3).await, Ok(()));
}

#[tokio::test]
async fn a_node_is_asked_how_it_is_and_what_time_it_is() {
    let ms = 1_700_000_000_123;
    let local = rows(&[TEXT], &[&[Some(b"local".to_vec())]]);
    let time = rows(&[BIGINT], &[&[int(ms)]]);
    let fake = Fake::start([ready(), local, error(0x1002, &[]), time, rows(&[BIGINT], &[])]).await;
    let mut client = client(Workload::Register, &[], &[fake.address]).unwrap();
    assert_eq!(client.ping(0).await, Ok(()));
    assert!(client.ping(0).await.unwrap_err().to_string().contains("words"));
    assert_eq!(client.clock_ms(0).await, Ok(Some(ms)));
    assert!(client.clock_ms(0).await.is_err());
}

#[test]
fn options_are_checked() {
    for (name, value) in [
        ("consistency", "SOME"),
        ("read-consistency", "one"),
        ("timestamps", "client"),
        ("colour", "red"),
    ] {
        let error = client(Workload::Register, &[(name, value)], &[]).unwrap_err().to_string();
        assert!(error.contains("option") && error.contains(name), "{error}");
    }
}

#[test]
fn every_consistency_that_a_manifest_may_name_is_known() {
    let row = registry::PROTOCOLS.iter().find(|protocol| protocol.spec.name == "cql").unwrap();
    let afterall_manifest::OptionSpecs::Only(options) = row.spec.options else { panic!() };
    for option in options.iter().filter(|option| option.name.ends_with("consistency")) {
        let afterall_manifest::OptionValues::OneOf(names) = option.values else { panic!() };
        let known = CONSISTENCIES.map(|(name, _)| name);
        assert_eq!(*names, known, "{}", option.name);
    }
}
