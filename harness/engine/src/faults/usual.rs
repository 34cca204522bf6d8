//! What a kind of fault usually does: what need not be said of it in `run.toml`.

use afterall_history::vocabulary;

vocabulary! {
    /// What a link is without parameters, in words.
    "condition" Plain {
        /// Cut.
        Refused = "refused",
        /// Everything that is sent vanishes.
        Swallowed = "swallowed",
        /// Datagrams vanish.
        DatagramsDropped = "datagrams-dropped",
        /// Slow, by `latency` and `jitter`.
        Slow = "slow",
        /// Limited, to `kb_per_s`.
        Limited = "limited",
    }
}

vocabulary! {
    /// What happens to a process, in words.
    "fate" End {
        /// Killed.
        Killed = "killed",
        /// Asked to end.
        Terminated = "terminated",
        /// Stopped.
        Paused = "paused",
        /// Killed, and its disk emptied.
        Wiped = "wiped",
        /// Its disk takes nothing more.
        DiskFull = "disk-full",
        /// Out of the cluster.
        Left = "left",
        /// Killed, and the end of a file cut off by `bytes`.
        Truncated = "truncated",
        /// Killed, and `bytes` at the end of a file overwritten.
        Overwritten = "overwritten",
    }
}

/// What a kind of fault usually does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usual {
    /// To links.
    Link(Plain),
    /// To a process.
    Process(End),
    /// To a clock.
    Clock,
}
