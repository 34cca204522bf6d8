//! The simulated world: every node, link, clock, disk and client in one loop over virtual time.
//!
//! The node's core, the session, the driver and the generators are the very ones of the other worlds. What the
//! simulation stands in for is the shell: processes that are killed and stopped, commits that take time and are
//! lost before they are done, links that lose, delay and cut, and a time authority. Everything random follows from
//! the seed: the same configuration gives the same events.

mod agenda;
mod clients;
mod evidence;
mod faults;
mod host;
mod network;
mod time;

use crate::config::{ConfigError, RunConfig};
use crate::driver::{Client, Command, Completion, Driver, Invocation};
use afterall_history::{EndHow, Event, NodeChange, Workload};
use afterall_reference::core::{
    Answer, Config, DamagedRecord, Message, NodeId, Refusal, Request, RequestId,
};
use agenda::Agenda;
use clients::Clients;
use host::{Host, Job, Output};
use network::{LATENCY_NS, Network};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::io;
use std::ops::RangeInclusive;
use std::sync::atomic::{AtomicBool, Ordering};
use time::{Authority, Exchange};

/// The most that may happen at one instant.
const AT_ONCE_MAX: u64 = 10_000_000;
/// How much longer than its phases a run may take: faults that are slow to heal, answers that are waited for.
const OVERTIME_NS: u64 = 120_000_000_000;

/// Why a simulation ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A configuration that makes no run.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A node could not read what it had stored.
    #[error("{node} does not start again after {now_ns} ns: {error}")]
    Damaged {
        /// The node.
        node: NodeId,
        /// The virtual time.
        now_ns: u64,
        /// What it says.
        error: DamagedRecord,
    },
    /// The history cannot be written.
    #[error("write the history: {0}")]
    Sink(#[from] io::Error),
    /// Virtual time stands still or goes on without end: a bug of the simulation or of what runs in it.
    #[error(
        "the simulation does not end: it stands at {now_ns} ns of virtual time (please report this, with the seed)"
    )]
    Endless {
        /// The virtual time.
        now_ns: u64,
    },
}

/// Runs a configuration to its end, handing over every event as it is recorded. Setting `interrupted` ends the run
/// early, with an end that says so.
///
/// # Errors
/// Why the run could not go on; what was handed over until then is a history without an end.
pub fn run(
    config: &RunConfig,
    interrupted: &AtomicBool,
    sink: &mut dyn FnMut(&Event) -> io::Result<()>,
) -> Result<(), SimError> {
    config.check()?;
    World::new(config)?.run(interrupted, sink)
}

/// Something that happens.
#[derive(Debug)]
enum Happening {
    /// The driver wants to be asked.
    Poll,
    /// A request reaches a node.
    Request { node: usize, id: RequestId, request: Request },
    /// A client learns that what it asks is not done, and why.
    Refused { client: Client, why: String },
    /// An answer reaches a client.
    Answer { id: RequestId, answer: Result<Answer, Refusal> },
    /// A client's patience is at its end.
    Timeout { request: RequestId },
    /// A client learns that its connection broke.
    Reset { request: RequestId },
    /// A message reaches a node.
    Message { from: usize, to: usize, message: Message },
    /// A process has something to do.
    Visit { node: usize },
    /// A process starts.
    Start { node: usize },
    /// A step of a node's exchange with the time authority, in one of its lives.
    Time { node: usize, incarnation: u32, step: Exchange },
    /// A fault is measured.
    Check { fault: usize },
}

/// Everything there is.
struct World {
    workload: Workload,
    timeout_ns: u64,
    ends_by_ns: u64,
    now_ns: u64,
    agenda: Agenda<Happening>,
    random: Pcg64,
    driver: Driver,
    /// When the driver is asked next.
    poll_ns: Option<u64>,
    clients: Clients,
    hosts: Vec<Host>,
    /// When each process is visited next.
    visits_ns: Vec<Option<u64>>,
    /// The step of its exchange of time that a stopped process has not done yet.
    held_exchanges: Vec<Option<Exchange>>,
    network: Network,
    authority: Authority,
    /// Per fault of the schedule: its measurements.
    watches: Vec<Option<faults::Watch>>,
    last_probe: u64,
}

