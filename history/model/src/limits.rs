//! What a history may hold. Everything that grows has a limit, and passing it is an error that says so.

/// Bytes in one line of a file.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// Lists and maps that a value may be nested in.
pub const DEPTH_MAX: usize = 16;

/// Distinct nodes.
pub const NODES_MAX: usize = 60_000;

/// Events.
pub const EVENTS_MAX: usize = u32::MAX as usize - 1;

/// Distinct texts (keys, values, errors).
pub const TEXTS_MAX: usize = u32::MAX as usize - 1;

/// Bytes of distinct texts.
pub const TEXT_BYTES_MAX: usize = u32::MAX as usize;

/// Items in all distinct lists and maps together.
pub const ITEMS_MAX: usize = u32::MAX as usize;

/// Faults.
pub const FAULTS_MAX: usize = 1_000_000;

/// Transactions of a history.
pub const TRANSACTIONS_MAX: usize = (1 << 31) - 1;

/// Keys of a history of transactions, and its sessions.
pub const TRANSACTION_KEYS_MAX: usize = (1 << 31) - 1;
