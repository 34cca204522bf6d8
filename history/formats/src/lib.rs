//! Histories that other tools recorded: Jepsen, Porcupine, Plume, AWDIT, dbcop, Cobra.
//!
//! ```
//! use afterall_formats::{Format, Options, Recorded, read};
//!
//! let path = std::env::temp_dir().join("afterall-formats-example.edn");
//! std::fs::write(&path, "{:process 0, :type :invoke, :f :write, :value 1}\n\
//!                        {:process 0, :type :ok, :f :write, :value 1}\n")?;
//! let read = read(&path, &Options::default())?;
//! assert_eq!(read.format, Format::JepsenEdn);
//! assert!(matches!(read.recorded, Recorded::Operations(history) if history.len() == 1));
//! assert_eq!(read.notes[1], "guessed the register workload from write");
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod awdit;
mod bytes;
pub mod cobra;
pub mod dbcop;
mod edn;
mod error;
pub mod export;
mod finals;
mod folder;
mod form;
mod guess;
mod guess_workload;
mod input;
mod jepsen;
mod jepsen_log;
mod jepsen_txn;
mod json;
mod lines;
mod meaning;
mod notes;
mod numbers;
mod op;
mod options;
pub mod plume;
mod porcupine;
mod record;
mod seen;
mod sessions;
mod setup;
mod source;
mod split;
mod survey;
mod timed;
mod unpack;

pub use error::FormatError;
pub use options::{Finals, InitialValue, Nil, Options, Order};

use afterall_history::{
    Header, History, NODE_UNKNOWN, RECORDED, ReadError, Transactions, Workload,
};
use input::{Input, Opened};
use std::fmt;
use std::io;
use std::path::Path;
use std::str::FromStr;

macro_rules! formats {
    ($($(#[$doc:meta])+ $variant:ident = $name:literal,)+) => {
        /// How a history is written down.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Format { $($(#[$doc])+ $variant,)+ }

        impl Format {
            /// Every format.
            pub const ALL: &'static [Format] = &[$(Format::$variant,)+];

            /// The name on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Format::$variant => $name,)+ }
            }

            fn names() -> String {
                Format::ALL.iter().map(|format| format.name()).collect::<Vec<_>>().join(", ")
            }
        }
    };
}

formats! {
    /// This program's own: [`afterall_history::jsonl`].
    Afterall = "afterall",
    /// Jepsen's `history.edn`.
    JepsenEdn = "jepsen-edn",
    /// The same as JSON, as elle-cli reads it.
    JepsenJson = "jepsen-json",
    /// What Jepsen logs while a test runs.
    JepsenLog = "jepsen-log",
    /// The key-value logs among Porcupine's tests.
    Porcupine = "porcupine",
    /// The text format of Plume and PolySI.
    Plume = "plume",
    /// AWDIT's test format.
    Awdit = "awdit",
    /// dbcop's sessions of transactions in JSON.
    DbcopJson = "dbcop-json",
    /// dbcop's text format.
    DbcopText = "dbcop-text",
    /// dbcop's older binary format.
    DbcopBincode = "dbcop-bincode",
    /// Cobra's logs, a file a session in one folder.
    Cobra = "cobra",
}

/// A format that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown format {0:?}: this version knows {known}", known = Format::names())]
pub struct UnknownFormat(pub String);

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        let known = Format::ALL.iter().copied().find(|format| format.name() == name);
        known.ok_or_else(|| UnknownFormat(name.to_owned()))
    }
}

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
    /// What it holds. Of histories of other tools the world is `recorded`, the target the file's name without its
    /// extension, and nothing is promised: see [`History::set_promises`] and
    /// [`Transactions::header_mut`].
    pub recorded: Recorded,
    /// How it was written down.
    pub format: Format,
    /// What was guessed, assumed and passed over, a sentence each.
    pub notes: Vec<String>,
}

/// Reads a history, whoever recorded it: a plain file, one packed with gzip or zstd, a pipe, or the folder of a Jepsen run.
///
/// # Errors
/// When the file cannot be read, its format cannot be told, or something in it is damaged, cannot follow what came before,
/// or has no place in the workload: with its line.
pub fn read(path: &Path, options: &Options) -> Result<Read, FormatError> {
    let name = path.display().to_string();
    let input = Input::of_path(path, &name)?;
    let run = input.folder().map(|folder| folder::history(folder, options.format)).transpose()?;
    let Some(found) = run.flatten() else { return read_input(&input, &name, options) };
    let name = found.path.display().to_string();
    let input = Input::of_path(&found.path, &name)?;
    let options = Options { format: Some(found.format), ..options.clone() };
    let mut read = read_input(&input, &name, &options)?;
    match &mut read.recorded {
        Recorded::Operations(history) => history.set_target(found.target),
        Recorded::Transactions(transactions) => transactions.header_mut().target = found.target,
    }
    read.notes.insert(0, found.note);
    Ok(read)
}

