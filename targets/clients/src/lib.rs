//! Clients: one session's way of asking a target, one file a protocol.
//!
//! What is surely failed and what is unknown is decided here and nowhere else. *Failed*: nothing was sent, or the
//! target said that it did nothing. Everything else that is no answer is *unknown*: a connection that broke after the
//! request was sent, an error that leaves open what became of it. In doubt: unknown. A read changes nothing, so its
//! trouble is always failure.

#![cfg_attr(
    not(all(
        feature = "redis",
        feature = "etcd",
        feature = "tarantool",
        feature = "dns",
        feature = "cql"
    )),
    allow(dead_code, reason = "a build that leaves protocols out leaves out who uses it")
)]

mod ask;
mod child;
mod connection;
#[cfg(feature = "cql")]
mod cql;
#[cfg(feature = "dns")]
mod dns;
#[cfg(feature = "etcd")]
mod etcd;
mod external;
#[cfg(test)]
mod fake;
mod http;
mod options;
#[cfg(feature = "redis")]
mod redis;
mod reference;
#[cfg(feature = "tarantool")]
mod tarantool;

pub use reference::ReferenceClient;

use afterall_history::{Value, Workload};
use afterall_manifest::{ClientSpec, Protocol};
use afterall_workloads::Operation;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

/// Something that is being asked.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a target answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The replica that answered, by its own word; `None` where the protocol does not tell: the one that was asked.
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

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The operation surely did nothing.
    #[error("failed: {0}")]
    Failed(String),
    /// Nobody knows.
    #[error("unknown: {0}")]
    Unknown(String),
}

/// A session's client. It asks one thing at a time.
///
/// The caller bounds the time of each call: a future that is dropped may leave its connection in any state, so the
/// caller calls [`Client::reset`] afterwards. A client opens connections when it needs them and keeps them until then.
pub trait Client: Send {
    /// Another session begins: it remembers nothing and holds no connection.
    fn reset(&mut self);

    /// Carries out an operation at a node, by its place in the cluster.
    fn invoke<'a>(
        &'a mut self,
        node: usize,
        operation: &'a Operation,
    ) -> Pending<'a, Result<Answer, Trouble>>;

    /// Whether a node serves clients: a request that changes nothing and that the node answers by itself.
    fn ping(&mut self, node: usize) -> Pending<'_, Result<(), String>>;

    /// Makes what the load needs and the target lacks: tables and the like. Called on one client before the load,
    /// again and again until it succeeds; `nodes` is how many the cluster has.
    fn setup(&mut self, nodes: usize) -> Pending<'_, Result<(), String>> {
        let _ = nodes;
        Box::pin(std::future::ready(Ok(())))
    }

    /// The node's wall clock, milliseconds since the epoch; `None` where the protocol cannot ask for it.
    fn clock_ms(&mut self, node: usize) -> Pending<'_, Result<Option<i64>, String>>;
}

/// A client that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The protocol cannot carry the workload.
    #[error("the {protocol} client has no way to drive a {workload}", workload = .workload.name())]
    Workload {
        /// The protocol.
        protocol: &'static str,
        /// The data type.
        workload: Workload,
    },
    /// An option that the protocol does not have, or a value it cannot take.
    #[error("client option {option:?}: {what}")]
    Option {
        /// Which.
        option: String,
        /// What is wrong, and what it could be.
        what: String,
    },
    /// The program was built without the protocol.
    #[error("this afterall was built without the {0} client: build it with `--features {0}`")]
    NotBuilt(&'static str),
    /// An external client that cannot be started.
    #[error("{0}")]
    Start(String),
}

/// What a client is made for.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The names of the nodes.
    pub names: Vec<String>,
    /// The addresses by which nodes know each other and by which redirections name them, without ports; empty where
    /// that does not matter.
    pub internal: Vec<std::net::IpAddr>,
    /// Where this client's link to each node listens, by node.
    pub addresses: Vec<SocketAddr>,
}

/// Makes a client. No connection is made yet.
///
/// # Errors
/// The protocol does not fit the workload or the options, or is not built in.
pub fn open(
    spec: &ClientSpec,
    workload: Workload,
    cluster: Cluster,
) -> Result<Box<dyn Client>, ClientError> {
    match spec.protocol {
        Protocol::Reference => {
            options::check(&spec.options, &[])?;
            Ok(Box::new(ReferenceClient::new(workload, cluster.addresses)))
        }
        #[cfg(feature = "redis")]
        Protocol::Redis => Ok(Box::new(redis::RedisClient::new(spec, workload, cluster)?)),
        #[cfg(not(feature = "redis"))]
        Protocol::Redis => Err(ClientError::NotBuilt("redis")),
        #[cfg(feature = "etcd")]
        Protocol::Etcd => Ok(Box::new(etcd::EtcdClient::new(spec, workload, cluster)?)),
        #[cfg(not(feature = "etcd"))]
        Protocol::Etcd => Err(ClientError::NotBuilt("etcd")),
        #[cfg(feature = "tarantool")]
        Protocol::Tarantool => {
            Ok(Box::new(tarantool::TarantoolClient::new(spec, workload, cluster)?))
        }
        #[cfg(not(feature = "tarantool"))]
        Protocol::Tarantool => Err(ClientError::NotBuilt("tarantool")),
        #[cfg(feature = "dns")]
        Protocol::Dns => Ok(Box::new(dns::DnsClient::new(spec, workload, cluster)?)),
        #[cfg(not(feature = "dns"))]
        Protocol::Dns => Err(ClientError::NotBuilt("dns")),
        #[cfg(feature = "cql")]
        Protocol::Cql => Ok(Box::new(cql::CqlClient::new(spec, workload, cluster)?)),
        #[cfg(not(feature = "cql"))]
        Protocol::Cql => Err(ClientError::NotBuilt("cql")),
        Protocol::External => Ok(Box::new(external::ExternalClient::new(spec, workload, cluster)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_built_in_or_the_feature_that_it_needs_is_told() {
        let command = vec!["true".to_owned()];
        for (protocol, feature, built) in [
            (Protocol::Reference, "", true),
            (Protocol::External, "", true),
            (Protocol::Redis, "redis", cfg!(feature = "redis")),
            (Protocol::Etcd, "etcd", cfg!(feature = "etcd")),
            (Protocol::Tarantool, "tarantool", cfg!(feature = "tarantool")),
            (Protocol::Dns, "dns", cfg!(feature = "dns")),
            (Protocol::Cql, "cql", cfg!(feature = "cql")),
        ] {
            let (command, options) = (command.clone(), Default::default());
            let spec = ClientSpec { protocol, port: 1, command, options };
            let (names, addresses) =
                (vec!["n1".to_owned()], vec![SocketAddr::from(([127, 0, 0, 1], 1))]);
            let cluster = Cluster { names, internal: Vec::new(), addresses };
            match open(&spec, Workload::Register, cluster) {
                Ok(_) => assert!(built, "{protocol:?}"),
                Err(error) => assert!(!built && error == ClientError::NotBuilt(feature), "{error}"),
            }
        }
    }
}
