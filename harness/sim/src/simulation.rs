//! The simulation: every node, link, clock, disk and client in one loop over virtual time.

use crate::authority::{Authority, Exchange};
use crate::clients::Clients;
use crate::event_queue::EventQueue;
use crate::host::{Host, Job, Output};
use crate::network::{LATENCY_NS, Network};
use crate::replica::Replica;
use crate::streams::{Purpose, Streams};
use crate::watch::Watch;
use afterall_clients::{Deed, Lies};
use afterall_engine::driver::{Asker, Completion, Invocation};
use afterall_engine::faults::{Fault, Link};
use afterall_engine::{
    Branching, ByMechanism, Happened, Marks, Messages, Plan, Stop, Traffic, World, WorldError,
};
use afterall_history::{NodeChange, Workload};
use rand::RngExt;
use std::collections::BTreeMap;
use std::error::Error;
use std::ops::RangeInclusive;

/// The most that may happen at one instant.
const AT_ONCE_MAX: u64 = 10_000_000;
/// How much longer than its phases a run may take: faults that are slow to heal, answers that are waited for.
const OVERTIME_NS: u64 = 120_000_000_000;

/// Why a simulation ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A node could not read what it had stored.
    #[error("n{number} does not start again after {now_ns} ns of virtual time")]
    Damaged {
        /// The node, from 1.
        number: usize,
        /// The virtual time.
        now_ns: u64,
        /// What it says.
        #[source]
        error: Box<dyn Error + Send + Sync>,
    },
    /// Virtual time stands still or goes on without end: a bug of the simulation or of what runs in it.
    #[error(
        "the simulation does not end: it stands at {now_ns} ns of virtual time (please report this, with the seed)"
    )]
    Endless {
        /// The virtual time.
        now_ns: u64,
    },
}

/// Something that is to happen.
#[derive(Debug, Clone)]
pub(super) enum Event<R: Replica> {
    /// The driver wants to be asked.
    Poll,
    /// A request reaches a node.
    Request { node: usize, id: u64, request: R::Request },
    /// A client learns what came of its operation, of which the node was not asked.
    Settled { asker: Asker, completion: Completion },
    /// An answer reaches a client.
    Answer { id: u64, answer: R::Answer },
    /// A client's patience is at its end.
    Timeout { request: u64 },
    /// A client learns that its connection broke.
    Reset { request: u64 },
    /// A message reaches a node.
    Message { from: usize, to: usize, message: R::Message },
    /// A process has something to do.
    Visit { node: usize },
    /// A process starts.
    Start { node: usize },
    /// A step of a node's exchange with the time authority, in one of its lives.
    Time { node: usize, incarnation: u32, step: Exchange },
    /// A fault is measured.
    Check { fault: usize },
}

/// A simulated cluster, which is a [`World`]. It stands in for processes that are killed and stopped, commits that take
/// time and are lost before they are done, links that lose, delay and cut, and a time authority. Everything random follows
/// from the seed: the same plan gives the same events.
#[derive(Debug, Clone)]
pub struct Simulation<R: Replica> {
    workload: Workload,
    timeout_ns: u64,
    ends_by_ns: u64,
    pub(super) now_ns: u64,
    pub(super) queue: EventQueue<Event<R>>,
    pub(super) streams: Streams,
    /// When the driver is asked next.
    poll_ns: Option<u64>,
    /// Whether the last event was that the driver wants to be asked.
    woken: bool,
    /// What the driver has not been told yet.
    pub(super) happened: Vec<Happened>,
    at_once: u64,
    stop: Stop,
    pub(super) clients: Clients<R>,
    pub(super) hosts: Vec<Host<R>>,
    /// When each process is visited next.
    visits_ns: Vec<Option<u64>>,
    /// The step of its exchange of time that a stopped process has not done yet.
    pub(super) held_exchanges: Vec<Option<Exchange>>,
    pub(super) network: Network,
    pub(super) authority: Authority,
    /// By fault: its measurements.
    pub(super) watches: BTreeMap<usize, Watch>,
    pub(super) last_probe: u64,
    /// By link: how many messages of the nodes have arrived.
    pub(super) arrived: BTreeMap<Link, u64>,
}

