//! From the ends of operations, as Jepsen writes them, to a [`History`].
//!
//! The order of the operations in the file is the order of events; their times are kept as far as they agree with it.

use crate::form::Form;
use crate::meaning::{function, input, output};
use crate::op::Op;
use crate::sessions::{Process, Sessions};
use crate::survey::Layout;
use crate::{Nil, recorded_header};
use afterall_history::{
    Damage, EndEvent, EndHow, Event, Function, History, HistoryBuilder, NODE_UNKNOWN, OpEvent,
    OpId, Outcome, Status, Value, Workload,
};
/// Bytes of an error that are kept.
const ERROR_BYTES_MAX: usize = 1_000;

/// Records operations in the order in which they stand in a file.
pub(crate) struct Recorder {
    builder: HistoryBuilder,
    layout: Layout,
    nil: Nil,
    event: OpEvent,
    sessions: Sessions<Open>,
    last_time: i64,
    last_index: i64,
    /// Some write so far wrote a list or map.
    collections: bool,
    /// How many operations were invoked so far.
    ops: u32,
    /// The reads of nil that are not judged.
    unjudged: Vec<OpId>,
    seen: Seen,
}

/// What a process has invoked.
#[derive(Debug)]
struct Open {
    f: Function,
    key: String,
    input: Value,
    last: bool,
    /// It changes nothing, and is not recorded.
    empty: bool,
    id: OpId,
}

/// What is to be said of the file.
#[derive(Debug, Default)]
struct Seen {
    nemesis: u64,
    untimed: u64,
    early: u64,
    index_back: u64,
    nil_reads: u64,
    empty_adds: u64,
    completed_invocations: u64,
    last: bool,
    number_keys: bool,
    digit_keys: bool,
}

impl Recorder {
    pub(crate) fn new(target: &str, layout: Layout, nil: Nil) -> Result<Self, String> {
        let header = recorded_header(target, layout.workload, layout.nodes.iter().cloned());
        let builder = HistoryBuilder::new(header).map_err(|damage| damage.to_string())?;
        let event = OpEvent {
            index: 0,
            time: 0,
            outcome: Outcome::Invoke,
            process: 0,
            node: String::new(),
            f: Function::Read,
            key: String::new(),
            value: Value::Nil,
            version: None,
            error: None,
            last: false,
        };
        Ok(Recorder {
            builder,
            layout,
            nil,
            event,
            sessions: Sessions::default(),
            last_time: i64::MIN,
            last_index: i64::MIN,
            collections: false,
            ops: 0,
            unjudged: Vec::new(),
            seen: Seen::default(),
        })
    }

    /// Records one end of an operation.
    ///
    /// # Errors
    /// In words, when it cannot follow what came before, or the workload has no such thing.
    pub(crate) fn record(&mut self, op: &Op<'_>) -> Result<(), String> {
        if op.is_nemesis() {
            self.seen.nemesis += 1;
            return Ok(());
        }
        let outcome = op.outcome.ok_or("the operation has no :type")?;
        if op.last {
            self.seen.last = true;
        }
        let time = self.time(op);
        let f = function(self.layout.workload, op.name()?, &op.value)?;
        let process = self.sessions.process(&op.process)?;
        if outcome == Outcome::Invoke {
            self.invoke(op, f, time, process)
        } else {
            self.complete(op, f, outcome, time, process)
        }
    }

    fn time(&mut self, op: &Op<'_>) -> i64 {
        if let Some(index) = op.index {
            self.seen.index_back += u64::from(index < self.last_index);
            self.last_index = index;
        }
        let time = op.time.unwrap_or_else(|| {
            self.seen.untimed += 1;
            self.event.index as i64
        });
        self.seen.early += u64::from(time < self.last_time);
        time.max(self.last_time)
    }

    fn invoke(
        &mut self,
        op: &Op<'_>,
        f: Function,
        time: i64,
        process: Process,
    ) -> Result<(), String> {
        self.sessions.ready(process, &op.process)?;
        let mut key = String::new();
        let value = self.split(op, &mut key)?;
        let input = if f.is_read() {
            self.seen.completed_invocations += u64::from(!value.is_nil());
            Value::Nil
        } else {
            // Of a cas the values are in a list in any case.
            let mut written = match (f, value) {
                (Function::Cas, Form::List(pair)) => pair.iter(),
                _ => std::slice::from_ref(value).iter(),
            };
            self.collections |= written.any(Form::is_collection);
            input(self.layout.workload, op.name()?, value)?
        };
        let empty = self.layout.workload == Workload::Counter && input == Value::Int(0);
        let id = OpId(self.ops);
        if empty {
            self.seen.empty_adds += 1;
        } else {
            self.ops += 1;
            self.event.key.clone_from(&key);
            self.event.value = input.clone();
            self.event.error = None;
            self.push(op, f, Outcome::Invoke, time, process, op.last)?;
        }
        self.sessions.open(process, Open { f, key, input, last: op.last, empty, id });
        Ok(())
    }

