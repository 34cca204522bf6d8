//! DNS over TCP: registers as TXT records, written by dynamic update (RFC 2136).
//!
//! | option | |
//! |---|---|
//! | `zone` | the zone; `afterall.test` if nothing is said |
//! | `primary` | the node that takes updates; the first if nothing is said |
//!
//! A read asks the node that was asked, without recursion; only an authoritative answer counts. A write goes to the
//! primary, whoever was asked: it deletes the TXT records of the name and adds one, in one update, with a TTL of 0. Keys are labels
//! of lower-case letters, digits and hyphens: names that differ in case alone are one name.
//!
//! What codes say of an update (RFC 2136, sections 2.2 and 3):
//!
//! | code | |
//! |---|---|
//! | NOERROR | done |
//! | FORMERR, NOTIMP, REFUSED, NOTAUTH, NOTZONE | failed: checked before any change is made |
//! | SERVFAIL | unknown: also for a failure while the change was being made |
//! | anything else | unknown |

use super::ask::{Ask, register, settle};
use super::connection::Connection;
use super::options::{Options, wrong};
use super::{Answer, Client, ClientError, Cluster, Pending, Trouble};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use afterall_workloads::Operation;
use bytes::{Buf, BytesMut};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// A client of name servers.
#[derive(Debug)]
pub(super) struct DnsClient {
    cluster: Cluster,
    connections: Vec<Connection>,
    zone: Name,
    primary: usize,
    last_id: u16,
}

