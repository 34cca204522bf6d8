//! A trace in the JSON format of Chrome's trace viewer, which Perfetto opens: a track for each session, for each fault and for
//! the phases, and what happened to nodes as instants.
//!
//! <https://perfetto.dev/docs/getting-started/other-formats>

use super::ExportError;
use super::row::Row;
use afterall_history::{Fault, History, SessionId};
use serde_json::{Value, json};
use std::io::{BufWriter, Write};

/// The groups of tracks.
const PHASES: u32 = 1;
const FAULTS: u32 = 2;
const NODES: u32 = 3;
const SESSIONS: u32 = 4;

/// Microseconds, as the format has them.
fn us(ns: i64) -> Value {
    json!(ns as f64 / 1e3)
}

pub(super) fn write(history: &History, out: impl Write) -> Result<(), ExportError> {
    let mut out = Events { out: BufWriter::new(out), first: true };
    out.out.write_all(b"{\"displayTimeUnit\":\"ms\",\"traceEvents\":[")?;
    for (pid, name) in
        [(PHASES, "phases"), (FAULTS, "faults"), (NODES, "nodes"), (SESSIONS, "sessions")]
    {
        out.add(&json!({"ph": "M", "name": "process_name", "pid": pid, "args": {"name": name}}))?;
        out.add(&json!({"ph": "M", "name": "process_sort_index", "pid": pid, "args": {"sort_index": pid}}))?;
    }
    let phases = history.phases();
    for (at, &(from, phase)) in phases.iter().enumerate() {
        let to = phases.get(at + 1).map_or(history.last_time(), |&(next, _)| next);
        out.slice(PHASES, 0, phase.name(), (from, to), json!({}))?;
    }
    for fault in history.faults() {
        let track = u64::from(fault.id);
        out.track(FAULTS, track, &format!("fault {}: {}", fault.id, fault.kind))?;
        let to = fault.healed.unwrap_or(history.last_time());
        out.slice(FAULTS, track, fault.kind.name(), (fault.inject, to), of_fault(history, fault))?;
    }
    for node in history.replicas() {
        out.track(NODES, node.0.into(), history.node_name(node))?;
    }
    for turn in history.node_turns() {
        let track: u64 = turn.node.0.into();
        out.add(&json!({
            "ph": "i", "s": "t", "name": turn.change.name(), "pid": NODES, "tid": track, "ts": us(turn.time),
            "args": {"detail": turn.detail.as_str()},
        }))?;
    }
    for session in (0..history.sessions() as u32).map(SessionId) {
        let name = format!("session {}", history.process(session));
        out.track(SESSIONS, session.0.into(), &name)?;
    }
    for op in history.ops() {
        let row = Row::of(history, op);
        let track = op.session().0.into();
        let args = json!({
            "operation": row.operation, "key": row.key, "input": row.input, "output": row.output, "version": row.version,
            "outcome": row.outcome, "error": row.error, "sent_to": row.sent_to, "answered_by": row.answered_by,
        });
        let name = format!("{} {}", row.f, row.key);
        out.slice(SESSIONS, track, &name, (op.invoked(), op.until()), args)?;
    }
    out.out.write_all(b"]}\n")?;
    Ok(out.out.flush()?)
}

fn of_fault(history: &History, fault: &Fault) -> Value {
    let nodes: Vec<&str> = fault.nodes.iter().map(|&node| history.node_name(node)).collect();
    let links = fault.links.iter();
    let links: Vec<String> = links
        .map(|&(from, to)| format!("{}→{}", history.node_name(from), history.node_name(to)))
        .collect();
    let evidence: Vec<&str> = fault.evidence.iter().map(|(_, said)| said.as_str()).collect();
    json!({"nodes": nodes, "links": links, "parameters": fault.value, "evidence": evidence})
}

struct Events<W: Write> {
    out: BufWriter<W>,
    first: bool,
}

impl<W: Write> Events<W> {
    fn add(&mut self, event: &Value) -> Result<(), ExportError> {
        self.out.write_all(if self.first { b"\n" } else { b",\n" })?;
        self.first = false;
        Ok(serde_json::to_writer(&mut self.out, event).map_err(std::io::Error::from)?)
    }

    fn track(&mut self, pid: u32, track: u64, name: &str) -> Result<(), ExportError> {
        self.add(&json!({"ph": "M", "name": "thread_name", "pid": pid, "tid": track, "args": {"name": name}}))
    }

    fn slice(
        &mut self,
        pid: u32,
        track: u64,
        name: &str,
        (from, to): (i64, i64),
        args: Value,
    ) -> Result<(), ExportError> {
        let lasts = to.saturating_sub(from).max(0);
        self.add(&json!({
            "ph": "X", "name": name, "pid": pid, "tid": track, "ts": us(from), "dur": us(lasts), "args": args,
        }))
    }
}
