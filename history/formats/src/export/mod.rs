//! A history as other tools read it: checkers, trace viewers, dataframe libraries.

mod csv;
mod jepsen;
#[cfg(feature = "parquet")]
mod parquet;
mod perfetto;
mod row;

use afterall_history::{History, vocabulary};
use std::io::{self, Write};

vocabulary! {
    /// What a history is exported as.
    "format to export to" Export {
        /// Jepsen's `history.edn`.
        JepsenEdn = "jepsen-edn",
        /// The same as JSON, as elle-cli reads it.
        JepsenJson = "jepsen-json",
        /// A table with one row per operation, for spreadsheets.
        Csv = "csv",
        /// The same table as Apache Parquet, for dataframe libraries.
        Parquet = "parquet",
        /// A trace of sessions and faults, for <https://ui.perfetto.dev>.
        Perfetto = "perfetto",
    }
}

impl Export {
    /// Whether this build can write it.
    #[must_use]
    pub const fn is_built_in(self) -> bool {
        !matches!(self, Export::Parquet) || cfg!(feature = "parquet")
    }
}

/// Why a history cannot be exported.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
pub enum ExportError {
    #[error("write: {0}")]
    Io(#[from] io::Error),
    #[error("the history cannot be written as Parquet: {0}")]
    Parquet(String),
    #[error("expected a build with the feature {0}, found one without it")]
    NotBuiltIn(Export),
    #[error(
        "the read at event {index} returned {values} values; a register of Jepsen's holds one, so siblings cannot be exported"
    )]
    Siblings { index: u32, values: usize },
}

/// Writes a history.
///
/// # Errors
/// When it cannot be written, this build does not have the format, or a value has no form in it.
pub fn write(history: &History, export: Export, out: impl Write + Send) -> Result<(), ExportError> {
    match export {
        Export::JepsenEdn => jepsen::write(history, false, out),
        Export::JepsenJson => jepsen::write(history, true, out),
        Export::Csv => csv::write(history, out),
        Export::Perfetto => perfetto::write(history, out),
        #[cfg(feature = "parquet")]
        Export::Parquet => parquet::write(history, out),
        #[cfg(not(feature = "parquet"))]
        Export::Parquet => Err(ExportError::NotBuiltIn(export)),
    }
}
