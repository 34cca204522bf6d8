//! Redis: RESP2, one connection a node.
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
//! What errors say of a write, by the checks of Redis's `processCommand` that come before a command is called, and the
//! documentation of the commands:
//!
//! | error | |
//! |---|---|
//! | MOVED, ASK, TRYAGAIN, CLUSTERDOWN, CROSSSLOT | failed: the node does not serve the slot, or none is served |
//! | READONLY, NOREPLICAS, MASTERDOWN | failed: a replica; too few good replicas (`min-replicas-to-write`); both are checked before the command is called |
//! | LOADING, BUSY, OOM, MISCONF | failed: not before data is loaded or a script ends; no memory; no disk |
//! | NOAUTH, NOPERM, WRONGTYPE | failed: not allowed; the key holds something else, which each command checks first |
//! | anything else, as ERR | unknown: it may have come after the deed |
//! | fewer than N replicas by WAIT | unknown: the primary has it, and may lose it |
//!
//! Before a write is tried elsewhere, the node before has surely refused it or was never reached.

mod resp;

use super::ask::{Ask, register, settle};
use super::connection::Connection;
use super::options::Options;
use super::{Answer, Client, ClientError, Cluster, Pending, Trouble};
use afterall_history::{Value, Workload};
use afterall_manifest::ClientSpec;
use afterall_workloads::Operation;
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
pub(super) struct RedisClient {
    workload: Workload,
    cluster: Cluster,
    connections: Vec<Connection>,
    redirect: bool,
    readonly: bool,
    to_primary: bool,
    wait: Option<String>,
    /// Who took the last write, while writes go to the primary.
    primary: Option<usize>,
}

/// What became of a command at one node.
#[derive(Debug)]
enum Outcome {
    /// It was carried out.
    Done(Reply),
    /// It was not, or nobody knows.
    Trouble(Trouble),
    /// The node was not reached: nothing was sent.
    Unreached(String),
    /// The node is a replica, and says so.
    Replica(String),
    /// Another node serves the key: where, and whether it has to be asked for by ASKING.
    Elsewhere { node: usize, asking: bool, error: String },
}

impl RedisClient {
    /// A client, unconnected.
    pub(super) fn new(
        spec: &ClientSpec,
        workload: Workload,
        cluster: Cluster,
    ) -> Result<Self, ClientError> {
        let options = Options::new(&spec.options, &["redirect", "readonly", "writes", "wait"])?;
        Ok(RedisClient {
            workload,
            connections: cluster.addresses.iter().map(|_| Connection::default()).collect(),
            cluster,
            redirect: options.choice("redirect", &[("refuse", false), ("follow", true)])?,
            readonly: options.choice("readonly", &[("no", false), ("yes", true)])?,
            to_primary: options.choice("writes", &[("asked", false), ("primary", true)])?,
            wait: options.number("wait", 99)?.map(|n| n.to_string()),
            primary: None,
        })
    }

    /// Sends a command and returns its reply, errors among them. Failed: nothing was sent.
    async fn ask(&mut self, node: usize, words: &[&str]) -> Result<Reply, Trouble> {
        let connection = &mut self.connections[node];
        let new = connection.open(self.cluster.addresses[node]).await.map_err(Trouble::Failed)?;
        if new && self.readonly {
            let reply = connection.ask(&encode(&["READONLY"]), resp::decode).await;
            match reply {
                Ok(Reply::Status(_)) => {}
                Ok(reply) => {
                    connection.close();
                    return Err(Trouble::Failed(format!("READONLY was answered by {reply}")));
                }
                Err(error) => return Err(Trouble::Failed(error)),
            }
        }
        connection.ask(&encode(words), resp::decode).await.map_err(Trouble::Unknown)
    }

