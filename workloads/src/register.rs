//! Registers: as many writes as reads; every value is written once in a run.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// Reads and writes of registers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registers {
    /// Counts values, so that none is written twice.
    next_value: i64,
}

impl Source for Registers {
    fn next(&mut self, random: &mut Pcg64, _slot: usize, _key: &str) -> (Function, Value) {
        if random.random_range(0..2) == 0 {
            return (Function::Read, Value::Nil);
        }
        self.next_value += 1;
        (Function::Write, Value::Int(self.next_value))
    }
}
