//! Lies to the clients of any target: `liar.rs` decides, and [`LyingClient`] does it around any client.

mod liar;

pub use liar::{Deed, Liar, Lies};

use crate::client::{Answer, Client, Pending};
use crate::error::OpError;
use afterall_workloads::Operation;

/// A client a few of whose answers are falsified.
pub struct LyingClient {
    client: Box<dyn Client>,
    liar: Liar,
}

impl LyingClient {
    /// Around a client.
    #[must_use]
    pub fn new(client: Box<dyn Client>, liar: Liar) -> Self {
        LyingClient { client, liar }
    }

    async fn ask(&mut self, node: usize, operation: &Operation) -> Result<Answer, OpError> {
        let mut answer = match self.liar.before(operation) {
            Deed::Send => self.client.invoke(node, operation).await?,
            Deed::Drop => {
                // A node that is down acknowledges nothing.
                self.client.ping(node).await?;
                Answer::done()
            }
            Deed::SendTwice => {
                let first = self.client.invoke(node, operation).await?;
                // Whatever comes of the second: the first was acknowledged.
                let _ = self.client.invoke(node, operation).await;
                first
            }
        };
        self.liar.after(operation, &mut answer.read, &mut answer.version);
        Ok(answer)
    }
}

impl Client for LyingClient {
    fn reset(&mut self) {
        self.liar.reset();
        self.client.reset();
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        Box::pin(self.ask(node, operation))
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), OpError>> {
        self.client.ping(node)
    }

    fn setup(&mut self, nodes: usize) -> Pending<'_, Result<(), OpError>> {
        self.client.setup(nodes)
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, OpError>> {
        self.client.clock_ms(node)
    }
}
