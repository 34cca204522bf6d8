//! The log that Jepsen prints while a test runs (`jepsen.log`), as the etcd histories among Porcupine's tests:
//! `INFO  jepsen.util - 3  :invoke  :write  2`, in newer versions
//! `2021-02-26 23:39:01,300{GMT}  INFO  [jepsen worker 3] jepsen.util: 3  :invoke  :write  2`; and `history.txt`, where nothing
//! stands before the process.
//!
//! After `jepsen.util` come the process, the type, `:f` and the value, with tabs or spaces in between. Where an operation failed or
//! nobody knows, a keyword in the value's place says why (`:timed-out`). There a read that returned nil found no
//! such key: the initial state. Other lines of a log are passed over and counted, but not when they look like
//! operations.

use crate::FormatError;
use crate::edn;
use crate::form::Form;
use crate::op::Op;
use crate::source::{Source, Stop};
use afterall_history::Outcome;
use std::ops::ControlFlow;

const MARK: &str = "jepsen.util";

/// Goes through the operations of a log, as [`crate::op::walk`]. Answers how many lines were passed over.
pub(crate) fn walk(
    source: &mut Source<'_>,
    mut each: impl FnMut(Op<'_>) -> Result<ControlFlow<()>, String>,
) -> Result<u64, FormatError> {
    let mut others = 0;
    let mut answer = Ok(ControlFlow::Continue(()));
    loop {
        let line = source.line();
        let taken = source.take(|window, ended| {
            let (text, taken) = match window.iter().position(|&byte| byte == b'\n') {
                Some(length) => (&window[..length], length + 1),
                None if ended => (window, window.len()),
                None => return Err(Stop::More),
            };
            let text = String::from_utf8_lossy(text);
            match op(&text).map_err(|what| Stop::at(window, 0, what))? {
                Some(op) => answer = each(op),
                None => others += u64::from(!text.trim().is_empty()),
            }
            Ok(taken)
        })?;
        match answer {
            Ok(ControlFlow::Continue(())) if taken > 0 => {}
            Ok(_) => return Ok(others),
            Err(what) => return Err(source.wrong_in(line, what)),
        }
    }
}

fn is_type(word: &str) -> bool {
    matches!(word, ":invoke" | ":ok" | ":fail" | ":info")
}

/// Whether a line begins with a process and a type, as those of `history.txt`.
pub(crate) fn is_bare(line: &str) -> bool {
    let (process, rest) = word(line);
    let is_process = process.parse::<u64>().is_ok() || process == ":nemesis";
    is_process && is_type(word(rest).0)
}

/// The operation in a line, if there is one.
fn op(line: &str) -> Result<Option<Op<'_>>, String> {
    let mark = line.find(MARK).map(|at| at + MARK.len());
    let Some(at) = mark.or(is_bare(line).then_some(0)) else {
        return match line.split_whitespace().find(|word| is_type(word)) {
            Some(word) => {
                Err(format!("{word} stands here as in an operation, but no {MARK} before it"))
            }
            None => Ok(None),
        };
    };
    // `jepsen.util - 0` or `jepsen.util: 0`.
    let said = line[at..].trim();
    let said = said.strip_prefix(if at > 0 { "-" } else { "" }).unwrap_or(said);
    let said = match said.strip_prefix(':') {
        Some(rest) if at > 0 && rest.starts_with(char::is_whitespace) => rest,
        _ => said,
    };
    let said = said.trim_start();
    let (process, rest) = word(said);
    let (outcome, rest) = word(rest);
    if !is_type(outcome) {
        return match said.split_whitespace().find(|word| is_type(word)) {
            Some(word) => Err(format!(
                "{word} stands here as in an operation, which is: process, {word}, :f and the value"
            )),
            None => Ok(None),
        };
    }
    let (f, rest) = word(rest);
    let mut op = Op::default();
    let process = match process.parse() {
        Ok(number) => Form::Int(number),
        Err(_) => Form::Text(process.trim_start_matches(':').into()),
    };
    op.set("process", process)?;
    op.set("type", Form::Text(outcome.into()))?;
    if !f.is_empty() {
        op.set("f", Form::Text(f.into()))?;
    }
    if op.is_nemesis() {
        // What it did is in no notation that one could rely on.
        return Ok(Some(op));
    }
    let mut reader = edn::Reader::new(rest.as_bytes(), true);
    let mut form = || {
        reader.blank()?;
        if reader.byte().is_none() { Ok(Form::Nil) } else { reader.form() }
    };
    let mut next = || {
        form().map_err(|stop| match stop {
            Stop::More => "the value breaks off".to_owned(),
            Stop::Wrong { what, .. } => what,
        })
    };
    let (first, second) = (next()?, next()?);
    let failed = matches!(op.outcome, Some(Outcome::Fail | Outcome::Info));
    if failed && matches!(first, Form::Text(_)) {
        op.set("error", first)?;
    } else {
        op.set("value", first)?;
        op.set("error", second)?;
    }
    Ok(Some(op))
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}
