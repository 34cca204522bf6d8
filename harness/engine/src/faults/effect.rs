//! Faults as data: what a fault does to links, to a process, or to a clock.

use afterall_history::{FaultKind, Value};
use afterall_reference::lie::Lie;
use std::collections::BTreeSet;

/// A directed link, `(from, to)`. Nodes are numbered from 0, in the order of the cluster.
pub type Link = (usize, usize);

/// A fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its kind.
    pub kind: FaultKind,
    /// What it does.
    pub effect: Effect,
    /// Its parameters, as histories record them: a map, or nothing.
    pub parameters: Value,
}

/// What a fault does. Worlds carry this out, whatever the fault is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Links are not what they should be.
    Links {
        /// Which.
        links: Vec<Link>,
        /// What they are instead.
        condition: Condition,
    },
    /// Something happens to the process of a node. It is undone when the fault is healed.
    Process {
        /// Which.
        node: usize,
        /// What happens.
        fate: Fate,
    },
    /// The clock of a node is wrong until the fault is healed.
    Clock {
        /// Which.
        node: usize,
        /// How.
        how: ClockFault,
    },
}

/// What a link is while a fault is in force on it. Of several faults each has its effect; of two that slow a link the
/// slower counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Cut: connections are refused, and those that were open are closed. Datagrams vanish.
    Refused,
    /// Everything that is sent vanishes; connecting hangs.
    Swallowed,
    /// Datagrams vanish; connections are untouched.
    DatagramsDropped,
    /// Everything arrives later.
    Slow {
        /// By how many milliseconds.
        latency_ms: u32,
        /// Give or take how many.
        jitter_ms: u32,
    },
    /// Only so much is carried; what is more waits. Of two such faults the tighter counts.
    Limited {
        /// Thousands of bytes per second.
        kb_per_s: u32,
    },
}

/// What happens to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is killed with SIGKILL, and started again when the fault is healed.
    Killed,
    /// It is asked to end with SIGTERM, and started again when the fault is healed.
    Terminated,
    /// It is stopped with SIGSTOP, and continued when the fault is healed.
    Paused,
    /// It is killed and its disk is emptied; it is started again, as somebody new, when the fault is healed.
    Wiped,
    /// Its disk takes nothing more. If it ends for that, it is started again when the fault is healed.
    DiskFull,
    /// It leaves the cluster in an orderly way, and joins it again when the fault is healed. Its process lives on.
    Left,
    /// It is killed, and the end of one of its files is damaged; it is started again when the fault is healed.
    Damaged {
        /// How.
        how: Damage,
        /// How many bytes.
        bytes: u32,
    },
}

/// What happens to the end of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// It is cut off, as after a torn write.
    Truncated,
    /// It is overwritten.
    Overwritten,
}

/// How a clock goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// The link to the time authority is slower in one direction than in the other: the skew is half the difference.
    Asymmetric {
        /// Delay towards the authority, milliseconds.
        up_ms: u32,
        /// Delay back, milliseconds.
        down_ms: u32,
    },
    /// The authority is off by this much for this node.
    Bump {
        /// Milliseconds, forward or back.
        by_ms: i64,
    },
    /// The authority jumps to and fro.
    Strobe {
        /// Milliseconds of the jump.
        by_ms: i64,
        /// Milliseconds between jumps.
        period_ms: u32,
    },
    /// The authority runs away steadily, and stays where it has arrived.
    Drift {
        /// Milliseconds at the end, forward or back.
        by_ms: i64,
        /// Milliseconds until then.
        over_ms: u32,
    },
}

/// What a world must be able to do for an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Ability {
    /// Cut links.
    RefuseConnections,
    /// Make what is sent over links vanish.
    SwallowTraffic,
    /// Drop datagrams.
    DropDatagrams,
    /// Slow links down.
    SlowLinks,
    /// Limit how much links carry.
    LimitLinks,
    /// Kill and restart processes.
    KillProcesses,
    /// Ask processes to end, and restart them.
    TerminateProcesses,
    /// Stop and continue processes.
    PauseProcesses,
    /// Damage files.
    DamageFiles,
    /// Skew clocks.
    SkewClocks,
    /// Empty the disks of processes, and start them as somebody new.
    EmptyDisks,
    /// Let disks take nothing more.
    FillDisks,
    /// Let nodes leave the cluster, and join it again.
    ChangeMembership,
}

