//! Sets: every add names a fresh element; a session removes only what it has seen.

use crate::operation::Operation;
use crate::seen::Seen;
use crate::source::Source;
use afterall_history::{Function, Value};
use rand::RngExt;
use rand_pcg::Pcg64;

/// Adds, removes and reads of sets.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sets {
    /// Counts elements, so that none is added twice.
    next_value: i64,
    seen: Seen,
}

impl Source for Sets {
    fn next(&mut self, random: &mut Pcg64, slot: usize, set: &str) -> (Function, Value) {
        match random.random_range(0..20) {
            0..8 => return (Function::Read, Value::Nil),
            8..13 => {
                if let Some(element) = self.seen.take(slot, set, random) {
                    return (Function::Remove, Value::Text(element));
                }
            }
            _ => {}
        }
        self.next_value += 1;
        (Function::Add, Value::Text(format!("e{}", self.next_value)))
    }

    fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        if operation.f.is_read() {
            let elements = read.as_list().unwrap_or_default().iter();
            let elements = elements.filter_map(|element| element.as_text().map(str::to_owned));
            self.seen.note(slot, &operation.key, elements.collect());
        }
    }

    fn forget(&mut self, slot: usize) {
        self.seen.forget(slot);
    }
}
