//! The file format of histories: JSON lines, the [`Header`] first, then one [`Event`] per line.
//!
//! The fields of a line stand in a fixed order, and the same events give the same bytes:
//!
//! | `type` | fields, in order |
//! |---|---|
//! | `invoke`, `ok`, `fail`, `info` | `index` `time` `type` `process` `node` `f` `key` `value` `level` `version` `error` `final` |
//! | `phase` | `index` `time` `type` `phase` |
//! | `fault` | `index` `time` `type` `fault` `f` `stage` `nodes` `links` `value` `evidence` |
//! | `node` | `index` `time` `type` `node` `change` `detail` |
//! | `end` | `index` `time` `type` `how` `detail` |
//!
//! In a line of an operation, `value` is left out of an invocation without one (a read) and written everywhere
//! else, also as `null`; `level` stands in invocations alone, where a consistency level was asked for; `version` and `error` are left out where there are none; `final` is written only when
//! true. In a line of a fault, `nodes`, `links`, `value` and `evidence` are left out where they are empty.

use crate::event::{Event, OpEvent, Outcome};
use crate::header::Header;
use crate::limits::{DEPTH_MAX, LINE_BYTES_MAX};
use crate::value::Value;
use std::io::{self, Write};

/// Bytes that are gathered before they are handed to the file.
const BUFFER_BYTES: usize = 64 * 1024;

/// Writes a history as it happens.
///
/// Lines are gathered in a buffer of 64 KiB; call [`Writer::flush`] before more is buffered than a crash may cost (the
/// buffer is also flushed when the writer is dropped, but a drop cannot report an error). Appending
/// allocates nothing once the line buffer has grown to the longest line.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: io::BufWriter<W>,
    line: Vec<u8>,
    index: u64,
    time: i64,
}

impl<W: Write> Writer<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// When the header cannot be written.
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Writer {
            out: io::BufWriter::with_capacity(BUFFER_BYTES, out),
            line: Vec::with_capacity(512),
            index: 0,
            time: i64::MIN,
        };
        serde_json::to_writer(&mut writer.line, header)?;
        writer.end_line()?;
        Ok(writer)
    }

    /// Appends one event.
    ///
    /// # Errors
    /// When the event cannot be written, and with [`io::ErrorKind::InvalidInput`] when it does not follow
    /// the events before it (its index, its time) or is larger than a reader would accept; nothing is
    /// written then.
    pub fn append(&mut self, event: &Event) -> io::Result<()> {
        let (index, time) = (event.index(), event.time());
        if index != self.index {
            return Err(refused(format!(
                "event {index} was appended where {} was due",
                self.index
            )));
        }
        if time < self.time {
            return Err(refused(format!("event {index} is at {time} ns, before the last event")));
        }
        self.line.clear();
        let written = write_event(&mut self.line, event);
        if let Err(error) = written {
            self.line.clear();
            return Err(error);
        }
        if self.line.len() > LINE_BYTES_MAX {
            let length = self.line.len();
            self.line.clear();
            return Err(refused(format!(
                "event {index} takes {length} bytes; a line may take {LINE_BYTES_MAX}"
            )));
        }
        self.end_line()?;
        self.index += 1;
        self.time = time;
        Ok(())
    }

    /// Hands everything appended so far to the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Flushes, and gives the file back.
    ///
    /// # Errors
    /// When what was buffered cannot be written.
    pub fn finish(self) -> io::Result<W> {
        self.out.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn end_line(&mut self) -> io::Result<()> {
        self.line.push(b'\n');
        self.out.write_all(&self.line)?;
        self.line.clear();
        Ok(())
    }
}

fn refused(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}