impl Ability {
    /// Every ability.
    pub const ALL: &'static [Ability] = &[
        Ability::RefuseConnections,
        Ability::SwallowTraffic,
        Ability::DropDatagrams,
        Ability::SlowLinks,
        Ability::LimitLinks,
        Ability::KillProcesses,
        Ability::TerminateProcesses,
        Ability::PauseProcesses,
        Ability::DamageFiles,
        Ability::SkewClocks,
        Ability::EmptyDisks,
        Ability::FillDisks,
        Ability::ChangeMembership,
    ];
}

impl ClockFault {
    /// How the time authority brings it about: what it tells the node. Of an asymmetric link nothing: the link does it.
    #[must_use]
    pub fn lie(self) -> Option<Lie> {
        match self {
            ClockFault::Asymmetric { .. } => None,
            ClockFault::Bump { by_ms } => Some(Lie::Shift { by_ms }),
            ClockFault::Strobe { by_ms, period_ms } => Some(Lie::Strobe { by_ms, period_ms }),
            ClockFault::Drift { by_ms, over_ms } => Some(Lie::Drift { by_ms, over_ms }),
        }
    }

    /// The greatest skew that it brings, milliseconds.
    #[must_use]
    pub fn skew_ms(self) -> i64 {
        match self {
            ClockFault::Asymmetric { up_ms, down_ms } => {
                (i64::from(up_ms) - i64::from(down_ms)) / 2
            }
            ClockFault::Bump { by_ms }
            | ClockFault::Strobe { by_ms, .. }
            | ClockFault::Drift { by_ms, .. } => by_ms,
        }
    }

    /// How long it takes until the skew is at its greatest, milliseconds.
    #[must_use]
    pub fn arrives_after_ms(self) -> u32 {
        match self {
            ClockFault::Drift { over_ms, .. } => over_ms,
            ClockFault::Asymmetric { .. } | ClockFault::Bump { .. } | ClockFault::Strobe { .. } => {
                0
            }
        }
    }
}

impl Effect {
    /// What a world must be able to do.
    #[must_use]
    pub fn needs(&self) -> Ability {
        match self {
            Effect::Links { condition, .. } => match condition {
                Condition::Refused => Ability::RefuseConnections,
                Condition::Swallowed => Ability::SwallowTraffic,
                Condition::DatagramsDropped => Ability::DropDatagrams,
                Condition::Slow { .. } => Ability::SlowLinks,
                Condition::Limited { .. } => Ability::LimitLinks,
            },
            Effect::Process { fate, .. } => match fate {
                Fate::Killed => Ability::KillProcesses,
                Fate::Terminated => Ability::TerminateProcesses,
                Fate::Paused => Ability::PauseProcesses,
                Fate::Wiped => Ability::EmptyDisks,
                Fate::DiskFull => Ability::FillDisks,
                Fate::Left => Ability::ChangeMembership,
                Fate::Damaged { .. } => Ability::DamageFiles,
            },
            Effect::Clock { .. } => Ability::SkewClocks,
        }
    }
}

impl Fault {
    /// The nodes that it is about, in order.
    #[must_use]
    pub fn nodes(&self) -> Vec<usize> {
        match &self.effect {
            Effect::Process { node, .. } | Effect::Clock { node, .. } => vec![*node],
            Effect::Links { links, .. } => {
                let ends: BTreeSet<usize> = links.iter().flat_map(|&(a, b)| [a, b]).collect();
                ends.into_iter().collect()
            }
        }
    }

    /// The links that it is about.
    #[must_use]
    pub fn links(&self) -> &[Link] {
        match &self.effect {
            Effect::Links { links, .. } => links,
            Effect::Process { .. } | Effect::Clock { .. } => &[],
        }
    }
}
