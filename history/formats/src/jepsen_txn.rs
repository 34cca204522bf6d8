//! Jepsen's transactions of reads and writes: `:f :txn`, value `[[:r key value] [:w key value] …]`.
//!
//! The completion of an acknowledged transaction says what it did. The writes of a transaction that failed or is
//! indeterminate are those of its invocation, and its reads are not used. A read of nil returned the initial state.
//!
//! Knossos' multi-register calls its micro-operations `:read` and `:write`, and begins with values that are not in
//! the history, usually 0. There a read of 0 may have returned the initial state even where 0 was written, and is not traced.

use crate::form::Form;
use crate::notes::count;
use crate::numbers::Numbers;
use crate::op::Op;
use crate::options::{Finals, InitialValue, Options};
use crate::problem::Problem;
use crate::recorded::header;
use crate::sessions::{Process, Sessions};
use afterall_history::{
    Initial, Name, Outcome, Status, Transactions, TransactionsBuilder, TxnId, Value, Workload,
};

/// Records transactions in the order in which a file completes them.
pub(crate) struct Recorder {
    builder: TransactionsBuilder,
    sessions: Sessions<Open>,
    numbers: Numbers,
    /// By transaction: its place among the invocations.
    places: Vec<u32>,
    nemesis: u64,
    initial: Initial,
    multi: bool,
    completions_only: bool,
}

/// The number with which every key begins.
fn initial(given: &[InitialValue]) -> Result<Option<u64>, Problem> {
    match given {
        [] => Ok(None),
        [.., InitialValue { key: None, value: Value::Int(n) }] if *n >= 0 && given.len() == 1 => {
            Ok(Some(n.unsigned_abs()))
        }
        _ => Err(Problem::Initial {
            workload: Workload::Transactions,
            expected: "one whole number of 0 or more for all keys",
            found: "something else".to_owned(),
        }),
    }
}

/// Whether the operation is one of a multi-register of Knossos', if it tells.
pub(crate) fn is_multi(op: &Op<'_>) -> Option<bool> {
    let Form::List(items) = &op.value else { return None };
    let Form::List(first) = items.first()? else { return None };
    let f = first.first()?.as_text()?;
    Some(matches!(f.trim_start_matches(':'), "read" | "write"))
}

/// A transaction that was invoked: its place among them, and the keys and values that it writes.
#[derive(Debug)]
struct Open {
    place: u32,
    writes: Vec<(String, String)>,
}

/// A completion that writes something else than was invoked.
fn another_write(due: Option<&(String, String)>, key: &str, value: &str) -> Problem {
    let due = due.map_or("no further write".to_owned(), |(key, value)| format!("{key}={value}"));
    Problem::expected(
        format!("the writes that the transaction was invoked with ({due})"),
        format!("{key}={value}"),
    )
}

impl Recorder {
    /// With the initial state that is given, or that of a multi-register of Knossos', or nothing.
    ///
    /// # Errors
    /// When transactions cannot begin with what is given.
    pub(crate) fn new(
        target: &str,
        multi: bool,
        completions_only: bool,
        options: &Options,
    ) -> Result<Self, Problem> {
        if options.finals == Finals::Last {
            return Err(Problem::expected("single operations for --final last", "transactions"));
        }
        let initial = match initial(&options.initial)? {
            Some(number) => Initial::Always(number),
            None if multi => Initial::Always(0),
            None => Initial::Nothing,
        };
        let builder = TransactionsBuilder::new(header(target), initial).map_err(Problem::from)?;
        Ok(Recorder {
            builder,
            sessions: Sessions::default(),
            numbers: Numbers::default(),
            places: Vec::new(),
            nemesis: 0,
            initial,
            multi,
            completions_only,
        })
    }

    /// Records one end of a transaction.
    ///
    /// # Errors
    /// When it is not a transaction, or cannot follow what came before.
    pub(crate) fn record(&mut self, op: &Op<'_>) -> Result<(), Problem> {
        if op.is_nemesis() {
            self.nemesis += 1;
            return Ok(());
        }
        let outcome = op.outcome()?;
        let process = self.sessions.process(&op.process)?;
        if outcome == Outcome::Invoke || self.completions_only {
            self.invoke(op, process)?;
        }
        if outcome == Outcome::Invoke {
            return Ok(());
        }
        let open = self.sessions.complete(process, outcome == Outcome::Info)?;
        let session = self.sessions.session(process);
        match outcome {
            Outcome::Ok => {
                let txn = self.begin(session, Status::Ok, open.place)?;
                let mut invoked = open.writes.iter();
                for micro in micro_ops(op)? {
                    match micro? {
                        Micro::Write(key, value) => {
                            let due = invoked.next();
                            if due.is_none_or(|(k, v)| (k, v) != (&key, &value)) {
                                return Err(another_write(due, &key, &value));
                            }
                            self.write(txn, &key, &value)?;
                        }
                        Micro::Read(key, value) => {
                            let value = value.as_deref().map(name);
                            self.builder.read(txn, name(&key), value).map_err(Problem::from)?;
                        }
                    }
                }
                Ok(())
            }
            Outcome::Fail => self.only_writes(session, Status::Fail, &open),
            Outcome::Info | Outcome::Invoke => self.only_writes(session, Status::Info, &open),
        }
    }