    /// Has one node carry out a command.
    async fn at(&mut self, node: usize, words: &[&str], asking: bool) -> Outcome {
        if asking {
            match self.ask(node, &["ASKING"]).await {
                Ok(Reply::Status(_)) => {}
                Ok(reply) => return Outcome::Unreached(format!("ASKING was answered by {reply}")),
                Err(trouble) => return Outcome::Unreached(trouble.to_string()),
            }
        }
        match self.ask(node, words).await {
            Ok(Reply::Error(error)) => self.refused(error),
            Ok(reply) => Outcome::Done(reply),
            Err(Trouble::Failed(error)) => Outcome::Unreached(error),
            Err(unknown) => Outcome::Trouble(unknown),
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
                    None => {
                        Outcome::Trouble(Trouble::Failed(format!("{error}: there is no such node")))
                    }
                }
            }
            "WRONGTYPE" => Outcome::Trouble(Trouble::Failed(error)),
            code if REFUSALS.contains(&code) => Outcome::Trouble(Trouble::Failed(error)),
            _ => Outcome::Trouble(Trouble::Unknown(error)),
        }
    }

    fn node_called(&self, host: &str) -> Option<usize> {
        let ip = host.parse::<std::net::IpAddr>().ok();
        let by_ip = ip.and_then(|ip| self.cluster.internal.iter().position(|other| *other == ip));
        by_ip.or_else(|| self.cluster.names.iter().position(|name| name == host))
    }

    /// Has a command carried out, by the node that was asked or by one that it points to. Returns who served.
    async fn follow(&mut self, asked: usize, words: &[&str]) -> (usize, Outcome) {
        let (mut node, mut outcome) = (asked, self.at(asked, words, false).await);
        for _ in 0..REDIRECTIONS_MAX {
            let Outcome::Elsewhere { node: next, asking, .. } = outcome else { break };
            (node, outcome) = (next, self.at(next, words, asking).await);
        }
        (node, outcome)
    }

    /// Has a write carried out by the primary: the one that took the last write, the one that was asked, or whoever
    /// says that it is one. It goes on to the next only after a refusal, or where nothing was sent.
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
        let asked = tokio::time::timeout(ROLE_WITHIN, self.ask(node, &["ROLE"])).await;
        let Ok(Ok(Reply::List(role))) = asked else {
            self.connections[node].close();
            return false;
        };
        matches!(role.first(), Some(Reply::Text(role)) if role == b"master")
    }

    /// Waits until a write is on as many replicas as the manifest says.
    async fn replicated(&mut self, node: usize) -> Result<(), Trouble> {
        let Some(wanted) = self.wait.clone() else { return Ok(()) };
        match self.ask(node, &["WAIT", &wanted, WAIT_MS]).await {
            Ok(Reply::Int(n)) if wanted.parse().is_ok_and(|wanted: i64| n >= wanted) => Ok(()),
            Ok(reply) => Err(Trouble::Unknown(format!("{wanted} replicas waited for: {reply}"))),
            Err(trouble) => Err(Trouble::Unknown(format!("WAIT: {trouble}"))),
        }
    }

    async fn carry_out(&mut self, asked: usize, operation: &Operation) -> Result<Answer, Trouble> {
        let ask = Ask::new(self.workload, operation)?;
        let key = operation.key.as_str();
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
            Outcome::Trouble(trouble) => return Err(trouble),
            Outcome::Unreached(error) | Outcome::Replica(error) => {
                return Err(Trouble::Failed(error));
            }
            Outcome::Elsewhere { error, .. } => {
                return Err(Trouble::Failed(format!("redirected too often: {error}")));
            }
        };
        let mut answer = if is_read {
            Answer::read(self.value(reply)?)
        } else if matches!(reply, Reply::Status(_) | Reply::Int(_)) {
            self.replicated(served).await?;
            Answer::done()
        } else {
            return Err(Trouble::Unknown(format!("it was answered by {reply}")));
        };
        answer.node = (served != asked).then(|| self.cluster.names[served].clone());
        Ok(answer)
    }

    /// What was read, as histories have it.
    fn value(&self, reply: Reply) -> Result<Value, Trouble> {
        let strange = |reply: &Reply| Trouble::Failed(format!("it was answered by {reply}"));
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

impl Client for RedisClient {
    fn reset(&mut self) {
        self.connections.iter_mut().for_each(Connection::close);
        self.primary = None;
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
            match self.ask(node, &["PING"]).await {
                Ok(Reply::Status(_)) => Ok(()),
                Ok(reply) => Err(format!("PING was answered by {reply}")),
                Err(trouble) => Err(trouble.to_string()),
            }
        })
    }

    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, String>> {
        Box::pin(async move {
            let reply = self.ask(node, &["TIME"]).await.map_err(|trouble| trouble.to_string())?;
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
            ms.map(Some).ok_or_else(|| format!("TIME was answered by {reply}"))
        })
    }
}

#[cfg(test)]
mod tests;
