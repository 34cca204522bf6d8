//! What a client is made for.

use std::net::{IpAddr, SocketAddr};

/// The nodes that a client can ask.
#[derive(Debug, Clone)]
pub struct Cluster {
    /// The names of the nodes.
    pub names: Vec<String>,
    /// The addresses by which nodes know each other and by which redirections name them, without ports; empty where
    /// that does not matter.
    pub internal: Vec<IpAddr>,
    /// Where this client's link to each node listens, by node.
    pub addresses: Vec<SocketAddr>,
}
