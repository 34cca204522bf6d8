//! Redis: RESP2, one connection per node.
//!
//! | option | |
//! |---|---|
//! | `redirect = "follow"` | goes where MOVED and ASK point to (Redis Cluster) |
//! | `readonly = "yes"` | sends READONLY on connecting: replicas of a Redis Cluster serve reads |
//! | `writes = "primary"` | a write that a replica refused is tried at the primary |
//! | `wait = "N"` | a write is acknowledged once N replicas have it: WAIT N 500 |
//!
//! A register is a string, a counter is a string (INCRBY, DECRBY), a cart is a hash from elements to quantities.
//!
//! What errors mean for a write, by the checks of Redis's `processCommand` that come before a command is called, and the
//! documentation of the commands:
//!
//! | error | |
//! |---|---|
//! | MOVED, ASK, TRYAGAIN, CLUSTERDOWN, CROSSSLOT | failed: the node does not serve the slot, or none is served |
//! | READONLY, NOREPLICAS, MASTERDOWN | failed: a replica; too few good replicas (`min-replicas-to-write`); both are checked before the command is called |
//! | LOADING, BUSY, OOM, MISCONF | failed: not before data is loaded or a script ends; no memory; no disk |
//! | NOAUTH, NOPERM, WRONGTYPE | failed: not allowed; the key holds something else, which each command checks first |
//! | anything else, as ERR | indeterminate: it may have come after the write |
//! | fewer than N replicas by WAIT | indeterminate: the primary has it, and may lose it |
//!
//! Before a write is tried elsewhere, the node before has surely refused it or was never reached.

mod resp;

use crate::ask::{Ask, register};
use crate::client::Answer;
use crate::cluster::Cluster;
use crate::connection::Greeting;
use crate::error::{Malformed, OpError};
use crate::store::{Connections, Store, StoreClient};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use bytes::BytesMut;
use resp::{Reply, encode};
use std::time::Duration;

/// How often redirections are followed for one operation.
const REDIRECTIONS_MAX: usize = 5;

/// How long a node may take to tell its role while a primary is looked for.
const ROLE_WITHIN: Duration = Duration::from_millis(500);

/// How long WAIT waits, milliseconds.
const WAIT_MS: &str = "500";

/// The errors after which nothing was done.
const REFUSALS: [&str; 14] = [
    "MOVED",
    "ASK",
    "TRYAGAIN",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "READONLY",
    "NOREPLICAS",
    "MASTERDOWN",
    "LOADING",
    "BUSY",
    "OOM",
    "MISCONF",
    "NOAUTH",
    "NOPERM",
];

/// A client of Redis.
#[derive(Debug)]
pub(crate) struct Redis {
    workload: Workload,
    cluster: Cluster,
    connections: Connections,
    redirect: bool,
    readonly: bool,
    to_primary: bool,
    wait: Option<String>,
    /// The node that took the last write, while writes go to the primary.
    primary: Option<usize>,
}

/// What became of a command at one node.
#[derive(Debug)]
enum Outcome {
    /// It was carried out.
    Done(Reply),
    /// It was not, or may have been.
    Error(OpError),
    /// The node was not reached: nothing was sent.
    Unreached(String),
    /// The node is a replica, and says so.
    Replica(String),
    /// Another node serves the key: where, and whether it has to be asked for by ASKING.
    Elsewhere { node: usize, asking: bool, error: String },
}

