//! Probes: registers that are read much more often than they are written, so that it is seen when each replica shows what was
//! written. Each is written by one session alone: a replica that does not hear of a write cannot show a newer one in its place.

use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;
use std::collections::BTreeMap;

/// Writes of unique values, and reads of them at every replica.
#[derive(Debug, Clone, Default)]
pub(crate) struct Probes {
    /// Counts values, so that none is written twice.
    next_value: i64,
    /// Who writes a register: the first that was to ask for it.
    writers: BTreeMap<String, usize>,
}

impl Source for Probes {
    fn next(&mut self, random: &mut Pcg64, slot: usize, key: &str) -> (Function, Value) {
        let writer = match self.writers.get(key) {
            Some(&writer) => writer,
            None => {
                // One each, as long as there are sessions that write none.
                let free = !self.writers.values().any(|&writer| writer == slot);
                if free {
                    self.writers.insert(key.to_owned(), slot);
                }
                if free { slot } else { usize::MAX }
            }
        };
        if writer != slot || random.random_range(0..2) == 0 {
            return (Function::Read, Value::Nil);
        }
        self.next_value += 1;
        (Function::Write, Value::Int(self.next_value))
    }
}
