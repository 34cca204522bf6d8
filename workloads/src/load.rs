//! What a run asks of a data type.

use afterall_history::vocabulary;

vocabulary! {
    /// What a run asks of a data type.
    "load" Load {
        /// Reads and updates, so that losses and disagreements come to light.
        Usual = "usual",
        /// Registers: many reads of a few keys at every replica, so that it is seen when each shows what was written.
        Probe = "probe",
        /// Counters: increments and no decrements, so that no session may read less than it had read before.
        GrowOnly = "grow-only",
    }
}
