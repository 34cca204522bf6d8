//! What the nodes of a world sent to each other.

use serde::{Deserialize, Serialize};
use std::ops::Add;

/// What the nodes sent to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages, and what became of them; none where the world does not see them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub messages: Option<Messages>,
    /// What they were sent for, and what that did. With processes since the last start of each.
    pub by_mechanism: ByMechanism,
}

/// Messages, and what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Messages {
    /// Those that were sent.
    pub sent: u64,
    /// Those that got lost on the way or were cut off.
    pub lost: u64,
    /// Those that arrived twice.
    pub doubled: u64,
}

/// What mechanisms of replication sent and did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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

impl Traffic {
    /// Each figure in words, and its value.
    #[must_use]
    pub fn figures(&self) -> Vec<(&'static str, u64)> {
        let messages = self.messages.map(|Messages { sent, lost, doubled }| {
            [
                ("messages between the nodes", sent),
                ("messages that were lost or cut off", lost),
                ("messages that arrived twice", doubled),
            ]
        });
        let by = &self.by_mechanism;
        let by_mechanism = [
            ("messages of rumor mongering", by.rumors),
            ("messages of anti-entropy", by.anti_entropy),
            ("messages of read repair", by.read_repair),
            ("stale objects that reads had mended", by.read_repairs),
            ("messages of hinted handoff", by.hints),
            ("changes that were handed over later", by.hints_handed_over),
            ("changes that peers had not confirmed at the end", by.hints_held),
            ("requests that were handed to a holder", by.forwarded),
        ];
        messages.into_iter().flatten().chain(by_mechanism).collect()
    }
}
