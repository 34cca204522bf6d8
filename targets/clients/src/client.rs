//! The face of all clients.

use crate::error::OpError;
use afterall_history::Value;
use afterall_workloads::Operation;
use std::future::Future;
use std::pin::Pin;

/// A request in progress.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The replica that answered, as it names itself; `None` where the protocol does not say: the one that was asked.
    pub node: Option<String>,
    /// What was read, in the shape that histories have for the workload; `None` for updates.
    pub read: Option<Value>,
    /// The version that came with the answer, where there is one.
    pub version: Option<Value>,
}

impl Answer {
    /// An update was acknowledged.
    #[must_use]
    pub fn done() -> Self {
        Answer { node: None, read: None, version: None }
    }

    /// Something was read.
    #[must_use]
    pub fn read(value: Value) -> Self {
        Answer { node: None, read: Some(value), version: None }
    }
}

/// A session's client. It asks one thing at a time.
///
/// The caller bounds the time of each call: a future that is dropped may leave its connection in any state, so the
/// caller calls [`Client::reset`] afterwards. A client opens connections when it needs them and keeps them until then.
pub trait Client: Send {
    /// Begins another session, without memory and without connections.
    fn reset(&mut self);

    /// Carries out an operation at a node, by its place in the cluster.
    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>>;

    /// Whether a node serves clients: a request that changes nothing and that the node answers by itself.
    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), OpError>>;

    /// Creates what the load needs, such as tables. Called on one client before the load, again and again until it
    /// succeeds; `nodes` is the size of the cluster.
    fn setup(&mut self, nodes: usize) -> Pending<'_, Result<(), OpError>> {
        let _ = nodes;
        Box::pin(std::future::ready(Ok(())))
    }

    /// The node's wall clock, milliseconds since the epoch; `None` where the protocol cannot ask for it.
    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, OpError>>;
}
