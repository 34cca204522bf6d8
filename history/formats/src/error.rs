//! Why a foreign history could not be read: what is wrong, and where.

use crate::format::Format;
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

impl FormatError {
    /// What is wrong in the file, where it could be opened and is not of Afterall's own format.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            FormatError::Line { problem, .. }
            | FormatError::Offset { problem, .. }
            | FormatError::File { problem, .. } => Some(problem),
            FormatError::Io { .. } | FormatError::Own(_) => None,
        }
    }

    /// The same, with the format in which the file was read, where its first line or byte is wrong already: perhaps the file is of another
    /// one. `guessed`: nobody named the format.
    pub(crate) fn read_as(mut self, format: Format, guessed: bool) -> FormatError {
        let (FormatError::Line { line: 1, problem, .. }
        | FormatError::Offset { offset: 0, problem, .. }) = &mut self
        else {
            return self;
        };
        let reading = match guessed {
            true => format!("the file is taken for {format}; --format names another"),
            false => format!("the file is read as {format}; without --format it is recognised"),
        };
        match problem {
            // It is of the format so far.
            cut if cut.is_cut_off() => {}
            Problem::Unexpected { hint: hint @ None, .. } => *hint = Some(reading.into()),
            Problem::Json { what, .. } => what.push_str(&format!(" ({reading})")),
            _ => {}
        }
        self
    }
}
