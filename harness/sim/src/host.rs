//! A node's machine: the process that the node lives in, its disk, and its clock.

use crate::disk::Disk;
use crate::machine_time::{Moment, true_time_us};
use crate::replica::{Effects, Input, Membership, Record, Replica, Turn};
use afterall_engine::{ByMechanism, Marks};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::{BTreeSet, VecDeque};
use std::ops::RangeInclusive;

/// The most inputs that share one commit, as in the node's own engine.
const BATCH_MAX: usize = 1_024;
/// The most inputs that wait. Beyond it they are dropped.
const QUEUE_MAX: usize = 4_096;
/// How long a commit takes.
const COMMIT_NS: RangeInclusive<u64> = 300_000..=3_000_000;
/// How long a node with asynchronous durability lets records wait for the disk, as in the node's own engine.
const FLUSH_INTERVAL_NS: u64 = 1_000_000_000;
/// Something that waits for the process.
#[derive(Debug, Clone)]
pub(super) enum Job<R: Replica> {
    /// A client asks.
    Request(u64, R::Request),
    /// A peer says something.
    Message(usize, R::Message),
    /// Its operator wants it out of the cluster, or in it.
    Turn(Turn),
    /// The harness asks whether the process still answers.
    Probe(u64),
}

/// What a process let out.
#[derive(Debug, Clone)]
pub(super) struct Output<R: Replica> {
    pub(super) replies: Vec<(u64, R::Answer)>,
    pub(super) sends: Vec<(usize, R::Message)>,
}

impl<R: Replica> Default for Output<R> {
    fn default() -> Self {
        Output { replies: Vec::new(), sends: Vec::new() }
    }
}

/// A commit under way, and what waits for it.
#[derive(Debug, Clone)]
struct Commit<R: Replica> {
    done_ns: u64,
    effects: Effects<R>,
}

/// A machine.
#[derive(Debug, Clone)]
pub(super) struct Host<R: Replica> {
    config: R::Config,
    /// None: the process is dead.
    node: Option<R>,
    /// What earlier processes have sent and done.
    before: ByMechanism,
    /// How often they took their rare paths.
    marks_before: Marks,
    incarnation: u32,
    /// What survives a crash.
    disk: Disk,
    queue: VecDeque<Job<R>>,
    commit: Option<Commit<R>>,
    /// Records that an asynchronous node has not brought to the disk yet, and when it will.
    unflushed: Vec<Record>,
    flush_ns: Option<u64>,
    /// The faults that stop the process.
    pauses: BTreeSet<usize>,
    /// The faults that keep the process from running at all.
    kills: BTreeSet<usize>,
    /// The faults that keep the process out of its cluster.
    leaves: BTreeSet<usize>,
    /// The last probe that was answered in this incarnation.
    answered_probe: u64,
    offset_us: i64,
}

impl<R: Replica> Host<R> {
    /// A machine whose process does not run yet.
    pub(super) fn new(config: R::Config) -> Self {
        Host {
            config,
            node: None,
            before: ByMechanism::default(),
            marks_before: Marks::new(),
            incarnation: 0,
            disk: Disk::default(),
            queue: VecDeque::new(),
            commit: None,
            unflushed: Vec::new(),
            flush_ns: None,
            pauses: BTreeSet::new(),
            kills: BTreeSet::new(),
            leaves: BTreeSet::new(),
            answered_probe: 0,
            offset_us: 0,
        }
    }

    /// Starts the process on what the disk holds.
    pub(super) fn start(&mut self) -> Result<(), R::Damaged> {
        let incarnation = self.incarnation + 1;
        self.node = Some(R::start(&self.config, incarnation, self.disk.records())?);
        self.incarnation = incarnation;
        Ok(())
    }

    /// Kills the process: everything that is not on disk is gone.
    pub(super) fn kill(&mut self, fault: usize, now_ns: u64) {
        self.kills.insert(fault);
        if let Some(commit) = self.commit.take()
            && commit.done_ns <= now_ns
        {
            // Where the disk is full it is lost, as what the process had not written yet.
            let _ = self.disk.write(commit.effects.persist.into_iter());
        }
        self.end();
    }

