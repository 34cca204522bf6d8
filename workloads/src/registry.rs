//! The workloads that runs drive: one row per workload and load.

use crate::cart::Carts;
use crate::chat::Chats;
use crate::counter::{Counters, Likes};
use crate::inventory::Inventories;
use crate::keys::Rotation;
use crate::load::Load;
use crate::position::Positions;
use crate::probes::Probes;
use crate::register::Registers;
use crate::set::Sets;
use crate::source::Source;
use crate::text::Texts;
use afterall_history::Workload;

/// A workload that runs drive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// The data type.
    pub(crate) workload: Workload,
    /// What is asked of it.
    pub(crate) load: Load,
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
        load: Load::Usual,
        keys: ("r", 12, 60),
        source: || Box::new(Registers::default()),
    },
    Row {
        workload: Workload::Register,
        load: Load::Probe,
        // The same keys to the end: when a replica shows a value is seen only while it is asked for it.
        keys: ("probe", 8, 100_000_000),
        source: || Box::new(Probes::default()),
    },
    Row {
        workload: Workload::Counter,
        load: Load::Usual,
        keys: ("c", 6, 150),
        source: || Box::new(Counters),
    },
    Row {
        workload: Workload::Counter,
        load: Load::GrowOnly,
        keys: ("likes", 6, 150),
        source: || Box::new(Likes),
    },
    Row {
        workload: Workload::Cart,
        load: Load::Usual,
        keys: ("cart", 6, 60),
        source: || Box::new(Carts::default()),
    },
    Row {
        workload: Workload::Set,
        load: Load::Usual,
        keys: ("s", 6, 60),
        source: || Box::new(Sets::default()),
    },
    Row {
        workload: Workload::Inventory,
        load: Load::Usual,
        keys: ("item", 6, 100),
        source: || Box::new(Inventories::default()),
    },
    Row {
        workload: Workload::Chat,
        load: Load::Usual,
        keys: ("chat", 4, 60),
        source: || Box::new(Chats::default()),
    },
    Row {
        workload: Workload::Position,
        load: Load::Usual,
        keys: ("show", 6, 60),
        source: || Box::new(Positions::default()),
    },
    Row {
        workload: Workload::Text,
        load: Load::Usual,
        keys: ("text", 6, 60),
        source: || Box::new(Texts::default()),
    },
];

/// The workloads that runs drive. Others are judged in histories that other tools recorded.
pub fn driven() -> impl Iterator<Item = Workload> {
    ROWS.iter().filter(|row| row.load == Load::Usual).map(|row| row.workload)
}

/// The data types that a load asks.
pub fn loaded(load: Load) -> impl Iterator<Item = Workload> {
    ROWS.iter().filter(move |row| row.load == load).map(|row| row.workload)
}
