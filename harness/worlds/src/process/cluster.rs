//! The cluster under test: nodes, links, the time authority; and how all of it is set up and taken down.

use super::bypass;
use super::error::{SetupError, StartError};
use super::node::NodeProcess;
use super::ports;
use super::program::{self, Network, Prepared, Program};
use crate::live::links::{LinkPlan, peer_link, reader_link, session_link, time_link};
use crate::live::open_files::make_room;
use crate::live::scratch::Scratch;
use crate::live::{Deployment, exhausted};
use crate::settings::Settings;
use afterall_clients::Cluster as Asked;
use afterall_clients::{Client, ClientError, ReferenceClient, is_exhaustion};
use afterall_engine::driver::Asker;
use afterall_engine::faults::{Effect, Fate, Fault, Link};
use afterall_engine::{ByMechanism, Carried, Evidence, Happened, RunConfig, Traffic};
use afterall_history::{NodeChange, Workload};
use afterall_manifest::Manifest;
use afterall_node::authority::Authority;
use afterall_toxiproxy::{Links, NewLink, Server};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::Mutex;

/// Sessions beyond this number share links: a link is two sockets and a listener.
pub(crate) const SESSION_LINKS_MAX: usize = 64;
/// How many choices of ports are tried.
const ATTEMPTS_MAX: u32 = 3;
/// How long the links may take to be deleted at the end.
const DELETE_MAX: Duration = Duration::from_secs(5);
/// How long a client may take to create what the load needs.
const CLIENT_SETUP_MAX: Duration = Duration::from_secs(30);
/// How long a node may take to tell what it counts.
const METRICS_MAX: Duration = Duration::from_millis(500);

fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> SetupError {
    move |error| SetupError::Io { what, error }
}

/// A running cluster.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) nodes: Vec<Mutex<NodeProcess>>,
    pub(crate) links: Links,
    pub(crate) plan: Mutex<LinkPlan>,
    pub(crate) authority: Authority,
    /// Where each link listens.
    addresses: BTreeMap<String, SocketAddr>,
    session_links: usize,
    workload: Workload,
    /// What the target is, where it is not the reference store.
    manifest: Option<Manifest>,
    /// Where each node hears its peers, by port of the manifest.
    pub(super) hears: Vec<Vec<SocketAddr>>,
    server: Option<Server>,
    /// What the names of links begin with at the server.
    run: String,
    /// By fault: what its links had carried when it was in force.
    pub(super) carried_before: Mutex<BTreeMap<usize, Carried>>,
    /// Removed last.
    _scratch: Scratch,
}

impl Cluster {
    /// Sets everything up and waits until every node serves. Whatever was started is gone again after an error.
    pub(crate) async fn start(
        config: &RunConfig,
        settings: &Settings,
    ) -> Result<Cluster, SetupError> {
        let (nodes, sessions) = (config.node_names().len(), config.slots());
        make_room(open_files(nodes, sessions, sessions.min(SESSION_LINKS_MAX)))?;
        if let Some(manifest) = &config.manifest {
            return Cluster::of_programs(manifest, config, settings).await;
        }
        let mut attempt = 0;
        loop {
            attempt += 1;
            let ports = ports::free(2 * config.node_names().len(), attempt)?;
            match Cluster::start_on(&ports, config, settings).await {
                // A port was free when it was chosen and somebody else was faster: choose others.
                Err(SetupError::Node(_)) if attempt < ATTEMPTS_MAX && ports::any_taken(&ports) => {}
                started => return started,
            }
        }
    }

