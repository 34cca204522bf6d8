//! The source of a run's operations.

use crate::keys::Rotation;
use crate::load::Load;
use crate::operation::Operation;
use crate::registry::ROWS;
use crate::source::Source;
use afterall_history::{Level, Value, Workload};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A source of operations.
#[derive(Debug, Clone)]
pub struct Generator {
    workload: Workload,
    random: Pcg64,
    rotation: Rotation,
    /// Of which one is drawn for each operation, by itself: without them the same is asked.
    levels: Vec<Level>,
    level_random: Pcg64,
    source: Box<dyn Source>,
}

impl Generator {
    /// A generator for a workload, with its own rotation of keys; `None` for one that is judged in histories of other tools
    /// but not driven.
    #[must_use]
    pub fn new(workload: Workload, seed: u64) -> Option<Self> {
        Generator::with_load(workload, Load::Usual, seed)
    }

    /// The same with another load; `None` where the workload has none of this name.
    #[must_use]
    pub fn with_load(workload: Workload, load: Load, seed: u64) -> Option<Self> {
        let row = ROWS.iter().find(|row| row.workload == workload && row.load == load)?;
        Some(Generator {
            workload,
            random: Pcg64::seed_from_u64(seed ^ 0x6765_6e65_7261_746f),
            rotation: row.rotation(),
            levels: Vec::new(),
            level_random: Pcg64::seed_from_u64(seed ^ 0x006c_6576_656c_7321),
            source: (row.source)(),
        })
    }

    /// The same, asking at one of these consistency levels, drawn for each operation.
    #[must_use]
    pub fn at_levels(self, levels: Vec<Level>) -> Self {
        Generator { levels, ..self }
    }

    /// The data type that is driven.
    #[must_use]
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// The next operation of the session in this slot.
    pub fn next(&mut self, slot: usize) -> Operation {
        let key = self.rotation.pick(&mut self.random).to_owned();
        let (f, value) = self.source.next(&mut self.random, slot, &key);
        if !f.is_read() {
            self.rotation.used(&key);
        }
        let level = (!self.levels.is_empty())
            .then(|| self.levels[self.level_random.random_range(0..self.levels.len())]);
        Operation { f, key, value, level }
    }

    /// Tells what the session in this slot has read.
    pub fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        self.source.learn(slot, operation, read);
    }

    /// The session in this slot has ended and another takes its place, which has seen nothing.
    pub fn forget(&mut self, slot: usize) {
        self.source.forget(slot);
    }

    /// Every key that an operation was made for, in the order of first use: what is to be read at the end.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        self.rotation.keys()
    }
}
