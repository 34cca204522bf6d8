//! Tarantool: its binary protocol (iproto), as the user `guest`; no options.
//!
//! A register or a counter is a tuple `[key, value]` in the space `afterall`, whose primary key is the first field: the
//! manifest's process creates it, and grants guest to read and write it. A register is written by REPLACE, a counter is
//! changed by UPSERT with `+`. Carts cannot be driven. The clock needs guest to be granted `execute` on the universe;
//! without, the clock is not known.
//!
//! What errors mean for a write (names and numbers: `box.error` and the reference of error codes):
//!
//! | error | |
//! |---|---|
//! | 7 READONLY, 6 NONMASTER, 116 LOADING | failed: checked before the transaction begins |
//! | 42 ACCESS_DENIED, 36 NO_SUCH_SPACE, 35 NO_SUCH_INDEX_ID | failed: the same |
//! | 1 ILLEGAL_PARAMS, 20 INVALID_MSGPACK, 48 UNKNOWN_REQUEST_TYPE, 69 MISSING_REQUEST_FIELD | failed: the request is not understood |
//! | 2 MEMORY_ISSUE, 23 FIELD_TYPE, 95 UPDATE_INTEGER_OVERFLOW | failed: the tuple cannot be made; the transaction is not committed |
//! | 40 WAL_IO | indeterminate: rolled back in memory, but what is on the disk is not known until a restart |
//! | 78 TIMEOUT, 216 SYNC_QUORUM_TIMEOUT, 217 SYNC_ROLLBACK | indeterminate: replicas may have it, and a new leader may confirm it |
//! | anything else | indeterminate |

use crate::ask::Ask;
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::connection::Greeting;
use crate::error::{Malformed, OpError};
use crate::store::{Connections, Store, StoreClient};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use bytes::{Buf, BytesMut};
use rmpv::Value as Msg;

/// The codes after which nothing was done.
const REFUSALS: [u64; 13] = [1, 2, 6, 7, 20, 23, 35, 36, 42, 48, 69, 95, 116];

/// A greeting has 128 bytes, and begins so.
const GREETING_BYTES: usize = 128;
const GREETING: &[u8] = b"Tarantool";

/// How deep answers nest.
const DEPTH_MAX: usize = 16;

/// The system view of spaces, and its index by name.
const VSPACE: u64 = 281;
const VSPACE_BY_NAME: u64 = 2;

// Keys and types of iproto, by their names in the protocol's documentation.
const REQUEST_TYPE: u64 = 0x00;
const SYNC: u64 = 0x01;
const SPACE_ID: u64 = 0x10;
const INDEX_ID: u64 = 0x11;
const LIMIT: u64 = 0x12;
const OFFSET: u64 = 0x13;
const ITERATOR: u64 = 0x14;
const INDEX_BASE: u64 = 0x15;
const KEY: u64 = 0x20;
const TUPLE: u64 = 0x21;
const EXPR: u64 = 0x27;
const OPS: u64 = 0x28;
const DATA: u64 = 0x30;
const ERROR: u64 = 0x31;
const SELECT: u64 = 1;
const REPLACE: u64 = 3;
const EVAL: u64 = 8;
const UPSERT: u64 = 9;
const PING: u64 = 0x40;
/// In place of a type: an error, whose code is added.
const ERROR_FLAG: u64 = 0x8000;

/// A client of Tarantool.
#[derive(Debug)]
pub(crate) struct Tarantool {
    workload: Workload,
    connections: Connections,
    /// The number of the space `afterall` at each node, as far as it has been asked for.
    spaces: Vec<Option<u64>>,
    last_sync: u64,
}

/// What came of a request that was answered.
type Answered = Result<Vec<Msg>, (u64, String)>;