    fn complete(
        &mut self,
        op: &Op<'_>,
        f: Function,
        mut outcome: Outcome,
        time: i64,
        process: Process,
    ) -> Result<(), String> {
        let open = self.sessions.complete(process, outcome == Outcome::Info)?;
        let error = self.error(&op.error);
        // A completion without its amount does not tell whether it was above zero; what was invoked counts.
        if open.f != f && !(op.value.is_nil() && self.layout.workload == Workload::Counter) {
            return Err(format!("the process completes {f}, but what it has open is {}", open.f));
        }
        if open.empty {
            return Ok(());
        }
        let mut key = String::new();
        let value = if op.value.is_nil() { &op.value } else { self.split(op, &mut key)? };
        if !op.value.is_nil() && key != open.key {
            return Err(format!("what the process has open is on key {:?}, not {key:?}", open.key));
        }
        self.event.value = if !open.f.is_read() {
            let said = !value.is_nil() && self.layout.workload != Workload::Mutex;
            if outcome == Outcome::Ok
                && said
                && input(self.layout.workload, op.name()?, value)? != open.input
            {
                return Err(format!(
                    "{} was invoked with {}, and completes with another value",
                    open.f, open.input
                ));
            }
            open.input
        } else if outcome != Outcome::Ok {
            Value::Nil
        } else if value.is_nil() {
            self.seen.nil_reads += 1;
            match (self.nil, self.layout.workload) {
                (Nil::Initial, Workload::Counter | Workload::Inventory) => Value::Int(0),
                (Nil::Initial, _) => Value::Nil,
                (Nil::Unknown, _) => {
                    outcome = Outcome::Fail;
                    self.unjudged.push(open.id);
                    Value::Nil
                }
            }
        } else {
            if self.layout.guess.is_some() {
                self.fits_the_guess(value)?;
            }
            output(self.layout.workload, value)?
        };
        self.event.key = open.key;
        self.event.error = error;
        self.push(op, open.f, outcome, time, process, op.last || open.last)
    }

    /// Refuses what a read returned, where it shows that other things were tested than what was guessed.
    fn fits_the_guess(&self, read: &Form<'_>) -> Result<(), String> {
        let nil_in_it = || read.items().is_some_and(|elements| elements.iter().any(Form::is_nil));
        let what = match self.layout.workload {
            Workload::Register if read.is_collection() && !self.collections => {
                "the read returned a collection, and nothing up to here wrote one: sets have :f add, and comments are not \
                 judged"
            }
            Workload::Set if nil_in_it() => {
                "the read returned a nil in a set: subkeys, as Jepsen's sequential test has them, are not judged"
            }
            _ => return Ok(()),
        };
        let workload = self.layout.workload.name();
        Err(format!("{what} (--workload {workload} takes it for a {workload} all the same)"))
    }

