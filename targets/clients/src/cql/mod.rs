//! Cassandra: its native protocol, version 4; one connection a node, no authentication.
//!
//! | option | |
//! |---|---|
//! | `consistency` | of writes, and of reads if nothing else is said: `ONE` (the default), `TWO`, `THREE`, `QUORUM`, `ALL`, `LOCAL_ONE`, `LOCAL_QUORUM`, `EACH_QUORUM` |
//! | `read-consistency` | of reads |
//! | `timestamps = "server"` | writes are stamped by the clock of the node that was asked; there is no other way yet |
//!
//! Registers, counters and carts are rows of three tables in the keyspace `afterall`, which has a replica on every node:
//! `setup` makes them.
//!
//! What errors say of a write (section 9 of the protocol's specification, and what throws them):
//!
//! | error | |
//! |---|---|
//! | 0x000A Protocol, 0x2000 Syntax, 0x2200 Invalid, 0x2300 Config, 0x2500 Unprepared | failed: the request was not carried out |
//! | 0x0100 Credentials, 0x2100 Unauthorized | failed: not allowed |
//! | 0x1000 Unavailable | failed: too few replicas are known to be alive, found before anything is sent to them |
//! | 0x1001 Overloaded, 0x1002 Bootstrapping | failed: the coordinator turned it away |
//! | 0x1100 Write timeout, 0x1500 Write failure | unknown: some replicas may have it, and hand it on |
//! | 0x0000 Server error, anything else | unknown |

mod frame;

use super::ask::{Ask, settle};
use super::connection::Connection;
use super::options::Options;
use super::{Answer, Client, ClientError, Cluster, Pending, Trouble};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use afterall_workloads::Operation;
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
pub(super) struct CqlClient {
    workload: Workload,
    cluster: Cluster,
    connections: Vec<Connection>,
    writes: Consistency,
    reads: Consistency,
}

