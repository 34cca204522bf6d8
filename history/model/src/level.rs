//! Consistency levels: how many replicas take part in one operation.

use crate::vocabulary;

vocabulary! {
    /// How many replicas must take part in an operation before it is answered.
    "consistency level" Level {
        /// The one that was asked.
        One = "one",
        /// More than half of all.
        Quorum = "quorum",
        /// All.
        All = "all",
    }
}
