//! How large a run is.

use crate::spelled_out::planned;
use afterall_engine::RunConfig;
use std::collections::BTreeSet;

/// How large a run is whose operations and faults are given one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Its operations.
    pub operations: usize,
    /// Its faults.
    pub faults: usize,
    /// Its nodes.
    pub nodes: u16,
    /// The sessions that ask.
    pub sessions: usize,
    /// The objects that are asked for.
    pub keys: usize,
    /// How long its load lasts, milliseconds.
    pub time_ms: u64,
}

impl Size {
    /// How large this run is.
    #[must_use]
    pub fn of(config: &RunConfig) -> Size {
        let operations = config.operations.as_slice();
        let sessions: BTreeSet<u32> = operations.iter().map(|one| one.session).collect();
        let keys: BTreeSet<&str> = operations.iter().map(|one| one.key.as_str()).collect();
        Size {
            operations: operations.len(),
            faults: planned(config).len(),
            nodes: config.nodes,
            sessions: sessions.len(),
            keys: keys.len(),
            time_ms: config.time_ms,
        }
    }
}
