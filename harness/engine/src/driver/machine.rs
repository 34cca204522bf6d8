//! The state machine.

use super::commands::{Asker, Command, Completion, Invocation, Progress};
use super::course::Course;
use super::recorder::Recorder;
use super::script::{Script, Turn};
use super::sessions::Sessions;
use super::settling::{Seen, Settling};
use crate::evidence::Evidence;
use crate::faults::Fault;
use afterall_history::{EndHow, Event, FaultStage, NodeChange, OpEvent, Outcome, Phase};
use afterall_workloads::{Generator, Operation};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use std::collections::BTreeSet;

/// Where a fault of the schedule is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum FaultState {
    Planned,
    Injecting,
    /// It took hold.
    InForce,
    /// Nothing shows that it took hold: it may be in force all the same.
    Missed,
    /// It is measured once more before it is healed.
    Measuring,
    Measured,
    Healing,
    Over,
}

/// The driver of a run.
#[derive(Debug, Clone)]
pub struct Driver {
    course: Course,
    generator: Generator,
    random: Pcg64,
    recorder: Recorder,
    phase: Option<Phase>,
    phase_since_ns: u64,
    sessions: Sessions,
    script: Script,
    /// What each session and each reader is waiting for.
    open: Vec<Option<(Invocation, bool)>>,
    reader_processes: Vec<u64>,
    next_process: u64,
    settling: Option<Settling>,
    faults: Vec<FaultState>,
    progress: Progress,
    finished: bool,
}

impl Driver {
    /// A driver that has not begun.
    #[must_use]
    pub fn new(course: Course, generator: Generator) -> Self {
        let nodes = course.nodes.len();
        let concurrency = course.concurrency;
        let given = course.operations.len();
        let script = Script::new(&course.operations, concurrency as u64);
        let readers = script.processes_end(concurrency as u64);
        let next_process = readers + nodes as u64;
        Driver {
            random: Pcg64::seed_from_u64(course.seed ^ 0x0064_7269_7665_7221),
            sessions: Sessions::new(&course),
            script,
            open: vec![None; concurrency + given + nodes],
            reader_processes: (readers..next_process).collect(),
            next_process,
            faults: vec![FaultState::Planned; course.schedule.len()],
            recorder: Recorder::default(),
            phase: None,
            phase_since_ns: 0,
            settling: None,
            progress: Progress::default(),
            finished: false,
            generator,
            course,
        }
    }

