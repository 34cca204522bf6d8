//! Probes: registers that are read much more often than they are written, so that it is seen when each replica shows what was
//! written.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// Of so many operations one is a write.
const READS_A_WRITE: u32 = 12;

/// Writes of unique values, and reads of them at every replica.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probes {
    /// Counts values, so that none is written twice.
    next_value: i64,
}

impl Source for Probes {
    fn next(&mut self, random: &mut Pcg64, _slot: usize, _key: &str) -> (Function, Value) {
        if random.random_range(0..READS_A_WRITE) > 0 {
            return (Function::Read, Value::Nil);
        }
        self.next_value += 1;
        (Function::Write, Value::Int(self.next_value))
    }
}
