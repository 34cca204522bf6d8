//! dbcop's JSON.
//!
//! `{"params":…,"info":…,"start":…,"end":…,"data":SESSIONS}`, or SESSIONS alone: a list of lists of transactions. A
//! transaction is `{"events":[…],"committed":true}`; an event `{"Write":{"variable":0,"version":1}}`,
//! `{"Read":{"variable":0,"version":null}}`, or shorter `["w",0,1]`, `["r",0,null]`. Variables are numbers or texts,
//! versions numbers. A read of null returned the initial state, and so did a read of 0, unless somebody wrote 0 to
//! the variable. What is not `data` is skipped.

use crate::error::FormatError;
use crate::problem::Problem;
use crate::recorded::header;
use afterall_history::{Initial, Name, Status, Transactions, TransactionsBuilder, TxnId};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::io::BufRead;

/// Reads a history; `name` stands for the file in errors.
///
/// # Errors
/// When the file cannot be read, is no JSON, or does not have the form above.
pub fn read(from: impl BufRead, name: &str) -> Result<Transactions, FormatError> {
    let builder = TransactionsBuilder::new(header("dbcop"), Initial::Unwritten(0));
    let mut builder = builder
        .map_err(|damage| FormatError::File { file: name.to_owned(), problem: damage.into() })?;
    let mut json = serde_json::Deserializer::from_reader(from);
    let read = History(&mut builder).deserialize(&mut json).and_then(|()| json.end());
    read.map_err(|error| wrong(error, name))?;
    Ok(builder.finish())
}

fn wrong(error: serde_json::Error, name: &str) -> FormatError {
    let file = name.to_owned();
    if error.is_io() {
        return FormatError::Io { file, source: error.into() };
    }
    let problem = Problem::json(&error, true);
    FormatError::Line { file, line: error.line() as u64, problem }
}

/// The whole file.
struct History<'b>(&'b mut TransactionsBuilder);

impl<'de> DeserializeSeed<'de> for History<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for History<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a history: an object with \"data\", or a list of sessions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, sessions: A) -> Result<(), A::Error> {
        Sessions(self.0).visit_seq(sessions)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut found = false;
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                "data" if found => {
                    return Err(A::Error::custom("expected \"data\" once, found it twice"));
                }
                "data" => {
                    found = true;
                    map.next_value_seed(Sessions(self.0))?;
                }
                "params" | "info" | "start" | "end" => {
                    map.next_value::<IgnoredAny>()?;
                }
                other => {
                    return Err(A::Error::custom(format!("{other:?} is not a part of a history")));
                }
            }
        }
        if found { Ok(()) } else { Err(A::Error::custom("expected \"data\", found none")) }
    }
}

/// The list of sessions.
struct Sessions<'b>(&'b mut TransactionsBuilder);

impl<'de> DeserializeSeed<'de> for Sessions<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Sessions<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of sessions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut session = 0_u64;
        while seq.next_element_seed(Session { builder: self.0, session })?.is_some() {
            session += 1;
        }
        Ok(())
    }
}

/// A list of transactions.
struct Session<'b> {
    builder: &'b mut TransactionsBuilder,
    session: u64,
}

impl<'de> DeserializeSeed<'de> for Session<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Session<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session: a list of transactions")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let name = Name::Number(self.session);
        self.builder.session(name).map_err(A::Error::custom)?;
        while seq.next_element_seed(Transaction { builder: self.builder, session: name })?.is_some()
        {
        }
        Ok(())
    }
}

struct Transaction<'b> {
    builder: &'b mut TransactionsBuilder,
    session: Name<'static>,
}

impl<'de> DeserializeSeed<'de> for Transaction<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Transaction<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a transaction: {\"events\":[…],\"committed\":true}")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let builder = self.builder;
        let txn = builder.begin(self.session, Status::Ok).map_err(A::Error::custom)?;
        let (mut events, mut committed) = (false, None);
        while let Some(key) = map.next_key::<Cow<'_, str>>()? {
            match key.as_ref() {
                "events" if !events => {
                    events = true;
                    map.next_value_seed(Events { builder, txn })?;
                }
                "committed" if committed.is_none() => committed = Some(map.next_value::<bool>()?),
                other => {
                    return Err(A::Error::custom(Problem::expected(
                        "\"events\" and \"committed\", each once, in a transaction",
                        format!("another {other:?}"),
                    )));
                }
            }
        }
        match committed {
            Some(true) if events => Ok(()),
            Some(false) if events => builder.end(txn, Status::Fail).map_err(A::Error::custom),
            _ => Err(A::Error::custom(
                "expected \"events\" and \"committed\" in a transaction, found one of them",
            )),
        }
    }
}

struct Events<'b> {
    builder: &'b mut TransactionsBuilder,
    txn: TxnId,
}

impl<'de> DeserializeSeed<'de> for Events<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for Events<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while let Some(event) = seq.next_element::<super::event::Event>()? {
            let key = event.variable.name();
            let pushed = match (event.write, event.version) {
                (true, Some(version)) => self.builder.write(self.txn, key, Name::Number(version)),
                (true, None) => {
                    return Err(A::Error::custom("expected a version in a write, found none"));
                }
                (false, version) => self.builder.read(self.txn, key, version.map(Name::Number)),
            };
            pushed.map_err(A::Error::custom)?;
        }
        Ok(())
    }
}
