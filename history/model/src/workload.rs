//! The data types that a run may drive.

use crate::vocabulary;

vocabulary! {
    /// The data type that a run drives.
    ///
    /// | workload | `f` | value invoked | value completed |
    /// |---|---|---|---|
    /// | register | read | – | `null` (nothing), or a list of values (siblings; a plain register returns one or none) |
    /// | | write | the value, unique for the key | the same |
    /// | | delete | – | – |
    /// | counter | increment, decrement | the amount, ≥ 1 | the same |
    /// | | read | – | the sum |
    /// | cart | add | `[element, quantity]`, a fresh element | the same |
    /// | | remove | the element | the same |
    /// | | read, checkout | – | `[[element, quantity], …]` |
    /// | set | add | the element | the same |
    /// | | remove | the element | the same |
    /// | | read | – | `null` (nothing), or a list of elements |
    /// | text | write, append | a text | the same |
    /// | | read | – | `null` (nothing), or a text |
    /// | mutex | acquire, release | – | – |
    /// | inventory | restock, sell | how many, ≥ 1 | the same; a sale that was refused has failed |
    /// | | read | – | how many are left |
    /// | chat | post | `[message, parent]`: a fresh message; what it answers, or `null` | the same |
    /// | | edit | `[edit, message]`: a fresh edit, and what it changes | the same |
    /// | | read | – | `null` (nothing), or a list of messages and edits |
    /// | position | write | how far somebody has come, a whole number ≥ 1; a lower one changes nothing | the same |
    /// | | read | – | `null` (nothing), or the greatest that was written |
    ///
    /// A register may also be driven by `cas`, value `[old, new]`; a `cas` whose comparison was false has failed. Histories of
    /// transactions have their own columns.
    "workload" Workload {
        /// Reads and writes of registers.
        Register = "register",
        /// Increments, decrements and reads of counters.
        Counter = "counter",
        /// Adds, removes, reads and checkouts of shopping carts.
        Cart = "cart",
        /// Adds, removes and reads of sets.
        Set = "set",
        /// Writes, appends and reads of texts.
        Text = "text",
        /// Locks.
        Mutex = "mutex",
        /// Stock that is sold.
        Inventory = "inventory",
        /// Messages, answers and edits.
        Chat = "chat",
        /// Positions that only move forward, as in a film.
        Position = "position",
        /// Reads and writes of registers, several at a time.
        Transactions = "transactions",
    }
}