    /// The process ends: everything that is not on disk is gone.
    fn end(&mut self) {
        self.commit = None;
        // What it still owed stands on its disk, and is counted by the next process.
        self.marks_before = self.marks();
        self.before = ByMechanism { hints_held: 0, ..self.by_mechanism() };
        self.node = None;
        self.queue.clear();
        self.unflushed.clear();
        self.flush_ns = None;
        self.pauses.clear();
        self.answered_probe = 0;
        self.offset_us = 0;
    }

    /// Empties the disk of a process that is dead; returns how many records it held.
    pub(super) fn wipe(&mut self) -> usize {
        self.disk.wipe()
    }

    /// From now on the disk takes nothing. A process that has something to write ends.
    pub(super) fn fill(&mut self, fault: usize) {
        self.disk.fill(fault);
    }

    /// The disk has room again, if no other fault fills it; returns whether the process may be started again.
    pub(super) fn free(&mut self, fault: usize) -> bool {
        self.disk.free(fault);
        self.may_start()
    }

    /// Tries whether the disk takes a write, which is taken back.
    pub(super) fn disk_takes_a_write(&mut self) -> bool {
        self.disk.takes_a_write()
    }

    /// How many records the disk holds.
    pub(super) fn stored(&self) -> usize {
        self.disk.len()
    }

    /// What its processes have sent and done.
    pub(super) fn by_mechanism(&self) -> ByMechanism {
        self.before + self.node.as_ref().map_or(ByMechanism::default(), R::by_mechanism)
    }

    /// How often its processes took their rare paths.
    pub(super) fn marks(&self) -> Marks {
        let mut marks = self.marks_before.clone();
        for (name, times) in self.node.iter().flat_map(R::marks) {
            *marks.entry(name).or_default() += times;
        }
        marks
    }

    /// Takes a kill back; returns whether the process may be started again.
    pub(super) fn revive(&mut self, fault: usize) -> bool {
        self.kills.remove(&fault);
        self.may_start()
    }

    /// Whether the process is dead and nothing keeps it so. A start counts itself on the disk, so that it needs room.
    pub(super) fn may_start(&self) -> bool {
        self.kills.is_empty() && !self.disk.is_full() && self.node.is_none()
    }

    /// The operator wants the process out of the cluster, and says so until it is.
    pub(super) fn let_leave(&mut self, fault: usize) {
        self.leaves.insert(fault);
        self.offer(Job::Turn(Turn::Leave));
    }

    /// The operator wants it in again.
    pub(super) fn let_join(&mut self, fault: usize) {
        self.leaves.remove(&fault);
        self.offer(Job::Turn(self.wanted_turn()));
    }

    /// What the operator wants of the process.
    pub(super) fn wanted_turn(&self) -> Turn {
        if self.leaves.is_empty() { Turn::Join } else { Turn::Leave }
    }

    /// How the process stands to its cluster, if it runs and can tell.
    pub(super) fn membership(&self) -> Option<Membership> {
        self.node.as_ref().filter(|_| self.is_running())?.membership()
    }

    /// Stops the process, if there is one.
    pub(super) fn pause(&mut self, fault: usize) {
        if self.is_up() {
            self.pauses.insert(fault);
        }
    }

    /// Takes a pause back.
    pub(super) fn resume(&mut self, fault: usize) {
        self.pauses.remove(&fault);
    }

    /// Whether a connection to the process is accepted. A stopped process's is, by its kernel.
    pub(super) fn is_up(&self) -> bool {
        self.node.is_some()
    }

    pub(super) fn is_running(&self) -> bool {
        self.is_up() && self.pauses.is_empty()
    }

    /// The life that the process is in, or was in last.
    pub(super) fn incarnation(&self) -> u32 {
        self.incarnation
    }

    pub(super) fn answered_probe(&self) -> u64 {
        self.answered_probe
    }

    /// The machine's clock, microseconds since the epoch.
    pub(super) fn wall_us(&self, now_ns: u64) -> u64 {
        true_time_us(now_ns).saturating_add_signed(self.offset_us)
    }

