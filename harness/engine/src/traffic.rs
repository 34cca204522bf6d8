//! What the nodes of a world sent to each other.

use std::ops::Add;

/// What the nodes sent to each other: messages, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Messages that were sent.
    pub sent: u64,
    /// Those that got lost on the way or were cut off.
    pub lost: u64,
    /// Those that arrived twice.
    pub doubled: u64,
    /// What they were sent for, and what that did.
    pub by_mechanism: ByMechanism,
}

/// What mechanisms of replication sent and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByMechanism {
    /// Messages that spread news.
    pub rumors: u64,
    /// Messages that compared what replicas hold, and mended it.
    pub anti_entropy: u64,
    /// Messages that compared what had been read, and mended it.
    pub read_repair: u64,
    /// Messages that handed over changes, and confirmed them.
    pub hints: u64,
    /// Stale objects that reads had mended.
    pub read_repairs: u64,
    /// Changes that a peer confirmed only after it was handed them again.
    pub hints_handed_over: u64,
    /// Changes that peers have not confirmed yet.
    pub hints_held: u64,
    /// Requests that were handed to a node that holds the object.
    pub forwarded: u64,
}

impl Add for ByMechanism {
    type Output = ByMechanism;

    fn add(self, other: ByMechanism) -> ByMechanism {
        ByMechanism {
            rumors: self.rumors + other.rumors,
            anti_entropy: self.anti_entropy + other.anti_entropy,
            read_repair: self.read_repair + other.read_repair,
            hints: self.hints + other.hints,
            read_repairs: self.read_repairs + other.read_repairs,
            hints_handed_over: self.hints_handed_over + other.hints_handed_over,
            hints_held: self.hints_held + other.hints_held,
            forwarded: self.forwarded + other.forwarded,
        }
    }
}
