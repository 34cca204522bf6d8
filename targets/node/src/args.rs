//! The command lines of a node and of a time authority.

use afterall_reference::core::{BadNodeId, Flavour, Mechanisms, Mutant, NodeId};
use std::net::SocketAddr;
use std::path::PathBuf;

/// The command line of a node.
#[derive(Debug, Clone, clap::Args)]
pub struct NodeArgs {
    /// Who this node is: n1, n2, …
    #[arg(long)]
    pub id: NodeId,
    /// Where to listen for clients
    #[arg(long, default_value = "127.0.0.1:7101")]
    pub listen: SocketAddr,
    /// Where to listen for peers
    #[arg(long, default_value = "127.0.0.1:7102")]
    pub peer_listen: SocketAddr,
    /// Another node and where to dial it, as n2=HOST:PORT; repeat for each
    #[arg(long = "peer", value_parser = parse_peer)]
    pub peers: Vec<(NodeId, String)>,
    /// The folder of its storage
    #[arg(long)]
    pub data: PathBuf,
    /// The conflict rules
    #[arg(long, default_value = "crdt")]
    pub flavour: Flavour,
    /// A known bug to switch on
    #[arg(long)]
    pub mutant: Option<Mutant>,
    /// How changes come to the other nodes: rumors, anti-entropy, read-repair, hints, with commas between, or none
    #[arg(long, default_value_t)]
    pub mechanisms: Mechanisms,
    /// How many nodes hold each object [default: all]
    #[arg(long)]
    pub replicas: Option<u16>,
    /// How many of them take part in a read of the flavour quorum [default: more than half]
    #[arg(long)]
    pub read_from: Option<u16>,
    /// How many of them take part in a change of the flavour quorum [default: more than half]
    #[arg(long)]
    pub write_to: Option<u16>,
    /// What the node's random choices follow from
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The time authority to follow, as HOST:PORT; the system's clock alone if absent
    #[arg(long)]
    pub time: Option<String>,
    /// How many lives the node has had before its disk was emptied: it comes back as somebody new, who makes no change under
    /// a name that was given away before
    #[arg(long, default_value_t = 0)]
    pub lives_before: u32,
    /// Acknowledge before the disk has it
    #[arg(long)]
    pub async_durability: bool,
    /// End when standard input ends or the parent process dies
    #[arg(long)]
    pub die_with_parent: bool,
}

/// A text that is not a peer.
#[derive(Debug, thiserror::Error)]
enum BadPeer {
    /// It has no address.
    #[error("expected a peer as n2=HOST:PORT")]
    Shape,
    /// It has no node.
    #[error(transparent)]
    Node(#[from] BadNodeId),
}

fn parse_peer(text: &str) -> Result<(NodeId, String), BadPeer> {
    let (node, address) = text.split_once('=').ok_or(BadPeer::Shape)?;
    Ok((node.parse()?, address.to_owned()))
}

/// The command line of a time authority.
#[derive(Debug, Clone, clap::Args)]
pub struct AuthorityArgs {
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:7103")]
    pub listen: SocketAddr,
}
