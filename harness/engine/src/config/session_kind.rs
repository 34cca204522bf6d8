//! Where the operations of a session go.

use afterall_history::vocabulary;

vocabulary! {
    /// Where the operations of a session go.
    "sessions" SessionKind {
        /// To one node.
        Sticky = "sticky",
        /// Each to any node.
        Roaming = "roaming",
        /// Half of the sessions are sticky, half roam.
        Mixed = "mixed",
    }
}
