//! DNS over TCP: registers as TXT records, written by dynamic update (RFC 2136).
//!
//! | option | |
//! |---|---|
//! | `zone` | the zone; `afterall.test` by default |
//! | `primary` | the node that takes updates; the first by default |
//!
//! A read asks the node that was asked, without recursion; only an authoritative answer counts. A write goes to the
//! primary, whichever node was asked: it deletes the TXT records of the name and adds one, in one update, with a TTL of 0. Keys are labels
//! of lower-case letters, digits and hyphens: DNS names do not distinguish upper and lower case.
//!
//! What codes mean for an update (RFC 2136, sections 2.2 and 3):
//!
//! | code | |
//! |---|---|
//! | NOERROR | done |
//! | FORMERR, NOTIMP, REFUSED, NOTAUTH, NOTZONE | failed: checked before any change is made |
//! | SERVFAIL | indeterminate: also for a failure while the change was being made |
//! | anything else | indeterminate |

use crate::ask::{Ask, register};
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::error::{ClientError, Malformed, OpError};
use crate::store::{Connections, Store, StoreClient};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use bytes::{Buf, BytesMut};
use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::TXT;
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType};

/// A client of name servers.
#[derive(Debug)]
pub(crate) struct Dns {
    names: Vec<String>,
    connections: Connections,
    zone: Name,
    primary: usize,
    last_id: u16,
}

impl Dns {
    /// A client, unconnected.
    ///
    /// # Errors
    /// The zone is not a name, or the primary is not a node.
    pub(crate) fn client(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> Result<StoreClient<Dns>, ClientError> {
        let option = |name: &str| spec.options.get(name).map(String::as_str);
        let zone = option("zone").unwrap_or("afterall.test");
        let zone =
            Name::from_ascii(format!("{}.", zone.trim_end_matches('.'))).map_err(|error| {
                let expected = format!("a domain name ({error})");
                ClientError::Setting { option: "zone", expected, found: zone.to_owned() }
            })?;
        let primary = option("primary").map_or(Ok(0), |name| {
            let expected = || format!("one of the nodes {}", cluster.names.join(", "));
            cluster.names.iter().position(|other| other == name).ok_or_else(|| {
                let (expected, found) = (expected(), name.to_owned());
                ClientError::Setting { option: "primary", expected, found }
            })
        })?;
        let connections = Connections::new(&cluster.addresses);
        let store = Dns { names: cluster.names, connections, zone, primary, last_id: 0 };
        Ok(StoreClient { workload, store })
    }

    /// Sends a message and returns the answer, whatever its code. Failed: nothing was sent.
    async fn exchange(&mut self, node: usize, mut message: Message) -> Result<Message, OpError> {
        self.last_id = self.last_id.wrapping_add(1);
        message.metadata.id = self.last_id;
        let body = message.to_vec().map_err(OpError::failed)?;
        let length = u16::try_from(body.len()).map_err(OpError::failed)?;
        let request = [&length.to_be_bytes()[..], &body].concat();
        let (id, op_code) = (message.metadata.id, message.metadata.op_code);
        let decode = |received: &mut BytesMut| {
            let Some(answer) = decode(received)? else { return Ok(None) };
            let of = &answer.metadata;
            if (of.id, of.message_type, of.op_code) == (id, MessageType::Response, op_code) {
                return Ok(Some(answer));
            }
            Err(Malformed(format!("expected the answer to message {id}, found another's")))
        };
        self.connections.ask(node, None, &request, decode).await
    }

    /// What a node answers authoritatively about a name.
    async fn query(
        &mut self,
        node: usize,
        name: &Name,
        kind: RecordType,
    ) -> Result<Vec<Record>, OpError> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Query);
        message.add_query(Query::query(name.clone(), kind));
        let answer = self.exchange(node, message).await?;
        let code = answer.metadata.response_code;
        match code {
            ResponseCode::NoError | ResponseCode::NXDomain if !answer.metadata.authoritative => {
                Err(OpError::Failed("the answer is not authoritative".to_owned()))
            }
            _ if answer.metadata.truncation => Err(OpError::Failed("the answer is cut".to_owned())),
            ResponseCode::NoError => {
                let fits = |record: &Record| record.name == *name && record.record_type() == kind;
                Ok(answer.answers.into_iter().filter(fits).collect())
            }
            ResponseCode::NXDomain => Ok(Vec::new()),
            code => Err(OpError::Failed(format!("{code}"))),
        }
    }

    async fn update(&mut self, name: Name, value: i64) -> Result<(), OpError> {
        let mut message = Message::new(0, MessageType::Query, OpCode::Update);
        let mut zone = Query::query(self.zone.clone(), RecordType::SOA);
        zone.set_query_class(DNSClass::IN);
        message.add_query(zone);
        let mut delete = Record::update0(name.clone(), 0, RecordType::TXT).into_record_of_rdata();
        delete.dns_class = DNSClass::ANY;
        let text = RData::TXT(TXT::new(vec![value.to_string()]));
        // In an update, what is to be changed stands in the section for authorities.
        message.add_authorities([delete, Record::from_rdata(name, 0, text)]);
        let answer = self.exchange(self.primary, message).await?;
        match answer.metadata.response_code {
            ResponseCode::NoError => Ok(()),
            code @ (ResponseCode::FormErr
            | ResponseCode::NotImp
            | ResponseCode::Refused
            | ResponseCode::NotAuth
            | ResponseCode::NotZone) => Err(OpError::Failed(format!("{code}"))),
            code => Err(OpError::Indeterminate(format!("{code}"))),
        }
    }

    async fn carry_out(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        let is_label =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if key.is_empty() || !key.bytes().all(is_label) {
            let what =
                format!("expected a key of lower-case letters, digits and hyphens, found {key:?}");
            return Err(OpError::Failed(what));
        }
        let name = Name::from_ascii(key)
            .and_then(|name| name.append_domain(&self.zone))
            .map_err(|error| OpError::Failed(format!("the key {key:?} is not a label: {error}")))?;
        if let Ask::Write(value) = ask {
            self.update(name, value).await?;
            let other = node != self.primary;
            let served = other.then(|| self.names[self.primary].clone());
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
fn decode(received: &mut BytesMut) -> Result<Option<Message>, Malformed> {
    let Some((length, rest)) = received.split_first_chunk() else { return Ok(None) };
    let length = usize::from(u16::from_be_bytes(*length));
    let Some((message, _)) = rest.split_at_checked(length) else { return Ok(None) };
    let message = Message::from_vec(message).map_err(Malformed::by)?;
    received.advance(2 + length);
    Ok(Some(message))
}

impl Store for Dns {
    fn forget(&mut self) {
        self.connections.close_all();
    }

    async fn ask(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        self.carry_out(node, key, ask).await
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        let zone = self.zone.clone();
        match self.query(node, &zone, RecordType::SOA).await? {
            records if records.is_empty() => {
                Err(OpError::Failed(format!("it does not serve {zone}")))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
