//! What is special about one workload: which operation comes next.

use crate::operation::Operation;
use afterall_history::{Function, Value};
use rand_pcg::Pcg64;
use std::fmt::Debug;

/// The operations of one workload.
pub(crate) trait Source: Copied + Debug + Send + Sync {
    /// What the session in this slot does next with this key.
    fn next(&mut self, random: &mut Pcg64, slot: usize, key: &str) -> (Function, Value);

    /// Tells what the session in this slot has read.
    fn learn(&mut self, slot: usize, operation: &Operation, read: &Value) {
        let _ = (slot, operation, read);
    }

    /// The session in this slot has ended and another takes its place, which has seen nothing.
    fn forget(&mut self, slot: usize) {
        let _ = slot;
    }
}

/// A source that can be copied without knowing which it is.
pub(crate) trait Copied {
    /// The same source, in the same state.
    fn copied(&self) -> Box<dyn Source>;
}

impl<S: Source + Clone + 'static> Copied for S {
    fn copied(&self) -> Box<dyn Source> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn Source> {
    fn clone(&self) -> Self {
        self.as_ref().copied()
    }
}