impl World {
    fn new(config: &RunConfig) -> Result<Self, ConfigError> {
        let plan = config.plan()?;
        let ids: Vec<NodeId> = (1..=config.nodes).map(NodeId).collect();
        let host = |&id: &NodeId| {
            let peers = ids.iter().copied().filter(|&peer| peer != id).collect();
            Host::new(Config::new(
                id,
                peers,
                config.flavour.unwrap_or(afterall_reference::core::Flavour::Crdt),
                config.mutant,
                config.seed,
            ))
        };
        let phases_ns = [plan.healthy_ns, plan.faults_ns, plan.heal_ns, plan.quiescence_max_ns];
        let timeout_ns = config.timeout_ms.saturating_mul(1_000_000);
        let waits_ns = timeout_ns.saturating_mul(4).saturating_add(plan.final_max_ns);
        let nodes = ids.len();
        Ok(World {
            workload: config.workload,
            timeout_ns,
            ends_by_ns: phases_ns.iter().sum::<u64>().saturating_add(waits_ns + OVERTIME_NS),
            now_ns: 0,
            agenda: Agenda::new(),
            random: Pcg64::seed_from_u64(config.seed ^ 0x7369_6d75_6c61_7465),
            poll_ns: None,
            clients: Clients::default(),
            hosts: ids.iter().map(host).collect(),
            visits_ns: vec![None; nodes],
            held_exchanges: vec![None; nodes],
            network: Network::default(),
            authority: Authority::default(),
            watches: plan.schedule.iter().map(|_| None).collect(),
            last_probe: 0,
            driver: Driver::new(plan, config.generator()?),
        })
    }

    fn run(
        mut self,
        interrupted: &AtomicBool,
        sink: &mut dyn FnMut(&Event) -> io::Result<()>,
    ) -> Result<(), SimError> {
        for node in 0..self.hosts.len() {
            self.start(node)?;
        }
        self.poll();
        let mut at_once = 0;
        while !self.driver.is_finished() {
            self.driver.drain_events().try_for_each(|event| sink(&event))?;
            if interrupted.load(Ordering::Relaxed) {
                self.driver.stop(self.now_ns, EndHow::Interrupted, "stopped by the user");
                break;
            }
            let Some((at_ns, happening)) = self.agenda.next() else {
                return Err(SimError::Endless { now_ns: self.now_ns });
            };
            at_once = if at_ns > self.now_ns { 0 } else { at_once + 1 };
            if at_once > AT_ONCE_MAX || at_ns > self.ends_by_ns {
                return Err(SimError::Endless { now_ns: self.now_ns });
            }
            self.now_ns = at_ns;
            self.happen(happening)?;
        }
        self.driver.drain_events().try_for_each(|event| sink(&event))?;
        Ok(())
    }

    fn plan_after(&mut self, delay_ns: RangeInclusive<u64>, happening: Happening) {
        let delay_ns = self.random.random_range(delay_ns);
        self.agenda.plan(self.now_ns + delay_ns, happening);
    }

    fn happen(&mut self, happening: Happening) -> Result<(), SimError> {
        match happening {
            Happening::Poll => {
                if self.poll_ns == Some(self.now_ns) {
                    self.poll_ns = None;
                    self.poll();
                }
            }
            Happening::Request { node, id, request } => match self.clients.incarnation(id) {
                Some(to) if to == self.hosts[node].incarnation() && self.hosts[node].is_up() => {
                    self.hosts[node].offer(Job::Request(id, request));
                    self.visit(node);
                }
                // The connection died with the process that had taken it, and the client is told so.
                _ => {}
            },
            Happening::Refused { client, why } => {
                self.complete(Some((client, Completion::Fail(why))));
            }
            Happening::Answer { id, answer } => {
                let completed = self.clients.answered(id, answer);
                self.complete(completed);
            }
            Happening::Timeout { request } => {
                let completed = self.clients.given_up(request, "timeout");
                self.complete(completed);
            }
            Happening::Reset { request } => {
                let completed = self.clients.given_up(request, "connection reset");
                self.complete(completed);
            }
            Happening::Message { from, to, message } => {
                // A cut also stops what is on its way.
                if !self.network.is_cut((from, to)) {
                    let from = self.node_id(from);
                    self.hosts[to].offer(Job::Message(from, message));
                    self.visit(to);
                }
            }
            Happening::Visit { node } => {
                if self.visits_ns[node] == Some(self.now_ns) {
                    self.visits_ns[node] = None;
                    self.visit(node);
                }
            }
            Happening::Start { node } => {
                if self.hosts[node].may_start() {
                    self.start(node)?;
                }
            }
            Happening::Time { node, incarnation, step } => {
                if self.hosts[node].is_up() && self.hosts[node].incarnation() == incarnation {
                    self.exchange(node, step);
                }
            }
            Happening::Check { fault } => {
                self.check(fault);
                self.poll();
            }
        }
        Ok(())
    }