impl DnsClient {
    /// A client, unconnected.
    pub(super) fn new(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> Result<Self, ClientError> {
        if workload != Workload::Register {
            return Err(ClientError::Workload { protocol: "dns", workload });
        }
        let options = Options::new(&spec.options, &["zone", "primary"])?;
        let zone = options.text("zone").unwrap_or("afterall.test");
        let zone = Name::from_ascii(format!("{}.", zone.trim_end_matches('.')))
            .map_err(|error| wrong("zone", format!("{zone:?} is no name: {error}")))?;
        let primary = match options.text("primary") {
            None => 0,
            Some(name) => {
                let found = cluster.names.iter().position(|other| other == name);
                found.ok_or_else(|| {
                    let names = cluster.names.join(", ");
                    wrong("primary", format!("{name:?} is none of the nodes {names}"))
                })?
            }
        };
        let connections = cluster.addresses.iter().map(|_| Connection::default()).collect();
        Ok(DnsClient { cluster, connections, zone, primary, last_id: 0 })
    }

    /// Sends a message and returns the answer, whatever its code. Failed: nothing was sent.
    async fn ask(&mut self, node: usize, mut message: Message) -> Result<Message, Trouble> {
        self.last_id = self.last_id.wrapping_add(1);
        message.metadata.id = self.last_id;
        let failed = |error: &dyn std::fmt::Display| Trouble::Failed(error.to_string());
        let body = message.to_vec().map_err(|error| failed(&error))?;
        let length = u16::try_from(body.len()).map_err(|error| failed(&error))?;
        let request = [&length.to_be_bytes()[..], &body].concat();
        let connection = &mut self.connections[node];
        connection.open(self.cluster.addresses[node]).await.map_err(Trouble::Failed)?;
        let (id, op_code) = (message.metadata.id, message.metadata.op_code);
        let answer = connection.ask(&request, |received| {
            let Some(answer) = decode(received)? else { return Ok(None) };
            let of = &answer.metadata;
            if (of.id, of.message_type, of.op_code) == (id, MessageType::Response, op_code) {
                return Ok(Some(answer));
            }
            Err(format!("it is no answer to message {id}"))
        });
        answer.await.map_err(Trouble::Unknown)
    }

    /// What a node knows of a name, by its own authority.
    async fn query(
        &mut self,
        node: usize,
        name: &Name,
        kind: RecordType,
    ) -> Result<Vec<Record>, Trouble> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name.clone(), kind));
        let answer = self.ask(node, message).await?;
        let code = answer.metadata.response_code;
        match code {
            ResponseCode::NoError | ResponseCode::NXDomain if !answer.metadata.authoritative => {
                Err(Trouble::Failed("the answer is not authoritative".to_owned()))
            }
            _ if answer.metadata.truncation => Err(Trouble::Failed("the answer is cut".to_owned())),
            ResponseCode::NoError => {
                let fits = |record: &Record| record.name == *name && record.record_type() == kind;
                Ok(answer.answers.into_iter().filter(fits).collect())
            }
            ResponseCode::NXDomain => Ok(Vec::new()),
            code => Err(Trouble::Failed(format!("{code}"))),
        }
    }

    async fn update(&mut self, name: Name, value: i64) -> Result<(), Trouble> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Update);
        let mut zone = Query::query(self.zone.clone(), RecordType::SOA);
        zone.set_query_class(DNSClass::IN);
        message.add_query(zone);
        let mut delete = Record::update0(name.clone(), 0, RecordType::TXT).into_record_of_rdata();
        delete.dns_class = DNSClass::ANY;
        let text = RData::TXT(TXT::new(vec![value.to_string()]));
        // In an update, what is to be changed stands in the section for authorities.
        message.add_authorities([delete, Record::from_rdata(name, 0, text)]);
        let answer = self.ask(self.primary, message).await?;
        match answer.metadata.response_code {
            ResponseCode::NoError => Ok(()),
            code @ (ResponseCode::FormErr
            | ResponseCode::NotImp
            | ResponseCode::Refused
            | ResponseCode::NotAuth
            | ResponseCode::NotZone) => Err(Trouble::Failed(format!("{code}"))),
            code => Err(Trouble::Unknown(format!("{code}"))),
        }
    }

    async fn carry_out(&mut self, node: usize, operation: &Operation) -> Result<Answer, Trouble> {
        let key = &operation.key;
        let is_label =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if key.is_empty() || !key.bytes().all(is_label) {
            let what = format!("the key {key:?} is not of lower-case letters, digits and hyphens");
            return Err(Trouble::Failed(what));
        }
        let name = Name::from_ascii(key)
            .and_then(|name| name.append_domain(&self.zone))
            .map_err(|error| Trouble::Failed(format!("the key {key:?} is no label: {error}")))?;
        if let Ask::Write(value) = Ask::new(Workload::Register, operation)? {
            self.update(name, value).await?;
            let other = node != self.primary;
            let served = other.then(|| self.cluster.names[self.primary].clone());
            return Ok(Answer { node: served, ..Answer::done() });
        }
        let records = self.query(node, &name, RecordType::TXT).await?;
        let mut values = Vec::new();
        for record in &records {
            if let RData::TXT(text) = &record.data
                && let Value::List(value) = register(&text.txt_data.concat())
            {
                values.extend(value);
            }
        }
        Ok(Answer::read(if values.is_empty() { Value::Nil } else { Value::List(values) }))
    }
}

/// Takes a message off the front, once it is whole.
fn decode(received: &mut BytesMut) -> Result<Option<Message>, String> {
    let Some((length, rest)) = received.split_first_chunk() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some((message, _)) = rest.split_at_checked(length) else { return Ok(None) };
    let message = Message::from_vec(message).map_err(|error| error.to_string())?;
    received.advance(2 + length);
    Ok(Some(message))
}

impl Client for DnsClient {
    fn reset(&mut self) {
        self.connections.iter_mut().for_each(Connection::close);
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, Trouble>> {
        Box::pin(async move { settle(operation, self.carry_out(node, operation).await) })
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            let zone = self.zone.clone();
            match self.query(node, &zone, RecordType::SOA).await {
                Ok(records) if records.is_empty() => Err(format!("it does not serve {zone}")),
                Ok(_) => Ok(()),
                Err(trouble) => Err(trouble.to_string()),
            }
        })
    }

    fn clock_ms(&mut self, _node: usize) -> Pending<'_, Result<Option<i64>, String>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

#[cfg(test)]
mod tests;