    async fn start_on(
        ports: &[SocketAddr],
        config: &RunConfig,
        settings: &Settings,
    ) -> Result<Cluster, SetupError> {
        let scratch = Scratch::new()
            .map_err(io("make a temporary folder (TMPDIR names the one for such folders)"))?;
        let (program, first) = match &settings.node_program {
            Some(program) => (program.clone(), None),
            None => {
                let itself = std::env::current_exe().map_err(io("find the program itself"))?;
                (itself, Some("node"))
            }
        };
        let names = config.node_names();
        let count = names.len();
        let session_links = config.slots().min(SESSION_LINKS_MAX);
        let (client_ports, peer_ports) = ports.split_at(count);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let authority = Authority::start(any).await.map_err(io("start the time authority"))?;
        let server = match &config.toxiproxy {
            Some(_) => None,
            None => Some(Server::start(any).await.map_err(io("start the embedded Toxiproxy"))?),
        };
        let url = match (&config.toxiproxy, &server) {
            (None, Some(server)) => server.addr().to_string(),
            (url, _) => url.clone().unwrap_or_default(),
        };
        let links = Links::connect(&url, &settings.run_id).await?;
        let mut new = Vec::new();
        for to in 0..count {
            let peers = (0..count).filter(|&from| from != to).map(|from| peer_link(from, to, 0));
            new.extend(peers.map(|name| NewLink::on_loopback(&name, &peer_ports[to].to_string())));
            new.extend(client_links(to, session_links, client_ports[to]));
            new.push(NewLink::on_loopback(&time_link(to), &authority.address().to_string()));
        }
        let addresses = links.create_all(new).await?;
        let nodes = names
            .iter()
            .enumerate()
            .map(|(node, name)| NodeProcess {
                name: name.clone(),
                client_address: client_ports[node],
                program: program.clone(),
                arguments: arguments(
                    first,
                    config,
                    node,
                    (client_ports, peer_ports),
                    &addresses,
                    scratch.path(),
                ),
                own: None,
                log: settings.logs.join(format!("{name}.log")),
                data: scratch.path().join(name),
                lives_before: None,
                child: None,
                incarnation: 0,
                filled: None,
            })
            .map(Mutex::new)
            .collect();
        let cluster = Cluster {
            nodes,
            links,
            plan: Mutex::new(LinkPlan::new(count, session_links, 1)),
            authority,
            addresses,
            session_links,
            workload: config.workload,
            manifest: None,
            hears: peer_ports.iter().map(|&address| vec![address]).collect(),
            server,
            run: settings.run_id.clone(),
            carried_before: Mutex::default(),
            _scratch: scratch,
        };
        match cluster.start_nodes().await {
            Ok(()) => Ok(cluster),
            Err(error) => {
                cluster.stop().await;
                Err(error.into())
            }
        }
    }

    /// A cluster of programs of the user's.
    async fn of_programs(
        manifest: &Manifest,
        config: &RunConfig,
        settings: &Settings,
    ) -> Result<Cluster, SetupError> {
        let process = manifest.process.first().ok_or(SetupError::NoProcess)?;
        afterall_clients::try_start(&manifest.client).await?;
        let names = config.node_names();
        let count = names.len();
        let session_links = config.slots().min(SESSION_LINKS_MAX);
        let scratch = Scratch::new()
            .map_err(io("make a temporary folder (TMPDIR names the one for such folders)"))?;
        let network = Network::free(count, manifest).ok_or(SetupError::NoNetwork)?;
        let own = |node: usize, port: u16| SocketAddr::new(network.ip(node, node), port);
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let authority = Authority::start(any).await.map_err(io("start the time authority"))?;
        let server = Server::start(any).await.map_err(io("start the embedded Toxiproxy"))?;
        let links = Links::connect(&server.addr().to_string(), &settings.run_id).await?;
        let mut new = Vec::new();
        for to in 0..count {
            for from in (0..count).filter(|&from| from != to) {
                let ports = manifest.peers.ports.iter().enumerate();
                new.extend(ports.map(|(place, &port)| NewLink {
                    name: peer_link(from, to, place),
                    listen: SocketAddr::new(network.ip(from, to), port).to_string(),
                    upstream: own(to, port).to_string(),
                }));
            }
            new.extend(client_links(to, session_links, own(to, manifest.client.port)));
        }
        let addresses = links.create_all(new).await?;
        // It dies with this process, and the user's program need not know how.
        let itself = std::env::current_exe().map_err(io("find the program itself"))?;
        let mut nodes = Vec::new();
        for (node, name) in names.iter().enumerate() {
            let data = scratch.path().join(name);
            let place = network.place(node, config);
            let Prepared { command, env } = program::prepare(process, &place, &data)?;
            nodes.push(Mutex::new(NodeProcess {
                name: name.clone(),
                client_address: own(node, manifest.client.port),
                program: itself.clone(),
                arguments: ["dies-with-parent".to_owned(), "--".to_owned()]
                    .into_iter()
                    .chain(command)
                    .collect(),
                own: Some(Program {
                    name: name.clone(),
                    client: manifest.client.clone(),
                    workload: config.workload,
                    within: Duration::from_secs(manifest.ready_within_s.into()),
                    env,
                }),
                log: settings.logs.join(format!("{name}.log")),
                data,
                lives_before: None,
                child: None,
                incarnation: 0,
                filled: None,
            }));
        }
        let ports = manifest.peers.ports.len().max(1);
        let hears = |node| manifest.peers.ports.iter().map(|&port| own(node, port)).collect();
        let cluster = Cluster {
            nodes,
            links,
            plan: Mutex::new(LinkPlan::new(count, session_links, ports).without_time_links()),
            authority,
            addresses,
            session_links,
            workload: config.workload,
            manifest: Some(manifest.clone()),
            hears: (0..count).map(hears).collect(),
            server: Some(server),
            run: settings.run_id.clone(),
            carried_before: Mutex::default(),
            _scratch: scratch,
        };
        let started = match cluster.start_programs().await {
            Ok(()) => cluster.set_up().await,
            Err(error) => Err(error.into()),
        };
        match started {
            Ok(()) => Ok(cluster),
            Err(error) => {
                cluster.stop().await;
                Err(error)
            }
        }
    }