    /// Asks the driver what is to be done, and does it.
    fn poll(&mut self) {
        let mut commands = Vec::new();
        let next_ns = self.driver.poll(self.now_ns, &mut commands);
        for command in commands {
            match command {
                Command::Invoke(invocation) => self.invoke(invocation),
                Command::Inject(id) => self.inject(id),
                Command::Heal(id) => self.heal(id),
            }
        }
        if let Some(next_ns) = next_ns
            && self.poll_ns.is_none_or(|planned| next_ns < planned)
        {
            self.poll_ns = Some(next_ns);
            self.agenda.plan(next_ns, Happening::Poll);
        }
    }

    fn invoke(&mut self, invocation: Invocation) {
        let Invocation { client, process, node, operation } = invocation;
        let session = self.clients.session(client, process);
        let request = session.request(self.workload, operation.f, &operation.key, &operation.value);
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                let why = error.to_string();
                return self.agenda.plan(self.now_ns, Happening::Refused { client, why });
            }
        };
        if !self.hosts[node].is_up() {
            let why = "connection refused".to_owned();
            return self.plan_after(LATENCY_NS, Happening::Refused { client, why });
        }
        let incarnation = self.hosts[node].incarnation();
        let id = self.clients.wait(client, operation.key, node, incarnation);
        self.plan_after(LATENCY_NS, Happening::Request { node, id, request });
        self.agenda.plan(self.now_ns + self.timeout_ns, Happening::Timeout { request: id });
    }

    fn complete(&mut self, completed: Option<(Client, Completion)>) {
        if let Some((client, completion)) = completed {
            self.driver.completed(self.now_ns, client, completion);
            self.poll();
        }
    }

    /// Lets a process do what it can, and sends on what it lets out.
    fn visit(&mut self, node: usize) {
        let mut out = Output::default();
        self.hosts[node].work(self.now_ns, &mut self.random, &mut out);
        for (id, answer) in out.replies {
            self.clients.answer_leaves(id);
            self.plan_after(LATENCY_NS, Happening::Answer { id, answer });
        }
        for (to, message) in out.sends {
            let to = usize::from(to.0) - 1;
            if let Some(at_ns) = self.network.send((node, to), self.now_ns, &mut self.random) {
                self.agenda.plan(at_ns, Happening::Message { from: node, to, message });
            }
        }
        if let Some(next_ns) = self.hosts[node].next_ns() {
            let next_ns = next_ns.max(self.now_ns);
            if self.visits_ns[node].is_none_or(|planned| next_ns < planned) {
                self.visits_ns[node] = Some(next_ns);
                self.agenda.plan(next_ns, Happening::Visit { node });
            }
        }
    }

    fn start(&mut self, node: usize) -> Result<(), SimError> {
        let now_ns = self.now_ns;
        let id = self.node_id(node);
        self.hosts[node].start().map_err(|error| SimError::Damaged { node: id, now_ns, error })?;
        let incarnation = self.hosts[node].incarnation();
        let detail = format!("incarnation {incarnation}");
        self.driver.node_changed(now_ns, node, NodeChange::Ready, detail);
        self.exchange(node, Exchange::Ask);
        self.visit(node);
        Ok(())
    }

    /// A stopped process goes on.
    fn resumed(&mut self, node: usize) {
        if self.hosts[node].is_running() {
            if let Some(step) = self.held_exchanges[node].take() {
                self.exchange(node, step);
            }
            self.visit(node);
        }
    }

    /// Does a step of a node's exchange with the time authority. Those that are its own wait while it is stopped.
    fn exchange(&mut self, node: usize, step: Exchange) {
        let host = &mut self.hosts[node];
        if !host.is_running() && !matches!(step, Exchange::Asked { .. }) {
            self.held_exchanges[node] = Some(step);
            return;
        }
        let incarnation = host.incarnation();
        let (at_ns, step) = self.authority.step((node, host), step, self.now_ns, &mut self.random);
        self.agenda.plan(at_ns, Happening::Time { node, incarnation, step });
    }

    fn node_id(&self, node: usize) -> NodeId {
        NodeId(u16::try_from(node + 1).unwrap_or(u16::MAX))
    }
}
