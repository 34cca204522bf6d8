//! A cluster of real nodes as a [`World`]: every client and every fault under way is a task, and the engine hears from
//! all of them over one channel.

use super::deployment::{Deployment, Starting};
use super::stopped::stopped;
use afterall_clients::{Client, Lies, LyingClient, OpError};
use afterall_engine::driver::{Asker, Completion, Invocation};
use afterall_engine::faults::Fault;
use afterall_engine::{Evidence, Happened, Observation, Plan, Stop, Traffic, World, WorldError};
use afterall_history::{EndHow, NodeChange};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

/// How often the nodes are looked at.
const TICK: Duration = Duration::from_millis(100);
/// How long what is still under way at the end may take.
const SHUTDOWN_MAX: Duration = Duration::from_secs(1);

/// Takes down what outlives the cluster itself, and is called even if that never came up.
pub(crate) type CleanUp = Box<dyn FnOnce(&Runtime) -> Vec<String>>;

/// A cluster of real nodes.
pub(crate) struct Live<D: Deployment> {
    runtime: Option<Runtime>,
    starting: Option<Starting<D>>,
    clean_up: Option<CleanUp>,
    cluster: Option<Arc<D>>,
    timeout: Duration,
    sessions: usize,
    lies: Option<Lies>,
    began: Instant,
    /// Known from the end on.
    traffic: Option<Traffic>,
    /// By place: sessions, then readers.
    clients: Vec<mpsc::UnboundedSender<Invocation>>,
    tasks: tokio::task::JoinSet<()>,
    news: Sender<Happened>,
    inbox: Receiver<Happened>,
}

impl<D: Deployment> Live<D> {
    /// A cluster that is not up yet.
    ///
    /// # Errors
    /// The system gives no threads.
    pub(crate) fn new(
        plan: &Plan,
        starting: Starting<D>,
        clean_up: CleanUp,
    ) -> Result<Self, WorldError> {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).enable_all().build().map_err(WorldError::setup)?;
        // Neither queue can grow without bound: each client and each fault has at most one thing under way.
        let (news, inbox) = channel();
        Ok(Live {
            runtime: Some(runtime),
            starting: Some(starting),
            clean_up: Some(clean_up),
            cluster: None,
            timeout: Duration::from_millis(plan.config().timeout_ms),
            sessions: plan.config().slots(),
            lies: plan.config().lie.map(|lie| Lies::new(lie, plan.config().seed)),
            began: Instant::now(),
            traffic: None,
            clients: Vec::new(),
            tasks: tokio::task::JoinSet::new(),
            news,
            inbox,
        })
    }

    /// Starts a task for each client, and one that looks at the nodes.
    fn serve(&mut self, runtime: &Runtime, cluster: &Arc<D>) -> Result<(), WorldError> {
        let _entered = runtime.enter();
        let sessions = (0..self.sessions).map(Asker::Session);
        for asker in sessions.chain((0..cluster.nodes()).map(Asker::Reader)) {
            let (sender, invocations) = mpsc::unbounded_channel();
            let mut client = cluster.client(asker).map_err(WorldError::setup)?;
            if let Some(lies) = &self.lies {
                let number = self.clients.len() as u64;
                let liar = lies.liar(number, matches!(asker, Asker::Reader(_)));
                client = Box::new(LyingClient::new(client, liar));
            }
            self.tasks.spawn(serve(client, self.timeout, invocations, self.news.clone()));
            self.clients.push(sender);
        }
        self.tasks.spawn(watch_nodes(Arc::clone(cluster), self.news.clone()));
        Ok(())
    }

    fn spawn(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = &self.runtime {
            self.tasks.spawn_on(task, runtime.handle());
        }
    }

    fn take_down(&mut self) -> Vec<String> {
        let Some(runtime) = self.runtime.take() else { return Vec::new() };
        self.clients.clear();
        self.starting = None;
        let cluster = self.cluster.take();
        let tasks = &mut self.tasks;
        let mut left = runtime.block_on(async {
            tasks.shutdown().await;
            // Every task that held the cluster has ended.
            match cluster.and_then(Arc::into_inner) {
                Some(cluster) => {
                    self.traffic = cluster.traffic().await;
                    cluster.stop().await
                }
                None => Vec::new(),
            }
        });
        if let Some(clean_up) = self.clean_up.take() {
            left.extend(clean_up(&runtime));
        }
        // Nothing that is still under way on the runtime may keep the verdict waiting.
        runtime.shutdown_timeout(SHUTDOWN_MAX);
        left
    }
}

impl<D: Deployment> Drop for Live<D> {
    fn drop(&mut self) {
        // Whatever happened, a panic included, nothing is left behind.
        self.take_down();
    }
}

