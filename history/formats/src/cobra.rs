//! Cobra's logs: a folder with one file (`….log`) per session.
//!
//! Records of a letter and big-endian 64-bit numbers: `S` transaction (it begins), `C` transaction (it was committed),
//! `W` write id, key, value; `R` transaction read from, write id, key, value. Write ids are unique, and are the values
//! here. The ids 0xbebeebee and 0xdeadbeef stand for the initial state and for nothing. A transaction whose `C` is missing
//! at the end may or may not have been committed.
//!
//! Logs with timestamps, or of runs with Cobra's garbage collection, are in another format and are refused.

use crate::bytes::Bytes;
use crate::error::FormatError;
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder, TxnId};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// The initial state.
const INIT: u64 = 0xbebe_ebee;
/// Nothing.
const NULL: u64 = 0xdead_beef;
/// Files that a folder may hold.
const FILES_MAX: usize = 1_000_000;

/// Reads the sessions of a folder, in the order of their files' names.
///
/// # Errors
/// When the folder or a file cannot be read, there is no log in it, or a record is not of the format.
pub fn read(folder: &Path) -> Result<Transactions, FormatError> {
    let name = folder.display().to_string();
    let io = |source| FormatError::Io { file: name.clone(), source };
    let mut logs: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "log") {
            logs.push(path);
        }
        if logs.len() > FILES_MAX {
            let what = Problem::expected(format!("at most {FILES_MAX} logs in a folder"), "more");
            return Err(FormatError::File { file: name, problem: what });
        }
    }
    if logs.is_empty() {
        let what = Problem::expected(
            "a history in this folder (history.edn, history.txt or jepsen.log of a Jepsen run, history.bincode of dbcop, or Cobra's logs)",
            "no file whose name ends in .log",
        );
        return Err(FormatError::File { file: name, problem: what });
    }
    logs.sort_unstable();
    let mut history = builder(&name)?;
    for path in logs {
        let file = path.display().to_string();
        let session = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let log =
            File::open(&path).map_err(|source| FormatError::Io { file: file.clone(), source })?;
        let log = BufReader::with_capacity(1 << 18, log);
        read_session(&mut history, &session.unwrap_or_default(), log, &file)?;
    }
    Ok(history.finish())
}

/// Reads one log as a history of one session; `name` stands for the file in errors. The reader should be buffered.
///
/// # Errors
/// When the log cannot be read, or a record is not of the format.
pub fn read_log(from: impl Read, name: &str) -> Result<Transactions, FormatError> {
    let mut history = builder(name)?;
    read_session(&mut history, "0", from, name)?;
    Ok(history.finish())
}

fn builder(name: &str) -> Result<TransactionsBuilder, FormatError> {
    TransactionsBuilder::new(header("cobra"), Initial::Nothing)
        .map_err(|damage| FormatError::File { file: name.to_owned(), problem: damage.into() })
}

fn read_session(
    history: &mut TransactionsBuilder,
    session: &str,
    from: impl Read,
    name: &str,
) -> Result<(), FormatError> {
    let mut bytes = Bytes::new(from, name);
    let session = Name::Text(session);
    history.session(session).map_err(|damage| bytes.wrong(damage))?;
    // The transaction that is under way, and what the log calls it.
    let mut open: Option<(TxnId, u64)> = None;
    loop {
        let at = bytes.offset();
        let Some(kind) = bytes.byte()? else { return Ok(()) };
        let record = record(&mut bytes, kind, at)?;
        let done = match (record, open) {
            (Record::Begin(id), None) => history.begin(session, Status::Info).map(|txn| {
                open = Some((txn, id));
            }),
            (Record::Begin(id), Some((_, under_way))) => {
                return Err(bytes.wrong_at(
                    at,
                    Problem::expected(
                        format!("the end of transaction {under_way}"),
                        format!("the beginning of {id}"),
                    ),
                ));
            }
            (Record::Commit(id), Some((txn, under_way))) if id == under_way => {
                open = None;
                history.end(txn, Status::Ok)
            }
            (Record::Commit(id), _) => {
                return Err(bytes.wrong_at(
                    at,
                    Problem::expected(
                        "a transaction that is under way",
                        format!("the end of {id}"),
                    ),
                ));
            }
            (Record::Write { key, id }, Some((txn, _))) => {
                history.write(txn, Name::Number(key), Name::Number(id))
            }
            (Record::Read { key, id }, Some((txn, _))) => {
                history.read(txn, Name::Number(key), id.map(Name::Number))
            }
            (Record::Write { .. } | Record::Read { .. }, None) => {
                return Err(bytes.wrong_at(
                    at,
                    Problem::expected("the beginning of a transaction", "an operation"),
                ));
            }
        };
        done.map_err(|damage| bytes.wrong_at(at, damage))?;
    }
}

enum Record {
    Begin(u64),
    Commit(u64),
    Write { key: u64, id: u64 },
    Read { key: u64, id: Option<u64> },
}

fn record(bytes: &mut Bytes<'_, impl Read>, kind: u8, at: u64) -> Result<Record, FormatError> {
    let mut number = |what: &str| bytes.array(what).map(u64::from_be_bytes);
    match kind {
        b'S' => Ok(Record::Begin(number("the beginning of a transaction")?)),
        b'C' => Ok(Record::Commit(number("the end of a transaction")?)),
        b'W' => {
            let (id, key) = (number("a write")?, number("a write")?);
            number("a write")?;
            if id == INIT || id == NULL {
                let what = Problem::expected(
                    "the id of a write",
                    format!("{id:#x}, which stands for none"),
                );
                return Err(bytes.wrong_at(at, what));
            }
            Ok(Record::Write { key, id })
        }
        b'R' => {
            let (from, id) = (number("a read")?, number("a read")?);
            let key = number("a read")?;
            number("a read")?;
            let nothing = id == INIT || id == NULL;
            if !nothing && (from == INIT || from == NULL) {
                let what = Problem::expected(
                    "no write id in a read of the initial state",
                    format!("{id:#x}"),
                );
                return Err(bytes.wrong_at(at, what));
            }
            Ok(Record::Read { key, id: (!nothing).then_some(id) })
        }
        other => {
            let what = Problem::expected(
                "S, C, W or R at the beginning of a record",
                format!("{:?}", char::from(other)),
            );
            Err(bytes.wrong_at(at, what))
        }
    }
}
