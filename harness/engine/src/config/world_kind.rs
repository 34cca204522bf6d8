//! Where a run takes place.

use crate::faults::Ability;
use afterall_history::vocabulary;

vocabulary! {
    /// Where a run takes place.
    "world" WorldKind {
        /// Nodes are processes on loopback, links are proxies, time is real.
        Process = "process",
        /// Nodes are containers, links are proxies, time is real.
        Docker = "docker",
        /// Nodes, links, disks and clocks are values in one event loop, and time is virtual.
        Sim = "sim",
        /// Nodes are somebody else's and stay up (--attach), time is real, and nothing is broken.
        Attached = "attached",
    }
}

/// What the process world and the sim can do.
const WITHOUT_CONTAINERS: &[Ability] = &[
    Ability::RefuseConnections,
    Ability::SlowLinks,
    Ability::LimitLinks,
    Ability::KillProcesses,
    Ability::PauseProcesses,
    Ability::SkewClocks,
    Ability::EmptyDisks,
    Ability::FillDisks,
    Ability::ChangeMembership,
];

/// What the docker world can do: a target in containers does not take a new identity when its disk is new.
const WITH_CONTAINERS: &[Ability] = &[
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
];

impl WorldKind {
    /// Whether a manifest says what the target is, and how to talk to it.
    #[must_use]
    pub const fn has_manifests(self) -> bool {
        matches!(self, WorldKind::Docker | WorldKind::Attached)
    }

    /// What the world can do to links, processes and clocks. In the docker world the manifest of the target says which
    /// of the faults make sense.
    #[must_use]
    pub const fn abilities(self) -> &'static [Ability] {
        match self {
            WorldKind::Process | WorldKind::Sim => WITHOUT_CONTAINERS,
            WorldKind::Docker => WITH_CONTAINERS,
            WorldKind::Attached => &[],
        }
    }
}
