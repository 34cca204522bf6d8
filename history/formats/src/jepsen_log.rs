//! The log that Jepsen prints while a test runs (`jepsen.log`), as the etcd histories among Porcupine's tests:
//! `INFO  jepsen.util - 3  :invoke  :write  2`, in newer versions
//! `2021-02-26 23:39:01,300{GMT}  INFO  [jepsen worker 3] jepsen.util: 3  :invoke  :write  2`; and `history.txt`, where nothing
//! stands before the process.
//!
//! After `jepsen.util` come the process, the type, `:f` and the value, with tabs or spaces in between; before the process some
//! tests write the time, `[ 1345013587 ]`, in nanoseconds. Where an operation failed or nobody knows, a keyword in the
//! value's place says why (`:timed-out`). There a read that returned nil found no such key: the initial state. Other
//! lines of a log are skipped and counted, but not when they look like operations. The history ends where the analysis
//! begins, which names operations again, and some that no client made.

use crate::edn;
use crate::error::FormatError;
use crate::form::Form;
use crate::notes::{are, count};
use crate::op::Op;
use crate::problem::Problem;
use crate::source::{Source, Stop};
use afterall_history::Outcome;
use std::ops::ControlFlow;

const MARK: &str = "jepsen.util";

/// What a log holds besides its operations.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Passed {
    /// Lines that are not operations.
    others: u64,
    /// Those of them in which there is a type of operations, as `:ok`.
    words: u64,
    /// The line in which the analysis begins.
    analysis: Option<u64>,
    /// Lines from there on, and how many of them are operations.
    after: u64,
    ops_after: u64,
}

impl Passed {
    /// Notes about them.
    pub(crate) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.others > 0 {
            let words = match self.words {
                0 => String::new(),
                words => format!(" ({words} with :ok or the like in prose)"),
            };
            let (lines, are) = (count(self.others, "line"), are(self.others));
            notes.push(format!("{lines} of the log{words} {are} skipped, without an operation"));
        }
        if let Some(line) = self.analysis {
            let (after, ops) = (count(self.after, "line"), count(self.ops_after, "operation"));
            notes.push(format!(
                "the analysis begins in line {line}: {after} from there on, with {ops}, {} not part of the history",
                are(self.after)
            ));
        }
        notes
    }
}

/// Goes through the operations of a log, as [`crate::walk::walk`].
pub(crate) fn walk(
    source: &mut Source<'_>,
    mut each: impl FnMut(Op<'_>) -> Result<ControlFlow<()>, Problem>,
) -> Result<Passed, FormatError> {
    let mut passed = Passed::default();
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
            if passed.analysis.is_none() && begins_analysis(&text) {
                passed.analysis = Some(line);
            }
            if passed.analysis.is_some() {
                passed.after += u64::from(taken > 0);
                passed.ops_after += u64::from(is_operation(&text));
                return Ok(taken);
            }
            match op(&text, line).map_err(|problem| Stop::at(window, 0, problem))? {
                Some(op) => answer = each(op),
                None => {
                    passed.others += u64::from(!text.trim().is_empty());
                    passed.words += u64::from(text.split_whitespace().any(is_type));
                }
            }
            Ok(taken)
        })?;
        match answer {
            Ok(ControlFlow::Continue(())) if taken > 0 => {}
            Ok(_) => return Ok(passed),
            Err(problem) => return Err(source.wrong_in(line, problem)),
        }
    }
}

/// How the first line of an analysis begins: of Knossos, of Jepsen, and of the results.
const ANALYSES: &[&str] = &[
    "Followed by inconsistent operation",
    "World with fixed history",
    "World from which",
    "Last consistent worlds",
    "Everything looks good",
    "Analysis invalid",
    "Analysis complete",
    "Errors occurred during analysis",
    "{:valid?",
];

/// What Jepsen logs after the last operation.
const LOGGED: &[&str] = &["Run complete, writing", "Analyzing...", "Analysis complete"];

fn begins_analysis(line: &str) -> bool {
    let line = line.trim_start();
    // Most lines are operations, and are not looked at twice.
    let mut bytes = line.bytes();
    match bytes.next() {
        Some(b'A' | b'E' | b'F' | b'L' | b'W' | b'{')
            if ANALYSES.iter().any(|start| line.starts_with(start)) =>
        {
            true
        }
        _ => match line.find("jepsen.core") {
            Some(at) => LOGGED.iter().any(|said| line[at..].contains(said)),
            None => false,
        },
    }
}