    fn invoke(&mut self, op: &Op<'_>, process: Process) -> Result<(), Problem> {
        self.sessions.ready(process, &op.process)?;
        let mut writes = Vec::new();
        for micro in micro_ops(op)? {
            if let Micro::Write(key, value) = micro? {
                writes.push((key, value));
            }
        }
        let place = self.numbers.push(op.index, op.line);
        self.sessions.open(process, Open { place, writes });
        Ok(())
    }

    fn begin(&mut self, session: u64, status: Status, place: u32) -> Result<TxnId, Problem> {
        self.places.push(place);
        self.builder.begin(Name::Number(session), status).map_err(Problem::from)
    }

    fn write(&mut self, txn: TxnId, key: &str, value: &str) -> Result<(), Problem> {
        self.builder.write(txn, name(key), name(value)).map_err(Problem::from)
    }

    fn only_writes(&mut self, session: u64, status: Status, open: &Open) -> Result<(), Problem> {
        let txn = self.begin(session, status, open.place)?;
        open.writes.iter().try_for_each(|(key, value)| self.write(txn, key, value))
    }

    /// The transactions, and notes about them.
    pub(crate) fn finish(mut self) -> Result<(Transactions, Vec<String>), Problem> {
        let mut notes: Vec<String> = self.sessions.note().into_iter().collect();
        if self.nemesis > 0 {
            notes.push(format!(
                "{} about faults skipped: faults of other tools come without evidence",
                count(self.nemesis, "line")
            ));
        }
        if self.completions_only {
            notes.push(
                "only completions were recorded: judged by sessions and reads, not by times"
                    .to_owned(),
            );
        }
        if let (Initial::Always(n), false) = (self.initial, self.multi) {
            notes.push(format!("reads of {n} may be of the initial state: they are not traced where somebody wrote {n}"));
        } else if self.multi {
            let what = "reads of 0 may be of the initial state, as in Knossos' multi-register: they are not traced";
            notes.push(what.to_owned());
        }
        for (session, open) in std::mem::take(&mut self.sessions).left_open() {
            self.only_writes(session, Status::Info, &open)?;
        }
        if let Some(numbers) = self.numbers.of_places(&self.places) {
            self.builder.number_transactions(numbers);
        }
        Ok((self.builder.finish(), notes))
    }
}

enum Micro {
    Write(String, String),
    Read(String, Option<String>),
}

/// What a transaction consists of.
fn micro_ops<'f>(
    op: &'f Op<'_>,
) -> Result<impl Iterator<Item = Result<Micro, Problem>> + use<'f>, Problem> {
    let items: &[Form<'_>] = match &op.value {
        Form::List(items) => items,
        Form::Nil if op.outcome != Some(Outcome::Invoke) && op.outcome != Some(Outcome::Ok) => &[],
        _ => {
            let name = op.name().unwrap_or("an operation");
            return Err(Problem::expected(
                "a list of micro-operations [:r key value] and [:w key value], as other transactions here are",
                format!("{name} without one"),
            ));
        }
    };
    Ok(items.iter().map(micro_op))
}

fn micro_op(form: &Form<'_>) -> Result<Micro, Problem> {
    let misshapen = || {
        let expected = "[:r key value] or [:w key value] as a micro-operation";
        Problem::expected(expected, "something else")
    };
    let Form::List(parts) = form else { return Err(misshapen()) };
    let (f, key, value) = match parts.as_slice() {
        [f, key] => (f, key, &Form::Nil),
        [f, key, value] => (f, key, value),
        _ => return Err(misshapen()),
    };
    let key = key.value()?.to_string();
    match f.as_text().map(|f| f.trim_start_matches(':')) {
        Some("append") => Err(Problem::not_judged("list-append transactions are not judged yet")),
        Some("w" | "write") if value.is_nil() => {
            Err(Problem::not_judged("a write of nil cannot be told from the initial state"))
        }
        Some("w" | "write") => Ok(Micro::Write(key, value.value()?.to_string())),
        Some("r" | "read") if value.is_nil() => Ok(Micro::Read(key, None)),
        Some("r" | "read") if value.items().is_some() => Err(Problem::not_judged(
            "reads of lists belong to list-append transactions, which are not judged yet",
        )),
        Some("r" | "read") => Ok(Micro::Read(key, Some(value.value()?.to_string()))),
        _ => Err(misshapen()),
    }
}

/// A number, where the JSON of the value is one; else that JSON, which tells the text "1" from the number.
fn name(json: &str) -> Name<'_> {
    match json.parse() {
        Ok(number) => Name::Number(number),
        Err(_) => {
            let text = json.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            Name::Text(text.unwrap_or(json))
        }
    }
}
