//! What was measured of a fault: that it took hold, or that it is healed. Typed here, and put into words here alone:
//! the same observation reads the same in every world.

use crate::carried::Carried;
use crate::faults::{Condition, Effect, Link};
use std::fmt;

/// What was measured of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it shows what it should: that the fault took hold, or that it is healed.
    pub holds: bool,
    /// What was observed. Not empty.
    pub observed: Vec<Observation>,
}

impl Evidence {
    /// Observations that show what they should.
    #[must_use]
    pub fn for_it(observed: impl Into<Vec<Observation>>) -> Self {
        Evidence { holds: true, observed: observed.into() }
    }

    /// Observations that show that something is amiss, or that show nothing.
    #[must_use]
    pub fn against_it(observed: impl Into<Vec<Observation>>) -> Self {
        Evidence { holds: false, observed: observed.into() }
    }
}

impl Evidence {
    /// Adds what the links of the fault had carried before it. If that is nothing, the fault tests nothing.
    #[must_use]
    pub fn with_carried_before(mut self, before: Carried) -> Evidence {
        if before.amount() == 0 {
            self.holds = false;
            self.observed.push(Observation::CarriedNothing);
        } else {
            self.observed.push(Observation::CarriedBefore(before));
        }
        self
    }

    /// Adds what its links carried while it was in force. Through a cut nothing may pass.
    #[must_use]
    pub fn with_carried_meanwhile(mut self, effect: &Effect, meanwhile: Carried) -> Evidence {
        let is_cut = matches!(effect, Effect::Links { condition: Condition::Refused, .. });
        match meanwhile.amount() {
            0 => self.observed.push(Observation::PassedNothing),
            _ => {
                self.holds &= !is_cut;
                self.observed.push(Observation::Passed(meanwhile));
            }
        }
        self
    }
}

