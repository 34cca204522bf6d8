//! The kinds of faults.

use crate::vocabulary;

vocabulary! {
    /// A kind of fault that the nemesis can inject. What each does in each world: `docs/faults.md`.
    "fault" FaultKind {
        /// Links between nodes are cut: connections are refused, or, in a one-way cut, what is sent is dropped.
        Partition = "partition",
        /// Links between nodes are slow.
        Latency = "latency",
        /// A node is killed with SIGKILL, and started again.
        Kill = "kill",
        /// A node is stopped with SIGSTOP, and continued.
        Pause = "pause",
        /// A node's clock is wrong.
        Clock = "clock",
        /// A node is asked to end with SIGTERM, and started again.
        Stop = "stop",
        /// Everything that is sent over links between nodes vanishes: connecting hangs.
        BlackHole = "black-hole",
        /// Datagrams between nodes vanish.
        UdpDrop = "udp-drop",
        /// A node is killed, one of its files loses its end, as after a torn write, and the node is started again.
        Truncate = "truncate",
        /// A node is killed, the end of one of its files is overwritten, and the node is started again.
        Corrupt = "corrupt",
        /// Links between nodes carry only so many bytes per second.
        Bandwidth = "bandwidth",
        /// A node is killed, its disk is emptied, and the node comes back with nothing, as somebody new.
        Wipe = "wipe",
        /// A node's disk takes nothing more: a node that has to write ends, and is started again.
        DiskFull = "disk-full",
        /// A node leaves the cluster in an orderly way, and joins it again.
        Leave = "leave",
    }
}

/// What a kind of fault acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActsOn {
    /// The directed links between nodes.
    Links,
    /// The process of one node, which loses its connections.
    Process,
    /// The clock of one node.
    Clock,
}

impl FaultKind {
    /// What it acts on.
    #[must_use]
    pub const fn acts_on(self) -> ActsOn {
        match self {
            FaultKind::Partition
            | FaultKind::Latency
            | FaultKind::BlackHole
            | FaultKind::UdpDrop
            | FaultKind::Bandwidth => ActsOn::Links,
            FaultKind::Kill
            | FaultKind::Pause
            | FaultKind::Stop
            | FaultKind::Truncate
            | FaultKind::Corrupt
            | FaultKind::Wipe
            | FaultKind::DiskFull
            | FaultKind::Leave => ActsOn::Process,
            FaultKind::Clock => ActsOn::Clock,
        }
    }
}
