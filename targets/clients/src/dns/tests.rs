//! What the client of name servers asks, and what it makes of every kind of answer.

use super::*;
use crate::client::Client;
use crate::error::ClientError;
use crate::fake::{Fake, nowhere};
use crate::registry;
use afterall_history::Function;
use afterall_workloads::Operation;
use std::net::SocketAddr;

fn client(
    options: &[(&str, &str)],
    addresses: &[SocketAddr],
) -> Result<StoreClient<Dns>, ClientError> {
    let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let spec = ClientSpec { protocol: "dns".to_owned(), port: 1, command: Vec::new(), options };
    let names = (1..=addresses.len()).map(|n| format!("n{n}")).collect();
    let cluster = Cluster { names, internal: Vec::new(), addresses: addresses.to_vec() };
    registry::open(&spec, Workload::Register, cluster.clone())?;
    Dns::client(&spec, Workload::Register, cluster)
}

fn write() -> Operation {
    Operation { f: Function::Write, key: "r1".to_owned(), value: Value::Int(17), level: None }
}

fn read() -> Operation {
    Operation { f: Function::Read, key: "r1".to_owned(), value: Value::Nil, level: None }
}

fn framed(message: &Message) -> Vec<u8> {
    let body = message.to_vec().unwrap();
    [&u16::try_from(body.len()).unwrap().to_be_bytes()[..], &body].concat()
}

/// An authoritative answer.
fn answer(id: u16, op_code: OpCode, code: ResponseCode, records: Vec<Record>) -> Message {
    let mut message = Message::error_msg(id, op_code, code);
    message.metadata.authoritative = true;
    message.add_answers(records);
    message
}

fn text(name: &str, text: &str) -> Record {
    let data = RData::TXT(TXT::new(vec![text.to_owned()]));
    Record::from_rdata(Name::from_ascii(name).unwrap(), 0, data)
}

fn asked(fake: &Fake) -> Vec<Message> {
    let requests = fake.requests();
    requests.iter().map(|bytes| Message::from_vec(&bytes[2..]).unwrap()).collect()
}

#[tokio::test]
async fn a_read_is_a_query_for_text() {
    let (name, other) = ("r1.afterall.test.", "r2.afterall.test.");
    let found = |id, records| framed(&answer(id, OpCode::Query, ResponseCode::NoError, records));
    let fake = Fake::start([
        found(1, vec![text(name, "17"), text(other, "18")]),
        found(2, Vec::new()),
        framed(&answer(3, OpCode::Query, ResponseCode::NXDomain, Vec::new())),
        found(4, vec![text(name, "1"), text(name, "2")]),
        found(5, vec![text(name, "?")]),
    ])
    .await;
    let mut client = client(&[], &[fake.address]).unwrap();
    for expected in [
        Value::List(vec![Value::Int(17)]),
        Value::Nil,
        Value::Nil,
        Value::List(vec![Value::Int(1), Value::Int(2)]),
        Value::List(vec!["?".into()]),
    ] {
        assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(expected)));
    }
    let asked = &asked(&fake)[0];
    assert_eq!(asked.queries[0].name().to_ascii(), name);
    assert_eq!(asked.queries[0].query_type(), RecordType::TXT);
    assert!(!asked.metadata.recursion_desired);
}

#[tokio::test]
async fn a_write_is_an_update_at_the_primary() {
    let done = |id| framed(&answer(id, OpCode::Update, ResponseCode::NoError, Vec::new()));
    let fake = Fake::start([done(1), done(2)]).await;
    let options = [("zone", "kv.example"), ("primary", "n2")];
    let mut client = client(&options, &[nowhere().await, fake.address]).unwrap();
    let served = Answer { node: Some("n2".to_owned()), ..Answer::done() };
    assert_eq!(client.invoke(0, &write()).await, Ok(served));
    assert_eq!(client.invoke(1, &write()).await, Ok(Answer::done()));
    let asked = &asked(&fake)[0];
    assert_eq!(asked.metadata.op_code, OpCode::Update);
    assert_eq!(asked.queries[0].name().to_ascii(), "kv.example.");
    assert_eq!(asked.queries[0].query_type(), RecordType::SOA);
    let [delete, add] = asked.authorities.as_slice() else { panic!("{asked:?}") };
    assert_eq!((delete.dns_class, delete.record_type()), (DNSClass::ANY, RecordType::TXT));
    assert_eq!(delete.data, RData::Update0(RecordType::TXT));
    assert_eq!((add.dns_class, add.ttl), (DNSClass::IN, 0));
    assert_eq!(add.data, RData::TXT(TXT::new(vec!["17".to_owned()])));
    assert_eq!([&delete.name, &add.name].map(Name::to_ascii), ["r1.kv.example."; 2]);
}

