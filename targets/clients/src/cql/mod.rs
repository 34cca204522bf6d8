//! Cassandra: its native protocol, version 4; one connection per node, no authentication.
//!
//! | option | |
//! |---|---|
//! | `consistency` | of writes, and by default of reads: `ONE` (the default), `TWO`, `THREE`, `QUORUM`, `ALL`, `LOCAL_ONE`, `LOCAL_QUORUM`, `EACH_QUORUM` |
//! | `read-consistency` | of reads |
//! | `timestamps = "server"` | writes are stamped by the clock of the node that was asked; no other way is built yet |
//!
//! Registers, counters and carts are rows of three tables in the keyspace `afterall`, which has a replica on every node:
//! `setup` makes them.
//!
//! What errors mean for a write (section 9 of the protocol's specification, and what throws them):
//!
//! | error | |
//! |---|---|
//! | 0x000A Protocol, 0x2000 Syntax, 0x2200 Invalid, 0x2300 Config, 0x2500 Unprepared | failed: the request was not carried out |
//! | 0x0100 Credentials, 0x2100 Unauthorized | failed: not allowed |
//! | 0x1000 Unavailable | failed: too few replicas are known to be alive, found before anything is sent to them |
//! | 0x1001 Overloaded, 0x1002 Bootstrapping | failed: the coordinator turned it away |
//! | 0x1100 Write timeout, 0x1500 Write failure | indeterminate: some replicas may have it, and hand it on |
//! | 0x0000 Server error, anything else | indeterminate |

mod frame;

use crate::ask::Ask;
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::connection::Greeting;
use crate::error::{Malformed, OpError};
use crate::store::{Connections, Store, StoreClient};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use bytes::BytesMut;
use frame::{Bound, Reply, Rows};
use scylla_cql::Consistency;
use scylla_cql::frame::response::error::{DbError, Error};
use scylla_cql::value::Counter;

const CONSISTENCIES: [(&str, Consistency); 8] = [
    ("ONE", Consistency::One),
    ("TWO", Consistency::Two),
    ("THREE", Consistency::Three),
    ("QUORUM", Consistency::Quorum),
    ("ALL", Consistency::All),
    ("LOCAL_ONE", Consistency::LocalOne),
    ("LOCAL_QUORUM", Consistency::LocalQuorum),
    ("EACH_QUORUM", Consistency::EachQuorum),
];

/// What `setup` makes, in the keyspace that it makes before.
const TABLES: [(&str, &str); 3] = [
    ("register", "key text PRIMARY KEY, value bigint"),
    ("counter", "key text PRIMARY KEY, n counter"),
    ("cart", "key text, element text, quantity bigint, PRIMARY KEY (key, element)"),
];

/// A client of Cassandra.
#[derive(Debug)]
pub(crate) struct Cql {
    workload: Workload,
    names: Vec<String>,
    connections: Connections,
    writes: Consistency,
    reads: Consistency,
}