fn write_event(line: &mut Vec<u8>, event: &Event) -> io::Result<()> {
    line.extend_from_slice(b"{\"index\":");
    write_number(line, event.index());
    line.extend_from_slice(b",\"time\":");
    write_signed(line, event.time());
    line.extend_from_slice(b",\"type\":\"");
    match event {
        Event::Op(e) => write_op(line, e)?,
        Event::Phase(e) => {
            line.extend_from_slice(b"phase\",\"phase\":");
            serde_json::to_writer(&mut *line, &e.phase)?;
        }
        Event::Fault(e) => {
            line.extend_from_slice(b"fault\",\"fault\":");
            write_number(line, u64::from(e.fault));
            line.extend_from_slice(b",\"f\":");
            write_text(line, e.f.name())?;
            line.extend_from_slice(b",\"stage\":");
            serde_json::to_writer(&mut *line, &e.stage)?;
            if !e.nodes.is_empty() {
                line.extend_from_slice(b",\"nodes\":");
                serde_json::to_writer(&mut *line, &e.nodes)?;
            }
            if !e.links.is_empty() {
                line.extend_from_slice(b",\"links\":");
                serde_json::to_writer(&mut *line, &e.links)?;
            }
            if !e.value.is_nil() {
                line.extend_from_slice(b",\"value\":");
                write_value(line, &e.value, DEPTH_MAX)?;
            }
            if let Some(evidence) = &e.evidence {
                line.extend_from_slice(b",\"evidence\":");
                write_text(line, evidence)?;
            }
        }
        Event::Node(e) => {
            line.extend_from_slice(b"node\",\"node\":");
            write_text(line, &e.node)?;
            line.extend_from_slice(b",\"change\":");
            serde_json::to_writer(&mut *line, &e.change)?;
            line.extend_from_slice(b",\"detail\":");
            write_text(line, &e.detail)?;
        }
        Event::End(e) => {
            line.extend_from_slice(b"end\",\"how\":");
            serde_json::to_writer(&mut *line, &e.how)?;
            if let Some(detail) = &e.detail {
                line.extend_from_slice(b",\"detail\":");
                write_text(line, detail)?;
            }
        }
    }
    line.push(b'}');
    Ok(())
}

fn write_op(line: &mut Vec<u8>, e: &OpEvent) -> io::Result<()> {
    line.extend_from_slice(e.outcome.name().as_bytes());
    line.extend_from_slice(b"\",\"process\":");
    write_number(line, e.process);
    line.extend_from_slice(b",\"node\":");
    write_text(line, &e.node)?;
    line.extend_from_slice(b",\"f\":\"");
    line.extend_from_slice(e.f.name().as_bytes());
    line.extend_from_slice(b"\",\"key\":");
    write_text(line, &e.key)?;
    if !(e.outcome == Outcome::Invoke && e.value.is_nil()) {
        line.extend_from_slice(b",\"value\":");
        write_value(line, &e.value, DEPTH_MAX)?;
    }
    if let Some(level) = e.level.filter(|_| e.outcome == Outcome::Invoke) {
        line.extend_from_slice(b",\"level\":");
        write_text(line, level.name())?;
    }
    if let Some(version) = &e.version {
        line.extend_from_slice(b",\"version\":");
        write_value(line, version, DEPTH_MAX)?;
    }
    if let Some(error) = &e.error {
        line.extend_from_slice(b",\"error\":");
        write_text(line, error)?;
    }
    if e.last {
        line.extend_from_slice(b",\"final\":true");
    }
    Ok(())
}

/// Writes a value as JSON; `depth` lists or maps may still be opened.
fn write_value(line: &mut Vec<u8>, value: &Value, depth: usize) -> io::Result<()> {
    match value {
        Value::Nil => line.extend_from_slice(b"null"),
        Value::Bool(true) => line.extend_from_slice(b"true"),
        Value::Bool(false) => line.extend_from_slice(b"false"),
        Value::Int(n) => write_signed(line, *n),
        Value::Text(text) => write_text(line, text)?,
        Value::List(_) | Value::Map(_) if depth == 0 => {
            return Err(refused(format!("a value is nested deeper than {DEPTH_MAX}")));
        }
        Value::List(items) => {
            line.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    line.push(b',');
                }
                write_value(line, item, depth - 1)?;
            }
            line.push(b']');
        }
        Value::Map(entries) => {
            line.push(b'{');
            for (i, (key, item)) in entries.iter().enumerate() {
                if i > 0 {
                    line.push(b',');
                }
                write_text(line, key)?;
                line.push(b':');
                write_value(line, item, depth - 1)?;
            }
            line.push(b'}');
        }
    }
    Ok(())
}

/// Writes a JSON string. Names and values seldom need an escape, so that case is one scan and one copy.
fn write_text(line: &mut Vec<u8>, text: &str) -> io::Result<()> {
    if text.bytes().any(|b| b < 0x20 || b == b'"' || b == b'\\') {
        serde_json::to_writer(&mut *line, text)?;
    } else {
        line.push(b'"');
        line.extend_from_slice(text.as_bytes());
        line.push(b'"');
    }
    Ok(())
}

fn write_signed(line: &mut Vec<u8>, n: i64) {
    if n < 0 {
        line.push(b'-');
    }
    write_number(line, n.unsigned_abs());
}

