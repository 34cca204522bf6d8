//! etcd: the JSON gateway of its v3 API, registers alone.
//!
//! | option | |
//! |---|---|
//! | `reads = "linearizable"` | the default: a read goes through the quorum |
//! | `reads = "serializable"` | a read is answered by the node that was asked, from what it has |
//!
//! What errors mean for a put; the codes are gRPC's, which the gateway hands on in the body:
//!
//! | error | |
//! |---|---|
//! | 3 InvalidArgument | failed: no key, too large; checked before the proposal |
//! | 7 PermissionDenied, 16 Unauthenticated | failed: checked before the put is applied |
//! | 12 Unimplemented, and HTTP 404 and 405 without a code | failed: there is no such thing |
//! | 8 ResourceExhausted, "too many requests" or "received message larger" | failed: turned away before the proposal |
//! | 8 ResourceExhausted, "database space exceeded" | indeterminate: etcd says this after the put, too, when that used up the quota |
//! | 14 Unavailable, 4 DeadlineExceeded | indeterminate: no leader, time ran out; what was proposed may be applied later |
//! | anything else | indeterminate |

use crate::ask::{Ask, register};
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::error::OpError;
use crate::http::HttpConnection;
use crate::store::{Store, StoreClient};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde::Deserialize;
use serde_json::json;
use std::net::SocketAddr;

const RANGE: &str = "/v3/kv/range";
const PUT: &str = "/v3/kv/put";

/// A client of etcd.
#[derive(Debug)]
pub(crate) struct Etcd {
    addresses: Vec<SocketAddr>,
    connections: Vec<HttpConnection>,
    serializable: bool,
}

/// What a range is answered by, as much as is needed. Whatever has no header is not etcd's.
#[derive(Debug, Deserialize)]
struct Range {
    #[serde(rename = "header")]
    _header: serde::de::IgnoredAny,
    #[serde(default)]
    kvs: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
struct Pair {
    /// In base64; absent where it is empty.
    #[serde(default)]
    value: String,
}

/// An error as the gateway tells it.
#[derive(Debug, Deserialize)]
struct Refusal {
    code: u32,
    message: String,
}

impl Etcd {
    /// A client, unconnected. The options were checked.
    pub(crate) fn client(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> StoreClient<Etcd> {
        let store = Etcd {
            connections: cluster.addresses.iter().map(|_| HttpConnection::default()).collect(),
            addresses: cluster.addresses,
            serializable: spec.options.get("reads").is_some_and(|reads| reads == "serializable"),
        };
        StoreClient { workload, store }
    }

    async fn post(
        &mut self,
        node: usize,
        path: &str,
        body: serde_json::Value,
    ) -> Result<Bytes, OpError> {
        let request = Request::post(path)
            .header("host", "etcd")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body.to_string())))
            .map_err(|error| OpError::Failed(error.to_string()))?;
        match self.connections[node].ask(self.addresses[node], request).await? {
            (200, body) => Ok(body),
            (status, body) => Err(classify(status, &body)),
        }
    }

    async fn range(
        &mut self,
        node: usize,
        key: &str,
        serializable: bool,
    ) -> Result<Value, OpError> {
        let body = json!({"key": BASE64.encode(key), "serializable": serializable});
        let body = self.post(node, RANGE, body).await?;
        let strange = |error: &dyn std::fmt::Display| {
            OpError::Failed(format!("answer not understood: {error}"))
        };
        let range: Range = serde_json::from_slice(&body).map_err(|error| strange(&error))?;
        match range.kvs.first() {
            None => Ok(Value::Nil),
            Some(pair) => {
                Ok(register(&BASE64.decode(&pair.value).map_err(|error| strange(&error))?))
            }
        }
    }
}

/// Whether an error means that nothing was done.
fn classify(status: u16, body: &[u8]) -> OpError {
    let Ok(Refusal { code, message }) = serde_json::from_slice(body) else {
        let body = String::from_utf8_lossy(&body[..body.len().min(200)]);
        let what = format!("HTTP {status}: {}", body.trim());
        return if matches!(status, 404 | 405) {
            OpError::Failed(what)
        } else {
            OpError::Indeterminate(what)
        };
    };
    let what = format!("gRPC {code}: {message}");
    let turned_away =
        message.contains("too many requests") || message.contains("received message larger");
    match code {
        3 | 7 | 12 | 16 => OpError::Failed(what),
        8 if turned_away => OpError::Failed(what),
        _ => OpError::Indeterminate(what),
    }
}

impl Store for Etcd {
    fn forget(&mut self) {
        self.connections.iter_mut().for_each(HttpConnection::close);
    }

