//! Nodes that are programs of the user's: what a manifest says of them, on this machine.
//!
//! Each node has a loopback address of its own, with the ports that the manifest names, and sees each other node at another address again,
//! where the proxies of its links to that node listen: the manifest is the same for all, and no node can tell that it is proxied.

#![expect(clippy::disallowed_methods, reason = "a probe measures how long an answer takes")]

use super::error::SetupError;
use afterall_clients::Cluster as Asked;
use afterall_clients::{Client, ClientError};
use afterall_engine::RunConfig;
use afterall_history::Workload;
use afterall_manifest::{ClientSpec, Manifest, Place, Probe, Process};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The second byte of the addresses of a cluster is one of these.
const NETWORKS: std::ops::RangeInclusive<u8> = 16..=250;

/// How a program of the user's is run as a node.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(super) name: String,
    pub(super) client: ClientSpec,
    pub(super) workload: Workload,
    /// How long it may take to serve.
    pub(super) within: Duration,
    pub(super) env: Vec<(String, String)>,
}

impl Program {
    /// A client that asks this node directly, past all links; the node is its only one.
    pub(super) fn client(&self, address: SocketAddr) -> Result<Box<dyn Client>, ClientError> {
        let asked = Asked {
            names: vec![self.name.clone()],
            internal: vec![address.ip()],
            addresses: vec![address],
        };
        afterall_clients::open(&self.client, self.workload, asked)
    }
}

/// The addresses of a cluster.
#[derive(Debug, Clone, Copy)]
pub(super) struct Network {
    second: u8,
    nodes: usize,
}

impl Network {
    /// A network in which every port that nodes and proxies need is free.
    pub(super) fn free(nodes: usize, manifest: &Manifest) -> Option<Network> {
        // Runs that go on side by side begin to look elsewhere.
        let all = NETWORKS.count() as u32;
        let begin = std::process::id() % all;
        let networks =
            (0..all).filter_map(|step| NETWORKS.clone().nth(((begin + step) % all) as usize));
        networks.map(|second| Network { second, nodes }).find(|network| network.is_free(manifest))
    }

    fn is_free(self, manifest: &Manifest) -> bool {
        let peers = &manifest.peers.ports;
        let own = |node| self.ip(node, node);
        let nodes = (0..self.nodes).flat_map(|node| {
            let ports = peers.iter().copied().chain([manifest.client.port]);
            ports.map(move |port| (own(node), port))
        });
        let links = (0..self.nodes * self.nodes).map(|link| (link / self.nodes, link % self.nodes));
        let links = links.filter(|(from, to)| from != to);
        let links =
            links.flat_map(|(from, to)| peers.iter().map(move |&port| (self.ip(from, to), port)));
        nodes.chain(links).all(|address| TcpListener::bind(address).is_ok())
    }

    /// What a node takes for the address of another; of itself: its own.
    pub(super) fn ip(self, from: usize, to: usize) -> IpAddr {
        let byte = |node: usize| u8::try_from(node + 1).unwrap_or(u8::MAX);
        Ipv4Addr::new(127, self.second, byte(from), byte(to)).into()
    }

    /// What templates are told of a node.
    pub(super) fn place(self, node: usize, config: &RunConfig) -> Place {
        let ips: Vec<String> =
            (0..self.nodes).map(|other| self.ip(node, other).to_string()).collect();
        Place::new(node, &ips, config.seed)
    }
}

/// How a node is started.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The program and its arguments.
    pub(super) command: Vec<String>,
    /// What its environment has beside that of this process.
    pub(super) env: Vec<(String, String)>,
}

/// Fills in what the manifest says of a node, and writes its files into its folder, in which it is to run.
pub(super) fn prepare(
    process: &Process,
    place: &Place,
    folder: &Path,
) -> Result<Prepared, SetupError> {
    let bad = |what: &str| {
        let what = what.to_owned();
        move |error| SetupError::Template { what, error }
    };
    let command = match &process.command {
        Some(command) => command.fill_command(place).map_err(bad("command"))?,
        None => Vec::new(),
    };
    let mut env = Vec::new();
    for (name, value) in &process.env {
        env.push((name.clone(), value.fill(place).map_err(bad(name))?));
    }
    let io = |what: &'static str| move |error| SetupError::Io { what, error };
    fs::create_dir_all(folder).map_err(io("make the folder of a node"))?;
    for (name, text) in &process.files {
        let path = inside(folder, name).ok_or_else(|| SetupError::FileOutside(name.clone()))?;
        if let Some(around) = path.parent() {
            fs::create_dir_all(around).map_err(io("make a folder for a file of the manifest"))?;
        }
        let text = text.fill(place).map_err(bad(name))?;
        fs::write(path, text).map_err(io("write a file of the manifest"))?;
    }
    Ok(Prepared { command, env })
}

/// A path in a folder; none if it leads out of it.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let path = Path::new(name);
    let stays =
        path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
    (stays && !name.is_empty()).then(|| folder.join(path))
}

/// Sends the bytes of a probe to an address; returns how long the first byte of the answer takes, past the greeting.
///
/// # Errors
/// It cannot be dialled, or hangs up without an answer.
pub(super) async fn probe(address: SocketAddr, probe: &Probe) -> std::io::Result<Duration> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut greeting = vec![0; probe.greeting.into()];
    stream.read_exact(&mut greeting).await?;
    let began = tokio::time::Instant::now();
    stream.write_all(&bytes(&probe.send_hex)).await?;
    stream.read_exact(&mut [0]).await?;
    Ok(began.elapsed())
}

/// Of a manifest that was checked.
fn bytes(hex: &str) -> Vec<u8> {
    let pairs = hex.as_bytes().chunks(2);
    pairs.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_in_the_folder_of_their_node() {
        let folder = Path::new("/tmp/n1");
        assert_eq!(inside(folder, "etc/a.conf"), Some(folder.join("etc/a.conf")));
        for name in ["/etc/passwd", "../x", "a/../../x", ""] {
            assert_eq!(inside(folder, name), None, "{name}");
        }
    }

    #[test]
    fn no_two_views_of_a_node_are_the_same_address() {
        let network = Network { second: 20, nodes: 4 };
        let all: std::collections::BTreeSet<IpAddr> =
            (0..16).map(|link| network.ip(link / 4, link % 4)).collect();
        assert_eq!(all.len(), 16);
        assert_eq!(network.ip(1, 1).to_string(), "127.20.2.2");
    }

    #[test]
    fn a_probe_is_what_its_hexadecimal_says() {
        assert_eq!(bytes("00ff7b0a"), [0, 255, 0x7b, 10]);
    }
}
