//! Jepsen's EDN, one operation per line, and the same as JSON in one list, as elle-cli reads it.
//!
//! Values are tuples `[key value]` where there are several keys (`jepsen.independent`); a single key's name is kept in `:key`. Increments
//! and decrements become `:add`, with the amount's sign. Faults become lines of the nemesis. The
//! versions that a store returned, and what it promised, have no place in these formats.

use super::ExportError;
use afterall_history::{
    Fault, FaultStage, Function, History, NODE_UNKNOWN, NodeChange, NodeId, OpId, OpView, Outcome,
    Status, Value, Workload,
};
use std::io::{self, Write};

pub(super) fn write(history: &History, json: bool, out: impl Write) -> Result<(), ExportError> {
    let mut writer = Writer { out: io::BufWriter::new(out), json, index: 0 };
    let mut ends: Vec<(u32, OpId, bool)> = Vec::with_capacity(history.len() * 2);
    for op in history.ops() {
        ends.push((op.index(), op.id(), false));
        ends.extend(op.completion_index().map(|index| (index, op.id(), true)));
    }
    ends.sort_unstable();
    let mut nemesis = nemesis(history);
    nemesis.sort_by_key(|line| line.time);
    let mut nemesis = nemesis.into_iter().peekable();
    for (_, id, completed) in ends {
        let op = history.op(id);
        let time = if completed { op.until() } else { op.invoked() };
        while let Some(line) = nemesis.next_if(|line| line.time <= time) {
            writer.nemesis(&line)?;
        }
        writer.op(history, op, completed)?;
    }
    for line in nemesis {
        writer.nemesis(&line)?;
    }
    writer.end()
}

/// What the nemesis did to the cluster, and what happened to its nodes.
struct Nemesis {
    time: i64,
    f: String,
    value: Value,
}

fn nemesis(history: &History) -> Vec<Nemesis> {
    let mut lines = Vec::new();
    let mut say = |time: Option<i64>, f: String, value: Value| {
        lines.extend(time.map(|time| Nemesis { time, f, value }));
    };
    for &(time, phase) in history.phases() {
        say(Some(time), "phase".to_owned(), phase.name().into());
    }
    for fault in history.faults() {
        let told = |stage: FaultStage| {
            let told = fault.evidence.iter().find(|(of, _)| *of == stage);
            told.map_or("", |(_, evidence)| evidence).to_owned()
        };
        let (start, stop) = (format!("start-{}", fault.kind), format!("stop-{}", fault.kind));
        let as_list = |word: &str, stage| Value::List(vec![word.into(), told(stage).into()]);
        say(Some(fault.inject), start.clone(), parameters(history, fault));
        say(fault.took, start.clone(), as_list("took", FaultStage::Took));
        say(fault.missed, start.clone(), as_list("missed", FaultStage::Missed));
        say(fault.held, start.clone(), as_list("held", FaultStage::Held));
        say(fault.lapsed, start, as_list("lapsed", FaultStage::Lapsed));
        say(fault.heal, stop.clone(), Value::Nil);
        say(fault.healed, stop.clone(), as_list("healed", FaultStage::Healed));
        say(fault.stuck, stop, as_list("stuck", FaultStage::Stuck));
    }
    for turn in history.node_turns() {
        let f = match turn.change {
            NodeChange::Ready => "node-ready",
            NodeChange::Died => "node-died",
        };
        let node = history.node_name(turn.node);
        say(
            Some(turn.time),
            f.to_owned(),
            Value::List(vec![node.into(), turn.detail.as_str().into()]),
        );
    }
    lines
}

fn parameters(history: &History, fault: &Fault) -> Value {
    let name = |node: &NodeId| Value::from(history.node_name(*node));
    let links = fault.links.iter().map(|(from, to)| Value::List(vec![name(from), name(to)]));
    Value::Map(vec![
        ("nodes".to_owned(), Value::List(fault.nodes.iter().map(name).collect())),
        ("links".to_owned(), Value::List(links.collect())),
        ("value".to_owned(), fault.value.clone()),
    ])
}

struct Writer<W: Write> {
    out: io::BufWriter<W>,
    json: bool,
    index: u64,
}