    /// All at once: a program may wait for its peers before it serves.
    async fn start_programs(&self) -> Result<(), StartError> {
        let mut started = Vec::new();
        for node in &self.nodes {
            started.push(async { node.lock().await.start().await });
        }
        futures_util::future::try_join_all(started).await.map(drop)
    }

    /// Creates what the load needs.
    async fn set_up(&self) -> Result<(), SetupError> {
        let mut client = self.client(Asker::Reader(0))?;
        match tokio::time::timeout(CLIENT_SETUP_MAX, client.setup(self.nodes.len())).await {
            Ok(made) => made.map_err(|error| SetupError::Client(error.to_string())),
            Err(_) => Err(SetupError::Client(format!(
                "no answer within {} s",
                CLIENT_SETUP_MAX.as_secs()
            ))),
        }
    }

    /// How long a probe takes over the link that listens at this address; `bytes`: how large it is, where it may be of any size.
    pub(super) async fn probe(
        &self,
        address: SocketAddr,
        bytes: usize,
    ) -> std::io::Result<Duration> {
        match self.manifest.as_ref().map(|manifest| &manifest.peers.probe) {
            None => afterall_node::probe(address, bytes).await,
            Some(Some(probe)) => program::probe(address, probe).await,
            Some(None) => Err(std::io::Error::other("the manifest has no [peers.probe]")),
        }
    }

    /// The first of these links past which the node at its beginning has a connection to the one at its end, if any.
    pub(super) async fn bypassed(&self, links: &[Link]) -> Option<Link> {
        self.manifest.as_ref()?;
        for &(from, to) in links {
            let Ok(pid) = self.nodes[from].lock().await.pid() else { continue };
            let reached = bypass::connections(pid.as_raw_nonzero().get()).unwrap_or_default();
            if reached.iter().any(|address| self.hears[to].contains(address)) {
                return Some((from, to));
            }
        }
        None
    }

    async fn start_nodes(&self) -> Result<(), StartError> {
        for node in &self.nodes {
            node.lock().await.start().await?;
        }
        Ok(())
    }

    /// What the links of a fault have carried so far, in its direction: on the connections of both ends. None where that is
    /// not counted: a server that is not ours does not tell.
    pub(super) async fn carried(&self, fault: &Fault) -> Option<Carried> {
        let Effect::Links { links, .. } = &fault.effect else { return None };
        let traffic = self.server.as_ref()?.traffic().await;
        let of = |from, to| traffic.get(&format!("{}-{}", self.run, peer_link(from, to, 0)));
        let (mut bytes, mut connections) = (0, 0);
        for &(from, to) in links {
            let (there, back) = (of(from, to)?, of(to, from)?);
            bytes += there.upstream + back.downstream;
            connections += there.connections + back.connections;
        }
        Some(Carried::Bytes { bytes, connections })
    }

    /// Where the link between two nodes listens.
    pub(crate) fn peer_address(&self, from: usize, to: usize) -> Option<SocketAddr> {
        self.addresses.get(&peer_link(from, to, 0)).copied()
    }
}

impl Deployment for Cluster {
    fn nodes(&self) -> usize {
        self.nodes.len()
    }

    fn client(&self, asker: Asker) -> Result<Box<dyn Client>, ClientError> {
        let link = |to| match asker {
            Asker::Session(session) => session_link(session % self.session_links, to),
            Asker::Reader(_) => reader_link(to),
        };
        let links = (0..self.nodes.len()).map(link);
        let addresses = links.filter_map(|name| self.addresses.get(&name).copied()).collect();
        let Some(manifest) = &self.manifest else {
            return Ok(Box::new(ReferenceClient::new(self.workload, addresses)));
        };
        let asked = Asked {
            names: (1..=self.nodes.len()).map(|node| format!("n{node}")).collect(),
            internal: self.hears.iter().filter_map(|ports| Some(ports.first()?.ip())).collect(),
            addresses,
        };
        afterall_clients::open(&manifest.client, self.workload, asked)
    }

    async fn inject(&self, id: usize, fault: &Fault) -> Evidence {
        self.inject_fault(id, fault).await
    }

    async fn heal(&self, id: usize, fault: &Fault) -> Evidence {
        self.heal_fault(id, fault).await
    }

    async fn measure(&self, id: usize, fault: &Fault) -> Option<Evidence> {
        self.measure_fault(id, fault).await
    }

