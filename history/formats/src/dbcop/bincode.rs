//! dbcop's binary files of old (`history.bincode`), as PolySI's data sets and AWDIT have them.
//!
//! Little endian: five u64 (number, nodes, variables, transactions, events), three texts (u64 length, bytes: about,
//! begin, end), then the sessions. Sessions, their transactions and their events are lists: a u64 length, the items. An
//! event is a byte (1 writes), u64 variable, u64 value, a byte (1 succeeded); a transaction its events and a byte (1
//! committed). Events that failed in a transaction that was committed did nothing and are skipped. A read of 0
//! returned the initial state.

use crate::bytes::Bytes;
use crate::error::FormatError;
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder};
use std::io::Read;

/// Reads a history; `name` stands for the file in errors. Wants a buffered reader.
///
/// # Errors
/// When the file cannot be read, ends too early, goes on after its end, or holds a byte that is neither yes nor no.
pub fn read(from: impl Read, name: &str) -> Result<Transactions, FormatError> {
    let mut bytes = Bytes::new(from, name);
    let damage =
        |bytes: &Bytes<'_, _>, damage: afterall_history::TransactionDamage| bytes.wrong(damage);
    let mut builder = TransactionsBuilder::new(header("dbcop"), Initial::Always(0))
        .map_err(|what| damage(&bytes, what))?;
    for _ in 0..5 {
        number(&mut bytes, "the parameters")?;
    }
    for what in ["the description", "the time of the beginning", "the time of the end"] {
        let length = number(&mut bytes, what)?;
        bytes.skip(length, what)?;
    }
    let sessions = number(&mut bytes, "the number of sessions")?;
    for session in 0..sessions {
        let session = Name::Number(session);
        let transactions = number(&mut bytes, "the number of transactions")?;
        builder.session(session).map_err(|what| damage(&bytes, what))?;
        for _ in 0..transactions {
            let events = number(&mut bytes, "the number of events")?;
            let txn = builder.begin(session, Status::Ok).map_err(|what| damage(&bytes, what))?;
            for _ in 0..events {
                let write = yes(&mut bytes, "whether the event writes")?;
                let variable = Name::Number(number(&mut bytes, "the variable")?);
                let value = Name::Number(number(&mut bytes, "the value")?);
                if !yes(&mut bytes, "whether the event succeeded")? {
                    continue;
                }
                let pushed = if write {
                    builder.write(txn, variable, value)
                } else {
                    builder.read(txn, variable, Some(value))
                };
                pushed.map_err(|what| damage(&bytes, what))?;
            }
            if !yes(&mut bytes, "whether the transaction was committed")? {
                builder.end(txn, Status::Fail).map_err(|what| damage(&bytes, what))?;
            }
        }
    }
    let end = bytes.offset();
    match bytes.byte()? {
        None => Ok(builder.finish()),
        Some(_) => Err(bytes.wrong_at(
            end,
            Problem::expected("the end of the file after its last session", "more"),
        )),
    }
}

fn number(bytes: &mut Bytes<'_, impl Read>, what: &str) -> Result<u64, FormatError> {
    bytes.array(what).map(u64::from_le_bytes)
}

fn yes(bytes: &mut Bytes<'_, impl Read>, what: &str) -> Result<bool, FormatError> {
    let at = bytes.offset();
    match bytes.array::<1>(what)? {
        [0] => Ok(false),
        [1] => Ok(true),
        [other] => {
            Err(bytes
                .wrong_at(at, Problem::expected(format!("0 or 1 for {what}"), other.to_string())))
        }
    }
}