impl<R: Replica> Simulation<R> {
    /// A cluster that is not up yet: a replica of each configuration.
    #[must_use]
    pub fn new(plan: &Plan, replicas: Vec<R::Config>) -> Self {
        let (config, course) = (plan.config(), plan.course());
        let phases_ns =
            [course.healthy_ns, course.faults_ns, course.heal_ns, course.quiescence_max_ns];
        let timeout_ns = config.timeout_ms.saturating_mul(1_000_000);
        let waits_ns = timeout_ns.saturating_mul(4).saturating_add(course.final_max_ns);
        let nodes = replicas.len();
        Simulation {
            workload: config.workload,
            timeout_ns,
            ends_by_ns: phases_ns.iter().sum::<u64>().saturating_add(waits_ns + OVERTIME_NS),
            now_ns: 0,
            queue: EventQueue::new(),
            streams: Streams::new(config.seed),
            poll_ns: None,
            woken: false,
            happened: Vec::new(),
            at_once: 0,
            stop: Stop::default(),
            clients: Clients::new(config.lie.map(|lie| Lies::new(lie, config.seed))),
            hosts: replicas.into_iter().map(Host::new).collect(),
            visits_ns: vec![None; nodes],
            held_exchanges: vec![None; nodes],
            network: Network::new(&config.network),
            authority: Authority::default(),
            watches: BTreeMap::new(),
            last_probe: 0,
            arrived: BTreeMap::new(),
        }
    }

    pub(super) fn plan_after(
        &mut self,
        delay_ns: RangeInclusive<u64>,
        purpose: Purpose,
        event: Event<R>,
    ) {
        let delay_ns = self.streams.of(purpose).random_range(delay_ns);
        self.queue.plan(self.now_ns + delay_ns, event);
    }

    /// Plans what goes between a client and a node.
    pub(super) fn plan_for(&mut self, asker: Asker, event: Event<R>) {
        self.plan_after(LATENCY_NS, Purpose::Client(asker), event);
    }

    fn happen(&mut self, event: Event<R>) -> Result<(), SimError> {
        match event {
            Event::Poll => self.woken = true,
            Event::Request { node, id, request } => match self.clients.incarnation(id) {
                Some(to) if to == self.hosts[node].incarnation() && self.hosts[node].is_up() => {
                    self.hosts[node].offer(Job::Request(id, request));
                    self.visit(node);
                }
                // The connection died with the process that had taken it, and the client is told so.
                _ => {}
            },
            Event::Settled { asker, completion } => self.complete(Some((asker, completion))),
            Event::Answer { id, answer } => {
                let completed = self.clients.answered(self.workload, id, answer);
                self.complete(completed);
            }
            Event::Timeout { request } => {
                let completed = self.clients.given_up(request, "timeout");
                self.complete(completed);
            }
            Event::Reset { request } => {
                let completed = self.clients.given_up(request, "connection reset");
                self.complete(completed);
            }
            Event::Message { from, to, message } => {
                // A cut also stops what is on its way.
                if !self.network.is_cut((from, to)) {
                    *self.arrived.entry((from, to)).or_default() += 1;
                    self.hosts[to].offer(Job::Message(from, message));
                    self.visit(to);
                }
            }
            Event::Visit { node } => {
                if self.visits_ns[node] == Some(self.now_ns) {
                    self.visits_ns[node] = None;
                    self.visit(node);
                }
            }
            Event::Start { node } => {
                if self.hosts[node].may_start() {
                    self.start_node(node)?;
                }
            }
            Event::Time { node, incarnation, step } => {
                if self.hosts[node].is_up() && self.hosts[node].incarnation() == incarnation {
                    self.exchange(node, step);
                }
            }
            Event::Check { fault } => self.check(fault),
        }
        Ok(())
    }

