//! A client for a store of your own: here a map in memory. Clients in any other language speak over standard input and
//! output: `docs/external-clients.md`.
//!
//!     cargo run -p afterall-clients --example client

use afterall_clients::{Answer, Client, OpError, Pending};
use afterall_history::{Function, Value};
use afterall_workloads::Operation;
use std::collections::BTreeMap;

/// A store of registers with one replica per node, which never talk to each other.
#[derive(Default)]
struct InMemory {
    replicas: BTreeMap<usize, BTreeMap<String, Value>>,
}

impl Client for InMemory {
    fn reset(&mut self) {
        // A client that holds connections closes them here.
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, OpError>> {
        Box::pin(async move {
            let replica = self.replicas.entry(node).or_default();
            match operation.f {
                Function::Read => {
                    let value = replica.get(&operation.key).cloned();
                    Ok(Answer::read(value.map_or(Value::Nil, |value| Value::List(vec![value]))))
                }
                Function::Write => {
                    replica.insert(operation.key.clone(), operation.value.clone());
                    Ok(Answer::done())
                }
                // It surely did not happen. What nobody knows is `OpError::Indeterminate`.
                other => Err(OpError::Failed(format!("expected read or write, found {other}"))),
            }
        })
    }

    fn ping(&mut self, _: usize) -> Pending<'_, Result<(), OpError>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn clock_ms(&mut self, _: usize) -> Pending<'_, Result<Option<i64>, OpError>> {
        Box::pin(std::future::ready(Ok(None)))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), OpError> {
    let mut client = InMemory::default();
    let write = Operation { value: 17.into(), f: Function::Write, ..Operation::read("x") };
    client.invoke(0, &write).await?;
    for node in 0..2 {
        let answer = client.invoke(node, &Operation::read("x")).await?;
        println!("n{}: {:?}", node + 1, answer.read);
    }
    Ok(())
}
