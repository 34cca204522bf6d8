//! The reference node's client: HTTP/JSON.
//!
//! By a 4xx, a 503 or a 507 the node says that it did nothing; another 5xx leaves it open.

use crate::client::{Answer, Client, Pending};
use crate::error::OpError;
use crate::http::HttpConnection;
use afterall_history::Workload;
use afterall_reference::core::Standing;
use afterall_reference::{session::Session, wire};
use afterall_workloads::Operation;
use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::http::request::Builder;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// A client of the reference node.
#[derive(Debug)]
pub struct ReferenceClient {
    workload: Workload,
    addresses: Vec<SocketAddr>,
    connections: Vec<HttpConnection>,
    session: Session,
}

/// The status that a node reports.
#[derive(Debug, Clone, serde::Deserialize)]
pub struct Status {
    /// How many times it has started.
    pub incarnation: u32,
    /// Its wall clock, milliseconds since the epoch.
    pub wall_ms: u64,
    /// How it stands to the cluster.
    #[serde(default)]
    pub standing: Standing,
    /// The others that it does not see as members, by name.
    #[serde(default)]
    pub others: BTreeMap<String, Standing>,
    /// While it leaves: how many of the others have all that it has.
    #[serde(default)]
    pub taken_by: usize,
    /// While it leaves: how many changes it owes them.
    #[serde(default)]
    pub owes: u64,
}

impl ReferenceClient {
    /// A client of nodes at these addresses.
    #[must_use]
    pub fn new(workload: Workload, addresses: Vec<SocketAddr>) -> Self {
        let connections = addresses.iter().map(|_| HttpConnection::default()).collect();
        ReferenceClient { workload, addresses, connections, session: Session::default() }
    }

    /// Asks a node how it is.
    ///
    /// # Errors
    /// It does not answer, or not as a node does.
    pub async fn status(&mut self, node: usize) -> Result<Status, OpError> {
        serde_json::from_slice(&self.get(node, "/status").await?).map_err(OpError::failed)
    }

    /// What a node counts, by the names of `/metrics` without their `afterall_`; those with labels are left out.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn metrics(&mut self, node: usize) -> Result<BTreeMap<String, u64>, OpError> {
        let body = self.get(node, "/metrics").await?;
        let line = |line: &str| {
            let (name, value) = line.strip_prefix("afterall_")?.split_once(' ')?;
            (!name.contains('{')).then_some((name.to_owned(), value.parse().ok()?))
        };
        Ok(String::from_utf8_lossy(&body).lines().filter_map(line).collect())
    }

    /// Lets a node leave the cluster, or, with `false`, join it again. Once this returns, what was asked for is on its disk.
    ///
    /// # Errors
    /// It does not answer, or cannot.
    pub async fn turn(&mut self, node: usize, leaves: bool) -> Result<(), OpError> {
        let path = if leaves { "/leave" } else { "/join" };
        self.ask_plainly(node, Request::post(path)).await.map(|_| ())
    }

    async fn get(&mut self, node: usize, path: &str) -> Result<Bytes, OpError> {
        self.ask_plainly(node, Request::get(path)).await
    }

    /// Sends a request without a body. Any answer but 200 is a failure: a node that was stopped may have more waiting than it
    /// takes in, and says so.
    async fn ask_plainly(&mut self, node: usize, request: Builder) -> Result<Bytes, OpError> {
        let request = request
            .header("host", "node")
            .body(Full::new(Bytes::new()))
            .map_err(OpError::failed)?;
        match self.connections[node].ask(self.addresses[node], request).await? {
            (200, body) => Ok(body),
            (status, body) => {
                Err(OpError::Failed(format!("{status}: {}", wire::decode_error(&body))))
            }
        }
    }

    async fn ask(&mut self, node: usize, operation: &Operation) -> Result<Answer, OpError> {
        let mut request = self
            .session
            .request(self.workload, operation.f, &operation.key, &operation.value)
            .map_err(OpError::failed)?;
        request.level = operation.level;
        let (path, body) = wire::encode_request(&request);
        let request = Request::post(path)
            .header("host", "node")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(OpError::failed)?;
        let (status, body) = self.connections[node].ask(self.addresses[node], request).await?;
        match status {
            200 => {
                let answer = wire::decode_answer(&body).map_err(|error| {
                    OpError::Indeterminate(format!("answer not understood: {error}"))
                })?;
                let read = self.session.learn(self.workload, &operation.key, &answer);
                let version = answer.version;
                Ok(Answer { node: Some(answer.node.to_string()), read, version })
            }
            400..=499 | 503 | 507 => {
                Err(OpError::Failed(format!("{status}: {}", wire::decode_error(&body))))
            }
            _ => Err(OpError::Indeterminate(format!("{status}: {}", wire::decode_error(&body)))),
        }
    }
}

impl Client for ReferenceClient {
    fn reset(&mut self) {
        self.session = Session::default();
        self.connections.iter_mut().for_each(HttpConnection::close);
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        Box::pin(self.ask(node, operation))
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), OpError>> {
        Box::pin(async move { self.status(node).await.map(|_| ()) })
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, OpError>> {
        Box::pin(async move {
            let status = self.status(node).await?;
            Ok(i64::try_from(status.wall_ms).ok())
        })
    }
}
