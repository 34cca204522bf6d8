//! What an operation asks for: Jepsen's `:f`.

use crate::vocabulary;

vocabulary! {
    /// What an operation asks for.
    "f" Function {
        /// Read a key. Value of the completion: see the workload (`Workload`).
        Read = "read",
        /// Write a value that no other write to the same key has.
        Write = "write",
        /// Compare and set; value `[old, new]`.
        Cas = "cas",
        /// Delete what the key holds; no value.
        Delete = "delete",
        /// Add a positive amount to a counter; value: the amount.
        Increment = "increment",
        /// Take a positive amount from a counter; value: the amount.
        Decrement = "decrement",
        /// Add to a cart (value `[element, quantity]`) or to a set (value: the element).
        Add = "add",
        /// Remove an element that the session has seen; value: the element.
        Remove = "remove",
        /// Read a cart as an order; value of the completion as for a cart's read.
        Checkout = "checkout",
        /// Append to a text.
        Append = "append",
        /// Take a lock.
        Acquire = "acquire",
        /// Give a lock back.
        Release = "release",
        /// Add units of an item to the stock; value: how many.
        Restock = "restock",
        /// Sell units of an item; value: how many. It fails where there are not enough.
        Sell = "sell",
        /// Post a message; value `[message, parent]`.
        Post = "post",
        /// Change a message; value `[edit, message]`.
        Edit = "edit",
    }
}

impl Function {
    /// Whether the operation only observes.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Function::Read | Function::Checkout)
    }
}
