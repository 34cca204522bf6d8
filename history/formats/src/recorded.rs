//! What a file of another tool holds, once it is read.

use crate::format::Format;
use crate::unpack;
use afterall_history::{Header, History, NODE_UNKNOWN, RECORDED, Transactions, Workload};
use std::path::Path;

/// What a file holds.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one of it")]
pub enum Recorded {
    /// Single operations.
    Operations(History),
    /// Reads and writes of registers, several at a time.
    Transactions(Transactions),
}

/// A file that was read.
#[derive(Debug)]
pub struct Read {
    /// What it holds. A history of another tool has the world `recorded`, the file's name without its extension as target,
    /// and no promises: see [`History::header_mut`] and [`Transactions::header_mut`].
    pub recorded: Recorded,
    /// How it was written down.
    pub format: Format,
    /// What was guessed, assumed and skipped, one sentence each.
    pub notes: Vec<String>,
}

/// The header of a history that another tool recorded: it promises nothing.
pub(crate) fn recorded_header(
    target: &str,
    workload: Workload,
    nodes: impl IntoIterator<Item = String>,
) -> Header {
    let mut header = Header::new(target, workload, 0, nodes);
    header.world = RECORDED.to_owned();
    header
}

/// The header of a history of transactions.
pub(crate) fn header(target: &str) -> Header {
    recorded_header(target, Workload::Transactions, [NODE_UNKNOWN.to_owned()])
}

/// What stands for the target of a history that names none.
pub(crate) fn stem(name: &str) -> String {
    let stem = Path::new(unpack::plain_name(name)).file_stem();
    stem.map_or_else(|| "history".into(), |stem| stem.to_string_lossy()).into_owned()
}
