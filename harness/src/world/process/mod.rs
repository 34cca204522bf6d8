//! The process world: nodes are child processes on loopback, every link a proxy, time is real. No root, no Docker,
//! nothing to install.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the core")]

mod authority;
mod client;
mod cluster;
mod faults;
mod links;
mod node;
mod ports;
mod scratch;

pub use cluster::SetupError;
pub use node::StartError;
pub use scratch::reap;

use crate::config::{ConfigError, RunConfig};
use crate::driver::{Client, Command, Completion, Driver, Invocation, Progress};
use crate::nemesis::{Evidence, Fault};
use afterall_history::{EndHow, Event, NodeChange, Phase};
use afterall_reports::NodeLog;
use afterall_workloads::Generator;
use client::NodeClient;
use cluster::Cluster;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often the nodes are looked at, the history is flushed and the onlooker is told.
const TICK: Duration = Duration::from_millis(100);
/// How much of a node's log goes into the report.
const LOG_TAIL_BYTES: usize = 20_000;

/// Why a run came to nothing, or to less than it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration makes no run.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The cluster could not be set up.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The history cannot be written.
    #[error("write the history: {0}")]
    History(#[from] std::io::Error),
}

/// Whoever watches a run.
pub trait Onlooker {
    /// Writes an event down.
    ///
    /// # Errors
    /// It cannot be written; the run ends.
    fn record(&mut self, event: &Event) -> std::io::Result<()>;

    /// Makes what was written outlast a crash. Called ten times a second.
    ///
    /// # Errors
    /// It cannot be written; the run ends.
    fn flush(&mut self) -> std::io::Result<()>;

    /// How it goes. Called ten times a second.
    fn progress(
        &mut self,
        elapsed: Duration,
        phase: Option<Phase>,
        progress: Progress,
        in_force: &[&Fault],
    );
}

/// What happens outside the driver.
enum News {
    Completed(Client, Completion),
    Injected(usize, Evidence),
    Healed(usize, Evidence),
    Died(usize, String),
}

