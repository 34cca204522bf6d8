//! What Tarantool's client asks, and what it makes of every kind of answer.

use super::*;
use crate::client::Client;
use crate::fake::{Fake, nowhere};
use crate::registry;
use afterall_history::Function;
use afterall_workloads::Operation;
use std::net::SocketAddr;

fn client(workload: Workload, address: SocketAddr) -> Box<dyn Client> {
    let options = Default::default();
    let spec =
        ClientSpec { protocol: "tarantool".to_owned(), port: 1, command: Vec::new(), options };
    let (names, internal) = (vec!["n1".to_owned()], Vec::new());
    registry::open(&spec, workload, Cluster { names, internal, addresses: vec![address] }).unwrap()
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

fn hello() -> Vec<u8> {
    let mut greeting = b"Tarantool 2.6.0 (Binary)".to_vec();
    greeting.resize(GREETING_BYTES, b' ');
    greeting
}

/// The answer to the request with a number.
fn answer(sync: u64, tuples: Vec<Msg>) -> Vec<u8> {
    // Answers are built like requests, with a code in place of the type.
    encode(0, sync, vec![(DATA, Msg::Array(tuples))]).unwrap()
}

fn error(sync: u64, code: u64) -> Vec<u8> {
    encode(ERROR_FLAG | code, sync, vec![(ERROR, "some error".into())]).unwrap()
}

fn space(sync: u64) -> Vec<u8> {
    answer(sync, vec![Msg::Array(vec![512.into(), 1.into(), "afterall".into()])])
}

fn pair(value: impl Into<Msg>) -> Vec<Msg> {
    vec![Msg::Array(vec!["k".into(), value.into()])]
}

/// What was asked: type and body, as text.
fn asked(fake: &Fake) -> Vec<String> {
    let parts = |bytes: Vec<u8>| {
        let mut rest = &bytes[5..];
        let header = rmpv::decode::read_value(&mut rest).unwrap();
        let body = rmpv::decode::read_value(&mut rest).unwrap();
        format!("{} {body}", get(&header, REQUEST_TYPE).unwrap())
    };
    fake.requests().into_iter().map(parts).collect()
}

#[tokio::test]
async fn registers_are_replaced_and_selected_in_the_space_of_that_name() {
    let answers = [space(1), answer(2, pair(17)), answer(3, pair(17)), answer(4, Vec::new())];
    let fake = Fake::greeting(&hello(), answers).await;
    let mut client = client(Workload::Register, fake.address);
    assert_eq!(client.invoke(0, &write()).await, Ok(Answer::done()));
    let value = Answer::read(Value::List(vec![Value::Int(17)]));
    assert_eq!(client.invoke(0, &read()).await, Ok(value));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
    let asked = asked(&fake);
    assert_eq!(asked[0], r#"1 {16: 281, 17: 2, 18: 1, 19: 0, 20: 0, 32: ["afterall"]}"#);
    assert_eq!(asked[1], r#"3 {16: 512, 33: ["k", 17]}"#);
    assert_eq!(asked[2], r#"1 {16: 512, 17: 0, 18: 1, 19: 0, 20: 0, 32: ["k"]}"#);
}

#[tokio::test]
async fn counters_are_upserted() {
    let answers = [space(1), answer(2, Vec::new()), answer(3, pair(-5)), answer(4, Vec::new())];
    let fake = Fake::greeting(&hello(), answers).await;
    let mut client = client(Workload::Counter, fake.address);
    let decrement = operation(Function::Decrement, Value::Int(5));
    assert_eq!(client.invoke(0, &decrement).await, Ok(Answer::done()));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(-5))));
    assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Int(0))));
    assert_eq!(asked(&fake)[1], r#"9 {16: 512, 21: 0, 33: ["k", -5], 40: [["+", 1, -5]]}"#);
}