fn is_type(word: &str) -> bool {
    matches!(word, ":invoke" | ":ok" | ":fail" | ":info")
}

fn is_process(word: &str) -> bool {
    word == ":nemesis" || word.parse::<u64>().is_ok()
}

/// Whether a line begins with a process and a type, as those of `history.txt`.
pub(crate) fn is_bare(line: &str) -> bool {
    let (process, rest) = word(line);
    is_process(process) && is_type(word(rest).0)
}

/// Whether a line is an operation.
pub(crate) fn is_operation(line: &str) -> bool {
    is_bare(said(line).map_or(line, |said| time(said).1))
}

/// Whether one of Jepsen's loggers wrote a line.
pub(crate) fn is_logged(line: &str) -> bool {
    let level = |word| matches!(word, "INFO" | "WARN" | "ERROR" | "DEBUG");
    let of_jepsen = |word: &str| word.starts_with("jepsen.") || word.starts_with("[jepsen");
    let mut words = line.split_whitespace();
    words.any(level) && words.take(8).any(of_jepsen)
}

/// What follows the logger's name: `jepsen.util - 0` or `jepsen.util: 0`.
fn said(line: &str) -> Option<&str> {
    let said = line[line.find(MARK)? + MARK.len()..].trim();
    let said = said.strip_prefix('-').unwrap_or(said);
    let said = match said.strip_prefix(':') {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest,
        _ => said,
    };
    Some(said.trim_start())
}

/// The time in brackets that may stand before the process, and what follows it.
fn time(said: &str) -> (Option<i64>, &str) {
    let bracket = said.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match bracket.and_then(|(ns, rest)| Some((ns.trim().parse().ok()?, rest))) {
        Some((ns, rest)) => (Some(ns), rest.trim_start()),
        None => (None, said),
    }
}

/// The operation in a line, if there is one.
fn op(line: &str, number: u64) -> Result<Option<Op<'_>>, Problem> {
    let marked = said(line);
    let (time, said) = time(marked.unwrap_or_else(|| line.trim()));
    let (process, rest) = word(said);
    let (outcome, rest) = word(rest);
    if !is_process(process) || !is_type(outcome) {
        if marked.is_some() && process.parse::<u64>().is_ok() && outcome.starts_with(':') {
            return Err(Problem::expected(
                format!(":invoke, :ok, :fail or :info after the process {process}"),
                outcome.to_string(),
            ));
        }
        return not_in_prose(line).map(|()| None);
    }
    let (f, rest) = word(rest);
    let mut op = Op::default();
    (op.line, op.time) = (number, time);
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
        // Its value has no fixed notation.
        return Ok(Some(op));
    }
    let mut reader = edn::Reader::new(rest.as_bytes(), true);
    let mut form = || {
        reader.blank()?;
        if reader.byte().is_none() { Ok(Form::Nil) } else { reader.form() }
    };
    let mut next = || {
        form().map_err(|stop| match stop {
            Stop::More => {
                Problem::expected("the end of the value in this line", "the end of the line")
            }
            Stop::Wrong { problem, .. } => problem,
        })
    };
    let (first, second) = (next()?, next()?);
    let failed = matches!(op.outcome, Some(Outcome::Fail | Outcome::Info));
    if failed && second.is_nil() && matches!(first, Form::Text(_)) {
        op.set("error", first)?;
    } else {
        op.set("value", first)?;
        op.set("error", second)?;
    }
    Ok(Some(op))
}

/// Refuses a line that is not laid out as an operation, but in which one seems to stand: a process, a type and `:f`.
fn not_in_prose(line: &str) -> Result<(), Problem> {
    let mut words = line.split_whitespace().peekable();
    let mut before = "";
    while let Some(word) = words.next() {
        let f = words.peek().is_some_and(|next| next.len() > 1 && next.starts_with(':'));
        if is_type(word) && is_process(before) && f {
            return Err(Problem::expected(
                format!("an operation as \"{MARK} - 0 :invoke :read nil\""),
                format!("{before} {word} without {MARK} before it"),
            ));
        }
        before = word;
    }
    Ok(())
}

/// The first word, and what follows it.
fn word(text: &str) -> (&str, &str) {
    let text = text.trim_start();
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}