impl From<Observation> for Vec<Observation> {
    fn from(one: Observation) -> Self {
        vec![one]
    }
}

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

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        joined(f, &self.observed, "; ")
    }
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", Arrow(self.link))?;
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for DialOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            DialOutcome::Open => "still takes what is sent",
            DialOutcome::Refused => "refuses connections",
            DialOutcome::Hung => "does not answer",
        })
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use Observation as O;
        match self {
            O::ProbesLost { probes, links } => {
                write!(f, "{probes} probes on {}: none arrived", Links(*links))
            }
            O::ProbeArrived { link, after_ns } => {
                write!(f, "a probe {} arrived after {}", Arrow(*link), Millis(*after_ns))
            }
            O::ProbesArrived { links } => write!(f, "probes on {} arrived", Links(*links)),
            O::NoProbeArrived(link) => write!(f, "no probe {} arrived", Arrow(*link)),
            O::NoProbeAnswered => f.write_str("no probe was answered"),
            O::NoLink => f.write_str("there is no link to measure"),
            O::LinksRefuse { links, error } => {
                write!(f, "{} connections{}", Do(*links, "refuse"), Because(error.as_deref()))
            }
            O::LinksHang { links } => write!(f, "dials of {} hang", Links(*links)),
            O::DatagramsBlocked { links } => write!(f, "{} no datagram out", Do(*links, "let")),
            O::LinksOpen { links } => write!(f, "{} what is sent", Do(*links, "take")),
            O::Dialled { link, outcome } => write!(f, "the link {link} {outcome}"),
            O::DialFailed { link, error } => write!(f, "the link {link}: {error}"),
            O::HeldByOtherFaults => f.write_str("undone; other faults hold all of its links"),
            O::CarriedBefore(carried) => write!(f, "the links had carried {carried} before"),
            O::CarriedNothing => {
                f.write_str("the links had carried nothing before: the fault tests nothing")
            }
            O::Passed(carried) => write!(f, "{carried} passed while it was in force"),
            O::PassedNothing => f.write_str("nothing passed while it was in force"),
            O::SlowProbes { answered, links, fastest_ns, asked_ms: (latency, jitter) } => write!(
                f,
                "probes through {answered} of {} took {} or more (asked: {latency} ± {jitter} ms)",
                Links(*links),
                Millis(*fastest_ns)
            ),
            O::LimitedProbes { answered, links, bytes, fastest_ns, kb_per_s } => write!(
                f,
                "probes of {bytes} bytes through {answered} of {} took {} or more (asked: {kb_per_s} kB/s)",
                Links(*links),
                Millis(*fastest_ns)
            ),
            O::LimitReadBack { links, kb_per_s } => {
                write!(f, "{} back as limited to {kb_per_s} kB/s", Do(*links, "read"))
            }
            O::DropsReadBack { links } => {
                write!(f, "{} back as dropping what is sent", Do(*links, "read"))
            }
            O::QuickProbes { links, slowest_ns } => {
                write!(f, "probes through {} took {} or less", Links(*links), Millis(*slowest_ns))
            }
            O::TooFast { link, took_ns, least_ns } => write!(
                f,
                "a probe {} took {}, not {} or more",
                Arrow(*link),
                Millis(*took_ns),
                Millis(*least_ns)
            ),
            O::StillSlow { link, took_ns: Some(took_ns) } => {
                write!(f, "a probe {} took {}", Arrow(*link), Millis(*took_ns))
            }
            O::StillSlow { link, took_ns: None } => write!(f, "a probe {} was lost", Arrow(*link)),
            O::Ended { how } => joined(f, how, ", "),
            O::StillRuns { process } => write!(f, "{process} still runs"),
            O::KilledAfterAll { process, patience_s } => {
                write!(f, "{process} did not end within {patience_s} s and was killed")
            }
            O::ConnectionRefused { error: Some(error) } => write!(f, "nothing answers: {error}"),
            O::ConnectionRefused { error: None } => {
                f.write_str("nothing answers: connection refused")
            }
            O::StillAccepts => f.write_str("something still accepts connections in its place"),
            O::Restarted { before, now } => write!(f, "incarnation {before} → {now}"),
            O::NotRestarted { incarnation } => write!(f, "it is still incarnation {incarnation}"),
            O::StartedAt { times } => {
                f.write_str("started at ")?;
                joined(f, times, ", ")
            }
            O::ThreadsStopped { threads: 1 } => f.write_str("its only thread is stopped"),
            O::ThreadsStopped { threads } => write!(f, "all of its {threads} threads are stopped"),
            O::ThreadsRun { running, threads } => {
                write!(f, "{running} of its {threads} threads are not stopped")
            }
            O::ContainersPaused => f.write_str("the engine has paused it"),
            O::ContainerNotPaused { container, state } => {
                write!(f, "the engine has not paused {container}: it is {state}")
            }
            O::Silence { waited_ns } => {
                write!(f, "no answer to a probe for {}", Millis(*waited_ns))
            }
            O::SilentSoFar => f.write_str("no answer to a probe yet"),
            O::Answers => f.write_str("it answers"),
            O::NoAnswer { error, log: None } => write!(f, "it does not answer: {error}"),
            O::NoAnswer { error, log: Some(log) } => {
                write!(f, "it does not answer: {error}; its log ends: {log}")
            }
            O::ClockOffset { offset_us } => write!(f, "clock offset {}", Offset(*offset_us)),
            O::ClockOffsetNot { offset_us: Some(offset), wanted_us } => {
                write!(f, "clock offset {}, not {}", Offset(*offset), Offset(*wanted_us))
            }
            O::ClockOffsetNot { offset_us: None, wanted_us } => {
                write!(f, "the clock was not measured; expected offset {}", Offset(*wanted_us))
            }
            O::ClockJumps { between_us, and_us } => write!(
                f,
                "clock offset jumps between {} and {}",
                Offset(*between_us),
                Offset(*and_us)
            ),
            O::ClockSteady { offset_us: Some(offset) } => {
                write!(f, "the clock does not jump: offset {}", Offset(*offset))
            }
            O::ClockSteady { offset_us: None } => f.write_str("the clock does not jump"),
            O::ClockDrifts { between_us, then_us } => write!(
                f,
                "the clock drifts: offset {}, then {}",
                Offset(*between_us),
                Offset(*then_us)
            ),
            O::ClockDoesNotDrift { offset_us } => {
                write!(f, "the clock does not drift: offset {} at once", Offset(*offset_us))
            }
            O::ClockNotMeasured => f.write_str("the clock was not measured for long enough"),
            O::ClockUnreadable { error } => {
                write!(f, "its clock cannot be read{}", Because(error.as_deref()))
            }
            O::FileDamaged { file, sizes, digests } => write!(
                f,
                "{file}: {} bytes, then {}; SHA-256 {}…, then {}…",
                sizes.0, sizes.1, digests.0, digests.1
            ),
            O::DiskEmptied { held: 1 } => f.write_str("its disk, with 1 entry, was emptied"),
            O::DiskEmptied { held } => write!(f, "its disk, with {held} entries, was emptied"),
            O::DiskNotEmpty { holds } => write!(f, "its disk is not empty: {holds} left"),
            O::DiskRefuses => f.write_str("its disk refuses a write"),
            O::DiskTakes => f.write_str("its disk takes a write"),
            O::WritesForbidden => f.write_str("the system lets it write no file"),
            O::WritesAllowed => f.write_str("the system lets it write files"),
            O::CommitsStand { commits } => write!(f, "its commits stand still at {commits}"),
            O::Committed { before, now } => write!(f, "its commits went from {before} to {now}"),
            O::HasLeft { seen_by, of } => {
                write!(f, "it has left the cluster; {seen_by} of {of} others see it as out")
            }
            O::IsLeaving { taken_by, of, owes } => {
                write!(f, "it is leaving: {taken_by} of {of} others have what it has")?;
                match owes {
                    0 => Ok(()),
                    1 => f.write_str(", and it owes them 1 change"),
                    owes => write!(f, ", and it owes them {owes} changes"),
                }
            }
            O::IsMember { seen_by, of } => {
                write!(f, "it is a member; {seen_by} of {of} others see it as one")
            }
            O::IsJoining => f.write_str("it is joining the cluster"),
            O::Exhausted { error } => write!(f, "the harness has run out of something: {error}"),
            O::Failed { error } => f.write_str(error),
        }
    }
}

