//! A change, as causal replication spreads it.

use super::api::Key;
use super::identity::{Dot, VersionVector};
use super::object::Object;
use serde::{Deserialize, Serialize};

/// A change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Update {
    /// Which of all changes of its actor.
    pub dot: Dot,
    /// Everything that its replica had applied before.
    pub past: VersionVector,
    /// The object.
    pub key: Key,
    /// The object's state after the change.
    pub object: Object,
}
