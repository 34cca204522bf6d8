//! A client of the reference node: one session at a time, HTTP through the session's own links.
//!
//! What is surely failed and what is unknown is decided here. Surely failed: the link refused the connection, so
//! nothing was sent; or the node answered with a 4xx or 507, by which it says that it did nothing. Everything else
//! that is no answer is unknown: a timeout, a connection that broke after the request was sent, a 5xx.

use crate::driver::{Completion, Invocation};
use afterall_history::Workload;
use afterall_reference::core::Answer;
use afterall_reference::{session::Session, wire};
use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::Request;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

type Connection = SendRequest<Full<Bytes>>;

/// A place for sessions.
pub(crate) struct NodeClient {
    workload: Workload,
    /// Where this client's link to each node listens.
    addresses: Vec<SocketAddr>,
    timeout: Duration,
    connections: Vec<Option<Connection>>,
    process: Option<u64>,
    session: Session,
}

/// Why there is no answer.
enum NoAnswer {
    /// The request surely did nothing.
    Failed(String),
    /// Nobody knows.
    Unknown(String),
}

impl NodeClient {
    pub(crate) fn new(workload: Workload, addresses: Vec<SocketAddr>, timeout: Duration) -> Self {
        NodeClient {
            workload,
            connections: addresses.iter().map(|_| None).collect(),
            addresses,
            timeout,
            process: None,
            session: Session::default(),
        }
    }

    /// Carries out an operation; ends within the timeout.
    pub(crate) async fn invoke(&mut self, invocation: &Invocation) -> Completion {
        if self.process != Some(invocation.process) {
            // Another session: it remembers nothing and holds no connection.
            self.process = Some(invocation.process);
            self.session = Session::default();
            self.connections.fill_with(|| None);
        }
        let operation = &invocation.operation;
        let request =
            self.session.request(self.workload, operation.f, &operation.key, &operation.value);
        let (path, body) = match request {
            Ok(request) => wire::encode_request(&request),
            Err(error) => return Completion::Fail(error.to_string()),
        };
        let timeout = self.timeout;
        match tokio::time::timeout(timeout, self.ask(invocation.node, path, body)).await {
            Ok(Ok(answer)) => {
                let read = self.session.learn(&operation.key, &answer);
                Completion::Ok {
                    node: answer.node.to_string(),
                    read,
                    version: Some(answer.version),
                }
            }
            Ok(Err(NoAnswer::Failed(error))) => Completion::Fail(error),
            Ok(Err(NoAnswer::Unknown(error))) => {
                self.connections[invocation.node] = None;
                Completion::Info(error)
            }
            Err(_) => {
                self.connections[invocation.node] = None;
                Completion::Info(format!("no answer within {} ms", self.timeout.as_millis()))
            }
        }
    }

    async fn ask(&mut self, node: usize, path: &str, body: Vec<u8>) -> Result<Answer, NoAnswer> {
        let connection = match &mut self.connections[node] {
            Some(connection) if !connection.is_closed() => connection,
            place => place.insert(connect(self.addresses[node]).await.map_err(NoAnswer::Failed)?),
        };
        let request = Request::post(path)
            .header("host", "node")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| NoAnswer::Failed(error.to_string()))?;
        let unknown =
            |error: &dyn std::fmt::Display| NoAnswer::Unknown(format!("connection lost: {error}"));
        let response = connection.send_request(request).await.map_err(|error| unknown(&error))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| unknown(&error))?.to_bytes();
        match status {
            200 => wire::decode_answer(&body)
                .map_err(|error| NoAnswer::Unknown(format!("answer not understood: {error}"))),
            400..=499 | 507 => {
                Err(NoAnswer::Failed(format!("{status}: {}", wire::decode_error(&body))))
            }
            _ => Err(NoAnswer::Unknown(format!("{status}: {}", wire::decode_error(&body)))),
        }
    }
}

/// Opens a connection. An error means that nothing was sent.
async fn connect(address: SocketAddr) -> Result<Connection, String> {
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let (sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| error.to_string())?;
    // It ends when its sender is dropped or the peer hangs up; whoever asked learns of errors.
    tokio::spawn(connection);
    Ok(sender)
}

/// What a node says of itself, asked directly, past all links.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Status {
    pub(crate) incarnation: u32,
    pub(crate) wall_ms: u64,
}

/// Asks a node how it is.
pub(crate) async fn status(address: SocketAddr, patience: Duration) -> Result<Status, String> {
    let asked = async {
        let mut connection = connect(address).await?;
        let request = Request::get("/status")
            .header("host", "node")
            .body(Full::new(Bytes::new()))
            .map_err(|error| error.to_string())?;
        let response = connection.send_request(request).await.map_err(|error| error.to_string())?;
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX).collect().await;
        let body = body.map_err(|error| error.to_string())?.to_bytes();
        serde_json::from_slice(&body).map_err(|error| error.to_string())
    };
    let timed_out = || format!("no answer within {} ms", patience.as_millis());
    tokio::time::timeout(patience, asked).await.map_err(|_| timed_out())?
}
