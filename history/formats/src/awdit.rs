//! AWDIT's text format for small histories.
//!
//! `r KEY VALUE` or `w KEY VALUE`, one operation per line; a line of `-` ends a transaction, a line of `=` a session. Blank
//! lines are ignored. Keys and values are decimal numbers. A read of 0 returned the initial state, unless a transaction wrote 0 to the
//! key. All transactions were committed.

use crate::error::FormatError;
use crate::lines::{Cursor, Lines};
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder, TxnId};
use std::io::BufRead;

/// What a line says.
enum Line {
    Nothing,
    EndOfTransaction,
    EndOfSession,
    Op { write: bool, key: u64, value: u64 },
}

/// Reads a history; `name` stands for the file in errors.
///
/// # Errors
/// When the file cannot be read, or a line of it is not of the format.
pub fn read(from: impl BufRead, name: &str) -> Result<Transactions, FormatError> {
    let mut lines = Lines::new(from, name);
    let mut builder = TransactionsBuilder::new(header("awdit"), Initial::Unwritten(0))
        .map_err(|damage| lines.wrong(damage))?;
    let mut session = 0_u64;
    let mut session_has_any = false;
    let mut open: Option<TxnId> = None;
    while let Some(line) = lines.next()? {
        match parse(line).map_err(|problem| lines.wrong(problem))? {
            Line::Nothing => {}
            Line::EndOfTransaction => open = None,
            Line::EndOfSession => {
                open = None;
                session += u64::from(std::mem::take(&mut session_has_any));
            }
            Line::Op { write, key, value } => {
                let txn = match open {
                    Some(txn) => Ok(txn),
                    None => builder.begin(Name::Number(session), Status::Ok),
                };
                let pushed = txn.and_then(|txn| {
                    (open, session_has_any) = (Some(txn), true);
                    let (key, value) = (Name::Number(key), Name::Number(value));
                    builder.number_next(lines.number());
                    if write {
                        builder.write(txn, key, value)
                    } else {
                        builder.read(txn, key, Some(value))
                    }
                });
                pushed.map_err(|damage| lines.wrong(damage))?;
            }
        }
    }
    Ok(builder.finish())
}

fn parse(line: &[u8]) -> Result<Line, Problem> {
    let line = line.trim_ascii();
    let all = |byte: u8| line.iter().all(|&other| other == byte);
    let mut at = Cursor::new(line);
    let write = match line.first() {
        None => return Ok(Line::Nothing),
        Some(b'-') if all(b'-') => return Ok(Line::EndOfTransaction),
        Some(b'=') if all(b'=') => return Ok(Line::EndOfSession),
        Some(b'r') => false,
        Some(b'w') => true,
        Some(_) => {
            return Err(Problem::expected(
                "r KEY VALUE, w KEY VALUE, a row of - or a row of =",
                at.text(),
            ));
        }
    };
    at.left = &at.left[1..];
    let mut field = |what: &str| {
        let space = at.space();
        let here = at;
        let number = at.number().filter(|_| space);
        number.ok_or_else(|| {
            Problem::expected(format!("a space and the {what}, a number below 2^64"), here.text())
        })
    };
    let (key, value) = (field("key")?, field("value")?);
    if !at.left.is_empty() {
        return Err(Problem::expected("the end of the line after the value", at.text()));
    }
    Ok(Line::Op { write, key, value })
}