/// Reads a history that is in memory, packed or not; `name` stands for its file.
///
/// # Errors
/// As [`read`].
pub fn read_bytes(bytes: &[u8], name: &str, options: &Options) -> Result<Read, FormatError> {
    read_input(&Input::of_bytes(bytes, name)?, name, options)
}

/// Reads a history from anything that can be read once, as standard input; `name` stands for its file. What comes in is
/// kept, beyond 64 MiB in a temporary file, and may be 16 GiB.
///
/// # Errors
/// As [`read`].
pub fn read_from(from: impl io::Read, name: &str, options: &Options) -> Result<Read, FormatError> {
    read_input(&Input::of_reader(from, name)?, name, options)
}

fn read_input(input: &Input<'_>, name: &str, options: &Options) -> Result<Read, FormatError> {
    let mut notes = Vec::new();
    let format = match options.format {
        Some(format) => format,
        None => {
            let (format, by) = guess::guess(input, name)?;
            if format != Format::Afterall {
                notes.push(format!("guessed the format {format} from {by}"));
            }
            format
        }
    };
    let file = jepsen::File { input, name, options };
    let open = || input.open(name);
    let recorded = match format {
        Format::Afterall => Recorded::Operations(own(open()?, name)?),
        Format::JepsenEdn => file.read(jepsen::Kind::Edn, &mut notes)?,
        Format::JepsenJson => file.read(jepsen::Kind::Json, &mut notes)?,
        Format::JepsenLog => file.read(jepsen::Kind::Log, &mut notes)?,
        Format::Porcupine => porcupine::read(file, &mut notes)?,
        Format::Plume => transactions(name, plume::read(open()?, name)?),
        Format::Awdit => transactions(name, awdit::read(open()?, name)?),
        Format::DbcopJson => transactions(name, dbcop::json::read(open()?, name)?),
        Format::DbcopText => transactions(name, dbcop::text::read(open()?, name)?),
        Format::DbcopBincode => match input.folder() {
            Some(folder) => {
                let (path, file) = (folder.join(dbcop::FILE), format!("{name}/{}", dbcop::FILE));
                let input = Input::of_path(&path, &file)?;
                transactions(name, dbcop::bincode::read(input.open_binary(&file)?, &file)?)
            }
            None => transactions(name, dbcop::bincode::read(input.open_binary(name)?, name)?),
        },
        Format::Cobra => match input.folder() {
            Some(folder) => transactions(name, cobra::read(folder)?),
            None => transactions(name, cobra::read_log(input.open_binary(name)?, name)?),
        },
    };
    if let Recorded::Transactions(transactions) = &recorded {
        if transactions.is_empty() {
            let what = format!("expected a history in the format {format}, found no transaction");
            return Err(FormatError::File { file: name.to_owned(), what });
        }
        notes.push("sessions and reads are judged, and not times".to_owned());
    }
    Ok(Read { recorded, format, notes })
}

fn transactions(name: &str, mut transactions: Transactions) -> Recorded {
    transactions.header_mut().target = stem(name);
    Recorded::Transactions(transactions)
}

/// The header of a history that somebody else recorded: it promises nothing.
fn recorded_header(
    target: &str,
    workload: Workload,
    nodes: impl IntoIterator<Item = String>,
) -> Header {
    let mut header = Header::new(target, workload, 0, nodes);
    header.world = RECORDED.to_owned();
    header
}

/// The header of a history of transactions.
fn header(target: &str) -> Header {
    recorded_header(target, Workload::Transactions, [NODE_UNKNOWN.to_owned()])
}

fn own(from: Opened<'_>, name: &str) -> Result<History, FormatError> {
    afterall_history::read_jsonl_from(from, name).map_err(|error| match error {
        ReadError::Io { file, source } => FormatError::Io { file, source },
        ReadError::Line { file, line, what } => FormatError::Line { file, line, what },
        ReadError::Empty { file } => {
            FormatError::File { file, what: "the file is empty".to_owned() }
        }
    })
}

/// What stands for the target of a history that names none.
fn stem(name: &str) -> String {
    let stem = Path::new(unpack::plain_name(name)).file_stem();
    stem.map_or_else(|| "history".into(), |stem| stem.to_string_lossy()).into_owned()
}
