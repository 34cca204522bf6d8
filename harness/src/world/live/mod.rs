//! What worlds of real time have in common: the loop around the driver, clients, links, evidence.

#![expect(clippy::disallowed_methods, reason = "the shell reads the clock for the core")]

pub(crate) mod evidence;
pub(crate) mod links;
pub(crate) mod scratch;

use crate::config::{ConfigError, RunConfig};
use crate::driver::{Client as Who, Command, Completion, Driver, Invocation, Progress};
use crate::nemesis::{Evidence, Fault};
use afterall_clients::{Client, OpError};
use afterall_history::{EndHow, Event, NodeChange, Phase};
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// How often the nodes are looked at, the history is flushed and the onlooker is told.
const TICK: Duration = Duration::from_millis(100);

/// Why a run came to nothing, or to less than it should.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The configuration makes no run.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The cluster could not be set up.
    #[error("{0}")]
    Setup(String),
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

/// A cluster that is up.
pub(crate) trait Deployment: Send + Sync + 'static {
    /// How many nodes it has.
    fn nodes(&self) -> usize;

    /// A client for a place: sessions and readers have links of their own.
    fn client(&self, who: Who) -> Result<Box<dyn Client>, String>;

    /// Injects a fault and measures whether it took hold.
    fn inject(&self, id: usize, fault: &Fault) -> impl Future<Output = Evidence> + Send;

    /// Heals a fault and measures whether it is gone.
    fn heal(&self, id: usize, fault: &Fault) -> impl Future<Output = Evidence> + Send;

    /// Nodes that have ended although nobody asked them to, each told once. Called ten times a second.
    fn deaths(&self) -> impl Future<Output = Vec<(usize, String)>> + Send;

    /// Takes everything down. Nothing is left, whatever state it is in.
    fn stop(self) -> impl Future<Output = ()> + Send;
}

/// What happens outside the driver.
enum News {
    Completed(Who, Completion),
    Injected(usize, Evidence),
    Healed(usize, Evidence),
    Died(usize, String),
}

/// Carries out a run on a cluster that `started` brings up. `stop` turns true when somebody wants it to end; the history
/// then says so.
pub(crate) async fn run<D: Deployment, E: std::fmt::Display>(
    config: &RunConfig,
    started: impl Future<Output = Result<D, E>>,
    onlooker: &mut dyn Onlooker,
    mut stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let driver = Driver::new(config.plan()?, config.generator()?);
    let cluster = tokio::select! {
        cluster = started => Arc::new(cluster.map_err(|error| RunError::Setup(error.to_string()))?),
        // What had been started ends with its handles.
        _ = stop.wait_for(|stop| *stop) => return Ok(()),
    };
    let outcome = match Run::new(config, driver, Arc::clone(&cluster)) {
        Ok(mut run) => {
            let outcome = run.go(onlooker, stop).await;
            run.tasks.shutdown().await;
            outcome
        }
        Err(error) => Err(RunError::Setup(error)),
    };
    // Every task that held the cluster has ended.
    if let Some(cluster) = Arc::into_inner(cluster) {
        cluster.stop().await;
    }
    outcome
}

struct Run<D> {
    driver: Driver,
    cluster: Arc<D>,
    start: Instant,
    /// By place: sessions, then readers.
    clients: Vec<mpsc::UnboundedSender<Invocation>>,
    concurrency: usize,
    tasks: tokio::task::JoinSet<()>,
    news: mpsc::UnboundedSender<News>,
    inbox: mpsc::UnboundedReceiver<News>,
}

impl<D: Deployment> Run<D> {
    fn new(config: &RunConfig, driver: Driver, cluster: Arc<D>) -> Result<Self, String> {
        // Neither queue can grow without bound: each client and each fault has at most one thing under way.
        let (news, inbox) = mpsc::unbounded_channel();
        let mut tasks = tokio::task::JoinSet::new();
        let concurrency = config.concurrency as usize;
        let timeout = Duration::from_millis(config.timeout_ms);
        let sessions = (0..concurrency).map(Who::Session);
        let mut clients = Vec::new();
        for who in sessions.chain((0..cluster.nodes()).map(Who::Reader)) {
            let (sender, invocations) = mpsc::unbounded_channel();
            tasks.spawn(serve(cluster.client(who)?, timeout, invocations, news.clone()));
            clients.push(sender);
        }
        tasks.spawn(watch_nodes(Arc::clone(&cluster), news.clone()));
        let start = Instant::now();
        Ok(Run { driver, cluster, start, clients, concurrency, tasks, news, inbox })
    }

    async fn go(
        &mut self,
        onlooker: &mut dyn Onlooker,
        mut stop: watch::Receiver<bool>,
    ) -> Result<(), RunError> {
        let mut commands = Vec::new();
        let mut tick = tokio::time::interval(TICK);
        for node in 0..self.cluster.nodes() {
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
                    Who::Session(slot) => slot,
                    Who::Reader(node) => self.concurrency + node,
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
    mut client: Box<dyn Client>,
    timeout: Duration,
    mut invocations: mpsc::UnboundedReceiver<Invocation>,
    news: mpsc::UnboundedSender<News>,
) {
    let mut process = None;
    while let Some(invocation) = invocations.recv().await {
        if process != Some(invocation.process) {
            process = Some(invocation.process);
            client.reset();
        }
        let asked = client.invoke(invocation.node, &invocation.operation);
        let completion = match tokio::time::timeout(timeout, asked).await {
            Ok(Ok(answer)) => {
                let node = answer.node.unwrap_or_else(|| format!("n{}", invocation.node + 1));
                Completion::Ok { node, read: answer.read, version: answer.version }
            }
            Ok(Err(OpError::Failed(error))) => Completion::Fail(error),
            // The connection may be in any state.
            Ok(Err(OpError::Indeterminate(error))) => {
                client.reset();
                Completion::Info(error)
            }
            Err(_) => {
                client.reset();
                Completion::Info(format!("no answer within {} ms", timeout.as_millis()))
            }
        };
        if news.send(News::Completed(invocation.client, completion)).is_err() {
            return;
        }
    }
}

/// Tells of nodes that end by themselves.
async fn watch_nodes<D: Deployment>(cluster: Arc<D>, news: mpsc::UnboundedSender<News>) {
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
