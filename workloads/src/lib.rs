//! What to ask: seeded generators of operations, one for each data type.
//!
//! A generator is a plain value: the same seed, asked by the same sessions in the same order and told the same
//! answers, yields the same operations.

mod cart;
mod counter;
mod keys;
mod register;

use afterall_history::{Function, Value, Workload};
use rand::SeedableRng;
use rand_pcg::Pcg64;

pub use keys::Rotation;

/// What a session is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What to ask.
    pub f: Function,
    /// Of which object.
    pub key: String,
    /// With which value; [`Value::Nil`] for reads.
    pub value: Value,
}

impl Operation {
    /// A read of a key.
    #[must_use]
    pub fn read(key: impl Into<String>) -> Self {
        Operation { f: Function::Read, key: key.into(), value: Value::Nil }
    }
}

/// A source of operations.
#[derive(Debug, Clone)]
pub struct Generator {
    workload: Workload,
    random: Pcg64,
    rotation: Rotation,
    /// Counts values, so that none is written twice.
    next_value: i64,
    seen: cart::Seen,
}

impl Generator {
    /// A generator for a workload, with its own rotation of keys; none for what is judged in histories of others but
    /// not driven.
    #[must_use]
    pub fn new(workload: Workload, seed: u64) -> Option<Self> {
        let rotation = match workload {
            Workload::Register => Rotation::new("r", 12, 60),
            Workload::Counter => Rotation::new("c", 6, 150),
            Workload::Cart => Rotation::new("cart", 6, 60),
            _ => return None,
        };
        Some(Generator {
            workload,
            random: Pcg64::seed_from_u64(seed ^ 0x6765_6e65_7261_746f),
            rotation,
            next_value: 0,
            seen: cart::Seen::default(),
        })
    }

    /// The data type that is driven.
    #[must_use]
    pub fn workload(&self) -> Workload {
        self.workload
    }

    /// The next operation of the session in this slot.
    pub fn next(&mut self, slot: usize) -> Operation {
        let key = self.rotation.pick(&mut self.random).to_owned();
        let (f, value) = match self.workload {
            Workload::Register => register::next(&mut self.random, &mut self.next_value),
            Workload::Counter => counter::next(&mut self.random),
            _ => cart::next(&mut self.random, &mut self.next_value, &mut self.seen, slot, &key),
        };
        if !f.is_read() {
            self.rotation.used(&key);
        }
        Operation { f, key, value }
    }

    /// Tells what the session in this slot has read.
    pub fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        if self.workload == Workload::Cart && operation.f.is_read() {
            self.seen.note(slot, &operation.key, read);
        }
    }

    /// The session in this slot has ended and another takes its place, which has seen nothing.
    pub fn forget(&mut self, slot: usize) {
        self.seen.forget(slot);
    }

    /// Every key that an operation was made for, in the order of first use: what is to be read at the end.
    #[must_use]
    pub fn keys(&self) -> &[String] {
        self.rotation.keys()
    }
}