    fn complete(&mut self, completed: Option<(Asker, Completion)>) {
        let completed = completed.map(|(asker, completion)| Happened::Completed(asker, completion));
        self.happened.extend(completed);
    }

    /// Lets a process do what it can, and sends on what it lets out.
    pub(super) fn visit(&mut self, node: usize) {
        let mut out = Output::default();
        let random = self.streams.of(Purpose::Disk(node));
        let host = &mut self.hosts[node];
        let was_up = host.is_up();
        host.work(self.now_ns, random, &mut out);
        if was_up && !host.is_up() {
            self.process_ended(node);
        }
        for (id, answer) in out.replies {
            // Nobody waits any more for what has no asker.
            if let Some(asker) = self.clients.answer_leaves(id) {
                self.plan_for(asker, Event::Answer { id, answer });
            }
        }
        for (to, message) in out.sends {
            let bytes = || R::message_bytes(&message);
            let random = self.streams.of(Purpose::Link((node, to)));
            let arrives = self.network.send((node, to), self.now_ns, random, bytes);
            let Some(at_ns) = arrives else { continue };
            if let Some(again_ns) = self.network.again((node, to), at_ns, random) {
                let message = message.clone();
                self.queue.plan(again_ns, Event::Message { from: node, to, message });
            }
            self.queue.plan(at_ns, Event::Message { from: node, to, message });
        }
        if let Some(next_ns) = self.hosts[node].next_ns() {
            let next_ns = next_ns.max(self.now_ns);
            if self.visits_ns[node].is_none_or(|planned| next_ns < planned) {
                self.visits_ns[node] = Some(next_ns);
                self.queue.plan(next_ns, Event::Visit { node });
            }
        }
    }

    fn start_node(&mut self, node: usize) -> Result<(), SimError> {
        let now_ns = self.now_ns;
        let started = self.hosts[node].start();
        let error =
            |error: R::Damaged| SimError::Damaged { number: node + 1, now_ns, error: error.into() };
        started.map_err(error)?;
        let incarnation = self.hosts[node].incarnation();
        let detail = format!("incarnation {incarnation}");
        self.happened.push(Happened::Node { node, change: NodeChange::Ready, detail });
        self.exchange(node, Exchange::Ask);
        self.visit(node);
        Ok(())
    }

    /// A stopped process goes on.
    pub(super) fn resumed(&mut self, node: usize) {
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
        let random = self.streams.of(Purpose::Time(node));
        let (at_ns, step) = self.authority.step((node, host), step, self.now_ns, random);
        self.queue.plan(at_ns, Event::Time { node, incarnation, step });
    }

    /// Lets one event happen.
    ///
    /// # Errors
    /// Nothing is to happen any more, or too much at once.
    pub(super) fn step(&mut self) -> Result<(), SimError> {
        let Some((at_ns, event)) = self.queue.next() else {
            return Err(SimError::Endless { now_ns: self.now_ns });
        };
        self.at_once = if at_ns > self.now_ns { 0 } else { self.at_once + 1 };
        if self.at_once > AT_ONCE_MAX || at_ns > self.ends_by_ns {
            return Err(SimError::Endless { now_ns: self.now_ns });
        }
        self.now_ns = at_ns;
        self.happen(event)
    }
}

fn broken(error: SimError) -> WorldError {
    WorldError::Broken(Box::new(error))
}

impl<R> Branching for Simulation<R>
where
    R: Replica<
            Config: Send + Sync,
            Request: Send + Sync,
            Answer: Send + Sync,
            Message: Send + Sync,
            Session: Send + Sync,
        > + Send
        + Sync
        + 'static,
{
    fn branch(&self) -> Box<dyn Branching> {
        Box::new(self.clone())
    }

    /// For links, disks and clients. What is on its way already stays, and so do the choices of the nodes.
    fn reseed(&mut self, seed: u64) {
        self.streams = Streams::new(seed);
    }
}