impl Tarantool {
    /// A client, unconnected.
    pub(crate) fn client(
        _spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> StoreClient<Tarantool> {
        let store = Tarantool {
            workload,
            connections: Connections::new(&cluster.addresses),
            spaces: vec![None; cluster.addresses.len()],
            last_sync: 0,
        };
        StoreClient { workload, store }
    }

    /// Sends a request and returns the answer, errors among them. Failed: nothing was sent.
    async fn request(
        &mut self,
        node: usize,
        request: u64,
        body: Vec<(u64, Msg)>,
    ) -> Result<Answered, OpError> {
        self.last_sync += 1;
        let sync = self.last_sync;
        let request = encode(request, sync, body)?;
        let greeting = Greeting { request: &[], welcome: greeting };
        let decode = |received: &mut BytesMut| decode(received, sync);
        self.connections.ask(node, Some(greeting), &request, decode).await
    }

    async fn space(&mut self, node: usize) -> Result<u64, OpError> {
        if let Some(space) = self.spaces[node] {
            return Ok(space);
        }
        let name = Msg::Array(vec!["afterall".into()]);
        let failed = |error: &dyn std::fmt::Display| {
            OpError::Failed(format!("cannot find the space afterall: {error}"))
        };
        let found = self.request(node, SELECT, select(VSPACE, VSPACE_BY_NAME, name)).await;
        let tuples = found
            .map_err(|error| failed(&error))?
            .map_err(|(code, error)| failed(&format!("{code}: {error}")))?;
        let space = tuples.first().and_then(|tuple| tuple.as_array()?.first()?.as_u64());
        self.spaces[node] = space;
        space.ok_or_else(|| failed(&"it does not exist, or guest may not see it"))
    }

    async fn carry_out(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        let space = self.space(node).await?;
        let key = Msg::from(key);
        let (request, body) = match ask {
            Ask::Write(value) => {
                let tuple = Msg::Array(vec![key, value.into()]);
                (REPLACE, vec![(SPACE_ID, space.into()), (TUPLE, tuple)])
            }
            Ask::Change(amount) => {
                let add = Msg::Array(vec!["+".into(), 1.into(), amount.into()]);
                let tuple = Msg::Array(vec![key, amount.into()]);
                let ops = Msg::Array(vec![add]);
                let base = (INDEX_BASE, 0.into());
                (UPSERT, vec![(SPACE_ID, space.into()), base, (TUPLE, tuple), (OPS, ops)])
            }
            _ => (SELECT, select(space, 0, Msg::Array(vec![key]))),
        };
        let tuples = match self.request(node, request, body).await? {
            Ok(tuples) => tuples,
            Err((code, error)) if REFUSALS.contains(&code) => {
                // The space may be another when it is looked for again.
                self.spaces[node] = None;
                return Err(OpError::Failed(format!("{code}: {error}")));
            }
            Err((code, error)) => return Err(OpError::Indeterminate(format!("{code}: {error}"))),
        };
        if ask != Ask::Read {
            return Ok(Answer::done());
        }
        let held = tuples.first().map(|tuple| tuple.as_array().and_then(|fields| fields.get(1)));
        let value = match (self.workload, held) {
            (Workload::Register, None) => Value::Nil,
            (Workload::Register, Some(Some(value))) => Value::List(vec![
                value.as_i64().map_or_else(|| Value::Text(value.to_string()), Value::Int),
            ]),
            (_, None) => Value::Int(0),
            (_, Some(value)) => {
                let sum = value.and_then(Msg::as_i64).map(Value::Int);
                sum.ok_or_else(|| {
                    OpError::Failed("the counter does not hold a whole number".to_owned())
                })?
            }
        };
        Ok(Answer::read(value))
    }
}

/// The body of a request for one tuple by its key.
fn select(space: u64, index: u64, key: Msg) -> Vec<(u64, Msg)> {
    let number = |name: u64, value: u64| (name, Msg::from(value));
    vec![
        number(SPACE_ID, space),
        number(INDEX_ID, index),
        number(LIMIT, 1),
        number(OFFSET, 0),
        number(ITERATOR, 0),
        (KEY, key),
    ]
}

fn encode(request: u64, sync: u64, body: Vec<(u64, Msg)>) -> Result<Vec<u8>, OpError> {
    let map = |entries: Vec<(u64, Msg)>| {
        Msg::Map(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    };
    let header = map(vec![(REQUEST_TYPE, request.into()), (SYNC, sync.into())]);
    // The length comes first, as a number of 32 bits.
    let mut bytes = vec![0xce, 0, 0, 0, 0];
    for part in [header, map(body)] {
        rmpv::encode::write_value(&mut bytes, &part).map_err(OpError::failed)?;
    }
    let length = u32::try_from(bytes.len() - 5).map_err(OpError::failed)?;
    bytes[1..5].copy_from_slice(&length.to_be_bytes());
    Ok(bytes)
}

/// Takes the greeting off the front.
fn greeting(received: &mut BytesMut) -> Result<Option<()>, Malformed> {
    if received.len() < GREETING_BYTES {
        return Ok(None);
    }
    let is_tarantool = received.starts_with(GREETING);
    received.advance(GREETING_BYTES);
    if is_tarantool { Ok(Some(())) } else { Err("the greeting is not Tarantool's".into()) }
}

/// Takes the answer to a request off the front, once it is whole.
fn decode(received: &mut BytesMut, sync: u64) -> Result<Option<Answered>, Malformed> {
    let Some((head, rest)) = received.split_at_checked(5) else { return Ok(None) };
    let [0xce, length @ ..] = head else { return Err("the length is missing".into()) };
    let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
    let Some((mut parts, _)) = rest.split_at_checked(length) else { return Ok(None) };
    let header = message(&mut parts)?;
    let body = if parts.is_empty() { Msg::Map(Vec::new()) } else { message(&mut parts)? };
    if !body.is_map() || !parts.is_empty() {
        return Err("expected a header and a map".into());
    }
    received.advance(5 + length);
    let code = get(&header, REQUEST_TYPE)
        .and_then(Msg::as_u64)
        .ok_or(Malformed("the code is missing".to_owned()))?;
    if get(&header, SYNC).and_then(Msg::as_u64) != Some(sync) {
        return Err(Malformed(format!("expected the answer to request {sync}, found another's")));
    }
    if code & ERROR_FLAG != 0 {
        let error = get(&body, ERROR).and_then(Msg::as_str).unwrap_or("an error without words");
        return Ok(Some(Err((code & (ERROR_FLAG - 1), error.to_owned()))));
    }
    if code != 0 {
        return Err(Malformed(format!("{code} is not the code of an answer")));
    }
    match get(&body, DATA).cloned() {
        Some(Msg::Array(tuples)) => Ok(Some(Ok(tuples))),
        None => Ok(Some(Ok(Vec::new()))),
        Some(_) => Err("its data is not an array".into()),
    }
}

fn message(bytes: &mut &[u8]) -> Result<Msg, Malformed> {
    rmpv::decode::read_value_with_max_depth(bytes, DEPTH_MAX).map_err(Malformed::by)
}

fn get(map: &Msg, name: u64) -> Option<&Msg> {
    let entries = map.as_map()?;
    entries.iter().find(|(key, _)| key.as_u64() == Some(name)).map(|(_, value)| value)
}

impl Store for Tarantool {
    fn forget(&mut self) {
        self.connections.close_all();
        self.spaces.fill(None);
    }

    async fn ask(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        self.carry_out(node, key, ask).await
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        match self.request(node, PING, Vec::new()).await? {
            Ok(_) => Ok(()),
            Err((code, error)) => Err(OpError::Failed(format!("{code}: {error}"))),
        }
    }

    async fn clock_ms(&mut self, node: usize) -> Result<Option<i64>, OpError> {
        // In whole milliseconds, which a float holds exactly.
        let text = "return math.floor(require('clock').time() * 1000)";
        let body = vec![(EXPR, text.into()), (TUPLE, Msg::Array(Vec::new()))];
        // An error says that guest may not ask.
        let Ok(values) = self.request(node, EVAL, body).await? else { return Ok(None) };
        let ms = values.first().and_then(|ms| ms.as_i64().or_else(|| whole(ms.as_f64()?)));
        ms.map(Some).ok_or_else(|| OpError::Failed("the clock is not a number".to_owned()))
    }
}

/// A float as the whole number it stands for.
fn whole(float: f64) -> Option<i64> {
    format!("{float:.0}").parse().ok()
}

#[cfg(test)]
mod tests;
