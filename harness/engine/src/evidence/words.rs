//! Evidence in words.

use super::Evidence;
use super::observation::{DialOutcome, LinkEnd, Observation};
use crate::faults::Link;
use std::fmt;

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
