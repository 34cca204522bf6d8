//! The witness of an anomaly as a small history in the file format, to be copied: `afterall check` judges it the same.
//!
//! What reads return of updates outside of a part would look made up in a history of its own. So it is tried with the witness
//! alone, then with all updates of its keys, then with all operations on them, and what is embedded has been judged: the same
//! property is broken in the same way, and no promise that the whole keeps.

use afterall_checkers::{Anomaly, Verdict, check};
use afterall_history::{
    End, EndEvent, Event, History, OpEvent, OpId, OpView, Outcome, PhaseEvent, Property, Status,
    Writer, read_jsonl_from,
};
use std::collections::{BTreeMap, BTreeSet};

/// Anomalies that are offered, the gravest first; each is judged again for it.
const OFFERED_MAX: usize = 6;
/// Operations of a history that is small.
const OPS_MAX: usize = 400;
/// What it may take.
const BYTES_MAX: usize = 48 * 1024;

/// By anomaly, its witness as the text of a history; those that cannot be made small are left out.
pub(super) fn histories(history: &History, verdict: &Verdict) -> BTreeMap<u32, String> {
    if !history.has_real_time() || verdict.untimed {
        return BTreeMap::new();
    }
    let mut kinds = BTreeSet::new();
    let first = verdict.anomalies.iter().filter(|a| a.promised && kinds.insert(a.kind));
    let offered = first.take(OFFERED_MAX);
    offered.filter_map(|anomaly| Some((anomaly.id, small(history, verdict, anomaly)?))).collect()
}

fn small(history: &History, verdict: &Verdict, anomaly: &Anomaly) -> Option<String> {
    let witness: BTreeSet<OpId> =
        anomaly.witness.iter().filter_map(|index| history.op_of_number(*index)).collect();
    let keys: BTreeSet<_> = witness.iter().map(|op| history.op(*op).key()).collect();
    let around = || history.ops().filter(|op| keys.contains(&op.key()));
    let updates = around().filter(|op| !op.f().is_read()).map(OpView::id);
    let broken: BTreeSet<_> = broken_promises(verdict).collect();
    let judged = |ops: BTreeSet<OpId>| {
        if ops.len() > OPS_MAX {
            return None;
        }
        let text = written(history, &ops)?;
        let part = read_jsonl_from(text.as_bytes(), "witness").ok()?;
        let again = check(&part);
        let mut found = again.anomalies.iter();
        let same = found.any(|a| a.property == anomaly.property && a.kind == anomaly.kind);
        let nothing_else = broken_promises(&again).all(|promise| broken.contains(&promise));
        (same && nothing_else && text.len() <= BYTES_MAX).then_some(text)
    };
    let with_updates = witness.iter().copied().chain(updates).collect();
    judged(witness)
        .or_else(|| judged(with_updates))
        .or_else(|| judged(around().map(OpView::id).collect()))
}

/// The promises that a verdict finds broken, whatever the sessions.
fn broken_promises(verdict: &Verdict) -> impl Iterator<Item = Property> {
    let broken = verdict.properties.iter().filter(|p| p.promised && p.outcome.is_broken());
    broken.map(|p| p.property)
}

/// The events of these operations, and the phases, as the file format has them.
fn written(history: &History, ops: &BTreeSet<OpId>) -> Option<String> {
    // By time, phases first, and in the order of the whole.
    let mut events: Vec<((i64, u32), Event)> = Vec::new();
    for &(time, phase) in history.phases() {
        events.push(((time, 0), Event::Phase(PhaseEvent { index: 0, time, phase })));
    }
    for &id in ops {
        let op = history.op(id);
        events.push(((op.invoked(), op.index() + 1), Event::Op(invoked(history, op))));
        if let (Some(time), Some(index)) = (op.completed(), op.completion_index()) {
            events.push(((time, index + 1), Event::Op(completed(history, op, time))));
        }
    }
    events.sort_by_key(|(place, _)| *place);
    let mut writer = Writer::new(Vec::new(), history.header()).ok()?;
    let count = events.len() as u64;
    for (index, (_, mut event)) in events.into_iter().enumerate() {
        match &mut event {
            Event::Op(op) => op.index = index as u64,
            Event::Phase(phase) => phase.index = index as u64,
            _ => {}
        }
        writer.append(&event).ok()?;
    }
    if let Some(end) = history.end() {
        let End { time, how, detail } = end.clone();
        writer.append(&Event::End(EndEvent { index: count, time, how, detail })).ok()?;
    }
    String::from_utf8(writer.finish().ok()?).ok()
}

fn invoked(history: &History, op: OpView<'_>) -> OpEvent {
    OpEvent {
        index: 0,
        time: op.invoked(),
        outcome: Outcome::Invoke,
        process: history.process(op.session()),
        node: history.node_name(op.sent_to()).to_owned(),
        f: op.f(),
        key: op.key_name().to_owned(),
        value: history.data().value(op.input()),
        level: op.level(),
        version: None,
        error: None,
        last: op.is_final(),
    }
}

fn completed(history: &History, op: OpView<'_>, time: i64) -> OpEvent {
    let (outcome, answered) = match op.status() {
        Status::Ok => (Outcome::Ok, true),
        Status::Fail => (Outcome::Fail, false),
        Status::Info => (Outcome::Info, false),
    };
    let of = if answered && op.f().is_read() { op.output() } else { op.input() };
    OpEvent {
        time,
        outcome,
        node: history.node_name(op.served_by()).to_owned(),
        value: history.data().value(of),
        level: None,
        version: (!op.version().is_nil()).then(|| history.data().value(op.version())),
        error: op.error().map(str::to_owned),
        last: false,
        ..invoked(history, op)
    }
}
