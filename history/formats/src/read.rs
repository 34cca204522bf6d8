//! Reading a history of any format.

use crate::error::FormatError;
use crate::format::Format;
use crate::input::{Input, Opened};
use crate::options::Options;
use crate::problem::Problem;
use crate::recorded::{Read, Recorded, stem};
use crate::{awdit, cobra, dbcop, folder, guess, jepsen, plume, porcupine};
use afterall_history::{History, Transactions};
use std::io;
use std::path::Path;

/// Reads a history of any format: a plain file, one packed with gzip or zstd, a pipe, or the folder of a Jepsen run.
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
                notes.push(format!("the format was guessed from {by}: {format}"));
            }
            format
        }
    };
    read_as(format, input, name, options, notes)
        .map_err(|error| error.read_as(format, options.format.is_none()))
}

fn read_as(
    format: Format,
    input: &Input<'_>,
    name: &str,
    options: &Options,
    mut notes: Vec<String>,
) -> Result<Read, FormatError> {
    let file = jepsen::File { input, name, options };
    let open = || input.open(name);
    let recorded = match format {
        Format::Afterall => Recorded::Operations(own(open()?, name)?),
        Format::JepsenEdn => file.read(jepsen::Dialect::Edn, &mut notes)?,
        Format::JepsenJson => file.read(jepsen::Dialect::Json, &mut notes)?,
        Format::JepsenLog => file.read(jepsen::Dialect::Log, &mut notes)?,
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
            let what =
                Problem::expected(format!("a history in the format {format}"), "no transaction");
            return Err(FormatError::File { file: name.to_owned(), problem: what });
        }
        notes.push("the history has no times: only the order within each session and what was read are judged".to_owned());
    }
    Ok(Read { recorded, format, notes })
}

fn transactions(name: &str, mut transactions: Transactions) -> Recorded {
    transactions.header_mut().target = stem(name);
    Recorded::Transactions(transactions)
}

fn own(from: Opened<'_>, name: &str) -> Result<History, FormatError> {
    Ok(afterall_history::read_jsonl_from(from, name)?)
}
