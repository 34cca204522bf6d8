//! The text format of Plume, which PolySI and AWDIT read and write too.
//!
//! `r(KEY,VALUE,SESSION,TRANSACTION)` or `w(…)`, one operation per line, in the program's order; all four are decimal
//! numbers. The lines of one transaction share its number, and need not be next to each other. Transaction −1 was aborted:
//! consecutive lines of it in one session are read as one transaction. A read of 0 returned the initial state. PolySI
//! writes the initial state out, as a session of one transaction that writes 0 to the keys.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::error::FormatError;
use crate::lines::{Cursor, Lines};
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder, TxnId};
use std::collections::HashMap;
use std::io::BufRead;

/// One operation.
struct Line {
    write: bool,
    key: u64,
    value: u64,
    session: u64,
    /// `None` if it was aborted.
    txn: Option<u64>,
}

/// Reads a history; `name` stands for the file in errors.
///
/// # Errors
/// When the file cannot be read, or a line of it is not of the format.
pub fn read(from: impl BufRead, name: &str) -> Result<Transactions, FormatError> {
    let mut lines = Lines::new(from, name);
    let mut builder = TransactionsBuilder::new(header("plume"), Initial::Always(0))
        .map_err(|damage| lines.wrong(damage))?;
    // One operation a line.
    builder.count_from(1);
    let mut begun = Begun::default();
    // The line before: its session, its transaction's number, and the transaction.
    let mut open: Option<(u64, Option<u64>, TxnId)> = None;
    while let Some(line) = lines.next()? {
        let line = parse(line).map_err(|problem| lines.wrong(problem))?;
        let txn = match (open, line.txn) {
            (Some((session, number, txn)), _) if (session, number) == (line.session, line.txn) => {
                txn
            }
            (_, Some(number)) => match begun.get(number) {
                Some((session, txn)) if session == line.session => txn,
                Some((session, _)) => {
                    let session_now = line.session;
                    return Err(lines.wrong(Problem::expected(
                        format!("transaction {number} in session {session}, as before"),
                        format!("it in session {session_now}"),
                    )));
                }
                None => {
                    let txn = builder
                        .begin(Name::Number(line.session), Status::Ok)
                        .map_err(|damage| lines.wrong(damage))?;
                    begun.add(number, line.session, txn);
                    txn
                }
            },
            (_, None) => builder
                .begin(Name::Number(line.session), Status::Fail)
                .map_err(|damage| lines.wrong(damage))?,
        };
        open = Some((line.session, line.txn, txn));
        let (key, value) = (Name::Number(line.key), Name::Number(line.value));
        let pushed = if line.write {
            builder.write(txn, key, value)
        } else {
            builder.read(txn, key, Some(value))
        };
        pushed.map_err(|damage| lines.wrong(damage))?;
    }
    Ok(builder.finish())
}

fn parse(line: &[u8]) -> Result<Line, Problem> {
    let mut at = Cursor::new(line);
    let write = at.take(b'w');
    if !write && !at.take(b'r') {
        return Err(Problem::expected("r(KEY,VALUE,SESSION,TRANSACTION) or w(…)", at.text()));
    }
    let mut field = |before: u8, what: &str| {
        if !at.take(before) {
            let before = char::from(before);
            return Err(Problem::expected(format!("{before:?} before the {what}"), at.text()));
        }
        let here = at;
        at.number().ok_or_else(|| {
            Problem::expected(format!("a number below 2^64 as the {what}"), here.text())
        })
    };
    let key = field(b'(', "key")?;
    let value = field(b',', "value")?;
    let session = field(b',', "session")?;
    let txn = if at.left.starts_with(b",-") {
        if !at.left.starts_with(b",-1)") {
            return Err(Problem::expected("-1 as the only negative transaction", at.text()));
        }
        at.left = &at.left[3..];
        None
    } else {
        Some(field_of(&mut at)?)
    };
    if !at.take(b')') || !at.left.is_empty() {
        return Err(Problem::expected(
            "')' and the end of the line after the transaction",
            at.text(),
        ));
    }
    Ok(Line { write, key, value, session, txn })
}

fn field_of(at: &mut Cursor<'_>) -> Result<u64, Problem> {
    if !at.take(b',') {
        return Err(Problem::expected("',' before the transaction", at.text()));
    }
    let here = *at;
    at.number().ok_or_else(|| {
        Problem::expected("a number below 2^64, or -1, as the transaction", here.text())
    })
}

/// The transactions that have begun, by their number. Those that count up by one need no table.
#[derive(Default)]
struct Begun {
    /// By number, as long as numbers come one after another from 0 or 1: session and transaction.
    first: u64,
    in_order: Vec<(u64, TxnId)>,
    others: HashMap<u64, (u64, TxnId)>,
}

impl Begun {
    fn get(&self, number: u64) -> Option<(u64, TxnId)> {
        let at = number.checked_sub(self.first).and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| self.in_order.get(at)) {
            Some(&known) => Some(known),
            None if self.others.is_empty() => None,
            None => self.others.get(&number).copied(),
        }
    }

    fn add(&mut self, number: u64, session: u64, txn: TxnId) {
        if self.in_order.is_empty() {
            self.first = number;
        }
        if number.checked_sub(self.first) == Some(self.in_order.len() as u64) {
            self.in_order.push((session, txn));
        } else {
            self.others.insert(number, (session, txn));
        }
    }
}
