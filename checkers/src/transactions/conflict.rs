//! What a read says of the commit order.

/// A read by which `first` must come before `then` in every commit order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Conflict {
    /// The transaction that was read from, or [`INITIAL`].
    pub(super) then: u32,
    /// Another writer of the key.
    pub(super) first: u32,
    /// The read, by its place among all reads.
    pub(super) read: u32,
}

/// Which conflicts are to be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// For each read that contradicts the order one of them.
    One,
    /// All that contradict the order; of one session's writers the last.
    Contradicting,
    /// All that do not follow from so and wr; of one session's writers the last.
    All,
}