    /// The value, without the key that may stand beside it; the key is written where it belongs.
    fn split<'f>(&mut self, op: &'f Op<'_>, key: &mut String) -> Result<&'f Form<'f>, String> {
        if !op.key.is_nil() {
            self.name_key(&op.key, key)?;
            return Ok(&op.value);
        }
        if !self.layout.tuples {
            key.push_str(self.layout.workload.name());
            return Ok(&op.value);
        }
        match op.value.as_pair() {
            Some((name, value)) => {
                self.name_key(name, key)?;
                Ok(value)
            }
            None => {
                Err("the values before it are tuples [key value], and this one is none".to_owned())
            }
        }
    }

    fn name_key(&mut self, form: &Form<'_>, key: &mut String) -> Result<(), String> {
        let name = form.name()?;
        match form {
            Form::Int(_) => self.seen.number_keys = true,
            _ => self.seen.digit_keys |= name.parse::<i64>().is_ok(),
        }
        if self.seen.number_keys && self.seen.digit_keys {
            return Err(format!("the key {name:?} is a number in one place and a text in another"));
        }
        key.push_str(&name);
        Ok(())
    }

    fn error(&self, form: &Form<'_>) -> Option<String> {
        let mut text = match form {
            Form::Nil => return None,
            Form::Text(text) => text.clone().into_owned(),
            form => form.value().map_or_else(|odd| odd, |value| value.to_string()),
        };
        let length = (0..=ERROR_BYTES_MAX).rev().find(|&at| text.is_char_boundary(at));
        text.truncate(length.unwrap_or(0));
        Some(text)
    }

    fn push(
        &mut self,
        op: &Op<'_>,
        f: Function,
        outcome: Outcome,
        time: i64,
        process: Process,
        last: bool,
    ) -> Result<(), String> {
        let event = &mut self.event;
        event.f = f;
        event.outcome = outcome;
        event.time = time;
        event.process = self.sessions.session(process);
        event.last = last;
        event.node.clear();
        event.node.push_str(match &op.node {
            Form::Nil => NODE_UNKNOWN,
            node => node.as_text().ok_or("the :node is no name")?,
        });
        self.builder.push_op_event(event).map_err(|damage| match damage {
            Damage::Shape { .. } => {
                let workload = self.layout.workload.name();
                format!("{damage} (the workload is taken for {workload}; --workload names another)")
            }
            damage => damage.to_string(),
        })?;
        event.index += 1;
        self.last_time = time;
        Ok(())
    }

    /// The history, and what is to be said of it.
    pub(crate) fn finish(mut self) -> Result<(History, Vec<String>), String> {
        if self.ops == 0 && self.seen.empty_adds == 0 {
            return Err("expected an operation of a client, found none".to_owned());
        }
        let end = EndEvent {
            index: self.event.index,
            time: self.last_time.max(0),
            how: EndHow::Complete,
            detail: None,
        };
        self.builder.push(&Event::End(end)).map_err(|damage| damage.to_string())?;
        let mut history = self.builder.finish();
        history.set_unjudged(self.unjudged);
        let mut notes: Vec<String> = self.layout.guess.into_iter().collect();
        let finals = if self.seen.last { 0 } else { mark_finals(&mut history) };
        let nil_means = match self.nil {
            Nil::Initial => "nothing had been written",
            Nil::Unknown => "unknown, so not judged (--nil initial says otherwise)",
        };
        let seen = self.seen;
        for (count, what, more) in [
            (seen.nil_reads, "read", format!(" returned nil; taken as: {nil_means}")),
            (
                seen.nemesis,
                "line",
                " of the nemesis passed over: faults of other tools come without evidence"
                    .to_owned(),
            ),
            (
                seen.untimed,
                "event",
                " without a time; positions stand for it, so durations mean nothing".to_owned(),
            ),
            (
                seen.early,
                "event",
                " with an earlier time than the one before; the order of the lines counts"
                    .to_owned(),
            ),
            (
                seen.index_back,
                "event",
                " with a lower index than the one before; the order of the lines counts".to_owned(),
            ),
            (seen.empty_adds, "add", " of 0 left out: nothing changes by it".to_owned()),
            (
                seen.completed_invocations,
                "read",
                " invoked with a value; what the completion says counts".to_owned(),
            ),
            (finals, "read", " after the last update taken as final; none is marked so".to_owned()),
        ] {
            if count > 0 {
                let plural = if count == 1 { "" } else { "s" };
                notes.push(format!("{count} {what}{plural}{more}"));
            }
        }
        notes.extend(self.sessions.note());
        if self.layout.tuples {
            notes.push("values are tuples [key value]".to_owned());
        }
        if self.layout.nodes == [NODE_UNKNOWN] {
            notes.push("no replica is named: every session counts as sticky".to_owned());
        }
        Ok((history, notes))
    }
}

/// Where nobody says which reads are final: those after the last update, of sets and counters. Answers how many.
fn mark_finals(history: &mut History) -> u64 {
    if !matches!(history.header().workload, Workload::Set | Workload::Counter) {
        return 0;
    }
    let updates = history.ops().filter(|op| !op.f().is_read());
    let Some(last) = updates.map(|op| op.completion_index().unwrap_or(op.index())).max() else {
        return 0;
    };
    let after = history.ops().filter(|op| op.f().is_read() && op.index() > last);
    let finals: Vec<OpId> =
        after.filter(|op| op.status() == Status::Ok).map(|op| op.id()).collect();
    let count = finals.len() as u64;
    history.mark_final(finals);
    count
}
