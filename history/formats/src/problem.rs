//! What can be wrong at a place of a foreign history.

use afterall_history::parser_words::of_json;
use afterall_history::{Damage, TransactionDamage, Workload};
use std::borrow::Cow;
use std::fmt;

/// What is found where a file was cut off.
const CUT_OFF: &str = "the end of the file: it was cut off";

/// What is wrong at a place of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// Something else stands there than should.
    Unexpected {
        /// What should stand there.
        expected: Cow<'static, str>,
        /// What stands there.
        found: Cow<'static, str>,
        /// What it may mean, or what to do.
        hint: Option<Cow<'static, str>>,
    },
    /// Histories of this kind are not judged.
    NotJudged {
        /// What is not judged.
        what: Cow<'static, str>,
    },
    /// An operation that no workload has.
    UnknownOperation(String),
    /// It is not JSON, or not as this format has it.
    Json {
        /// The parser's words, without the position.
        what: String,
        /// The column, from 1, where it is known.
        column: Option<usize>,
        /// Whether it ends too early.
        cut_off: bool,
    },
    /// It cannot be unpacked.
    Packed {
        /// The unpacker's words.
        what: String,
    },
    /// The format cannot be told from the file's beginning.
    Format {
        /// The formats that there are.
        known: String,
    },
    /// A value for the beginning that the workload cannot have.
    Initial {
        /// The workload.
        workload: Workload,
        /// What it may be.
        expected: &'static str,
        /// What was found.
        found: String,
    },
    /// A text that is not one value.
    Value {
        /// The text.
        text: String,
        /// Why it is not.
        why: String,
    },
    /// It cannot follow what came before.
    Damage {
        /// What is damaged.
        damage: Box<Damage>,
        /// What it may mean, or what to do.
        hint: Option<Cow<'static, str>>,
    },
    /// A transaction cannot follow what came before.
    Transaction(TransactionDamage),
}

impl Problem {
    /// Something else stands there than should.
    pub(crate) fn expected(
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        Problem::Unexpected { expected: expected.into(), found: found.into(), hint: None }
    }

    /// The file ends where something else should stand.
    pub(crate) fn cut_off(expected: impl Into<Cow<'static, str>>) -> Self {
        Problem::expected(expected, CUT_OFF)
    }

    /// Whether the file was cut off: as far as it goes, nothing is wrong with it.
    pub(crate) fn is_cut_off(&self) -> bool {
        match self {
            Problem::Unexpected { found, .. } => found.as_ref() == CUT_OFF,
            Problem::Json { cut_off, .. } => *cut_off,
            _ => false,
        }
    }

    /// What serde says of JSON, with the column or without.
    pub(crate) fn json(error: &serde_json::Error, with_column: bool) -> Self {
        let column = with_column.then_some(error.column());
        Problem::Json { what: of_json(error), column, cut_off: error.is_eof() }
    }

    /// Histories of this kind are not judged.
    pub(crate) fn not_judged(what: impl Into<Cow<'static, str>>) -> Self {
        Problem::NotJudged { what: what.into() }
    }

    /// The same, with what it may mean, or what to do.
    pub(crate) fn hint(mut self, text: impl Into<Cow<'static, str>>) -> Self {
        if let Problem::Unexpected { hint, .. } | Problem::Damage { hint, .. } = &mut self {
            *hint = Some(text.into());
        }
        self
    }
}

impl From<Damage> for Problem {
    fn from(damage: Damage) -> Self {
        Problem::Damage { damage: Box::new(damage), hint: None }
    }
}

impl From<TransactionDamage> for Problem {
    fn from(damage: TransactionDamage) -> Self {
        Problem::Transaction(damage)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hint = match self {
            Problem::Unexpected { expected, found, hint } => {
                write!(f, "expected {expected}, found {found}")?;
                hint
            }
            Problem::Damage { damage, hint } => {
                write!(f, "{damage}")?;
                hint
            }
            Problem::NotJudged { what } => return f.write_str(what),
            Problem::UnknownOperation(name) => {
                return write!(
                    f,
                    "unknown :f {name:?}: expected read, write, cas, delete (register), add, increment, decrement \
                     (counter), add, remove (set, cart), append (text), acquire, release (mutex), restock, sell (inventory), \
                     post, edit (chat), or a list of micro-operations [:r key value] and [:w key value] (transactions)"
                );
            }
            Problem::Packed { what } => return f.write_str(what),
            Problem::Format { known } => {
                return write!(
                    f,
                    "the format cannot be told from the file's beginning: name it with --format ({known})"
                );
            }
            Problem::Initial { workload, expected, found } => {
                return write!(
                    f,
                    "--initial: expected {expected} in the {workload} workload, found {found}"
                );
            }
            Problem::Value { text, why } => {
                return write!(f, "expected one value as JSON or EDN, found {text:?}: {why}");
            }
            Problem::Json { what, column: Some(column), .. } => {
                return write!(f, "{what} (column {column})");
            }
            Problem::Json { what, column: None, .. } => return f.write_str(what),
            Problem::Transaction(damage) => return write!(f, "{damage}"),
        };
        match hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}