    pub(super) fn set_offset_us(&mut self, offset_us: i64) {
        self.offset_us = offset_us;
    }

    /// Puts something before the process.
    pub(super) fn offer(&mut self, job: Job<R>) {
        if self.is_up() && self.queue.len() < QUEUE_MAX {
            self.queue.push_back(job);
        }
    }

    /// When the process next has something to do, if nothing else comes.
    pub(super) fn next_ns(&self) -> Option<u64> {
        let node = self.node.as_ref().filter(|_| self.is_running())?;
        match &self.commit {
            Some(commit) => Some(commit.done_ns),
            None if !self.queue.is_empty() => Some(0),
            None => Some(self.flush_ns.unwrap_or(u64::MAX).min(node.wake_ns()))
                .filter(|&next| next < u64::MAX),
        }
    }

    /// Lets the process do what it can: finish a commit, or handle everything that waits as one batch. A commit that finds the
    /// disk full ends the process, with its answers unsent.
    pub(super) fn work(&mut self, now_ns: u64, random: &mut Pcg64, out: &mut Output<R>) {
        if !self.is_running() {
            return;
        }
        match self.commit.take() {
            Some(commit) if commit.done_ns > now_ns => {
                self.commit = Some(commit);
                return;
            }
            Some(mut commit) => {
                if self.disk.write(commit.effects.persist.drain(..)).is_err() {
                    return self.end();
                }
                release(commit.effects, out);
            }
            None => {}
        }
        if self.flush_ns.is_some_and(|at| at <= now_ns) {
            if self.disk.write(self.unflushed.drain(..)).is_err() {
                return self.end();
            }
            self.flush_ns = None;
        }
        let wall_ms = self.wall_us(now_ns) / 1_000;
        let Some(node) = &mut self.node else { return };
        if self.queue.is_empty() && node.wake_ns() > now_ns {
            return;
        }
        let now = Moment { mono_ns: now_ns, wall_ms };
        let mut effects = Effects::default();
        if self.queue.is_empty() {
            node.handle(now, Input::Wake, &mut effects);
        }
        let batch = self.queue.len().min(BATCH_MAX);
        for job in self.queue.drain(..batch) {
            let input = match job {
                Job::Turn(turn) => {
                    node.turn(now, turn, &mut effects);
                    continue;
                }
                Job::Request(id, request) => Input::Request(id, request),
                Job::Message(from, message) => Input::Message(from, message),
                Job::Probe(number) => {
                    self.answered_probe = number;
                    Input::Wake
                }
            };
            node.handle(now, input, &mut effects);
        }
        if effects.hold && !effects.persist.is_empty() {
            let done_ns = now_ns + random.random_range(COMMIT_NS);
            self.commit = Some(Commit { done_ns, effects });
            return;
        }
        if !effects.persist.is_empty() {
            self.unflushed.append(&mut effects.persist);
            self.flush_ns.get_or_insert(now_ns + FLUSH_INTERVAL_NS);
        }
        release(effects, out);
    }
}