impl<D: Deployment> World for Live<D> {
    fn start(&mut self, stop: &Stop) -> Result<Vec<Happened>, WorldError> {
        let (Some(runtime), Some(starting)) = (self.runtime.take(), self.starting.take()) else {
            return Err(WorldError::Stopped);
        };
        let started = runtime.block_on(async {
            tokio::select! {
                cluster = starting => cluster,
                // What had been started ends with its handles.
                () = stopped(stop) => Err(WorldError::Stopped),
            }
        });
        let started = started.and_then(|cluster| {
            let cluster = Arc::new(cluster);
            self.cluster = Some(Arc::clone(&cluster));
            self.serve(&runtime, &cluster)?;
            Ok(cluster.nodes())
        });
        self.runtime = Some(runtime);
        self.began = Instant::now();
        let ready =
            |node| Happened::Node { node, change: NodeChange::Ready, detail: "started".to_owned() };
        Ok((0..started?).map(ready).collect())
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn is_virtual(&self) -> bool {
        false
    }

    fn invoke(&mut self, invocation: Invocation) {
        let place = match invocation.asker {
            Asker::Session(slot) => slot,
            Asker::Reader(node) => self.sessions + node,
        };
        // A client's task lasts as long as the run.
        if let Some(client) = self.clients.get(place) {
            let _ = client.send(invocation);
        }
    }

    fn inject(&mut self, id: usize, fault: &Fault) {
        let Some(cluster) = self.cluster.clone() else { return };
        let (news, fault) = (self.news.clone(), fault.clone());
        self.spawn(async move {
            let evidence = cluster.inject(id, &fault).await;
            let _ = news.send(shown(evidence, |evidence| Happened::Injected(id, evidence)));
        });
    }

    fn measure(&mut self, id: usize, fault: &Fault) {
        let Some(cluster) = self.cluster.clone() else { return };
        let (news, fault) = (self.news.clone(), fault.clone());
        self.spawn(async move {
            let _ = news.send(match cluster.measure(id, &fault).await {
                Some(evidence) => {
                    shown(evidence, |evidence| Happened::Measured(id, Some(evidence)))
                }
                None => Happened::Measured(id, None),
            });
        });
    }

    fn heal(&mut self, id: usize, fault: &Fault) {
        let Some(cluster) = self.cluster.clone() else { return };
        let (news, fault) = (self.news.clone(), fault.clone());
        self.spawn(async move {
            let evidence = cluster.heal(id, &fault).await;
            let _ = news.send(shown(evidence, |evidence| Happened::Healed(id, evidence)));
        });
    }

    fn next(
        &mut self,
        wake_ns: Option<u64>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), WorldError> {
        let until = wake_ns.map_or(TICK, Duration::from_nanos).saturating_sub(self.began.elapsed());
        match self.inbox.recv_timeout(until) {
            Ok(first) => happened.push(first),
            // This world holds a sender itself.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return Ok(()),
        }
        happened.extend(self.inbox.try_iter());
        Ok(())
    }

    fn traffic(&self) -> Option<Traffic> {
        self.traffic
    }

    fn end(&mut self) -> Vec<String> {
        self.take_down()
    }
}

/// Serves one client, one operation after the other.
async fn serve(
    mut client: Box<dyn Client>,
    timeout: Duration,
    mut invocations: mpsc::UnboundedReceiver<Invocation>,
    news: Sender<Happened>,
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
            // It did not happen, and is never completed.
            Ok(Err(OpError::Exhausted(error))) => {
                let _ = news.send(exhausted(&error));
                return;
            }
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
        if news.send(Happened::Completed(invocation.asker, completion)).is_err() {
            return;
        }
    }
}

/// Tells of what nobody asked for.
async fn watch_nodes<D: Deployment>(cluster: Arc<D>, news: Sender<Happened>) {
    let mut tick = tokio::time::interval(TICK);
    loop {
        tick.tick().await;
        for happened in cluster.unasked().await {
            if news.send(happened).is_err() {
                return;
            }
        }
    }
}

/// Evidence, unless it shows no more than that the harness itself is at its end.
fn shown(evidence: Evidence, of: impl FnOnce(Evidence) -> Happened) -> Happened {
    let error = evidence.observed.iter().find_map(|observed| match observed {
        Observation::Exhausted { error } => Some(error),
        _ => None,
    });
    match error {
        Some(error) => exhausted(error),
        None => of(evidence),
    }
}

/// The harness itself has run out of something: what it would record from here on is not the cluster's doing.
pub(crate) fn exhausted(error: &str) -> Happened {
    let why = format!("the harness itself has run out of something of the system's: {error}");
    Happened::Over { how: EndHow::Failed, why }
}