/// Carries out a run. `stop` turns true when somebody wants it to end; the history then says so.
///
/// Call it on the runtime's main task or a worker, never on a thread that ends before the run: the nodes are told by
/// the system when the thread that started them is gone.
///
/// # Errors
/// Why it could not begin or go on. What was recorded is recorded, and the cluster is gone.
pub async fn run(
    config: &RunConfig,
    logs: &Path,
    onlooker: &mut dyn Onlooker,
    mut stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let driver = Driver::new(config.plan()?, Generator::new(config.workload, config.seed));
    let cluster = tokio::select! {
        cluster = Cluster::start(config, logs) => Arc::new(cluster?),
        // What had been started ends with its handles.
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    let mut run = Run::new(config, driver, Arc::clone(&cluster));
    let outcome = run.go(onlooker, stop).await;
    run.tasks.shutdown().await;
    drop(run);
    // Every task that held the cluster has ended.
    if let Some(cluster) = Arc::into_inner(cluster) {
        cluster.stop().await;
    }
    outcome
}

/// The ends of the nodes' logs.
#[must_use]
pub fn log_tails(config: &RunConfig, logs: &Path) -> Vec<NodeLog> {
    let tail = |name: &String| node::log_tail(&logs.join(format!("{name}.log")), LOG_TAIL_BYTES);
    config
        .node_names()
        .iter()
        .map(|name| NodeLog { node: name.clone(), tail: tail(name) })
        .collect()
}

struct Run {
    driver: Driver,
    cluster: Arc<Cluster>,
    start: Instant,
    /// By place: sessions, then readers.
    clients: Vec<mpsc::UnboundedSender<Invocation>>,
    concurrency: usize,
    tasks: tokio::task::JoinSet<()>,
    news: mpsc::UnboundedSender<News>,
    inbox: mpsc::UnboundedReceiver<News>,
}

impl Run {
    fn new(config: &RunConfig, driver: Driver, cluster: Arc<Cluster>) -> Run {
        // Neither queue can grow without bound: each client and each fault has at most one thing under way.
        let (news, inbox) = mpsc::unbounded_channel();
        let mut tasks = tokio::task::JoinSet::new();
        let concurrency = config.concurrency as usize;
        let timeout = Duration::from_millis(config.timeout_ms);
        let clients = (0..concurrency + cluster.nodes.len())
            .map(|place| {
                let addresses = if place < concurrency {
                    cluster.session_addresses(place)
                } else {
                    cluster.reader_addresses()
                };
                let client = NodeClient::new(config.workload, addresses, timeout);
                let (sender, invocations) = mpsc::unbounded_channel();
                tasks.spawn(serve(client, invocations, news.clone()));
                sender
            })
            .collect();
        tasks.spawn(watch_nodes(Arc::clone(&cluster), news.clone()));
        Run { driver, cluster, start: Instant::now(), clients, concurrency, tasks, news, inbox }
    }

    async fn go(
        &mut self,
        onlooker: &mut dyn Onlooker,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let mut commands = Vec::new();
        let mut tick = tokio::time::interval(TICK);
        for node in 0..self.cluster.nodes.len() {
            self.driver.node_changed(self.now_ns(), node, NodeChange::Ready, "started".to_owned());
        }
        loop {
            let now_ns = self.now_ns();
            let wake_ns = self.driver.poll(now_ns, &mut commands);
            for event in self.driver.drain_events() {
                onlooker.record(&event)?;
            }
            for command in commands.drain(..) {
                self.carry_out(command);
            }
            if self.driver.is_finished() {
                onlooker.flush()?;
                return Ok(());
            }
            let wake = self.start + Duration::from_nanos(wake_ns.unwrap_or(now_ns + 1_000_000_000));
            tokio::select! {
                Some(news) = self.inbox.recv() => {
                    self.hear(news);
                    while let Ok(news) = self.inbox.try_recv() {
                        self.hear(news);
                    }
                }
                _ = stop.wait_for(|stop| *stop) => {
                    self.driver.stop(self.now_ns(), EndHow::Interrupted, "stopped by the user");
                }
                _ = tick.tick() => {
                    onlooker.flush()?;
                    let in_force: Vec<&Fault> = self.driver.in_force().collect();
                    let elapsed = self.start.elapsed();
                    onlooker.progress(elapsed, self.driver.phase(), self.driver.progress(), &in_force);
                }
                () = tokio::time::sleep_until(wake.into()) => {}
            }
        }
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn hear(&mut self, news: News) {
        let now_ns = self.now_ns();
        match news {
            News::Completed(client, completion) => {
                self.driver.completed(now_ns, client, completion)
            }
            News::Injected(id, evidence) => self.driver.injected(now_ns, id, evidence),
            News::Healed(id, evidence) => self.driver.healed(now_ns, id, evidence),
            News::Died(node, how) => self.driver.node_changed(now_ns, node, NodeChange::Died, how),
        }
    }

    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Invoke(invocation) => {
                let place = match invocation.client {
                    Client::Session(slot) => slot,
                    Client::Reader(node) => self.concurrency + node,
                };
                // A client's task lasts as long as the run.
                let _ = self.clients[place].send(invocation);
            }
            Command::Inject(id) => {
                let (cluster, news) = (Arc::clone(&self.cluster), self.news.clone());
                let fault = self.driver.fault(id).clone();
                self.tasks.spawn(async move {
                    let _ = news.send(News::Injected(id, cluster.inject(id, &fault).await));
                });
            }
            Command::Heal(id) => {
                let (cluster, news) = (Arc::clone(&self.cluster), self.news.clone());
                let fault = self.driver.fault(id).clone();
                self.tasks.spawn(async move {
                    let _ = news.send(News::Healed(id, cluster.heal(id, &fault).await));
                });
            }
        }
    }
}

/// Serves one client, one operation after the other.
async fn serve(
    mut client: NodeClient,
    mut invocations: mpsc::UnboundedReceiver<Invocation>,
    news: mpsc::UnboundedSender<News>,
) {
    while let Some(invocation) = invocations.recv().await {
        let completion = client.invoke(&invocation).await;
        if news.send(News::Completed(invocation.client, completion)).is_err() {
            return;
        }
    }
}

/// Tells of nodes that end by themselves.
async fn watch_nodes(cluster: Arc<Cluster>, news: mpsc::UnboundedSender<News>) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tick.tick().await;
        for (node, how) in cluster.deaths().await {
            if news.send(News::Died(node, how)).is_err() {
                return;
            }
        }
    }
}
