//! One end of an operation as Jepsen writes it, and how a file of them is walked through.

use crate::edn;
use crate::form::Form;
use crate::source::{Source, Stop};
use crate::{FormatError, json};
use afterall_history::Outcome;
use std::ops::ControlFlow;

/// One end of an operation. Of the fields that Jepsen's tests add there are those that matter here.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Op<'a> {
    pub(crate) outcome: Option<Outcome>,
    pub(crate) process: Form<'a>,
    pub(crate) f: Form<'a>,
    pub(crate) value: Form<'a>,
    pub(crate) key: Form<'a>,
    pub(crate) node: Form<'a>,
    pub(crate) error: Form<'a>,
    pub(crate) time: Option<i64>,
    pub(crate) index: Option<i64>,
    /// Maelstrom's `:final?`.
    pub(crate) last: bool,
    /// The line in which it begins.
    pub(crate) line: u64,
    /// Which of the fields above were there, a bit each.
    seen: u16,
}

impl<'a> Op<'a> {
    /// Takes a field; those that say nothing to a history are passed over.
    ///
    /// # Errors
    /// In words, when it is there twice or cannot be.
    pub(crate) fn set(&mut self, name: &str, value: Form<'a>) -> Result<(), String> {
        let bit = match name.strip_prefix(':').unwrap_or(name) {
            "type" => {
                self.outcome = Some(outcome(&value)?);
                0
            }
            "process" => {
                self.process = value;
                1
            }
            "f" => {
                self.f = value;
                2
            }
            "value" => {
                self.value = value;
                3
            }
            "key" => {
                self.key = value;
                4
            }
            "node" => {
                self.node = value;
                5
            }
            "error" => {
                self.error = value;
                6
            }
            "time" => {
                self.time = whole(name, &value)?;
                7
            }
            "index" => {
                self.index = whole(name, &value)?;
                8
            }
            "final" | "final?" => {
                self.last = value == Form::Bool(true);
                9
            }
            other => {
                return match other.split_once('/') {
                    Some(("op" | "jepsen" | "jepsen.op", name)) if !name.contains('/') => {
                        self.set(name, value)
                    }
                    _ => Ok(()),
                };
            }
        };
        if self.seen & (1 << bit) != 0 {
            return Err(format!("expected the field {name} once, found it twice"));
        }
        self.seen |= 1 << bit;
        Ok(())
    }

    /// How it stands.
    pub(crate) fn outcome(&self) -> Result<Outcome, String> {
        self.outcome.ok_or_else(|| "expected a :type, found none".to_owned())
    }

    /// Whether the nemesis did it, or a logger of Jepsen's, and not a client.
    pub(crate) fn is_nemesis(&self) -> bool {
        self.process.as_text().is_some_and(|text| text.trim_start_matches(':') == "nemesis")
    }

    /// The same, apart from the file's window.
    pub(crate) fn detached(&self) -> Op<'static> {
        Op {
            outcome: self.outcome,
            process: self.process.detached(),
            f: self.f.detached(),
            value: self.value.detached(),
            key: self.key.detached(),
            node: self.node.detached(),
            error: self.error.detached(),
            time: self.time,
            index: self.index,
            last: self.last,
            line: self.line,
            seen: self.seen,
        }
    }

    /// Whether it begins here.
    pub(crate) fn is_invocation(&self) -> bool {
        self.outcome == Some(Outcome::Invoke)
    }

    /// Whether the value is a list of micro-operations, as `[[:r key value] …]`.
    pub(crate) fn has_micro_ops(&self) -> bool {
        let Form::List(items) = &self.value else { return false };
        let Some(Form::List(first)) = items.first() else { return false };
        let name = first.first().and_then(Form::as_text).map(|f| f.trim_start_matches(':'));
        matches!(name, Some("r" | "w" | "read" | "write" | "append")) && first.len() <= 3
    }

    /// Whether it is a transaction: its micro-operations tell, whatever its name is. Elements and values of others may look
    /// like them.
    pub(crate) fn is_transaction(&self, name: &str) -> bool {
        let may_be =
            !matches!(name, "add" | "remove" | "broadcast" | "append" | "post" | "edit" | "cas");
        let returned = self.outcome == Some(Outcome::Ok) && name.starts_with("read");
        name == TXN || (may_be && !returned && self.has_micro_ops())
    }

    /// What was asked, without the colon of a keyword in a text. Elle lets transactions go without.
    pub(crate) fn name(&self) -> Result<&str, String> {
        match &self.f {
            Form::Text(text) => Ok(text.strip_prefix(':').unwrap_or(text)),
            Form::Nil if self.has_micro_ops() => Ok(TXN),
            Form::Nil => Err("expected an :f, found none".to_owned()),
            _ => Err("expected a keyword or text as :f, found something else".to_owned()),
        }
    }
}

/// The `:f` of transactions.
pub(crate) const TXN: &str = "txn";

fn outcome(form: &Form<'_>) -> Result<Outcome, String> {
    match form.as_text().map(|text| text.strip_prefix(':').unwrap_or(text)) {
        Some("invoke") => Ok(Outcome::Invoke),
        Some("ok") => Ok(Outcome::Ok),
        Some("fail") => Ok(Outcome::Fail),
        Some("info") => Ok(Outcome::Info),
        Some(other) => Err(format!("expected invoke, ok, fail or info as :type, found {other:?}")),
        None => Err("expected a keyword or text as :type, found something else".to_owned()),
    }
}

fn whole(name: &str, form: &Form<'_>) -> Result<Option<i64>, String> {
    match form {
        Form::Nil => Ok(None),
        Form::Int(n) => Ok(Some(*n)),
        _ => Err(format!("expected a whole number of 64 bits as {name}, found something else")),
    }
}

/// How the operations of a file are written down: bare, or in one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Notation {
    /// EDN maps.
    Edn,
    /// JSON objects; commas between them are not insisted on.
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

/// Goes through the operations of a file, in order, until `each` breaks off. What it answers in words becomes an error
/// with the operation's line.
pub(crate) fn walk(
    source: &mut Source<'_>,
    notation: Notation,
    mut each: impl FnMut(Op<'_>) -> Result<ControlFlow<()>, String>,
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
                return Err(source.wrong(
                    "expected nothing after the end of the list of operations, found more",
                ));
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
            Err(what) => return Err(source.wrong_in(line, what)),
        }
    }
    match around {
        Around::List(_, line) => {
            Err(source
                .wrong_in(line, "expected the end of the list that begins here, found the end of the file: it was cut off"))
        }
        _ => Ok(()),
    }
}

/// Passes over white space, separators and comments, until something else or the file's end.
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

/// Passes over the tag of a whole history, as `#jepsen.history [`; not over that of an operation.
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