fn release<R: Replica>(effects: Effects<R>, out: &mut Output<R>) {
    out.replies.extend(effects.replies);
    out.sends.extend(effects.sends);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::Reference;
    use afterall_reference::core::{
        Action, Config, Content, DataType, Flavour, Key, Mutant, NodeId, Request, Scalar, Token,
    };
    use rand::SeedableRng;

    const MS: u64 = 1_000_000;

    /// A machine that is alone, and whose process does not run yet.
    fn host(mutant: Option<Mutant>) -> Host<Reference> {
        Host::new(Config::new(NodeId(1), Vec::new(), Flavour::Crdt, mutant, 1))
    }

    /// The same with its process, what its disk draws from, and what it has let out.
    fn started(mutant: Option<Mutant>) -> (Host<Reference>, Pcg64, Output<Reference>) {
        let mut host = host(mutant);
        host.start().unwrap();
        (host, Pcg64::seed_from_u64(1), Output::default())
    }

    fn request(name: &str, action: Action) -> Request {
        let key = Key { kind: DataType::Register, name: name.into() };
        Request { key, action, token: Token::default(), level: None }
    }

    fn write(name: &str) -> Request {
        request(name, Action::Write(Scalar::Int(1)))
    }

    #[test]
    fn a_killed_process_forgets_what_was_not_on_disk_and_nothing_else() {
        let (mut host, mut random, mut out) = started(None);
        host.offer(Job::Request(1, write("x")));
        host.work(0, &mut random, &mut out);
        assert!(out.replies.is_empty(), "acknowledged before it is on disk");
        host.work(5 * MS, &mut random, &mut out);
        assert_eq!(out.replies.len(), 1);
        host.offer(Job::Request(2, write("y")));
        host.work(10 * MS, &mut random, &mut out);
        host.kill(0, 10 * MS);
        host.work(20 * MS, &mut random, &mut out);
        assert_eq!(out.replies.len(), 1);
        assert!(host.revive(0));
        host.start().unwrap();
        host.offer(Job::Request(3, request("x", Action::Read)));
        host.offer(Job::Request(4, request("y", Action::Read)));
        host.work(30 * MS, &mut random, &mut out);
        let answers = out.replies.drain(1..).map(|(_, answer)| answer.unwrap().content);
        let expected = [Content::Values(vec![Scalar::Int(1)]), Content::Values(Vec::new())];
        assert_eq!(answers.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_a_commit_removed_before_the_kill_is_no_empty_record() {
        let mut host = host(None);
        host.disk.write(std::iter::once((vec![1], vec![2]))).unwrap();
        let effects = Effects { persist: vec![(vec![1], Vec::new())], ..Effects::default() };
        host.commit = Some(Commit { done_ns: MS, effects });
        host.kill(0, MS);
        assert_eq!(host.stored(), 0);
    }

    #[test]
    fn a_process_that_finds_its_disk_full_ends_with_its_answers_unsent() {
        let (mut host, mut random, mut out) = started(None);
        host.offer(Job::Request(1, write("x")));
        host.work(0, &mut random, &mut out);
        // The commit is under way.
        host.fill(0);
        host.work(5 * MS, &mut random, &mut out);
        assert!(!host.is_up() && !host.may_start() && out.replies.is_empty());
        assert_eq!(host.stored(), 0);
        assert!(host.free(0));
        host.start().unwrap();
        assert_eq!(host.incarnation(), 2);
        host.offer(Job::Request(2, request("x", Action::Read)));
        host.work(10 * MS, &mut random, &mut out);
        let read = out.replies.pop().unwrap().1.unwrap().content;
        assert_eq!(read, Content::Values(Vec::new()));
    }

    #[test]
    fn a_process_that_has_nothing_to_write_lives_on_a_full_disk_and_answers() {
        let (mut host, mut random, mut out) = started(None);
        host.fill(0);
        host.offer(Job::Request(1, request("x", Action::Read)));
        host.work(MS, &mut random, &mut out);
        assert!(host.is_up() && out.replies.len() == 1);
        // It has to start nothing again.
        assert!(!host.free(0));
    }

    #[test]
    fn a_process_that_has_acknowledged_before_it_wrote_ends_when_it_writes() {
        let mutant = "ack-before-sync".parse().unwrap();
        let (mut host, mut random, mut out) = started(Some(mutant));
        host.fill(0);
        host.offer(Job::Request(1, write("x")));
        host.work(0, &mut random, &mut out);
        assert!(host.is_up() && out.replies.len() == 1);
        host.work(FLUSH_INTERVAL_NS, &mut random, &mut out);
        assert!(!host.is_up() && host.stored() == 0);
    }

    #[test]
    fn a_paused_process_does_everything_later() {
        let (mut host, mut random, mut out) = started(None);
        host.pause(0);
        host.pause(1);
        host.offer(Job::Request(1, request("x", Action::Read)));
        host.work(MS, &mut random, &mut out);
        host.resume(0);
        host.work(MS, &mut random, &mut out);
        assert!(host.is_up() && out.replies.is_empty() && host.next_ns().is_none());
        host.resume(1);
        host.work(MS, &mut random, &mut out);
        assert_eq!(out.replies.len(), 1);
    }
}