    async fn ask(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        let Ask::Write(value) = ask else {
            return self.range(node, key, self.serializable).await.map(Answer::read);
        };
        let (key, value) = (BASE64.encode(key), BASE64.encode(value.to_string()));
        let body = self.post(node, PUT, json!({"key": key, "value": value})).await?;
        serde_json::from_slice::<Range>(&body)
            .map(|_| Answer::done())
            .map_err(|error| OpError::Indeterminate(format!("answer not understood: {error}")))
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        self.range(node, "ping", true).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Client;
    use crate::error::ClientError;
    use crate::fake::{Fake, nowhere};
    use afterall_history::Function;
    use afterall_workloads::Operation;

    fn client(
        options: &[(&str, &str)],
        address: SocketAddr,
    ) -> Result<Box<dyn Client>, ClientError> {
        let options = options.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let protocol = "etcd".to_owned();
        let spec = ClientSpec { protocol, port: 1, command: Vec::new(), options };
        let (names, internal) = (vec!["n1".to_owned()], Vec::new());
        let cluster = Cluster { names, internal, addresses: vec![address] };
        crate::registry::open(&spec, Workload::Register, cluster)
    }

    fn write() -> Operation {
        Operation { f: Function::Write, key: "r1".to_owned(), value: Value::Int(17), level: None }
    }

    fn read() -> Operation {
        Operation { f: Function::Read, key: "r1".to_owned(), value: Value::Nil, level: None }
    }

    fn http(status: u16, body: &str) -> String {
        format!("HTTP/1.1 {status} Some\r\ncontent-length: {}\r\n\r\n{body}", body.len())
    }

    const HEADER: &str = r#""header":{"revision":"2","raft_term":"2"}"#;

    #[tokio::test]
    async fn puts_and_ranges_carry_keys_and_values_in_base64() {
        let empty = http(200, &format!("{{{HEADER}}}"));
        let pair = r#""kvs":[{"key":"cjE=","version":"1","value":"MTc="}],"count":"1""#;
        let one = http(200, &format!("{{{HEADER},{pair}}}"));
        let fake = Fake::start([&empty, &empty, &one]).await;
        let mut client = client(&[], fake.address).unwrap();
        assert_eq!(client.invoke(0, &write()).await, Ok(Answer::done()));
        assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
        let value = Answer::read(Value::List(vec![Value::Int(17)]));
        assert_eq!(client.invoke(0, &read()).await, Ok(value));
        let requests = fake.requests().into_iter().map(|bytes| String::from_utf8(bytes).unwrap());
        let requests = requests.collect::<Vec<_>>();
        assert!(requests[0].starts_with("POST /v3/kv/put "), "{requests:?}");
        assert!(requests[0].ends_with(r#"{"key":"cjE=","value":"MTc="}"#), "{requests:?}");
        assert!(requests[1].starts_with("POST /v3/kv/range "), "{requests:?}");
        assert!(requests[1].ends_with(r#"{"key":"cjE=","serializable":false}"#), "{requests:?}");
    }

    #[tokio::test]
    async fn reads_and_pings_are_asked_of_the_node_itself_where_told() {
        let empty = http(200, &format!("{{{HEADER}}}"));
        let fake = Fake::start([&empty, &empty, &http(200, "{}")]).await;
        let mut client = client(&[("reads", "serializable")], fake.address).unwrap();
        assert_eq!(client.invoke(0, &read()).await, Ok(Answer::read(Value::Nil)));
        assert_eq!(client.ping(0).await, Ok(()));
        assert!(client.ping(0).await.is_err(), "no etcd answers so");
        for request in &fake.requests()[..2] {
            assert!(String::from_utf8_lossy(request).ends_with("\"serializable\":true}"));
        }
        assert_eq!(client.clock_ms(0).await, Ok(None));
    }

    #[tokio::test]
    async fn each_error_of_a_put_is_failed_or_unknown() {
        let grpc = |code: u32, message: &str| {
            format!(r#"{{"error":"{message}","message":"{message}","code":{code}}}"#)
        };
        for (status, body, sure) in [
            (400, grpc(3, "etcdserver: request is too large"), true),
            (403, grpc(7, "etcdserver: permission denied"), true),
            (401, grpc(16, "etcdserver: invalid auth token"), true),
            (501, grpc(12, "Not Implemented"), true),
            (404, "Not Found".to_owned(), true),
            (429, grpc(8, "etcdserver: too many requests"), true),
            (429, grpc(8, "grpc: received message larger than max (9 vs. 8)"), true),
            (429, grpc(8, "etcdserver: mvcc: database space exceeded"), false),
            (503, grpc(14, "etcdserver: request timed out"), false),
            (503, grpc(14, "etcdserver: leader changed"), false),
            (503, grpc(14, "etcdserver: no leader"), false),
            (504, grpc(4, "context deadline exceeded"), false),
            (500, grpc(2, "etcdserver: something"), false),
            (502, "bad gateway".to_owned(), false),
            (200, "{}".to_owned(), false),
        ] {
            let fake = Fake::start([http(status, &body), http(status, &body)]).await;
            let mut client = client(&[], fake.address).unwrap();
            let put = client.invoke(0, &write()).await.unwrap_err();
            assert_eq!(matches!(put, OpError::Failed(_)), sure, "{body}: {put}");
            let get = client.invoke(0, &read()).await.unwrap_err();
            assert!(matches!(get, OpError::Failed(_)), "{body}: {get}");
        }
    }

    #[tokio::test]
    async fn a_lost_connection_is_unknown_and_one_that_was_refused_is_failed() {
        let fake = Fake::start([""]).await;
        let lost = client(&[], fake.address).unwrap().invoke(0, &write()).await;
        assert!(matches!(lost, Err(OpError::Indeterminate(_))), "{lost:?}");
        let refused = client(&[], nowhere().await).unwrap().invoke(0, &write()).await;
        assert!(matches!(refused, Err(OpError::Failed(_))), "{refused:?}");
    }

    #[tokio::test]
    async fn what_it_cannot_do_is_told() {
        let nowhere = nowhere().await;
        assert!(client(&[("reads", "stale")], nowhere).is_err());
        assert!(client(&[("colour", "red")], nowhere).is_err());
        let spec = ClientSpec {
            protocol: "etcd".to_owned(),
            port: 1,
            command: Vec::new(),
            options: Default::default(),
        };
        let cluster = Cluster { names: Vec::new(), internal: Vec::new(), addresses: Vec::new() };
        let Err(error) = crate::registry::open(&spec, Workload::Cart, cluster) else { panic!() };
        assert_eq!(error.to_string(), "the etcd client cannot drive a cart");
    }
}
