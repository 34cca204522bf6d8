//! What can be observed of a fault.

use crate::carried::Carried;
use crate::faults::Link;
use std::fmt;

/// A link as it was measured: from one node to another, on one of the ports where nodes hear each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkEnd {
    /// The nodes, from 0.
    pub link: Link,
    /// The port, where there are several.
    pub port: Option<u16>,
}

impl From<Link> for LinkEnd {
    fn from(link: Link) -> Self {
        LinkEnd { link, port: None }
    }
}

/// How a dial ended that should have ended in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DialOutcome {
    /// The connection opened, or the datagram was sent.
    Open,
    /// It was refused.
    Refused,
    /// It hung.
    Hung,
}

/// Something that was observed. Times in nanoseconds, offsets of clocks in microseconds.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Observation {
    /// Every probe on these links was lost.
    ProbesLost {
        /// How many probes.
        probes: usize,
        /// On how many links.
        links: usize,
    },
    /// A probe arrived.
    ProbeArrived {
        /// Where.
        link: Link,
        /// After how long.
        after_ns: u64,
    },
    /// Probes arrived on all of these links.
    ProbesArrived {
        /// How many links.
        links: usize,
    },
    /// No probe arrived on a link.
    NoProbeArrived(Link),
    /// No probe was answered on any link.
    NoProbeAnswered,
    /// There is no link to measure.
    NoLink,
    /// Connections over these links are refused.
    LinksRefuse {
        /// How many links.
        links: usize,
        /// What the system says, where it says something.
        error: Option<String>,
    },
    /// Dials over these links hang.
    LinksHang {
        /// How many.
        links: usize,
    },
    /// These links let no datagram out.
    DatagramsBlocked {
        /// How many links.
        links: usize,
    },
    /// These links take what is sent.
    LinksOpen {
        /// How many.
        links: usize,
    },
    /// A dial over a link ended in a way that it should not have.
    Dialled {
        /// Which link.
        link: LinkEnd,
        /// How it ended.
        outcome: DialOutcome,
    },
    /// A dial over a link failed.
    DialFailed {
        /// Which link.
        link: LinkEnd,
        /// Why.
        error: String,
    },
    /// The fault is undone, and other faults hold all of its links.
    HeldByOtherFaults,
    /// What the links had carried before the fault, in its direction.
    CarriedBefore(Carried),
    /// The links had carried nothing before the fault, in its direction.
    CarriedNothing,
    /// What the links carried while the fault was in force, in its direction.
    Passed(Carried),
    /// The links carried nothing while the fault was in force, in its direction.
    PassedNothing,
    /// Probes through links took at least so long.
    SlowProbes {
        /// Through how many links a probe was answered.
        answered: usize,
        /// Of how many.
        links: usize,
        /// What the fastest took.
        fastest_ns: u64,
        /// What was asked for: latency and jitter, milliseconds.
        asked_ms: (u32, u32),
    },
    /// Probes through links took at most so long.
    QuickProbes {
        /// Through how many links.
        links: usize,
        /// What the slowest took.
        slowest_ns: u64,
    },
    /// A probe through a slow link was too fast.
    TooFast {
        /// Which link.
        link: Link,
        /// What it took.
        took_ns: u64,
        /// What it should have taken at least.
        least_ns: u64,
    },
    /// A probe through a healed link was slow, or lost.
    StillSlow {
        /// Which link.
        link: Link,
        /// What it took; none: it was lost.
        took_ns: Option<u64>,
    },
    /// Probes of a known size through limited links took at least so long.
    LimitedProbes {
        /// Through how many links a probe was answered.
        answered: usize,
        /// Of how many.
        links: usize,
        /// How large each probe was, bytes.
        bytes: u64,
        /// What the fastest took.
        fastest_ns: u64,
        /// What the links were limited to, thousands of bytes per second.
        kb_per_s: u32,
    },
    /// The proxies of these links read back with the limit. Nothing was sent to measure it.
    LimitReadBack {
        /// How many links.
        links: usize,
        /// The limit, thousands of bytes per second.
        kb_per_s: u32,
    },
    /// The proxies of these links read back as dropping what is sent in one direction. Nothing was sent to measure it.
    DropsReadBack {
        /// How many links.
        links: usize,
    },
    /// A process ended.
    Ended {
        /// How, by the system's word: `signal: 9 (SIGKILL)`, `exit code 137`. One per process of the node.
        how: Vec<String>,
    },
    /// A process still runs.
    StillRuns {
        /// What it is called.
        process: String,
    },
    /// A process had to be killed, though it was only asked to end.
    KilledAfterAll {
        /// What it is called.
        process: String,
        /// How long it was given, seconds.
        patience_s: u32,
    },
    /// Nothing answers at the node's address.
    ConnectionRefused {
        /// What the system says, where it says something.
        error: Option<String>,
    },
    /// Something still accepts connections at the node's address.
    StillAccepts,
    /// The node lives another life.
    Restarted {
        /// Its incarnation before.
        before: u32,
        /// Its incarnation now.
        now: u32,
    },
    /// The node did not begin another life.
    NotRestarted {
        /// Its incarnation.
        incarnation: u32,
    },
    /// Its processes were started again.
    StartedAt {
        /// When, by the engine's word.
        times: Vec<String>,
    },
    /// Every thread of the process is stopped.
    ThreadsStopped {
        /// How many it has.
        threads: usize,
    },
    /// Some thread of the process is not stopped.
    ThreadsRun {
        /// How many are not.
        running: usize,
        /// Of how many.
        threads: usize,
    },
    /// The engine has paused the containers.
    ContainersPaused,
    /// The engine does not say that this container is paused.
    ContainerNotPaused {
        /// Its name.
        container: String,
        /// Its state, by the engine's word.
        state: String,
    },
    /// A probe had no answer for this long.
    Silence {
        /// How long.
        waited_ns: u64,
    },
    /// A probe is still waited for.
    SilentSoFar,
    /// The node answers.
    Answers,
    /// The node does not answer as it should.
    NoAnswer {
        /// What came instead.
        error: String,
        /// The end of its log, where it was read.
        log: Option<String>,
    },
    /// A clock is off by so much.
    ClockOffset {
        /// How much.
        offset_us: i64,
    },
    /// A clock is off by so much, and should be off by something else.
    ClockOffsetNot {
        /// How much; none: it was not measured.
        offset_us: Option<i64>,
        /// How much it should be.
        wanted_us: i64,
    },
    /// A clock jumps.
    ClockJumps {
        /// Between this,
        between_us: i64,
        /// and this.
        and_us: i64,
    },
    /// A clock does not jump.
    ClockSteady {
        /// Where it was seen last.
        offset_us: Option<i64>,
    },
    /// A clock runs away steadily.
    ClockDrifts {
        /// Where it was seen on its way,
        between_us: i64,
        /// and where it was seen to have arrived.
        then_us: i64,
    },
    /// A clock is where it should be, and was not seen on its way there.
    ClockDoesNotDrift {
        /// Where it was seen last.
        offset_us: i64,
    },
    /// A clock was not measured, or not for long enough.
    ClockNotMeasured,
    /// A clock cannot be asked.
    ClockUnreadable {
        /// Why.
        error: Option<String>,
    },
    /// A file is not what it was.
    FileDamaged {
        /// Its name.
        file: String,
        /// Its size in bytes, before and after.
        sizes: (u64, u64),
        /// The beginning of its SHA-256, before and after.
        digests: (String, String),
    },
    /// A disk was emptied.
    DiskEmptied {
        /// How many files or records were on it.
        held: usize,
    },
    /// A disk holds something that should be empty.
    DiskNotEmpty {
        /// How many files or records.
        holds: usize,
    },
    /// A disk refuses a write.
    DiskRefuses,
    /// A disk takes a write.
    DiskTakes,
    /// The limit by which the system lets a process write no file reads back.
    WritesForbidden,
    /// It reads back that the system lets a process write files.
    WritesAllowed,
    /// A node has made no commit since the fault was injected.
    CommitsStand {
        /// How many it had made by then.
        commits: u64,
    },
    /// A node has made commits since.
    Committed {
        /// How many it had made by then.
        before: u64,
        /// How many it has made.
        now: u64,
    },
    /// A node says that it has left the cluster.
    HasLeft {
        /// How many of the others that were asked see it so.
        seen_by: usize,
        /// How many others were asked.
        of: usize,
    },
    /// A node says that it is leaving, and what keeps it.
    IsLeaving {
        /// How many of the others have all that it has.
        taken_by: usize,
        /// How many others there are.
        of: usize,
        /// How many changes it owes them.
        owes: u64,
    },
    /// A node says that it is a member of the cluster.
    IsMember {
        /// How many of the others that can be reached see it so.
        seen_by: usize,
        /// How many of them there are.
        of: usize,
    },
    /// A node says that it is joining the cluster.
    IsJoining,
    /// The harness itself has run out of something of the system's. This is evidence of nothing: the run ends.
    Exhausted {
        /// The system's word.
        error: String,
    },
    /// Something could not be done.
    Failed {
        /// What went wrong.
        error: String,
    },
}

impl Observation {
    /// Something could not be done.
    #[must_use]
    pub fn failed(error: impl fmt::Display) -> Observation {
        Observation::Failed { error: error.to_string() }
    }
}
