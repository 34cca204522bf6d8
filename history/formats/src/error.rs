//! Why a foreign history could not be read: what is wrong, and where.

use std::io;

/// Why a file of another tool could not be read.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum FormatError {
    /// The file could not be opened or read.
    #[error("{file}: {source}")]
    Io { file: String, source: io::Error },
    /// A line of a text file is wrong. Lines count from 1.
    #[error("{file}:{line}: {what}")]
    Line { file: String, line: u64, what: String },
    /// A byte of a binary file is wrong. Offsets count from 0.
    #[error("{file}: byte {offset}: {what}")]
    Offset { file: String, offset: u64, what: String },
    /// The file as a whole is wrong.
    #[error("{file}: {what}")]
    File { file: String, what: String },
}