#[tokio::test]
async fn each_error_of_a_write_is_failed_or_unknown() {
    for (code, sure) in [
        (7, true),
        (6, true),
        (116, true),
        (42, true),
        (36, true),
        (2, true),
        (40, false),
        (78, false),
        (216, false),
        (217, false),
        (0, false),
        (9_999, false),
    ] {
        let fake = Fake::greeting(&hello(), [space(1), error(2, code)]).await;
        let trouble = client(Workload::Register, fake.address).invoke(0, &write()).await;
        let trouble = trouble.unwrap_err();
        assert_eq!(matches!(trouble, OpError::Failed(_)), sure, "{code}: {trouble}");
        assert!(trouble.to_string().ends_with(&format!("{code}: some error")), "{trouble}");
        let fake = Fake::greeting(&hello(), [space(1), error(2, code)]).await;
        let trouble = client(Workload::Register, fake.address).invoke(0, &read()).await;
        assert!(matches!(trouble, Err(OpError::Failed(_))), "{code}: {trouble:?}");
    }
}

#[tokio::test]
async fn before_the_write_is_sent_all_trouble_is_failure() {
    let greeting = hello();
    for (greeting, first) in [
        (&greeting[..], answer(1, Vec::new())),
        (&greeting[..], error(1, 42)),
        (&greeting[..], Vec::new()),
        (&[b' '; GREETING_BYTES][..], space(1)),
    ] {
        let fake = Fake::greeting(greeting, [first]).await;
        let trouble = client(Workload::Register, fake.address).invoke(0, &write()).await;
        assert!(matches!(trouble, Err(OpError::Failed(_))), "{trouble:?}");
    }
    let trouble = client(Workload::Register, nowhere().await).invoke(0, &write()).await;
    assert!(matches!(trouble, Err(OpError::Failed(_))), "{trouble:?}");
}

#[tokio::test]
async fn what_is_no_answer_to_a_write_is_unknown() {
    let other_length = b"\xcf\0\0\0\0\0\0\0\x05".to_vec();
    let no_message = b"\xce\0\0\0\x02\xc1\xc1".to_vec();
    let deep = [b"\xce\0\0\x01\0".as_slice(), &[0x91; 256]].concat();
    let half = b"\xce\0\0\0\x06\x82\x00\x00\x01\x02\xc1".to_vec();
    for second in [Vec::new(), answer(9, Vec::new()), other_length, no_message, deep, half] {
        let fake = Fake::greeting(&hello(), [space(1), second.clone()]).await;
        let trouble = client(Workload::Register, fake.address).invoke(0, &write()).await;
        assert!(matches!(trouble, Err(OpError::Indeterminate(_))), "{second:?}: {trouble:?}");
    }
}

#[tokio::test]
async fn a_node_is_asked_how_it_is_and_what_time_it_is() {
    let ms = 1_700_000_000_123_i64;
    let empty = encode(0, 1, Vec::new()).unwrap();
    let answers = [
        empty,
        error(2, 116),
        answer(3, vec![Msg::F64(1.7e12)]),
        answer(4, vec![ms.into()]),
        error(5, 42),
    ];
    let fake = Fake::greeting(&hello(), answers).await;
    let mut client = client(Workload::Register, fake.address);
    assert_eq!(client.ping(0).await, Ok(()));
    assert_eq!(client.ping(0).await, Err(OpError::Failed("116: some error".to_owned())));
    assert_eq!(client.clock_ms(0).await, Ok(Some(1_700_000_000_000)));
    assert_eq!(client.clock_ms(0).await, Ok(Some(ms)));
    assert_eq!(client.clock_ms(0).await, Ok(None), "guest may not ask");
}

#[test]
fn an_answer_is_taken_once_it_is_whole() {
    let whole = answer(7, pair(1));
    for length in 0..whole.len() {
        let mut part = BytesMut::from(&whole[..length]);
        assert_eq!(decode(&mut part, 7), Ok(None), "{length} bytes");
    }
    assert_eq!(decode(&mut BytesMut::from(&whole[..]), 7), Ok(Some(Ok(pair(1)))));
}
