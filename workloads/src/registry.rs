//! The workloads that runs drive: one row per workload.

use crate::cart::Carts;
use crate::chat::Chats;
use crate::counter::Counters;
use crate::inventory::Inventories;
use crate::keys::Rotation;
use crate::register::Registers;
use crate::set::Sets;
use crate::source::Source;
use afterall_history::Workload;

/// A workload that runs drive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// The data type.
    pub(crate) workload: Workload,
    /// The keys: what their names begin with, how many are in use at a time, and how many updates each takes.
    keys: (&'static str, usize, u32),
    /// Makes its operations.
    pub(crate) source: fn() -> Box<dyn Source>,
}

impl Row {
    /// The rotation of its keys.
    pub(crate) fn rotation(&self) -> Rotation {
        let (prefix, active, updates_max) = self.keys;
        Rotation::new(prefix, active, updates_max)
    }
}

/// All of them.
pub(crate) const ROWS: &[Row] = &[
    Row {
        workload: Workload::Register,
        keys: ("r", 12, 60),
        source: || Box::new(Registers::default()),
    },
    Row { workload: Workload::Counter, keys: ("c", 6, 150), source: || Box::new(Counters) },
    Row { workload: Workload::Cart, keys: ("cart", 6, 60), source: || Box::new(Carts::default()) },
    Row { workload: Workload::Set, keys: ("s", 6, 60), source: || Box::new(Sets::default()) },
    Row {
        workload: Workload::Inventory,
        keys: ("item", 6, 100),
        source: || Box::new(Inventories::default()),
    },
    Row { workload: Workload::Chat, keys: ("chat", 4, 60), source: || Box::new(Chats::default()) },
];

/// The workloads that runs drive. Others are judged in histories that other tools recorded.
pub fn driven() -> impl Iterator<Item = Workload> {
    ROWS.iter().map(|row| row.workload)
}