/// `n1→n3`.
struct Arrow(Link);

impl fmt::Display for Arrow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}→n{}", self.0.0 + 1, self.0.1 + 1)
    }
}

/// `1 link`, `4 links`.
struct Links(usize);

impl fmt::Display for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, if self.0 == 1 { "link" } else { "links" })
    }
}

/// `1 link takes`, `4 links take`.
struct Do(usize, &'static str);

impl fmt::Display for Do {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}{}", Links(self.0), self.1, if self.0 == 1 { "s" } else { "" })
    }
}

/// `12.3 ms`.
struct Millis(u64);

impl fmt::Display for Millis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0 as f64 / 1e6)
    }
}

/// `+150.3 ms`.
struct Offset(i64);

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+.1} ms", self.0 as f64 / 1e3)
    }
}

/// What the system says, if it says something.
struct Because<'a>(Option<&'a str>);

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

fn joined<T: fmt::Display>(f: &mut fmt::Formatter<'_>, items: &[T], between: &str) -> fmt::Result {
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            f.write_str(between)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Effect = Effect::Links { links: Vec::new(), condition: Condition::Refused };

    fn evidence() -> Evidence {
        Evidence::for_it(Observation::Answers)
    }

    #[test]
    fn a_fault_on_links_that_carry_nothing_tests_nothing() {
        assert!(!evidence().with_carried_before(Carried::Messages(0)).holds);
        let idle = Carried::Bytes { bytes: 0, connections: 3 };
        assert!(!evidence().with_carried_before(idle).holds);
        assert!(evidence().with_carried_before(Carried::Messages(1)).holds);
    }

    #[test]
    fn one_link_and_several_are_told_in_their_own_words() {
        let told = |links| {
            let observed = [
                Observation::LinksOpen { links },
                Observation::LinksRefuse { links, error: None },
                Observation::DropsReadBack { links },
            ];
            Evidence::for_it(observed).to_string()
        };
        let one = "1 link takes what is sent; 1 link refuses connections; 1 link reads back as";
        assert!(told(1).starts_with(one), "{}", told(1));
        let two = "2 links take what is sent; 2 links refuse connections; 2 links read back as";
        assert!(told(2).starts_with(two), "{}", told(2));
    }

    #[test]
    fn a_cut_through_which_something_passes_does_not_hold() {
        let slow = Condition::Slow { latency_ms: 1, jitter_ms: 0 };
        let slow = Effect::Links { links: Vec::new(), condition: slow };
        for (effect, passed, holds) in [(&CUT, 0, true), (&CUT, 1, false), (&slow, 9, true)] {
            let carried = Carried::Messages(passed);
            assert_eq!(evidence().with_carried_meanwhile(effect, carried).holds, holds);
        }
    }
}
