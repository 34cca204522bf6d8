//! What the driver wants done, and what it is told.

use afterall_history::Value;
use afterall_workloads::Operation;

/// Who asks: a session's slot, or the reader of a replica.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asker {
    /// A session, by its slot.
    Session(usize),
    /// The reader of a node, in quiescence and at the end.
    Reader(usize),
}

/// An operation to be carried out.
#[derive(Debug, Clone)]
pub struct Invocation {
    /// Who asks. It asks nothing else until it is answered.
    pub asker: Asker,
    /// Its process number. A number that the client did not have before is a new session, which remembers nothing.
    pub process: u64,
    /// The node to ask.
    pub node: usize,
    /// What to ask.
    pub operation: Operation,
}

/// What the driver wants done.
#[derive(Debug, Clone)]
pub enum Command {
    /// Carry out an operation; answer with [`crate::driver::Driver::completed`].
    Invoke(Invocation),
    /// Inject a fault of the schedule; answer with [`crate::driver::Driver::injected`].
    Inject(usize),
    /// Measure whether it still holds; answer with [`crate::driver::Driver::measured`].
    Measure(usize),
    /// Heal it; answer with [`crate::driver::Driver::healed`].
    Heal(usize),
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// It was acknowledged.
    Ok {
        /// The replica that answered, by its own word.
        node: String,
        /// What was read; `None` for updates.
        read: Option<Value>,
        /// The version that came with the answer.
        version: Option<Value>,
    },
    /// It surely did not happen.
    Fail(String),
    /// Nobody knows.
    Info(String),
}

/// How far a run is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Operations invoked.
    pub invoked: u64,
    /// Operations acknowledged.
    pub ok: u64,
    /// Operations that surely did not happen.
    pub fail: u64,
    /// Operations of which nobody knows.
    pub info: u64,
}
