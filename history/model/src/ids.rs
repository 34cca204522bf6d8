//! What operations, sessions, keys and nodes are called within a history, and how an operation came out.

/// An operation: counts from 0 in the order of invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OpId(pub u32);

/// A session (process): counts from 0 in the order of first invocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(pub u32);

/// A key: counts from 0 in the order of first use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

/// A node: those of the header, in their order; then, in histories of other tools, the one that stands for an unknown node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u16);

/// How an operation came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Status {
    /// It was acknowledged.
    Ok,
    /// It surely did not happen.
    Fail,
    /// Nobody knows; also where the history ends before the completion.
    Info,
}
