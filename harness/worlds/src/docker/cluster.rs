//! The cluster in containers while it is up: its clients, its containers, its logs.

#![expect(clippy::disallowed_methods, reason = "it waits until a deadline")]

use super::engine::Engine;
use super::error::SetupError;
use super::tally::Tally;
use super::wiring::{Addresses, Wiring};
use crate::live::evidence::ping;
use crate::live::links::LinkPlan;
use crate::live::tail;
use afterall_clients::Cluster as Asked;
use afterall_clients::{Client, ClientError};
use afterall_history::Workload;
use afterall_manifest::{Manifest, Process};
use afterall_toxiproxy::Links;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::Mutex;

/// How long a command in a container may take.
pub(super) const COMMAND_MAX: Duration = Duration::from_secs(30);
pub(super) const POLL: Duration = Duration::from_millis(100);
const PING_MAX: Duration = Duration::from_secs(2);
/// How much of a log is quoted in an error.
const TAIL_BYTES: usize = 2_000;
/// Where the files of the harness are in the containers of a node.
pub(super) const SHARED: &str = "/afterall";

/// A node, and what it is meant to be.
#[derive(Debug)]
pub(super) struct Node {
    /// It runs.
    pub(super) up: bool,
    /// It is paused.
    pub(super) paused: bool,
}

/// A running cluster.
pub(crate) struct Cluster {
    pub(super) engine: Engine,
    pub(super) run: String,
    pub(super) manifest: Manifest,
    pub(super) wiring: Wiring,
    pub(super) addresses: Addresses,
    pub(super) links: Links,
    pub(super) plan: Mutex<LinkPlan>,
    pub(super) nodes: Vec<Mutex<Node>>,
    /// Where the authority takes orders.
    pub(super) authority: Option<SocketAddr>,
    pub(super) workload: Workload,
    /// Where the proxies' published ports are.
    pub(super) proxies: BTreeMap<u16, SocketAddr>,
    /// Where each node can be asked past all links.
    pub(super) direct: Vec<SocketAddr>,
    pub(super) logs: PathBuf,
    pub(super) ticks: std::sync::atomic::AtomicU32,
    /// By fault: what its links had carried when it was in force.
    pub(super) carried: Mutex<BTreeMap<usize, Tally>>,
    /// How often in a row the engine did not answer when nodes were looked at.
    pub(super) unanswered: std::sync::atomic::AtomicU32,
}

/// Whether a container in this state has ended.
pub(super) fn is_over(state: &str) -> bool {
    matches!(state, "exited" | "dead")
}

/// The container of the proxies.
pub(super) fn proxy(run: &str) -> String {
    format!("{run}-toxiproxy")
}

pub(super) fn infra(run: &str, node: usize) -> String {
    format!("{run}-n{}-infra", node + 1)
}

pub(super) fn container(run: &str, node: usize, process: &str) -> String {
    format!("{run}-n{}-{process}", node + 1)
}

pub(super) fn volume(run: &str, node: usize, what: &str) -> String {
    format!("{run}-n{}-{what}-data", node + 1)
}

pub(super) fn shared_volume(run: &str, node: usize) -> String {
    format!("{run}-n{}-shared", node + 1)
}

/// Where a process's data are in its node's infra container.
pub(super) fn data_in_infra(process: &Process) -> String {
    format!("/nodes/{}", process.name)
}

impl Cluster {
    /// A client whose links to the nodes listen at these addresses.
    fn client_at(&self, addresses: Vec<SocketAddr>) -> Result<Box<dyn Client>, ClientError> {
        let names = (1..=self.wiring.nodes).map(|node| format!("n{node}")).collect();
        let internal = self.addresses.nodes.clone();
        afterall_clients::open(
            &self.manifest.client,
            self.workload,
            Asked { names, internal, addresses },
        )
    }

    /// A client that asks nodes directly, past all links.
    pub(super) fn direct_client(&self) -> Result<Box<dyn Client>, ClientError> {
        self.client_at(self.direct.clone())
    }

    /// The client of a session.
    pub(super) fn session_client(&self, session: usize) -> Result<Box<dyn Client>, ClientError> {
        let ports = (0..self.wiring.nodes).map(|to| self.wiring.session_port(session, to));
        self.client_at(ports.filter_map(|port| self.proxies.get(&port).copied()).collect())
    }

    /// The client of readers.
    pub(super) fn reader_client(&self) -> Result<Box<dyn Client>, ClientError> {
        let ports = (0..self.wiring.nodes).map(|to| self.wiring.reader_port(to));
        self.client_at(ports.filter_map(|port| self.proxies.get(&port).copied()).collect())
    }

    /// The containers of a node, in the order of their start.
    pub(super) fn containers(&self, node: usize) -> impl DoubleEndedIterator<Item = String> + '_ {
        self.manifest.process.iter().map(move |process| container(&self.run, node, &process.name))
    }

    /// Writes down what every container of the target printed.
    pub(super) async fn save_logs(&self) -> Vec<String> {
        let mut left = Vec::new();
        for node in 0..self.wiring.nodes {
            for process in &self.manifest.process {
                let log = self.engine.log(&container(&self.run, node, &process.name)).await;
                let name = match self.manifest.process.len() {
                    1 => format!("n{}.log", node + 1),
                    _ => format!("n{}-{}.log", node + 1, process.name),
                };
                if let Err(error) = std::fs::write(self.logs.join(name), log) {
                    left.push(format!("the log of n{} could not be written: {error}", node + 1));
                }
            }
        }
        left
    }

    /// The end of what a node printed last.
    pub(super) async fn log_tail(&self, node: usize) -> String {
        let mut log = String::new();
        for container in self.containers(node) {
            log.push_str(tail(&self.engine.log(&container).await, TAIL_BYTES));
        }
        log
    }

    /// Waits until a node answers its client.
    pub(super) async fn wait_for_ping(
        &self,
        client: &mut dyn Client,
        node: usize,
        deadline: Instant,
    ) -> Result<(), SetupError> {
        loop {
            match ping(client, node, PING_MAX).await {
                Ok(()) => return Ok(()),
                Err(error) => {
                    let what = format!("n{} does not serve", node + 1);
                    self.check_alive(&what, node, deadline, &error.to_string()).await?;
                }
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// An error if the time is up, or if a process of the node has ended.
    pub(super) async fn check_alive(
        &self,
        what: &str,
        node: usize,
        deadline: Instant,
        last: &str,
    ) -> Result<(), SetupError> {
        let states = self.engine.states(&self.run).await?;
        let ended = |name: &String| states.get(name).is_some_and(|state| is_over(state));
        let mut error = None;
        if let Some(container) = self.containers(node).find(ended) {
            let state = self.engine.inspect(&container).await?.state.unwrap_or_default();
            error = Some(format!(
                "its process {container} ended with exit code {}",
                state.exit_code.unwrap_or(-1)
            ));
        } else if Instant::now() >= deadline {
            let within = self.manifest.ready_within_s;
            error = Some(format!("not within {within} s (ready-within-s of the manifest): {last}"));
        }
        match error {
            None => Ok(()),
            Some(error) => {
                let log = self.log_tail(node).await;
                Err(SetupError::NotReady { what: what.to_owned(), error, log })
            }
        }
    }
}
