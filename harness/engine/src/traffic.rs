//! What the nodes of a world sent to each other.

/// What the nodes sent to each other: messages, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Messages that were sent.
    pub sent: u64,
    /// Those that got lost on the way or were cut off.
    pub lost: u64,
    /// Those that arrived twice.
    pub doubled: u64,
    /// Those that were sent to spread news.
    pub rumors: u64,
    /// Those that were sent to compare what replicas hold, and to mend it.
    pub anti_entropy: u64,
}