impl Redis {
    /// A client, unconnected. The options were checked.
    pub(crate) fn client(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> StoreClient<Redis> {
        let says = |option: &str, value: &str| {
            spec.options.get(option).is_some_and(|given| given == value)
        };
        let store = Redis {
            workload,
            connections: Connections::new(&cluster.addresses),
            cluster,
            redirect: says("redirect", "follow"),
            readonly: says("readonly", "yes"),
            to_primary: says("writes", "primary"),
            wait: spec.options.get("wait").cloned(),
            primary: None,
        };
        StoreClient { workload, store }
    }

    /// Sends a command and returns its reply, errors among them. Failed: nothing was sent.
    async fn command(&mut self, node: usize, words: &[&str]) -> Result<Reply, OpError> {
        let readonly = encode(&["READONLY"]);
        let greeting = Greeting { request: &readonly, welcome: readonly_accepted };
        let greeting = self.readonly.then_some(greeting);
        self.connections.ask(node, greeting, &encode(words), resp::decode).await
    }

    /// Has one node carry out a command.
    async fn at(&mut self, node: usize, words: &[&str], asking: bool) -> Outcome {
        if asking {
            match self.command(node, &["ASKING"]).await {
                Ok(Reply::Status(_)) => {}
                Ok(reply) => {
                    return Outcome::Unreached(format!("unexpected answer to ASKING: {reply}"));
                }
                Err(error) => return Outcome::Unreached(error.to_string()),
            }
        }
        match self.command(node, words).await {
            Ok(Reply::Error(error)) => self.refused(error),
            Ok(reply) => Outcome::Done(reply),
            Err(OpError::Failed(error)) => Outcome::Unreached(error),
            Err(indeterminate) => Outcome::Error(indeterminate),
        }
    }

    /// What an error means.
    fn refused(&self, error: String) -> Outcome {
        let mut words = error.split(' ');
        let code = words.next().unwrap_or_default();
        match code {
            "READONLY" => Outcome::Replica(error),
            "MOVED" | "ASK" if self.redirect => {
                // MOVED slot host:port
                let host = words.nth(1).and_then(|place| Some(place.rsplit_once(':')?.0));
                match host.and_then(|host| self.node_called(host)) {
                    Some(node) => Outcome::Elsewhere { node, asking: code == "ASK", error },
                    None => Outcome::Error(OpError::Failed(format!(
                        "{error}: no node of the cluster has this address"
                    ))),
                }
            }
            "WRONGTYPE" => Outcome::Error(OpError::Failed(error)),
            code if REFUSALS.contains(&code) => Outcome::Error(OpError::Failed(error)),
            _ => Outcome::Error(OpError::Indeterminate(error)),
        }
    }

    fn node_called(&self, host: &str) -> Option<usize> {
        let ip = host.parse::<std::net::IpAddr>().ok();
        let by_ip = ip.and_then(|ip| self.cluster.internal.iter().position(|other| *other == ip));
        by_ip.or_else(|| self.cluster.names.iter().position(|name| name == host))
    }

    /// Has a command carried out, by the node that was asked or by one that it points to. Returns the node that served it.
    async fn follow(&mut self, asked: usize, words: &[&str]) -> (usize, Outcome) {
        let (mut node, mut outcome) = (asked, self.at(asked, words, false).await);
        for _ in 0..REDIRECTIONS_MAX {
            let Outcome::Elsewhere { node: next, asking, .. } = outcome else { break };
            (node, outcome) = (next, self.at(next, words, asking).await);
        }
        (node, outcome)
    }

    /// Has a write carried out by the primary: the one that took the last write, the one that was asked, or one
    /// that says that it is a primary. It goes on to the next only after a refusal, or where nothing was sent.
    async fn at_primary(&mut self, asked: usize, words: &[&str]) -> (usize, Outcome) {
        let others = (0..self.connections.len()).filter(|node| *node != asked);
        let candidates = self.primary.take().into_iter().chain([asked]).chain(others);
        let mut tried = Vec::new();
        let mut last = (asked, Outcome::Unreached("no node".to_owned()));
        for (place, node) in candidates.collect::<Vec<_>>().into_iter().enumerate() {
            let is_guess = place > 0 && node != asked;
            if tried.contains(&node) || (is_guess && !self.is_primary(node).await) {
                continue;
            }
            tried.push(node);
            let (served, outcome) = self.follow(node, words).await;
            match outcome {
                Outcome::Replica(_) | Outcome::Unreached(_) => last = (served, outcome),
                Outcome::Done(_) => {
                    self.primary = Some(served);
                    return (served, outcome);
                }
                _ => return (served, outcome),
            }
        }
        last
    }

    /// Whether a node says that it is a primary, soon.
    async fn is_primary(&mut self, node: usize) -> bool {
        let asked = tokio::time::timeout(ROLE_WITHIN, self.command(node, &["ROLE"])).await;
        let Ok(Ok(Reply::List(role))) = asked else {
            self.connections.close(node);
            return false;
        };
        matches!(role.first(), Some(Reply::Text(role)) if role == b"master")
    }

    /// Waits until a write is on as many replicas as the manifest says.
    async fn replicated(&mut self, node: usize) -> Result<(), OpError> {
        let Some(wanted) = self.wait.clone() else { return Ok(()) };
        match self.command(node, &["WAIT", &wanted, WAIT_MS]).await {
            Ok(Reply::Int(n)) if wanted.parse().is_ok_and(|wanted: i64| n >= wanted) => Ok(()),
            Ok(reply) => {
                Err(OpError::Indeterminate(format!("{wanted} replicas waited for: {reply}")))
            }
            Err(error) => Err(OpError::Indeterminate(format!("WAIT: {error}"))),
        }
    }

    async fn carry_out(
        &mut self,
        asked: usize,
        key: &str,
        ask: Ask<'_>,
    ) -> Result<Answer, OpError> {
        let number;
        let words: &[&str] = match ask {
            Ask::Read if self.workload == Workload::Cart => &["HGETALL", key],
            Ask::Read => &["GET", key],
            Ask::Write(value) => {
                number = value.to_string();
                &["SET", key, &number]
            }
            Ask::Change(amount) => {
                number = amount.unsigned_abs().to_string();
                &[if amount > 0 { "INCRBY" } else { "DECRBY" }, key, &number]
            }
            Ask::Add(element, quantity) => {
                number = quantity.to_string();
                &["HSET", key, element, &number]
            }
            Ask::Remove(element) => &["HDEL", key, element],
        };
        let is_read = ask == Ask::Read;
        let (served, outcome) = if self.to_primary && !is_read {
            self.at_primary(asked, words).await
        } else {
            self.follow(asked, words).await
        };
        let reply = match outcome {
            Outcome::Done(reply) => reply,
            Outcome::Error(error) => return Err(error),
            Outcome::Unreached(error) | Outcome::Replica(error) => {
                return Err(OpError::Failed(error));
            }
            Outcome::Elsewhere { error, .. } => {
                return Err(OpError::Failed(format!("redirected too often: {error}")));
            }
        };
        let mut answer = if is_read {
            Answer::read(self.value(reply)?)
        } else if matches!(reply, Reply::Status(_) | Reply::Int(_)) {
            self.replicated(served).await?;
            Answer::done()
        } else {
            return Err(OpError::Indeterminate(format!("unexpected answer: {reply}")));
        };
        answer.node = (served != asked).then(|| self.cluster.names[served].clone());
        Ok(answer)
    }

    /// What was read, as histories write it.
    fn value(&self, reply: Reply) -> Result<Value, OpError> {
        let strange = |reply: &Reply| OpError::Failed(format!("unexpected answer: {reply}"));
        match (self.workload, &reply) {
            (Workload::Register, Reply::Nil) => Ok(Value::Nil),
            (Workload::Register, Reply::Text(text)) => Ok(register(text)),
            (Workload::Counter, Reply::Nil) => Ok(Value::Int(0)),
            (Workload::Counter, Reply::Text(text)) => {
                let sum = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                sum.map(Value::Int).ok_or_else(|| strange(&reply))
            }
            (Workload::Cart, Reply::List(words)) => {
                let item = |pair: &[Reply]| match pair {
                    [Reply::Text(element), Reply::Text(quantity)] => {
                        let quantity = std::str::from_utf8(quantity).ok()?.parse().ok()?;
                        let element = String::from_utf8_lossy(element).into_owned();
                        Some(Value::List(vec![element.into(), Value::Int(quantity)]))
                    }
                    _ => None,
                };
                let items = words.chunks(2).map(item).collect::<Option<Vec<_>>>();
                items.map(Value::List).ok_or_else(|| strange(&reply))
            }
            _ => Err(strange(&reply)),
        }
    }
}

/// Takes the answer to READONLY off the front.
fn readonly_accepted(received: &mut BytesMut) -> Result<Option<()>, Malformed> {
    match resp::decode(received)? {
        None => Ok(None),
        Some(Reply::Status(_)) => Ok(Some(())),
        Some(reply) => Err(Malformed(format!("READONLY was answered by {reply}"))),
    }
}

impl Store for Redis {
    fn forget(&mut self) {
        self.connections.close_all();
        self.primary = None;
    }

    async fn ask(&mut self, node: usize, key: &str, ask: Ask<'_>) -> Result<Answer, OpError> {
        self.carry_out(node, key, ask).await
    }

    async fn ping(&mut self, node: usize) -> Result<(), OpError> {
        match self.command(node, &["PING"]).await? {
            Reply::Status(_) => Ok(()),
            reply => Err(OpError::Failed(format!("unexpected answer to PING: {reply}"))),
        }
    }

    async fn clock_ms(&mut self, node: usize) -> Result<Option<i64>, OpError> {
        let reply = self.command(node, &["TIME"]).await?;
        let number = |reply: &Reply| match reply {
            Reply::Text(text) => std::str::from_utf8(text).ok()?.parse::<i64>().ok(),
            _ => None,
        };
        let time = match &reply {
            Reply::List(parts) => match parts.as_slice() {
                [seconds, micros] => number(seconds).zip(number(micros)),
                _ => None,
            },
            _ => None,
        };
        let ms = time.and_then(|(s, us)| s.checked_mul(1_000)?.checked_add(us / 1_000));
        let strange = || OpError::Failed(format!("unexpected answer to TIME: {reply}"));
        ms.map(Some).ok_or_else(strange)
    }
}

#[cfg(test)]
mod tests;