/// The value of a field. In EDN some are keywords.
enum Field<'a> {
    Keyword(&'a str),
    Value(&'a Value),
    Number(i128),
}

impl<W: Write> Writer<W> {
    fn op(
        &mut self,
        history: &History,
        op: OpView<'_>,
        completed: bool,
    ) -> Result<(), ExportError> {
        let workload = history.header().workload;
        let outcome = match (completed, op.status()) {
            (false, _) => Outcome::Invoke,
            (true, _) if op.is_unjudged() => Outcome::Ok,
            (true, Status::Ok) => Outcome::Ok,
            (true, Status::Fail) => Outcome::Fail,
            (true, Status::Info) => Outcome::Info,
        };
        let value = if !op.f().is_read() {
            history.data().value(op.input())
        } else if outcome == Outcome::Ok {
            read(workload, history, op)?
        } else {
            Value::Nil
        };
        let (f, value) = match (op.f(), value) {
            (Function::Increment, amount) => ("add", amount),
            (Function::Decrement, Value::Int(amount)) => ("add", Value::Int(-amount)),
            (f, value) => (f.name(), value),
        };
        let key = Value::from(history.key_name(op.key()));
        let single = history.keys() == 1;
        let (key, value) =
            if single { (Some(key), value) } else { (None, Value::List(vec![key, value])) };
        let node = if completed { op.served_by() } else { op.sent_to() };
        let node = Value::from(history.node_name(node));
        let named = node != Value::from(NODE_UNKNOWN);
        let error = op.error().filter(|_| completed).map(Value::from);
        let last = Value::Bool(true);
        let time = if completed { op.until() } else { op.invoked() };
        let mut fields = vec![
            ("time", Field::Number(time.into())),
            ("type", Field::Keyword(outcome.name())),
            ("process", Field::Number(op.process().into())),
            ("f", Field::Keyword(f)),
        ];
        fields.extend(key.as_ref().map(|key| ("key", Field::Value(key))));
        fields.push(("value", Field::Value(&value)));
        fields.extend(named.then_some(("node", Field::Value(&node))));
        fields.extend(error.as_ref().map(|error| ("error", Field::Value(error))));
        fields.extend(op.is_final().then_some(("final?", Field::Value(&last))));
        Ok(self.line(&fields)?)
    }

    fn nemesis(&mut self, line: &Nemesis) -> io::Result<()> {
        self.line(&[
            ("time", Field::Number(line.time.into())),
            ("type", Field::Keyword("info")),
            ("process", Field::Keyword("nemesis")),
            ("f", Field::Keyword(&line.f)),
            ("value", Field::Value(&line.value)),
        ])
    }

    fn line(&mut self, fields: &[(&str, Field<'_>)]) -> io::Result<()> {
        let out = &mut self.out;
        match (self.json, self.index) {
            (false, _) => write!(out, "{{:index {}", self.index)?,
            (true, 0) => write!(out, "[{{\"index\":0")?,
            (true, _) => write!(out, ",\n{{\"index\":{}", self.index)?,
        }
        for (name, field) in fields {
            if self.json {
                write!(out, ",\"{name}\":")?;
                match field {
                    Field::Keyword(word) => serde_json::to_writer(&mut *out, word)?,
                    Field::Value(value) => serde_json::to_writer(&mut *out, value)?,
                    Field::Number(n) => write!(out, "{n}")?,
                }
            } else {
                write!(out, ", :{name} ")?;
                match field {
                    Field::Keyword(word) => write!(out, ":{word}")?,
                    Field::Value(value) => edn(out, value)?,
                    Field::Number(n) => write!(out, "{n}")?,
                }
            }
        }
        out.write_all(if self.json { b"}" } else { b"}\n" })?;
        self.index += 1;
        Ok(())
    }

    fn end(mut self) -> Result<(), ExportError> {
        if self.json {
            self.out.write_all(if self.index == 0 { b"[]\n" } else { b"]\n" })?;
        }
        Ok(self.out.flush()?)
    }
}

/// What a read returned, as Jepsen writes it.
fn read(workload: Workload, history: &History, op: OpView<'_>) -> Result<Value, ExportError> {
    let value = history.data().value(op.output());
    match (workload, value) {
        (Workload::Register, Value::List(mut values)) => match values.len() {
            0 => Ok(Value::Nil),
            1 => Ok(values.swap_remove(0)),
            many => Err(ExportError::Siblings { index: op.index(), values: many }),
        },
        (Workload::Text, Value::Nil) => Ok(Value::from("")),
        (_, value) => Ok(value),
    }
}

fn edn(out: &mut impl Write, value: &Value) -> io::Result<()> {
    match value {
        Value::Nil => out.write_all(b"nil"),
        Value::Bool(b) => write!(out, "{b}"),
        Value::Int(n) => write!(out, "{n}"),
        Value::Text(text) => edn_text(out, text),
        Value::List(items) => {
            out.write_all(b"[")?;
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.write_all(b" ")?;
                }
                edn(out, item)?;
            }
            out.write_all(b"]")
        }
        Value::Map(entries) => {
            out.write_all(b"{")?;
            for (at, (key, item)) in entries.iter().enumerate() {
                if at > 0 {
                    out.write_all(b", ")?;
                }
                edn_text(out, key)?;
                out.write_all(b" ")?;
                edn(out, item)?;
            }
            out.write_all(b"}")
        }
    }
}

fn edn_text(out: &mut impl Write, text: &str) -> io::Result<()> {
    out.write_all(b"\"")?;
    for character in text.chars() {
        match character {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\t' => out.write_all(b"\\t")?,
            character if character.is_control() => write!(out, "\\u{:04x}", character as u32)?,
            character => write!(out, "{character}")?,
        }
    }
    out.write_all(b"\"")
}
