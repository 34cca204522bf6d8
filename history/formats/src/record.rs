//! From the ends of operations, as Jepsen writes them, to a [`History`].
//!
//! The order in which the operations come is the order of events; their times are kept as far as they agree with it.

use crate::form::Form;
use crate::meaning::{function, input, output};
use crate::numbers::Numbers;
use crate::op::Op;
use crate::options::{Finals, Nil, Options};
use crate::problem::Problem;
use crate::recorded::recorded_header;
use crate::seen::Seen;
use crate::sessions::{Process, Sessions};
use crate::setup::{self, Setup};
use crate::survey::Layout;
use crate::{finals, split};
use afterall_history::{
    Damage, EndEvent, EndHow, Event, Function, History, HistoryBuilder, NODE_UNKNOWN, OpEvent,
    OpId, Outcome, Value, Workload,
};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Bytes of an error that are kept.
const ERROR_BYTES_MAX: usize = 1_000;

/// Records operations in the order in which they come.
pub(crate) struct Recorder {
    builder: HistoryBuilder,
    layout: Layout,
    nil: Nil,
    /// Whether the user said so; else it is what the format usually means.
    nil_given: bool,
    finals: Finals,
    setup: Setup,
    event: OpEvent,
    sessions: Sessions<Open>,
    numbers: Numbers,
    last_time: i64,
    last_index: i64,
    /// Whether a write so far wrote a list or map.
    collections: bool,
    /// How many operations were invoked so far.
    ops: u32,
    /// The reads of nil that are not judged.
    unjudged: Vec<OpId>,
    /// The keys so far, where an initial value is given, and those that were deleted.
    keys: BTreeSet<String>,
    deleted: BTreeSet<String>,
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

impl Recorder {
    /// `nil` is what a read of nil means where the options do not say.
    ///
    /// # Errors
    /// When the options do not fit the file.
    pub(crate) fn new(
        target: &str,
        layout: Layout,
        nil: Nil,
        options: &Options,
    ) -> Result<Self, Problem> {
        let header = recorded_header(target, layout.workload, layout.nodes.iter().cloned());
        let builder = HistoryBuilder::new(header).map_err(Problem::from)?;
        let setup = Setup::new(layout.workload, &options.initial)?;
        let event = OpEvent {
            level: None,
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
            nil: options.nil.unwrap_or(nil),
            nil_given: options.nil.is_some(),
            finals: options.finals,
            setup,
            event,
            sessions: Sessions::default(),
            numbers: Numbers::default(),
            last_time: i64::MIN,
            last_index: i64::MIN,
            collections: false,
            ops: 0,
            unjudged: Vec::new(),
            keys: BTreeSet::new(),
            deleted: BTreeSet::new(),
            seen: Seen::default(),
        })
    }

    /// Records one end of an operation.
    ///
    /// # Errors
    /// When it cannot follow what came before, or the workload has no such operation.
    pub(crate) fn record(&mut self, op: &Op<'_>) -> Result<(), Problem> {
        if op.is_nemesis() {
            self.seen.nemesis += 1;
            return Ok(());
        }
        let outcome = op.outcome()?;
        let time = self.time(op);
        let f = function(self.layout.workload, op, &self.layout)?;
        let process = self.sessions.process(&op.process)?;
        if outcome == Outcome::Invoke || self.layout.completions_only {
            self.invoke(op, f, time, process)?;
        }
        if outcome != Outcome::Invoke {
            self.complete(op, f, outcome, time, process)?;
        }
        Ok(())
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
        self.seen.early += u64::from(op.time.is_some() && time < self.last_time);
        time.max(self.last_time)
    }