    /// Takes the events that were recorded since the last call.
    pub fn drain_events(&mut self) -> std::vec::Drain<'_, Event> {
        self.recorder.drain()
    }

    /// How far the run is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress
    }

    /// The phase that the run is in.
    #[must_use]
    pub fn phase(&self) -> Option<Phase> {
        self.phase
    }

    /// Whether the run is over.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// A fault of the schedule.
    #[must_use]
    pub fn fault(&self, id: usize) -> &Fault {
        &self.course.schedule[id].fault
    }

    /// The faults that are in force now.
    pub fn in_force(&self) -> impl Iterator<Item = &Fault> {
        let in_force = |state: &FaultState| {
            use FaultState as S;
            matches!(state, S::InForce | S::Missed | S::Measuring | S::Measured | S::Healing)
        };
        let ids = self.faults.iter().enumerate().filter(move |(_, state)| in_force(state));
        ids.map(|(id, _)| &self.course.schedule[id].fault)
    }

    /// Does what is due. Returns when it wants to be polled again at the latest, if nothing else happens.
    pub fn poll(&mut self, now_ns: u64, commands: &mut Vec<Command>) -> Option<u64> {
        if self.finished {
            return None;
        }
        // Phases may be empty: pass through as many as are over.
        while self.advance(now_ns, commands) {}
        if self.finished {
            return None;
        }
        // Once its time is over a phase waits for answers, not for the clock.
        let mut wake = self.phase_ends_ns().filter(|&end| end > now_ns);
        if self.phase == Some(Phase::Faults) {
            wake = earlier(wake, self.run_schedule(now_ns, commands));
        }
        let heal_is_over = self.phase == Some(Phase::Heal) && wake.is_none();
        if self.is_loading() && !heal_is_over {
            while let Some(slot) = self.sessions.take_due(now_ns) {
                self.ask(slot, now_ns, commands);
            }
            wake = earlier(wake, self.sessions.next_due_ns());
        }
        if self.is_loading() {
            // What is given is asked in any case, the last of it perhaps late.
            while let Some(turn) = self.script.take_due(now_ns) {
                self.ask_given(turn, now_ns, commands);
            }
            wake = earlier(wake, self.script.next_due_ns());
        }
        if self.settling.is_some() {
            self.read_on(now_ns, commands);
            wake = earlier(wake, self.settling.as_ref().and_then(Settling::next_due_ns));
        }
        wake
    }

    /// An operation came to its end.
    pub fn completed(&mut self, now_ns: u64, asker: Asker, completion: Completion) {
        let place = self.place(asker);
        let Some((invocation, last)) = self.open.get_mut(place).and_then(Option::take) else {
            return;
        };
        if self.finished {
            return;
        }
        let mut event = self.op_event(now_ns, &invocation, last);
        event.level = None;
        let mut seen = None;
        let certain = match completion {
            Completion::Ok { node, read, version } => {
                self.progress.ok += 1;
                event.outcome = Outcome::Ok;
                event.node = node;
                event.version = version;
                if invocation.operation.f.is_read() {
                    event.value = read.unwrap_or_default();
                    seen =
                        Some(Seen { value: event.value.clone(), version: event.version.clone() });
                }
                true
            }
            Completion::Fail(error) => {
                self.progress.fail += 1;
                event.outcome = Outcome::Fail;
                event.error = Some(error);
                true
            }
            Completion::Info(error) => {
                self.progress.info += 1;
                event.outcome = Outcome::Info;
                event.error = Some(error);
                false
            }
        };
        let ok = event.outcome == Outcome::Ok;
        self.recorder.op(event);
        match asker {
            Asker::Session(slot) if slot >= self.course.concurrency => {
                let renewed = (!certain).then(|| self.take_process());
                self.script.done(slot - self.course.concurrency, renewed);
            }
            Asker::Session(slot) => {
                if let Some(Seen { value, .. }) = &seen {
                    self.generator.learn(slot, &invocation.operation, value);
                }
                if !certain {
                    let process = self.take_process();
                    self.sessions.renew(slot, process);
                    self.generator.forget(slot);
                }
                self.sessions.done(slot, now_ns, !ok);
            }
            Asker::Reader(node) => {
                if !certain {
                    self.reader_processes[node] = self.take_process();
                }
                if let Some(settling) = &mut self.settling {
                    settling.answered(node, now_ns, seen);
                }
            }
        }
    }

    /// A fault was injected; the evidence says whether it took hold.
    pub fn injected(&mut self, now_ns: u64, id: usize, evidence: Evidence) {
        let stage = if evidence.holds { FaultStage::Took } else { FaultStage::Missed };
        self.fault_stage(now_ns, id, stage, Some(evidence.to_string()));
        self.faults[id] = if evidence.holds { FaultState::InForce } else { FaultState::Missed };
    }

    /// A fault was measured just before it is healed; the evidence says whether it still holds. None: other faults hide it.
    pub fn measured(&mut self, now_ns: u64, id: usize, evidence: Option<Evidence>) {
        if let Some(evidence) = evidence {
            let stage = if evidence.holds { FaultStage::Held } else { FaultStage::Lapsed };
            self.fault_stage(now_ns, id, stage, Some(evidence.to_string()));
        }
        self.faults[id] = FaultState::Measured;
    }

    /// A fault was healed; the evidence says whether it is gone.
    pub fn healed(&mut self, now_ns: u64, id: usize, evidence: Evidence) {
        let stage = if evidence.holds { FaultStage::Healed } else { FaultStage::Stuck };
        self.fault_stage(now_ns, id, stage, Some(evidence.to_string()));
        self.faults[id] = FaultState::Over;
    }

    /// A node is ready, or died although no fault asked it to. Without it nothing can be concluded from what the replicas
    /// hold in the end: the run ends.
    pub fn node_changed(&mut self, now_ns: u64, node: usize, change: NodeChange, detail: String) {
        if self.finished {
            return;
        }
        let name = self.course.nodes[node].clone();
        let why = format!("{name} died without a fault: {detail}");
        self.recorder.node(time(now_ns), name, change, detail);
        if change == NodeChange::Died {
            self.stop(now_ns, EndHow::CutShort, &why);
        }
    }

    /// Ends the run before its time.
    pub fn stop(&mut self, now_ns: u64, how: EndHow, detail: &str) {
        if !self.finished {
            self.finished = true;
            self.recorder.end(time(now_ns), how, Some(detail.to_owned()));
        }
    }

    fn is_loading(&self) -> bool {
        matches!(self.phase, Some(Phase::Healthy | Phase::Faults | Phase::Heal))
    }

    /// When the phase ends by the clock, if it does.
    fn phase_ends_ns(&self) -> Option<u64> {
        let lasts = match self.phase? {
            Phase::Healthy => self.course.healthy_ns,
            Phase::Faults => self.course.faults_ns,
            Phase::Heal => self.course.heal_ns,
            Phase::Quiescence | Phase::Final => {
                return self.settling.as_ref().map(Settling::deadline_ns);
            }
        };
        Some(self.phase_since_ns + lasts)
    }

    fn begin(&mut self, phase: Phase, now_ns: u64) {
        self.phase = Some(phase);
        self.phase_since_ns = now_ns;
        self.recorder.phase(time(now_ns), phase);
    }

    /// Goes on to the next phase if this one is over. Returns whether it did.
    fn advance(&mut self, now_ns: u64, commands: &mut Vec<Command>) -> bool {
        let over = self.phase_ends_ns().is_some_and(|end| end <= now_ns);
        match self.phase {
            None => self.begin(Phase::Healthy, now_ns),
            Some(Phase::Healthy) if over => self.begin(Phase::Faults, now_ns),
            Some(Phase::Faults) if over => {
                self.run_schedule(now_ns, commands);
                self.heal_all(now_ns, commands);
                if self.faults.iter().any(|state| *state != FaultState::Over) {
                    return false;
                }
                self.begin(Phase::Heal, now_ns);
            }
            Some(Phase::Heal) if over && self.sessions.all_idle() && self.script.is_over() => {
                self.begin(Phase::Quiescence, now_ns);
                let deadline = now_ns + self.course.quiescence_max_ns;
                self.settle(false, deadline);
            }
            Some(Phase::Quiescence) => {
                let Some(settling) = &mut self.settling else { return false };
                if over {
                    settling.give_up();
                }
                if !settling.round_over() {
                    return false;
                }
                if !settling.agreed_or_again(now_ns + self.course.poll_interval_ns) && !over {
                    return false;
                }
                self.begin(Phase::Final, now_ns);
                self.settle(true, now_ns + self.course.final_max_ns);
            }
            Some(Phase::Final) => {
                let Some(settling) = &mut self.settling else { return false };
                if over {
                    settling.give_up();
                }
                if settling.round_over() {
                    self.finished = true;
                    self.recorder.end(time(now_ns), EndHow::Complete, None);
                }
                return false;
            }
            _ => return false,
        }
        true
    }

    fn settle(&mut self, last: bool, deadline_ns: u64) {
        // A key that no update was made for shows nothing: every replica agrees that it is empty.
        let keys = match &self.settling {
            Some(settling) => settling.keys().to_vec(),
            None => self.keys(),
        };
        self.settling = Some(Settling::new(keys, self.course.nodes.len(), last, deadline_ns));
    }

    /// Every key that was asked for, drawn or given.
    fn keys(&self) -> Vec<String> {
        // Nobody draws: what the generator would have begun with was never asked for.
        let drawn = if self.course.concurrency == 0 { &[] } else { self.generator.keys() };
        let mut keys = drawn.to_vec();
        let mut known: BTreeSet<&str> = drawn.iter().map(String::as_str).collect();
        let asks = self.course.operations.iter().flat_map(|session| &session.asks);
        for key in asks.map(|asked| &asked.operation.key) {
            if known.insert(key) {
                keys.push(key.clone());
            }
        }
        keys
    }

    /// Injects and heals what is due. Returns when something is due next.
    fn run_schedule(&mut self, now_ns: u64, commands: &mut Vec<Command>) -> Option<u64> {
        let mut next = None;
        for id in 0..self.faults.len() {
            let planned = &self.course.schedule[id];
            let (at_ns, until_ns) = (planned.at_ns, planned.until_ns);
            match self.faults[id] {
                FaultState::Planned if at_ns <= now_ns => {
                    self.faults[id] = FaultState::Injecting;
                    self.fault_stage(now_ns, id, FaultStage::Inject, None);
                    commands.push(Command::Inject(id));
                }
                FaultState::Planned => next = earlier(next, Some(at_ns)),
                FaultState::InForce | FaultState::Missed if until_ns <= now_ns => {
                    self.release(now_ns, id, commands);
                }
                FaultState::InForce | FaultState::Missed => next = earlier(next, Some(until_ns)),
                FaultState::Measured => self.heal(now_ns, id, commands),
                _ => {}
            }
        }
        next
    }

    fn heal_all(&mut self, now_ns: u64, commands: &mut Vec<Command>) {
        for id in 0..self.faults.len() {
            if matches!(self.faults[id], FaultState::InForce | FaultState::Missed) {
                self.release(now_ns, id, commands);
            }
        }
    }

    /// Heals a fault, after it was measured once more if it had taken hold: one that let go in between did not hold.
    fn release(&mut self, now_ns: u64, id: usize, commands: &mut Vec<Command>) {
        if self.faults[id] == FaultState::InForce {
            self.faults[id] = FaultState::Measuring;
            commands.push(Command::Measure(id));
        } else {
            self.heal(now_ns, id, commands);
        }
    }

    fn heal(&mut self, now_ns: u64, id: usize, commands: &mut Vec<Command>) {
        self.faults[id] = FaultState::Healing;
        self.fault_stage(now_ns, id, FaultStage::Heal, None);
        commands.push(Command::Heal(id));
    }

    fn fault_stage(&mut self, now_ns: u64, id: usize, stage: FaultStage, evidence: Option<String>) {
        if !self.finished {
            let fault = &self.course.schedule[id].fault;
            self.recorder.fault(time(now_ns), (id, fault), stage, evidence, &self.course.nodes);
        }
    }

    fn ask(&mut self, slot: usize, now_ns: u64, commands: &mut Vec<Command>) {
        let operation = self.generator.next(slot);
        let session = self.sessions.slot(slot);
        let process = session.process;
        let node = match session.home {
            Some(home) => home,
            None => self.random.random_range(0..self.course.nodes.len()),
        };
        let asker = Asker::Session(slot);
        self.invoke(Invocation { asker, process, node, operation }, false, now_ns, commands);
    }

    fn ask_given(&mut self, turn: Turn, now_ns: u64, commands: &mut Vec<Command>) {
        let Turn { place, process, node, operation } = turn;
        let asker = Asker::Session(self.course.concurrency + place);
        self.invoke(Invocation { asker, process, node, operation }, false, now_ns, commands);
    }

    /// Lets every idle reader go on.
    fn read_on(&mut self, now_ns: u64, commands: &mut Vec<Command>) {
        for node in 0..self.course.nodes.len() {
            let Some(settling) = &mut self.settling else { return };
            let last = settling.is_last();
            let Some(key) = settling.next(node, now_ns).map(str::to_owned) else { continue };
            let operation = Operation::read(key);
            let process = self.reader_processes[node];
            let asker = Asker::Reader(node);
            self.invoke(Invocation { asker, process, node, operation }, last, now_ns, commands);
        }
    }

    fn invoke(
        &mut self,
        invocation: Invocation,
        last: bool,
        now_ns: u64,
        commands: &mut Vec<Command>,
    ) {
        self.progress.invoked += 1;
        let event = self.op_event(now_ns, &invocation, last);
        self.recorder.op(event);
        let place = self.place(invocation.asker);
        self.open[place] = Some((invocation.clone(), last));
        commands.push(Command::Invoke(invocation));
    }

    /// An invocation event; a completion is made from it.
    fn op_event(&self, now_ns: u64, invocation: &Invocation, last: bool) -> OpEvent {
        OpEvent {
            level: invocation.operation.level,
            index: 0,
            time: time(now_ns),
            outcome: Outcome::Invoke,
            process: invocation.process,
            node: self.course.nodes[invocation.node].clone(),
            f: invocation.operation.f,
            key: invocation.operation.key.clone(),
            value: invocation.operation.value.clone(),
            version: None,
            error: None,
            last,
        }
    }

    fn place(&self, asker: Asker) -> usize {
        match asker {
            Asker::Session(slot) => slot,
            Asker::Reader(node) => self.course.concurrency + self.course.operations.len() + node,
        }
    }

    fn take_process(&mut self) -> u64 {
        let process = self.next_process;
        self.next_process += 1;
        process
    }
}

fn earlier(one: Option<u64>, other: Option<u64>) -> Option<u64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn time(now_ns: u64) -> i64 {
    i64::try_from(now_ns).unwrap_or(i64::MAX)
}
