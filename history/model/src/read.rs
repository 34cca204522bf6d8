//! Reading a history file, strictly: a damaged line is an error with its place. Only a last line that was cut off in the
//! middle of writing is accepted, and the history says so.

use crate::build::HistoryBuilder;
use crate::build::RawOp;
use crate::function::Function;
use crate::header::{FORMAT, Header, VERSION};
use crate::history::History;
use crate::limits::LINE_BYTES_MAX;
use crate::line::{Line, LineKind, LineSeed};
use crate::line_error::{JsonError, LineError};
use crate::quick;
use serde::Deserialize;
use serde::de::DeserializeSeed;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

/// Why a history could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file could not be opened or read.
    #[error("cannot read {file}")]
    Io {
        /// The file.
        file: String,
        /// What the system says.
        source: io::Error,
    },
    /// There is nothing in it.
    #[error(
        "{file}: expected a history, which begins with a line {{\"format\":\"{FORMAT}\",…}}; the file is empty"
    )]
    Empty {
        /// The file.
        file: String,
    },
    /// A line is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// The file.
        file: String,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        problem: Box<LineError>,
    },
}

/// Reads a history file of this crate's format; see [`crate::jsonl`].
///
/// # Errors
/// When the file cannot be read, or a line of it is damaged or cannot follow the lines before it.
pub fn read_jsonl(path: &Path) -> Result<History, ReadError> {
    let name = path.display().to_string();
    match File::open(path) {
        Ok(file) => read_jsonl_from(BufReader::with_capacity(1 << 18, file), &name),
        Err(source) => Err(ReadError::Io { file: name, source }),
    }
}

/// Reads a history from anywhere; `name` stands for the file in errors.
///
/// # Errors
/// As [`read_jsonl`].
pub fn read_jsonl_from(mut from: impl BufRead, name: &str) -> Result<History, ReadError> {
    let damaged = |line, problem: LineError| ReadError::Line {
        file: name.to_owned(),
        line,
        problem: Box::new(problem),
    };
    let mut bytes = Vec::with_capacity(4096);
    let mut number = 1;
    let Some(mut whole) = next_line(&mut from, &mut bytes, name, number)? else {
        return Err(ReadError::Empty { file: name.to_owned() });
    };
    let header = read_header(&bytes).map_err(|problem| damaged(1, problem))?;
    let mut builder = HistoryBuilder::new(header).map_err(|damage| damaged(1, damage.into()))?;
    let mut ended = false;
    if !whole {
        builder.torn(format!("{name}:1: the line has no end; nothing follows it"));
    }
    while whole {
        if quick_lines(&mut from, &mut builder, name, &mut number)? {
            ended = false;
        }
        number += 1;
        let Some(newline) = next_line(&mut from, &mut bytes, name, number)? else { break };
        whole = newline;
        match parse(&mut builder, &bytes) {
            Ok(line) => {
                ended = line.kind == LineKind::End;
                take(&mut builder, line).map_err(|problem| damaged(number, problem))?;
                if !whole && !ended {
                    builder.torn(format!("{name}:{number}: the last line has no end; it was kept"));
                }
            }
            Err(problem) if !whole && !ended => {
                builder.data().abandon();
                builder.torn(format!(
                    "{name}:{number}: the last line is incomplete ({problem}) and was ignored"
                ));
            }
            Err(problem) => return Err(damaged(number, problem.into())),
        }
    }
    Ok(builder.finish())
}

/// Reads lines as long as they are usual ones and stand whole in the buffer; whether there were any.
fn quick_lines(
    from: &mut impl BufRead,
    builder: &mut HistoryBuilder,
    name: &str,
    number: &mut u64,
) -> Result<bool, ReadError> {
    let mut any = false;
    loop {
        let bytes = match from.fill_buf() {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(ReadError::Io { file: name.to_owned(), source }),
        };
        let mut read = 0;
        while let Some(length) = memchr::memchr(b'\n', &bytes[read..]) {
            let line = &bytes[read..read + length];
            let raw = if length > LINE_BYTES_MAX { None } else { quick::op(line, builder.data()) };
            // What cannot follow is refused again, with its line.
            let Some(Ok(())) = raw.map(|raw| builder.push_op(&raw)) else {
                from.consume(read);
                return Ok(any);
            };
            any = true;
            *number += 1;
            read += length + 1;
        }
        from.consume(read);
        if read == 0 {
            return Ok(any);
        }
    }
}

/// The next line, without its newline: whether it had one, or `None` at the end.
fn next_line(
    from: &mut impl BufRead,
    bytes: &mut Vec<u8>,
    name: &str,
    number: u64,
) -> Result<Option<bool>, ReadError> {
    bytes.clear();
    from.take(LINE_BYTES_MAX as u64 + 1)
        .read_until(b'\n', bytes)
        .map_err(|source| ReadError::Io { file: name.to_owned(), source })?;
    match bytes.last() {
        None => Ok(None),
        Some(b'\n') => {
            bytes.pop();
            Ok(Some(true))
        }
        Some(_) if bytes.len() > LINE_BYTES_MAX => Err(ReadError::Line {
            file: name.to_owned(),
            line: number,
            problem: Box::new(LineError::TooLong),
        }),
        Some(_) => Ok(Some(false)),
    }
}

/// As much of the first line as tells whose it is.
#[derive(Deserialize)]
struct Kin {
    format: String,
    version: u32,
}

fn read_header(bytes: &[u8]) -> Result<Header, LineError> {
    let kin: Kin =
        serde_json::from_slice(bytes).map_err(|error| LineError::NoHeader(error.into()))?;
    if kin.format != FORMAT {
        return Err(LineError::Format(kin.format));
    }
    if kin.version == 0 || kin.version > VERSION {
        return Err(LineError::Version(kin.version));
    }
    serde_json::from_slice(bytes).map_err(|error| LineError::Json(error.into()))
}

fn parse(builder: &mut HistoryBuilder, bytes: &[u8]) -> Result<Line, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let line = LineSeed { data: builder.data() }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(line)
}

fn take(builder: &mut HistoryBuilder, line: Line) -> Result<(), LineError> {
    line.check()?;
    let LineKind::Op(outcome) = line.kind else {
        let event = line.into_event(builder.data())?;
        return Ok(builder.push(&event)?);
    };
    let f = builder.data().text(line.f).parse::<Function>()?;
    let raw = RawOp {
        index: line.index,
        time: line.time,
        outcome,
        process: line.process,
        node: line.node,
        f,
        key: line.key,
        value: line.value,
        level: line.level,
        version: line.version,
        error: line.error,
        last: line.last,
    };
    Ok(builder.push_op(&raw)?)
}