impl<R: Replica> World for Simulation<R> {
    fn start(&mut self, stop: &Stop) -> Result<Vec<Happened>, WorldError> {
        self.stop = stop.clone();
        (0..self.hosts.len()).try_for_each(|node| self.start_node(node)).map_err(broken)?;
        Ok(std::mem::take(&mut self.happened))
    }

    fn now_ns(&self) -> u64 {
        self.now_ns
    }

    fn is_virtual(&self) -> bool {
        true
    }

    fn invoke(&mut self, invocation: Invocation) {
        let Invocation { asker, process, node, operation } = invocation;
        let session = self.clients.session(asker, process);
        let request = match R::request(session, self.workload, &operation) {
            Ok(request) => request,
            Err(error) => {
                let why = error.to_string();
                let completion = Completion::Fail(why);
                return self.queue.plan(self.now_ns, Event::Settled { asker, completion });
            }
        };
        if !self.hosts[node].is_up() {
            let completion = Completion::Fail("connection refused".to_owned());
            return self.plan_for(asker, Event::Settled { asker, completion });
        }
        let deed = self.clients.deed(asker, &operation);
        if deed == Deed::Drop {
            let node = format!("n{}", node + 1);
            let completion = Completion::Ok { node, read: None, version: None };
            return self.plan_for(asker, Event::Settled { asker, completion });
        }
        let incarnation = self.hosts[node].incarnation();
        let again = match deed {
            Deed::SendTwice => {
                let session = self.clients.session(asker, process);
                R::request(session, self.workload, &operation).ok()
            }
            Deed::Send | Deed::Drop => None,
        };
        let id = self.clients.wait(asker, operation, node, incarnation);
        if let Some(request) = again {
            // Of the two answers to one number the first is heard.
            self.plan_for(asker, Event::Request { node, id, request });
        }
        self.plan_for(asker, Event::Request { node, id, request });
        self.queue.plan(self.now_ns + self.timeout_ns, Event::Timeout { request: id });
    }

    fn inject(&mut self, id: usize, fault: &Fault) {
        self.inject_fault(id, fault);
    }

    fn measure(&mut self, id: usize, _: &Fault) {
        self.measure_fault(id);
    }

    fn heal(&mut self, id: usize, _: &Fault) {
        self.heal_fault(id);
    }

    fn next(
        &mut self,
        wake_ns: Option<u64>,
        happened: &mut Vec<Happened>,
    ) -> Result<(), WorldError> {
        if let Some(wake_ns) = wake_ns
            && self.poll_ns.is_none_or(|planned| wake_ns < planned)
        {
            self.poll_ns = Some(wake_ns);
            self.queue.plan(wake_ns, Event::Poll);
        }
        while self.happened.is_empty() && !self.stop.is_stopped() {
            self.woken = false;
            self.step().map_err(broken)?;
            if self.woken && self.poll_ns == Some(self.now_ns) {
                self.poll_ns = None;
                break;
            }
        }
        happened.append(&mut self.happened);
        Ok(())
    }

    fn traffic(&self) -> Option<Traffic> {
        let by = self.hosts.iter().map(Host::by_mechanism);
        let by_mechanism = by.fold(ByMechanism::default(), |sum, by| sum + by);
        let Network { sent, lost, doubled, .. } = self.network;
        Some(Traffic { messages: Some(Messages { sent, lost, doubled }), by_mechanism })
    }

    fn marks(&self) -> Marks {
        let mut sum = Marks::new();
        for (name, times) in self.hosts.iter().flat_map(Host::marks) {
            *sum.entry(name).or_default() += times;
        }
        sum
    }

    fn end(&mut self) -> Vec<String> {
        Vec::new()
    }
}
