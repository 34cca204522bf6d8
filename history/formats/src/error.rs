//! Why a foreign history could not be read: what is wrong, and where.

use crate::problem::Problem;
use afterall_history::ReadError;
use std::io;

/// Why a file of another tool could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The file could not be opened or read.
    #[error("cannot read {file}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// A history of Afterall's own format is wrong.
    #[error(transparent)]
    Own(#[from] ReadError),
    /// A line of a text file is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// A byte of a binary file is wrong.
    #[error("{file}: byte {offset}: {problem}")]
    Offset {
        /// The file.
        file: String,
        /// The byte, from 0.
        offset: u64,
        /// What is wrong.
        problem: Problem,
    },
    /// The file as a whole is wrong.
    #[error("{file}: {problem}")]
    File {
        /// The file.
        file: String,
        /// What is wrong.
        problem: Problem,
    },
}
