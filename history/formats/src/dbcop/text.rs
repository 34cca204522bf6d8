//! dbcop's compact text.
//!
//! `[x:=1 y==2 z==?]` is a transaction that writes `x` and reads `y` and `z`, the latter as nothing; `[…]!` was not
//! committed. Transactions of a session follow each other, on one line or on several; a line of `-` ends the session. `//`
//! begins a line that is a comment. Keys are letters and digits of any script and `_`, values decimal numbers. A read of 0 returned
//! the initial state, unless somebody wrote 0 to the key.

use crate::error::FormatError;
use crate::lines::{Cursor, Lines};
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder};
use std::io::BufRead;

/// Reads a history; `name` stands for the file in errors.
///
/// # Errors
/// When the file cannot be read, or a line of it is not of the format.
pub fn read(from: impl BufRead, name: &str) -> Result<Transactions, FormatError> {
    let mut lines = Lines::new(from, name);
    let mut builder = TransactionsBuilder::new(header("dbcop"), Initial::Unwritten(0))
        .map_err(|damage| lines.wrong(damage))?;
    let mut session = 0_u64;
    builder.session(Name::Number(session)).map_err(|damage| lines.wrong(damage))?;
    while let Some(line) = lines.next()? {
        let line = line.trim_ascii();
        if line.is_empty() || line.starts_with(b"//") {
            continue;
        }
        let parsed = if line.iter().all(|&byte| byte == b'-') {
            session += 1;
            builder.session(Name::Number(session)).map_err(Problem::from)
        } else {
            transactions(&mut builder, session, Cursor::new(line))
        };
        parsed.map_err(|problem| lines.wrong(problem))?;
    }
    Ok(builder.finish())
}

/// The transactions of one line.
fn transactions(
    builder: &mut TransactionsBuilder,
    session: u64,
    mut at: Cursor<'_>,
) -> Result<(), Problem> {
    let mut space = true;
    while !at.left.is_empty() {
        if !space || !at.take(b'[') {
            return Err(Problem::expected(
                "a transaction in brackets, a row of - or a comment",
                at.text(),
            ));
        }
        let txn = builder.begin(Name::Number(session), Status::Ok)?;
        at.space();
        loop {
            let event = event(&mut at)?;
            let key = Name::Text(event.key);
            match (event.write, event.value) {
                (true, Some(value)) => builder.write(txn, key, Name::Number(value)),
                (_, value) => builder.read(txn, key, value.map(Name::Number)),
            }?;
            let space = at.space();
            if at.take(b']') {
                break;
            }
            if !space {
                return Err(Problem::expected("a space or ']' after an operation", at.text()));
            }
        }
        if at.take(b'!') {
            builder.end(txn, Status::Fail)?;
        }
        space = at.space();
    }
    Ok(())
}

struct Event<'l> {
    key: &'l str,
    write: bool,
    value: Option<u64>,
}

fn event<'l>(at: &mut Cursor<'l>) -> Result<Event<'l>, Problem> {
    let here = *at;
    let wrong =
        || Problem::expected("KEY:=VALUE, KEY==VALUE or KEY==? as an operation", here.text());
    // Up to what can be in no key: nothing of a character of several bytes is a byte of ASCII.
    let named = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii();
    let length = at.left.iter().take_while(|byte| named(byte)).count();
    let (key, rest) = at.left.split_at(length);
    let key = std::str::from_utf8(key).ok().filter(|key| !key.is_empty()).ok_or_else(wrong)?;
    if !key.chars().all(|c| c.is_alphanumeric() || c == '_') {
        return Err(wrong());
    }
    let write = rest.starts_with(b":=");
    if !write && !rest.starts_with(b"==") {
        return Err(wrong());
    }
    at.left = &rest[2..];
    if !write && at.take(b'?') {
        return Ok(Event { key, write, value: None });
    }
    let value = at.number().ok_or_else(wrong)?;
    Ok(Event { key, write, value: Some(value) })
}