    async fn unasked(&self) -> Vec<Happened> {
        let mut unasked = Vec::new();
        let errors = self.server.as_ref().map(Server::system_errors).unwrap_or_default();
        if let Some(error) = errors.iter().find(|error| is_exhaustion(error)) {
            unasked.push(exhausted(&error.to_string()));
        }
        for (id, node) in self.nodes.iter().enumerate() {
            // A node that a fault is being worked on is not dying by itself.
            let Ok(mut node) = node.try_lock() else { continue };
            if let Some(exit) = node.died() {
                let detail = format!("{exit}; its log ends: {}", node.log_tail());
                unasked.push(Happened::Node { node: id, change: NodeChange::Died, detail });
            } else if let Some(fault) = node.ended_of_a_full_disk() {
                // The node stays locked, so that the fault is not healed before its links are cut. Where they cannot be, clients
                // are hung up on and not refused.
                let dead = Effect::Process { node: id, fate: Fate::Killed };
                let _ = self.change_links(fault, Some(&dead)).await;
            }
        }
        unasked
    }

    async fn traffic(&self) -> Option<Traffic> {
        if self.manifest.is_some() {
            return None;
        }
        let mut by_mechanism = ByMechanism::default();
        for node in &self.nodes {
            let mut client = node.lock().await.client();
            let metrics = tokio::time::timeout(METRICS_MAX, client.metrics(0)).await;
            let metrics = metrics.ok().and_then(Result::ok)?;
            let of = |name: &str| metrics.get(name).copied().unwrap_or(0);
            by_mechanism = by_mechanism
                + ByMechanism {
                    rumors: of("rumor_messages_total"),
                    anti_entropy: of("sync_messages_total"),
                    read_repair: of("read_repair_messages_total"),
                    hints: of("hint_messages_total"),
                    read_repairs: of("read_repairs_total"),
                    hints_handed_over: of("hints_handed_over_total"),
                    hints_held: of("hints"),
                    forwarded: of("requests_forwarded_total"),
                };
        }
        Some(Traffic { messages: None, by_mechanism })
    }

    async fn stop(self) -> Vec<String> {
        let mut left = Vec::new();
        for node in &self.nodes {
            // A node that is dead already is what is wanted.
            let _ = node.lock().await.kill().await;
        }
        match tokio::time::timeout(DELETE_MAX, self.links.delete_all()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => left.push(format!("some links could not be deleted: {error}")),
            Err(_) => {
                left.push(format!("Toxiproxy did not delete the links within {DELETE_MAX:?}"))
            }
        }
        if let Some(server) = self.server {
            server.shutdown().await;
        }
        left
    }
}

/// The links of sessions and of readers to a node that serves clients there.
fn client_links(to: usize, sessions: usize, upstream: SocketAddr) -> impl Iterator<Item = NewLink> {
    let names =
        (0..sessions).map(move |session| session_link(session, to)).chain([reader_link(to)]);
    names.map(move |name| NewLink::on_loopback(&name, &upstream.to_string()))
}

/// How many files may be open at once: each link is a listener that is kept and one that listens, and each connection over
/// it is two sockets, and a third where the client is ours.
fn open_files(nodes: usize, sessions: usize, session_links: usize) -> u64 {
    let peer_links = nodes * nodes.saturating_sub(1);
    let links = peer_links + nodes * (session_links + 1) + nodes;
    let connections = 2 * (peer_links + nodes) + 3 * nodes * (sessions + 1);
    // Each node is a child with two pipes, and the authority of the time has a socket for each.
    (2 * links + connections + 3 * nodes) as u64
}

/// The command line of a node.
fn arguments(
    first: Option<&str>,
    config: &RunConfig,
    node: usize,
    (client_ports, peer_ports): (&[SocketAddr], &[SocketAddr]),
    addresses: &BTreeMap<String, SocketAddr>,
    scratch: &Path,
) -> Vec<String> {
    let name = format!("n{}", node + 1);
    let data: PathBuf = scratch.join(&name);
    let words = first.into_iter().chain(["--die-with-parent", "--id", &name]);
    let mut arguments: Vec<String> = words.map(str::to_owned).collect();
    let mut option = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    option("--listen", client_ports[node].to_string());
    option("--peer-listen", peer_ports[node].to_string());
    option("--data", data.display().to_string());
    if let Some(flavour) = config.flavour {
        option("--flavour", flavour.to_string());
    }
    option("--seed", config.seed.to_string());
    if let Some(mutant) = config.mutant {
        option("--mutant", mutant.to_string());
    }
    if !config.mechanisms.is_usual() {
        option("--mechanisms", config.mechanisms.to_string());
    }
    for (flag, given) in config.copies.options() {
        option(flag, given.to_string());
    }
    if let Some(address) = addresses.get(&time_link(node)) {
        option("--time", address.to_string());
    }
    for peer in (0..client_ports.len()).filter(|&peer| peer != node) {
        if let Some(address) = addresses.get(&peer_link(node, peer, 0)) {
            option("--peer", format!("n{}={address}", peer + 1));
        }
    }
    arguments
}
