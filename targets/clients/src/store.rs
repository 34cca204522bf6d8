//! The frame that the clients of plain stores share: what an operation asks for, what an error of a read means, and one
//! connection per node.

use crate::ask::{Ask, settle};
use crate::client::{Answer, Client, Pending};
use crate::connection::{Connection, Greeting};
use crate::error::{Malformed, OpError};
use afterall_history::Workload;
use afterall_workloads::Operation;
use bytes::BytesMut;
use std::future::Future;
use std::net::SocketAddr;

/// What is special about one store.
pub(crate) trait Store: Send {
    /// Forgets what belongs to a session, its connections first.
    fn forget(&mut self);

    /// Asks a node about a key, and says of each error whether the store surely did nothing.
    fn ask(
        &mut self,
        node: usize,
        key: &str,
        ask: Ask<'_>,
    ) -> impl Future<Output = Result<Answer, OpError>> + Send;

    /// As [`Client::ping`].
    fn ping(&mut self, node: usize) -> impl Future<Output = Result<(), OpError>> + Send;

    /// As [`Client::setup`].
    fn setup(&mut self, nodes: usize) -> impl Future<Output = Result<(), OpError>> + Send {
        let _ = nodes;
        std::future::ready(Ok(()))
    }

    /// As [`Client::clock_ms`].
    fn clock_ms(
        &mut self,
        node: usize,
    ) -> impl Future<Output = Result<Option<i64>, OpError>> + Send {
        let _ = node;
        std::future::ready(Ok(None))
    }
}

/// The client of a plain store.
#[derive(Debug)]
pub(crate) struct StoreClient<S> {
    pub(crate) workload: Workload,
    pub(crate) store: S,
}

impl<S: Store> Client for StoreClient<S> {
    fn reset(&mut self) {
        self.store.forget();
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        Box::pin(async move {
            let ask = Ask::new(self.workload, operation)?;
            settle(operation, self.store.ask(node, &operation.key, ask).await)
        })
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), OpError>> {
        Box::pin(self.store.ping(node))
    }

    fn setup(&mut self, nodes: usize) -> Pending<'_, Result<(), OpError>> {
        Box::pin(self.store.setup(nodes))
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, OpError>> {
        Box::pin(self.store.clock_ms(node))
    }
}

/// One TCP connection per node.
#[derive(Debug)]
pub(crate) struct Connections(Vec<(SocketAddr, Connection)>);

impl Connections {
    /// None is open yet.
    pub(crate) fn new(addresses: &[SocketAddr]) -> Self {
        Connections(addresses.iter().map(|address| (*address, Connection::default())).collect())
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Leads to a node elsewhere.
    #[cfg(test)]
    pub(crate) fn lead(&mut self, node: usize, address: SocketAddr) {
        self.0[node].0 = address;
    }

    /// Closes the connection to a node.
    pub(crate) fn close(&mut self, node: usize) {
        self.0[node].1.close();
    }

    /// Closes all.
    pub(crate) fn close_all(&mut self) {
        self.0.iter_mut().for_each(|(_, connection)| connection.close());
    }

    /// Sends a request to a node and returns what `decode` makes of the answer, on the connection that is open or on a
    /// new one, which begins with the greeting. Failed: the request was not sent. Indeterminate: it may have arrived.
    pub(crate) async fn ask<T>(
        &mut self,
        node: usize,
        greeting: Option<Greeting<'_>>,
        request: &[u8],
        decode: impl FnMut(&mut BytesMut) -> Result<Option<T>, Malformed>,
    ) -> Result<T, OpError> {
        let (address, connection) = &mut self.0[node];
        let is_new = connection.open(*address).await.map_err(OpError::failed)?;
        if let Some(greeting) = greeting.filter(|_| is_new) {
            let welcomed = connection.ask(greeting.request, greeting.welcome).await;
            welcomed.map_err(OpError::failed)?;
        }
        connection.ask(request, decode).await.map_err(OpError::indeterminate)
    }
}