    fn invoke(
        &mut self,
        op: &Op<'_>,
        f: Function,
        time: i64,
        process: Process,
    ) -> Result<(), Problem> {
        self.sessions.ready(process, &op.process)?;
        let (name, value) = split::key_and_value(op, &self.layout)?;
        let key = self.key(name)?;
        let input = if f.is_read() {
            let completed = self.layout.completions_only || value.is_nil();
            self.seen.completed_invocations += u64::from(!completed);
            Value::Nil
        } else {
            // A cas has its values in a list anyway.
            let mut written = match (f, value.as_ref()) {
                (Function::Cas, Form::List(pair)) => pair.iter(),
                (_, value) => std::slice::from_ref(value).iter(),
            };
            self.collections |= written.any(Form::is_collection);
            input(self.layout.workload, op.name()?, &value)?
        };
        if !self.setup.is_empty() && self.keys.insert(key.clone()) {
            self.begin(&key, time)?;
        }
        if f == Function::Delete {
            self.seen.deletes = true;
            self.deleted.insert(key.clone());
        }
        let empty = self.layout.workload == Workload::Counter && input == Value::Int(0);
        let id = OpId(self.ops);
        if empty {
            self.seen.empty_adds += 1;
        } else {
            self.ops += 1;
            self.event.key.clone_from(&key);
            self.event.value = input.clone();
            self.event.error = None;
            self.numbers.push(op.index, op.line);
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
    ) -> Result<(), Problem> {
        let open = self.sessions.complete(process, outcome == Outcome::Info)?;
        let error = self.error(&op.error);
        // A completion without its amount does not show its sign; the invocation decides.
        let amount = outcome == Outcome::Ok && !op.value.is_nil();
        if open.f != f && (amount || self.layout.workload != Workload::Counter) {
            let expected = format!("the completion of {}, which the process invoked", open.f);
            return Err(Problem::expected(expected, f.name()));
        }
        if open.empty {
            return Ok(());
        }
        // The value of an operation that was not acknowledged is not used.
        let value = if op.value.is_nil() || outcome != Outcome::Ok {
            Cow::Borrowed(&Form::Nil)
        } else {
            let (name, value) = split::key_and_value(op, &self.layout)?;
            let key = self.key(name)?;
            if key != open.key {
                let invoked = format!("{} on key {:?}", open.f, open.key);
                return Err(Problem::expected(
                    format!("the completion of {invoked}, which the process invoked"),
                    format!("key {key:?}"),
                ));
            }
            value
        };
        self.event.value = if !open.f.is_read() {
            // The answer to a lock or a delete is not used.
            let answers = self.layout.workload == Workload::Mutex || open.f == Function::Delete;
            if outcome == Outcome::Ok
                && !value.is_nil()
                && !answers
                && input(self.layout.workload, op.name()?, &value)? != open.input
            {
                return Err(Problem::expected(
                    format!(
                        "the completion of {} {}, which the process invoked",
                        open.f, open.input
                    ),
                    "another value",
                ));
            }
            open.input
        } else if outcome != Outcome::Ok {
            Value::Nil
        } else if value.is_nil() {
            self.seen.nil_reads += 1;
            match self.nil {
                Nil::Initial if self.deleted.contains(&open.key) => Value::Nil,
                Nil::Initial => self.setup.read(&open.key),
                Nil::Unknown => {
                    // No sum is nil. Other reads are marked at the end, once all deletes are known.
                    if matches!(self.layout.workload, Workload::Counter | Workload::Inventory) {
                        outcome = Outcome::Fail;
                    }
                    self.unjudged.push(open.id);
                    Value::Nil
                }
            }
        } else {
            if self.layout.guess.is_some() {
                self.fits_the_guess(&value)?;
            }
            output(self.layout.workload, &value)?
        };
        self.event.key = open.key;
        self.event.error = error;
        self.push(op, open.f, outcome, time, process, op.last || open.last)
    }

    /// Refuses the value of a read that shows that the workload was guessed wrongly.
    fn fits_the_guess(&self, read: &Form<'_>) -> Result<(), Problem> {
        let nil_in_it = || read.items().is_some_and(|elements| elements.iter().any(Form::is_nil));
        let problem = match self.layout.workload {
            Workload::Register if read.is_collection() && !self.collections => Problem::expected(
                "the value of a register",
                "a collection, and nothing up to here wrote one: sets have :f add, and comments are not judged",
            ),
            Workload::Set if nil_in_it() => Problem::expected(
                "the elements of a set",
                "nil among them: subkeys, as Jepsen's sequential test has them, are not judged",
            ),
            _ => return Ok(()),
        };
        let workload = self.layout.workload.name();
        Err(problem.hint(format!("--workload {workload} takes it for a {workload} all the same")))
    }

    /// The name of a key; without keys, all operations are on one object.
    fn key(&mut self, form: Option<&Form<'_>>) -> Result<String, Problem> {
        let Some(form) = form else { return Ok(self.layout.workload.name().to_owned()) };
        let name = form.name()?;
        match form {
            Form::Int(_) => self.seen.number_keys = true,
            _ => self.seen.digit_keys |= name.parse::<i64>().is_ok(),
        }
        if self.seen.number_keys && self.seen.digit_keys {
            return Err(Problem::expected(
                "keys that are all numbers or all texts",
                format!("{name:?} as a number in one place and as a text in another"),
            ));
        }
        Ok(name.into_owned())
    }

    /// Records the operations that give a key its initial value.
    fn begin(&mut self, key: &str, time: i64) -> Result<(), Problem> {
        for (f, value) in self.setup.begin(key) {
            let event = &mut self.event;
            (event.f, event.value, event.time) = (f, value, time);
            (event.process, event.last, event.error) = (setup::PROCESS, false, None);
            for name in [&mut event.key, &mut event.node] {
                name.clear();
            }
            event.key.push_str(key);
            event.node.push_str(NODE_UNKNOWN);
            for outcome in [Outcome::Invoke, Outcome::Ok] {
                self.event.outcome = outcome;
                self.builder.push_op_event(&self.event).map_err(Problem::from)?;
                self.event.index += 1;
            }
            self.numbers.push_setup();
            self.ops += 1;
            self.last_time = time;
        }
        Ok(())
    }

    fn error(&self, form: &Form<'_>) -> Option<String> {
        let mut text = match form {
            Form::Nil => return None,
            Form::Text(text) => text.clone().into_owned(),
            form => form.value().map_or_else(|odd| odd.to_string(), |value| value.to_string()),
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
    ) -> Result<(), Problem> {
        let event = &mut self.event;
        event.f = f;
        event.outcome = outcome;
        event.time = time;
        event.process = self.sessions.session(process);
        event.last = last;
        event.node.clear();
        event.node.push_str(match &op.node {
            Form::Nil => NODE_UNKNOWN,
            node => node
                .as_text()
                .ok_or(Problem::expected("the name of a replica as :node", "something else"))?,
        });
        self.builder.push_op_event(event).map_err(|damage| match damage {
            Damage::Shape { .. } | Damage::NoSuchOperation { .. } => {
                let workload = self.layout.workload.name();
                let hint =
                    format!("the workload is taken for {workload}; --workload names another");
                Problem::from(damage).hint(hint)
            }
            damage => damage.into(),
        })?;
        event.index += 1;
        self.last_time = time;
        Ok(())
    }

    /// The history, and notes about it.
    pub(crate) fn finish(mut self) -> Result<(History, Vec<String>), Problem> {
        if self.ops == 0 && self.seen.empty_adds == 0 {
            return Err(Problem::expected("an operation of a client", "none"));
        }
        let end = EndEvent {
            index: self.event.index,
            time: self.last_time.max(0),
            how: EndHow::Complete,
            detail: None,
        };
        self.builder.push(&Event::End(end)).map_err(Problem::from)?;
        let mut history = self.builder.finish();
        let mut notes: Vec<String> = self.layout.guess.into_iter().collect();
        // Where keys are deleted, nil means nothing.
        if self.seen.deletes && !self.nil_given {
            self.nil = Nil::Initial;
        }
        if self.nil == Nil::Unknown {
            history.set_unjudged(self.unjudged);
        }
        if !self.setup.is_empty() {
            history.set_setup(setup::PROCESS);
        }
        if self.layout.completions_only {
            history.forget_real_time();
            let what = "only completions were recorded: judged by sessions and reads, not by times";
            notes.push(what.to_owned());
        }
        // Some positions among the times are enough: a span between the two means nothing.
        if self.seen.untimed > 0 {
            history.forget_times();
        }
        self.numbers.name(&mut history);
        notes.extend(self.seen.notes(self.nil));
        if self.finals == Finals::Last {
            notes.push(finals::mark_last(&mut history));
        }
        notes.extend(self.setup.unused());
        notes.extend(self.sessions.note());
        if self.layout.tuples {
            notes.push("the values are read as pairs [key value]".to_owned());
        }
        if self.layout.versions {
            notes.push("values are pairs [version value]; the versions are not judged".to_owned());
        }
        if self.layout.nodes == [NODE_UNKNOWN] {
            notes.push("no replica is named: every session counts as sticky".to_owned());
        }
        Ok((history, notes))
    }
}
