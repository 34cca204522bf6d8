//! Clients: one session's way of asking a target, one file per protocol, one row per protocol in the registry.
//!
//! What has surely failed and what nobody knows is decided here and nowhere else. *Failed*: nothing was sent, or the
//! target said that it did nothing. Every other answer that is not a success is *indeterminate*: a connection that broke
//! after the request was sent, an error that leaves open what became of it. In doubt: indeterminate. A read changes
//! nothing, so its errors are always failures.

#![cfg_attr(
    not(all(
        feature = "redis",
        feature = "etcd",
        feature = "tarantool",
        feature = "dns",
        feature = "cql"
    )),
    allow(dead_code, reason = "a build without some protocols does not use what they share")
)]

mod ask;
mod child;
mod client;
mod cluster;
mod connection;
#[cfg(feature = "cql")]
mod cql;
#[cfg(feature = "dns")]
mod dns;
mod error;
#[cfg(feature = "etcd")]
mod etcd;
mod external;
#[cfg(test)]
mod fake;
mod http;
mod lie;
#[cfg(feature = "redis")]
mod redis;
mod reference;
mod registry;
mod store;
#[cfg(feature = "tarantool")]
mod tarantool;

pub use client::{Answer, Client, Pending};
pub use cluster::Cluster;
pub use error::{ClientError, OpError, is_exhaustion};
pub use external::try_start;
pub use lie::{Deed, Liar, Lies, LyingClient};
pub use reference::{ReferenceClient, Status};
pub use registry::{PROTOCOLS, Protocol, open, specs};
