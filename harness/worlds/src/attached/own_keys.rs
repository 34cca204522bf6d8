//! Keys that no other run has: the cluster may hold what earlier runs have left, and a history knows nothing of that.

use afterall_clients::{Answer, Client, OpError, Pending};
use afterall_workloads::Operation;

/// A client that asks for its run's own keys.
pub(super) struct OwnKeys {
    client: Box<dyn Client>,
    run: String,
    /// What is asked, while it is.
    asked: Operation,
}

impl OwnKeys {
    pub(super) fn new(client: Box<dyn Client>, run: &str) -> OwnKeys {
        OwnKeys { client, run: run.to_owned(), asked: Operation::read("") }
    }
}

impl Client for OwnKeys {
    fn reset(&mut self) {
        self.client.reset();
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        let key = format!("{}-{}", operation.key, self.run);
        self.asked = Operation { key, ..operation.clone() };
        self.client.invoke(node, &self.asked)
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
