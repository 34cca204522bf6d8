//! What can be wrong with a line of a history.

use crate::damage::Damage;
use crate::header::{FORMAT, VERSION};
use crate::limits::LINE_BYTES_MAX;
use crate::parser_words::of_json;
use crate::vocabulary::UnknownWord;
use serde_json::error::Category;
use std::fmt;

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// It is not JSON, or not as the format has it.
    #[error(transparent)]
    Json(#[from] JsonError),
    /// The first line is not a header.
    #[error("expected the first line of a history: {0}")]
    NoHeader(JsonError),
    /// The header of something else.
    #[error("expected the format {FORMAT:?}, found {0:?}")]
    Format(String),
    /// A version that is newer than this program.
    #[error(
        "expected a version of the format up to {VERSION}, found {0}: a newer program wrote it"
    )]
    Version(u32),
    /// The line is too long.
    #[error("expected at most {LINE_BYTES_MAX} bytes in a line, found more")]
    TooLong,
    /// A field that every line of its type has.
    #[error("expected the field {0:?}, found none")]
    Missing(&'static str),
    /// A field that lines of its type do not have.
    #[error("expected no field {0:?} in a line of this type")]
    Misplaced(&'static str),
    /// A word that is unknown.
    #[error(transparent)]
    Word(#[from] UnknownWord),
    /// It cannot follow the lines before it.
    #[error(transparent)]
    Damage(#[from] Damage),
}

/// What serde says of a line, with the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub what: String,
    /// The column, from 1.
    pub column: usize,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        // What is of another kind than expected has no column.
        if self.column > 0 { write!(f, " (column {})", self.column) } else { Ok(()) }
    }
}

impl std::error::Error for JsonError {}

impl From<serde_json::Error> for JsonError {
    /// serde_json counts lines within what it was given, which is always one line here: only the column helps.
    fn from(error: serde_json::Error) -> Self {
        let mut what = of_json(&error);
        match error.classify() {
            Category::Syntax => what.insert_str(0, "the line is not JSON: "),
            Category::Eof => what.insert_str(0, "the line ends in the middle of its JSON: "),
            Category::Data | Category::Io => {}
        }
        JsonError { what, column: error.column() }
    }
}
