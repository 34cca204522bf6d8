//! How a file of Jepsen's operations is walked through, one operation after the other.

use crate::edn;
use crate::error::FormatError;
use crate::json;
use crate::op::Op;
use crate::problem::Problem;
use crate::source::{Source, Stop};
use std::ops::ControlFlow;

/// How the operations of a file are written down: bare, or in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// EDN maps.
    Edn,
    /// JSON objects; commas between them are optional.
    Json,
}

/// What stands around the operations.
#[derive(Clone, Copy)]
enum Around {
    /// Nothing was read yet.
    Start,
    /// Nothing: one operation after the other.
    Bare,
    /// A list, to be closed by this bracket, that was opened in this line.
    List(u8, u64),
    /// A list that was closed.
    Closed,
}

/// Goes through the operations of a file, in order, until `each` breaks off. Its error gets
/// the operation's line.
pub(crate) fn walk(
    source: &mut Source<'_>,
    notation: Notation,
    mut each: impl FnMut(Op<'_>) -> Result<ControlFlow<()>, Problem>,
) -> Result<(), FormatError> {
    let mut around = Around::Start;
    loop {
        // Blank first and by itself, so that an error names the line in which the operation begins.
        blank(source, notation)?;
        let Some(next) = source.byte() else { break };
        if let (Around::Start, b'#') = (around, next) {
            source.take(list_tag)?;
        }
        let next = source.byte().unwrap_or(next);
        match (around, next) {
            (Around::Start, b'[' | b'(') => {
                around = Around::List(if next == b'[' { b']' } else { b')' }, source.line());
                source.skip();
                continue;
            }
            (Around::List(close, _), _) if next == close => {
                around = Around::Closed;
                source.skip();
                continue;
            }
            (Around::Closed, _) => {
                return Err(source.wrong(Problem::expected(
                    "nothing after the end of the list of operations",
                    "more",
                )));
            }
            (Around::Start, _) => around = Around::Bare,
            (Around::Bare | Around::List(..), _) => {}
        }
        let mut answer = Ok(ControlFlow::Continue(()));
        let line = source.line();
        source.take(|window, ended| {
            let (mut op, taken) = match notation {
                Notation::Edn => edn_op(window, ended)?,
                Notation::Json => json::op(window, ended)?,
            };
            op.line = line;
            answer = each(op);
            Ok(taken)
        })?;
        match answer {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => return Ok(()),
            Err(problem) => return Err(source.wrong_in(line, problem)),
        }
    }
    match around {
        Around::List(_, line) => {
            Err(source.wrong_in(line, Problem::cut_off("the end of the list that begins here")))
        }
        _ => Ok(()),
    }
}

/// Skips white space, separators and comments, until something else or the file's end.
fn blank(source: &mut Source<'_>, notation: Notation) -> Result<(), FormatError> {
    let mut go_on = true;
    while go_on {
        source.take(|window, ended| {
            let taken = match notation {
                Notation::Edn => {
                    let mut reader = edn::Reader::new(window, ended);
                    reader.blank()?;
                    reader.taken()
                }
                Notation::Json => {
                    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',');
                    window.iter().take_while(|&byte| blank(byte)).count()
                }
            };
            go_on = taken == window.len() && !ended;
            if go_on && taken == 0 { Err(Stop::More) } else { Ok(taken) }
        })?;
    }
    Ok(())
}

/// Skips the tag of a whole history, as `#jepsen.history [`; not over that of an operation.
fn list_tag(window: &[u8], ended: bool) -> Result<usize, Stop> {
    let mut reader = edn::Reader::new(window, ended);
    reader.tag()?;
    match reader.byte() {
        None if !ended => Err(Stop::More),
        Some(b'[' | b'(') => Ok(reader.taken()),
        _ => Ok(0),
    }
}

fn edn_op(window: &[u8], ended: bool) -> Result<(Op<'_>, usize), Stop> {
    let mut reader = edn::Reader::new(window, ended);
    let mut op = Op::default();
    reader.tag()?;
    reader.map(|key, value| op.set(key, value))?;
    Ok((op, reader.taken()))
}