impl Cql {
    /// A client, unconnected. The options were checked.
    pub(crate) fn client(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> StoreClient<Cql> {
        let consistency = |option: &str| {
            let name = spec.options.get(option)?;
            let row = CONSISTENCIES.iter().find(|(known, _)| known == name);
            row.map(|(_, consistency)| *consistency)
        };
        let writes = consistency("consistency").unwrap_or(Consistency::One);
        let reads = consistency("read-consistency").unwrap_or(writes);
        let connections = Connections::new(&cluster.addresses);
        let store = Cql { workload, names: cluster.names, connections, writes, reads };
        StoreClient { workload, store }
    }

    /// Sends a statement and returns the reply, errors among them. Failed: nothing was sent.
    async fn statement(
        &mut self,
        node: usize,
        statement: &str,
        values: &[Bound<'_>],
        consistency: Consistency,
    ) -> Result<Reply, OpError> {
        let request = frame::query(statement, values, consistency).map_err(OpError::failed)?;
        let startup = frame::startup().map_err(OpError::failed)?;
        let greeting = Greeting { request: &startup, welcome: started };
        self.connections.ask(node, Some(greeting), &request, frame::decode).await
    }

    /// Asks for rows.
    async fn rows(
        &mut self,
        node: usize,
        statement: &str,
        values: &[Bound<'_>],
    ) -> Result<Rows, OpError> {
        match self.statement(node, statement, values, self.reads).await? {
            Reply::Rows(rows) => Ok(rows),
            other => Err(OpError::Failed(format!("unexpected answer: {other}"))),
        }
    }

    async fn read(&mut self, node: usize, key: &str) -> Result<Value, OpError> {
        let key = [Bound::Text(key)];

        match self.workload {
            Workload::Register => {
                let statement = "SELECT value FROM afterall.register WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let value = rows.all::<(Option<i64>,)>().map_err(OpError::failed)?.pop();
                let value = value.and_then(|(value,)| value);
                Ok(value.map_or(Value::Nil, |value| Value::List(vec![Value::Int(value)])))
            }
            Workload::Counter => {
                let statement = "SELECT n FROM afterall.counter WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let sum = rows.all::<(Option<Counter>,)>().map_err(OpError::failed)?.pop();
                Ok(Value::Int(sum.and_then(|(sum,)| sum).map_or(0, |sum| sum.0)))
            }
            Workload::Cart => {
                let statement = "SELECT element, quantity FROM afterall.cart WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let rows = rows.all::<(String, Option<i64>)>().map_err(OpError::failed)?;
                let item = |(element, quantity): (String, Option<i64>)| {
                    Value::List(vec![element.into(), Value::Int(quantity.unwrap_or(0))])
                };
                Ok(Value::List(rows.into_iter().map(item).collect()))
            }
            _ => Err(OpError::Failed(format!("no table holds a {}", self.workload.name()))),
        }
    }

    async fn carry_out(
        &mut self,
        node: usize,
        name: &str,
        ask: Ask<'_>,
    ) -> Result<Answer, OpError> {
        let key = Bound::Text(name);
        let (statement, values): (_, &[Bound<'_>]) = match ask {
            Ask::Read => return self.read(node, name).await.map(Answer::read),
            Ask::Write(value) => (
                "INSERT INTO afterall.register (key, value) VALUES (?, ?)",
                &[key, Bound::Int(value)],
            ),
            Ask::Change(amount) => {
                ("UPDATE afterall.counter SET n = n + ? WHERE key = ?", &[Bound::Int(amount), key])
            }
            Ask::Add(element, quantity) => (
                "INSERT INTO afterall.cart (key, element, quantity) VALUES (?, ?, ?)",
                &[key, Bound::Text(element), Bound::Int(quantity)],
            ),
            Ask::Remove(element) => (
                "DELETE FROM afterall.cart WHERE key = ? AND element = ?",
                &[key, Bound::Text(element)],
            ),
        };
        match self.statement(node, statement, values, self.writes).await? {
            Reply::Done => Ok(Answer::done()),
            Reply::Error(error) => Err(classify(&error)),
            other => Err(OpError::Indeterminate(format!("unexpected answer: {other}"))),
        }
    }

    async fn set_up(&mut self, nodes: usize) -> Result<(), OpError> {
        let keyspace = format!(
            "CREATE KEYSPACE IF NOT EXISTS afterall WITH replication = \
             {{'class': 'SimpleStrategy', 'replication_factor': {nodes}}}"
        );
        let tables = TABLES.map(|(name, columns)| {
            format!("CREATE TABLE IF NOT EXISTS afterall.{name} ({columns})")
        });
        for statement in std::iter::once(keyspace).chain(tables) {
            let reply = self.statement(0, &statement, &[], Consistency::One).await;
            match reply? {
                Reply::Done => {}
                other => {
                    return Err(OpError::Failed(format!(
                        "unexpected answer to {statement}: {other}"
                    )));
                }
            }
        }
        // Other nodes learn of a new table later.
        for node in 0..self.connections.len() {
            for (name, _) in TABLES {
                let statement = format!("SELECT key FROM afterall.{name} LIMIT 1");
                let reply = self.statement(node, &statement, &[], Consistency::One).await;
                match reply? {
                    Reply::Rows(_) => {}
                    other => {
                        let what = format!("{} lacks the table {name}: {other}", self.names[node]);
                        return Err(OpError::Failed(what));
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether an error means that nothing was done.
fn classify(error: &Error) -> OpError {
    let what = format!("{}: {}", error.error, error.reason);
    match error.error {
        DbError::ProtocolError
        | DbError::SyntaxError
        | DbError::Invalid
        | DbError::ConfigError
        | DbError::Unprepared { .. }
        | DbError::AuthenticationError
        | DbError::Unauthorized
        | DbError::Unavailable { .. }
        | DbError::Overloaded
        | DbError::IsBootstrapping => OpError::Failed(what),
        _ => OpError::Indeterminate(what),
    }
}

/// Takes the answer to STARTUP off the front.
fn started(received: &mut BytesMut) -> Result<Option<()>, Malformed> {
    match frame::decode(received)? {
        None => Ok(None),
        Some(Reply::Ready) => Ok(Some(())),
        Some(reply) => Err(Malformed(format!("STARTUP was answered by {reply}"))),
    }
}

impl Store for Cql {
    fn forget(&mut self) {
        self.connections.close_all();
    }

    async fn ask(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        self.carry_out(node, key, ask).await
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        self.rows(node, "SELECT key FROM system.local", &[]).await.map(|_| ())
    }

    async fn setup(&mut self, nodes: usize) -> Result<(), OpError> {
        self.set_up(nodes).await
    }

    async fn clock_ms(&mut self, node: usize) -> Result<Option<i64>, OpError> {
        let statement = "SELECT toUnixTimestamp(now()) FROM system.local";
        let rows = self.rows(node, statement, &[]).await?;
        match rows.all::<(i64,)>().map_err(OpError::failed)?.pop() {
            Some((ms,)) => Ok(Some(ms)),
            None => Err(OpError::Failed("system.local has no row".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests;