/// Writes a number in decimal without the machinery of `fmt`, which would take a third of the writer's time.
fn write_number(line: &mut Vec<u8>, mut n: u64) {
    let mut digits = [0_u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    line.extend_from_slice(&digits[start..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{EndEvent, EndHow, FaultEvent, FaultStage, Phase, PhaseEvent};
    use crate::fault_kind::FaultKind;
    use crate::function::Function;
    use crate::workload::Workload;

    fn header() -> Header {
        Header::new("reference", Workload::Register, 7, ["n1", "n2"])
    }

    fn written(events: &[Event]) -> String {
        let mut writer = Writer::new(Vec::new(), &header()).unwrap();
        for event in events {
            writer.append(event).unwrap();
        }
        String::from_utf8(writer.finish().unwrap()).unwrap()
    }

    fn op(index: u64, outcome: Outcome, value: Value) -> OpEvent {
        OpEvent {
            level: None,
            index,
            time: 1_203_311_000,
            outcome,
            process: 3,
            node: "n2".into(),
            f: Function::Write,
            key: "x".into(),
            value,
            version: None,
            error: None,
            last: false,
        }
    }

    #[test]
    fn the_lines_of_the_documentation() {
        let fault = FaultEvent {
            index: 3,
            time: 1_203_311_000,
            fault: 2,
            f: FaultKind::Partition,
            stage: FaultStage::Took,
            nodes: vec!["n1".into()],
            links: vec![("n1".into(), "n2".into())],
            value: Value::Map(vec![("shape".into(), "isolate".into())]),
            evidence: Some("dial n1→n2 refused".into()),
        };
        let end = EndEvent { index: 4, time: 1_203_311_000, how: EndHow::Complete, detail: None };
        let text = written(&[
            Event::Phase(PhaseEvent { index: 0, time: 0, phase: Phase::Healthy }),
            Event::Op(op(1, Outcome::Invoke, Value::Int(-17))),
            Event::Op(OpEvent {
                version: Some(vec![1, 2].into()),
                error: Some("a \"b\"\n".into()),
                last: true,
                ..op(2, Outcome::Ok, Value::Nil)
            }),
            Event::Fault(fault),
            Event::End(end),
        ]);
        let lines: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                r#"{"index":0,"time":0,"type":"phase","phase":"healthy"}"#,
                r#"{"index":1,"time":1203311000,"type":"invoke","process":3,"node":"n2","f":"write","key":"x","value":-17}"#,
                r#"{"index":2,"time":1203311000,"type":"ok","process":3,"node":"n2","f":"write","key":"x","value":null,"version":[1,2],"error":"a \"b\"\n","final":true}"#,
                r#"{"index":3,"time":1203311000,"type":"fault","fault":2,"f":"partition","stage":"took","nodes":["n1"],"links":[["n1","n2"]],"value":{"shape":"isolate"},"evidence":"dial n1→n2 refused"}"#,
                r#"{"index":4,"time":1203311000,"type":"end","how":"complete"}"#,
            ]
        );
    }

    #[test]
    fn an_event_that_does_not_follow_is_refused_and_leaves_no_trace() {
        let mut writer = Writer::new(Vec::new(), &header()).unwrap();
        writer.append(&Event::Op(op(0, Outcome::Invoke, 1.into()))).unwrap();
        assert!(writer.append(&Event::Op(op(2, Outcome::Ok, 1.into()))).is_err());
        let mut early = op(1, Outcome::Ok, 1.into());
        early.time = 5;
        assert!(writer.append(&Event::Op(early)).is_err());
        let mut deep = Value::Nil;
        for _ in 0..=DEPTH_MAX {
            deep = Value::List(vec![deep]);
        }
        assert!(writer.append(&Event::Op(op(1, Outcome::Ok, deep))).is_err());
        let long = Value::Text("a".repeat(LINE_BYTES_MAX));
        assert!(writer.append(&Event::Op(op(1, Outcome::Ok, long))).is_err());
        writer.append(&Event::Op(op(1, Outcome::Ok, 1.into()))).unwrap();
        assert_eq!(String::from_utf8(writer.finish().unwrap()).unwrap().lines().count(), 3);
    }

    #[test]
    fn numbers_and_texts_are_written_as_serde_json_writes_them() {
        for n in [0, 1, -1, 9, 10, 99, 100, i64::MAX, i64::MIN] {
            let mut line = Vec::new();
            write_signed(&mut line, n);
            assert_eq!(String::from_utf8(line).unwrap(), n.to_string());
        }
        for text in ["", "a", "<script>", "\u{7f}", "\u{1}", "\"", "\\", "é\n"] {
            let mut line = Vec::new();
            write_text(&mut line, text).unwrap();
            assert_eq!(line, serde_json::to_vec(text).unwrap());
        }
    }
}