impl CqlClient {
    /// A client, unconnected.
    pub(super) fn new(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> Result<Self, ClientError> {
        let known = ["consistency", "read-consistency", "timestamps"];
        let options = Options::new(&spec.options, &known)?;
        options.choice("timestamps", &[("server", ())])?;
        let writes = options.choice("consistency", &CONSISTENCIES)?;
        let reads = match options.text("read-consistency") {
            Some(_) => options.choice("read-consistency", &CONSISTENCIES)?,
            None => writes,
        };
        let connections = cluster.addresses.iter().map(|_| Connection::default()).collect();
        Ok(CqlClient { workload, cluster, connections, writes, reads })
    }

    /// Sends a statement and returns the reply, errors among them. Failed: nothing was sent.
    async fn ask(
        &mut self,
        node: usize,
        statement: &str,
        values: &[Bound<'_>],
        consistency: Consistency,
    ) -> Result<Reply, Trouble> {
        let request = frame::query(statement, values, consistency).map_err(Trouble::Failed)?;
        let connection = &mut self.connections[node];
        if connection.open(self.cluster.addresses[node]).await.map_err(Trouble::Failed)? {
            let startup = frame::startup().map_err(Trouble::Failed)?;
            let reply = connection.ask(&startup, frame::decode).await.map_err(Trouble::Failed)?;
            if !matches!(reply, Reply::Ready) {
                connection.close();
                return Err(Trouble::Failed(format!("STARTUP was answered by {reply}")));
            }
        }
        connection.ask(&request, frame::decode).await.map_err(Trouble::Unknown)
    }

    /// Asks for rows.
    async fn rows(
        &mut self,
        node: usize,
        statement: &str,
        values: &[Bound<'_>],
    ) -> Result<Rows, Trouble> {
        match self.ask(node, statement, values, self.reads).await? {
            Reply::Rows(rows) => Ok(rows),
            other => Err(Trouble::Failed(format!("it was answered by {other}"))),
        }
    }

    async fn read(&mut self, node: usize, key: &str) -> Result<Value, Trouble> {
        let key = [Bound::Text(key)];
        let strange = |error: String| Trouble::Failed(format!("answer not understood: {error}"));
        match self.workload {
            Workload::Register => {
                let statement = "SELECT value FROM afterall.register WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let value = rows.all::<(Option<i64>,)>().map_err(strange)?.pop();
                let value = value.and_then(|(value,)| value);
                Ok(value.map_or(Value::Nil, |value| Value::List(vec![Value::Int(value)])))
            }
            Workload::Counter => {
                let statement = "SELECT n FROM afterall.counter WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let sum = rows.all::<(Option<Counter>,)>().map_err(strange)?.pop();
                Ok(Value::Int(sum.and_then(|(sum,)| sum).map_or(0, |sum| sum.0)))
            }
            Workload::Cart => {
                let statement = "SELECT element, quantity FROM afterall.cart WHERE key = ?";
                let rows = self.rows(node, statement, &key).await?;
                let rows = rows.all::<(String, Option<i64>)>().map_err(strange)?;
                let item = |(element, quantity): (String, Option<i64>)| {
                    Value::List(vec![element.into(), Value::Int(quantity.unwrap_or(0))])
                };
                Ok(Value::List(rows.into_iter().map(item).collect()))
            }
            _ => Err(Trouble::Failed(format!("it holds no {}", self.workload.name()))),
        }
    }

    async fn carry_out(&mut self, node: usize, operation: &Operation) -> Result<Answer, Trouble> {
        let key = Bound::Text(&operation.key);
        let (statement, values): (_, &[Bound<'_>]) = match Ask::new(self.workload, operation)? {
            Ask::Read => return self.read(node, &operation.key).await.map(Answer::read),
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
        match self.ask(node, statement, values, self.writes).await? {
            Reply::Done => Ok(Answer::done()),
            Reply::Error(error) => Err(trouble(&error)),
            other => Err(Trouble::Unknown(format!("it was answered by {other}"))),
        }
    }

    async fn set_up(&mut self, nodes: usize) -> Result<(), String> {
        let keyspace = format!(
            "CREATE KEYSPACE IF NOT EXISTS afterall WITH replication = \
             {{'class': 'SimpleStrategy', 'replication_factor': {nodes}}}"
        );
        let tables = TABLES.map(|(name, columns)| {
            format!("CREATE TABLE IF NOT EXISTS afterall.{name} ({columns})")
        });
        for statement in std::iter::once(keyspace).chain(tables) {
            let reply = self.ask(0, &statement, &[], Consistency::One).await;
            match reply.map_err(|trouble| trouble.to_string())? {
                Reply::Done => {}
                other => return Err(format!("{statement}: it was answered by {other}")),
            }
        }
        // A table that one node has made is not at once known to the others.
        for node in 0..self.connections.len() {
            for (name, _) in TABLES {
                let statement = format!("SELECT key FROM afterall.{name} LIMIT 1");
                let reply = self.ask(node, &statement, &[], Consistency::One).await;
                match reply.map_err(|trouble| trouble.to_string())? {
                    Reply::Rows(_) => {}
                    other => {
                        let node = &self.cluster.names[node];
                        return Err(format!("{node} does not have the table {name} yet: {other}"));
                    }
                }
            }
        }
        Ok(())
    }
}

/// What an error says.
fn trouble(error: &Error) -> Trouble {
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
        | DbError::IsBootstrapping => Trouble::Failed(what),
        _ => Trouble::Unknown(what),
    }
}

impl Client for CqlClient {
    fn reset(&mut self) {
        self.connections.iter_mut().for_each(Connection::close);
    }

    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, Trouble>> {
        Box::pin(async move { settle(operation, self.carry_out(node, operation).await) })
    }

    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(async move {
            let rows = self.rows(node, "SELECT key FROM system.local", &[]).await;
            rows.map(|_| ()).map_err(|trouble| trouble.to_string())
        })
    }

    fn setup(&mut self, nodes: usize) -> Pending<'_, Result<(), String>> {
        Box::pin(self.set_up(nodes))
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, String>> {
        Box::pin(async move {
            let statement = "SELECT toUnixTimestamp(now()) FROM system.local";
            let rows =
                self.rows(node, statement, &[]).await.map_err(|trouble| trouble.to_string())?;
            let (ms,): (i64,) = rows.all()?.pop().ok_or("system.local has no row")?;
            Ok(Some(ms))
        })
    }
}

#[cfg(test)]
mod tests;