#[tokio::test]
async fn each_code_of_an_update_is_failed_or_unknown() {
    for (code, sure) in [
        (ResponseCode::FormErr, true),
        (ResponseCode::NotImp, true),
        (ResponseCode::Refused, true),
        (ResponseCode::NotAuth, true),
        (ResponseCode::NotZone, true),
        (ResponseCode::ServFail, false),
        (ResponseCode::NXRRSet, false),
        (ResponseCode::NXDomain, false),
    ] {
        let fake = Fake::start([framed(&answer(1, OpCode::Update, code, Vec::new()))]).await;
        let trouble = client(&[], &[fake.address]).unwrap().invoke(0, &write()).await.unwrap_err();
        assert_eq!(matches!(trouble, OpError::Failed(_)), sure, "{code}: {trouble}");
    }
}

#[tokio::test]
async fn what_is_no_answer_is_unknown_for_an_update_and_failed_for_a_read() {
    let mut query = answer(1, OpCode::Update, ResponseCode::NoError, Vec::new());
    query.metadata.message_type = MessageType::Query;
    for bytes in [
        Vec::new(),
        b"\0\x02no".to_vec(),
        framed(&query),
        framed(&answer(2, OpCode::Update, ResponseCode::NoError, Vec::new())),
        framed(&answer(1, OpCode::Notify, ResponseCode::NoError, Vec::new())),
    ] {
        let fake = Fake::start([&bytes]).await;
        let trouble = client(&[], &[fake.address]).unwrap().invoke(0, &write()).await;
        assert!(matches!(trouble, Err(OpError::Indeterminate(_))), "{bytes:?}: {trouble:?}");
    }
    let mut unsure = answer(1, OpCode::Query, ResponseCode::NXDomain, Vec::new());
    unsure.metadata.authoritative = false;
    let mut cut = answer(1, OpCode::Query, ResponseCode::NoError, Vec::new());
    cut.metadata.truncation = true;
    for bytes in [
        Vec::new(),
        framed(&unsure),
        framed(&cut),
        framed(&answer(1, OpCode::Query, ResponseCode::ServFail, Vec::new())),
        framed(&answer(1, OpCode::Query, ResponseCode::Refused, Vec::new())),
    ] {
        let fake = Fake::start([&bytes]).await;
        let trouble = client(&[], &[fake.address]).unwrap().invoke(0, &read()).await;
        assert!(matches!(trouble, Err(OpError::Failed(_))), "{bytes:?}: {trouble:?}");
    }
}

#[tokio::test]
async fn before_the_update_is_sent_all_trouble_is_failure() {
    let mut client = client(&[], &[nowhere().await]).unwrap();
    assert!(matches!(client.invoke(0, &write()).await, Err(OpError::Failed(_))));
    let long = "k".repeat(64);
    for key in ["R1", "a.b", "", "a b", "é", long.as_str()] {
        let operation = Operation { key: key.to_owned(), ..write() };
        let trouble = client.invoke(0, &operation).await.unwrap_err();
        assert!(matches!(&trouble, OpError::Failed(what) if what.contains("key")), "{trouble}");
    }
}

#[tokio::test]
async fn a_node_serves_if_it_knows_the_zone() {
    let name = Name::from_ascii("afterall.test.").unwrap();
    let soa = hickory_proto::rr::rdata::SOA::new(name.clone(), name.clone(), 1, 1, 1, 1, 1);
    let soa = Record::from_rdata(name, 0, RData::SOA(soa));
    let fake = Fake::start([
        framed(&answer(1, OpCode::Query, ResponseCode::NoError, vec![soa])),
        framed(&answer(2, OpCode::Query, ResponseCode::NoError, Vec::new())),
        framed(&answer(3, OpCode::Query, ResponseCode::ServFail, Vec::new())),
    ])
    .await;
    let mut client = client(&[], &[fake.address]).unwrap();
    assert_eq!(client.ping(0).await, Ok(()));
    assert_eq!(
        client.ping(0).await,
        Err(OpError::Failed("it does not serve afterall.test.".to_owned()))
    );
    assert!(client.ping(0).await.is_err());
    assert_eq!(client.clock_ms(0).await, Ok(None));
}

#[test]
fn options_are_checked() {
    let label = "a".repeat(64);
    for (name, value) in [("zone", label.as_str()), ("primary", "n9"), ("colour", "red")] {
        let error = client(&[(name, value)], &[]).unwrap_err().to_string();
        assert!(error.contains("option") && error.contains(name), "{error}");
    }
}
