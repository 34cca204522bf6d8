//! What a session is to do next.

use afterall_history::{Function, Level, Value};

/// What a session is to do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What to ask.
    pub f: Function,
    /// Of which object.
    pub key: String,
    /// With which value; [`Value::Nil`] for reads.
    pub value: Value,
    /// How many replicas are to take part, where that is asked for.
    pub level: Option<Level>,
}

impl Operation {
    /// A read of a key.
    #[must_use]
    pub fn read(key: impl Into<String>) -> Self {
        Operation { f: Function::Read, key: key.into(), value: Value::Nil, level: None }
    }
}
