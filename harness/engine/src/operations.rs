//! Operations that are given one by one, in place of the drawn load or beside it.

use crate::config::Span;
use crate::faults::{NodeName, NodeNames};
use afterall_history::{Event, Function, Header, HistoryBuilder, Level, OpEvent, Outcome, Value};
use afterall_workloads::Operation;
use serde::{Deserialize, Serialize};

/// The most operations that a configuration may come to, repetitions included.
const OPERATIONS_MAX: u64 = 1_000_000;
/// The highest number of a session.
pub const SESSION_MAX: u32 = 9_999;

/// An operation that is given, or one that is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GivenOperation {
    /// When it is asked, since the run began.
    pub when: Span,
    /// How long after it is asked again; absent: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<Span>,
    /// Until when it is asked again; absent: to the end of the load.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Span>,
    /// Who asks. A session that still waits for an answer asks as soon as it is answered; of the repetitions that have
    /// become due by then it asks the last.
    pub session: u32,
    /// Whom it asks. Where these are several nodes, each has a session of its own: this one for the first, and the numbers that
    /// follow for the others.
    pub node: NodeNames,
    /// What.
    pub f: Function,
    /// Of which object.
    pub key: String,
    /// With which value. A whole number counts up from one repetition to the next, and a text is followed by the number of the
    /// repetition, since every update has a value of its own; so is the first of a list.
    #[serde(default, skip_serializing_if = "Value::is_nil")]
    pub value: Value,
    /// How many replicas are to take part: a consistency level of the reference store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
}

/// An operation that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operation {number}: {what}")]
pub struct BadOperation {
    number: usize,
    what: String,
}

impl BadOperation {
    /// Which one, from 1.
    #[must_use]
    pub fn number(&self) -> usize {
        self.number
    }
}

/// An operation, and when it is asked at the earliest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Since the run began, nanoseconds.
    pub at_ns: u64,
    /// Which node, from 0.
    pub node: usize,
    /// What.
    pub operation: Operation,
    /// Which of the given operations this is.
    pub given: usize,
}

/// Everything that one session asks, in the order of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenSession {
    /// Its number.
    pub number: u32,
    /// What it asks.
    pub asks: Vec<Asked>,
}

/// What each session asks, by the number of the session. `until_ns`: the end of the load.
///
/// # Errors
/// The first that cannot be asked.
pub(crate) fn sessions(
    given: &[GivenOperation],
    nodes: usize,
    until_ns: u64,
    header: &Header,
) -> Result<Vec<GivenSession>, BadOperation> {
    let mut sessions: Vec<GivenSession> = Vec::new();
    let mut count = 0_u64;
    let mut shapes = Shapes::new(header);
    for (place, one) in given.iter().enumerate() {
        let wrong = |what: String| BadOperation { number: place + 1, what };
        let one = &one.spelled_out();
        check(one, nodes, until_ns).map_err(wrong)?;
        shapes.check(one).map_err(wrong)?;
        let times = one.times(until_ns);
        count = count.saturating_add(times.saturating_mul(one.node.0.len() as u64));
        if count > OPERATIONS_MAX {
            return Err(wrong(format!(
                "expected at most {OPERATIONS_MAX} operations in all, repetitions included, and with this one there are more"
            )));
        }
        for (number, &node) in (one.session..).zip(&one.node.0) {
            let known = sessions.iter().position(|session| session.number == number);
            let at = known.unwrap_or_else(|| {
                sessions.push(GivenSession { number, asks: Vec::new() });
                sessions.len() - 1
            });
            sessions[at].asks.extend((0..times).map(|time| one.asked(place, node, time)));
        }
    }
    for session in &mut sessions {
        // Stable: what is due at once is asked in the order of the list.
        session.asks.sort_by_key(|asked| asked.at_ns);
    }
    sessions.sort_by_key(|session| session.number);
    Ok(sessions)
}

fn check(one: &GivenOperation, nodes: usize, until_ns: u64) -> Result<(), String> {
    if one.when.0 > until_ns {
        return Err(format!(
            "expected a time up to the end of the load, {}, found {}",
            Span(until_ns),
            one.when
        ));
    }
    if let Some(&node) = one.node.0.iter().find(|node| **node >= nodes) {
        return Err(format!("expected a node from n1 to n{nodes}, found {}", NodeName(node)));
    }
    if one.session > SESSION_MAX {
        return Err(format!("expected a session from 0 to {SESSION_MAX}, found {}", one.session));
    }
    if one.has_own_value() && one.node.0.len() > 1 {
        // Two updates of one value could not be told apart.
        return Err(format!("expected one node for an update, found {}", one.node));
    }
    match (one.every, one.until) {
        (Some(Span(0)), _) => Err("expected `every` longer than no time, found 0s".to_owned()),
        (None, Some(_)) => Err("expected `every` beside `until`, found `until` alone".to_owned()),
        (_, Some(until)) if until < one.when => {
            Err(format!("expected `until` after `when`, found {until}"))
        }
        _ => Ok(()),
    }
}

impl GivenOperation {
    /// An operation that was asked at this time, in nanoseconds since the run began.
    #[must_use]
    pub fn of(operation: Operation, at_ns: u64, session: u32, node: usize) -> GivenOperation {
        let Operation { f, key, value, level } = operation;
        // The reverse of `spelled_out`.
        let value = match value.as_list() {
            Some([message, Value::Nil]) if f == Function::Post => message.clone(),
            _ => value,
        };
        let (when, node) = (Span(at_ns), NodeNames(vec![node]));
        GivenOperation { when, every: None, until: None, session, node, f, key, value, level }
    }

    /// TOML has no null: a message that answers nothing is given by its name alone.
    fn spelled_out(&self) -> GivenOperation {
        let mut one = self.clone();
        if one.f == Function::Post && matches!(one.value, Value::Text(_)) {
            one.value = Value::List(vec![one.value, Value::Nil]);
        }
        one
    }

    /// How many times it is asked.
    fn times(&self, until_ns: u64) -> u64 {
        let Some(Span(every_ns)) = self.every else { return 1 };
        let until_ns = self.until.map_or(until_ns, |until| until.0.min(until_ns));
        1 + until_ns.saturating_sub(self.when.0) / every_ns.max(1)
    }

    /// Whether each of its updates needs a value that no other has; amounts do not.
    fn has_own_value(&self) -> bool {
        use Function as F;
        !self.f.is_read() && !matches!(self.f, F::Increment | F::Decrement | F::Restock | F::Sell)
    }

    fn asked(&self, given: usize, node: usize, time: u64) -> Asked {
        let every_ns = self.every.map_or(0, |every| every.0);
        let value = match self.every {
            Some(_) if self.has_own_value() => numbered(&self.value, time),
            _ => self.value.clone(),
        };
        let operation = Operation { f: self.f, key: self.key.clone(), value, level: self.level };
        Asked { at_ns: self.when.0 + time * every_ns, node, operation, given }
    }
}

/// The value of a repetition, so that no two write the same.
fn numbered(value: &Value, time: u64) -> Value {
    match value {
        Value::Int(first) => Value::Int(first.saturating_add_unsigned(time)),
        Value::Text(text) => Value::Text(format!("{text}#{}", time + 1)),
        Value::List(items) => {
            let mut items = items.clone();
            if let Some(first) = items.first_mut() {
                *first = numbered(first, time);
            }
            Value::List(items)
        }
        other => other.clone(),
    }
}

/// Checks what is asked against the workload, as a history would that records it.
struct Shapes {
    builder: Option<HistoryBuilder>,
    count: u64,
}

impl Shapes {
    fn new(header: &Header) -> Shapes {
        Shapes { builder: HistoryBuilder::new(header.clone()).ok(), count: 0 }
    }

    fn check(&mut self, one: &GivenOperation) -> Result<(), String> {
        let Some(builder) = &mut self.builder else { return Ok(()) };
        let event = Event::Op(OpEvent {
            level: None,
            index: self.count,
            time: 0,
            outcome: Outcome::Invoke,
            process: self.count,
            node: NodeName(one.node.0.first().copied().unwrap_or(0)).to_string(),
            f: one.f,
            key: one.key.clone(),
            value: one.value.clone(),
            version: None,
            error: None,
            last: false,
        });
        self.count += 1;
        builder.push(&event).map_err(|damage| damage.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Plan, RunConfig, WorldKind};

    fn read(rows: &str) -> Result<Vec<GivenSession>, String> {
        let text = format!("workload = 'register'\ntime = '10s'\nnodes = 2\n{rows}");
        let config: RunConfig =
            toml::from_str(&text).map_err(|error| error.message().to_owned())?;
        assert_eq!(config.world, WorldKind::Sim);
        let plan = Plan::new(config).map_err(|error| error.to_string())?;
        Ok(plan.course().operations.clone())
    }

    fn row(rest: &str) -> String {
        format!("[[operation]]\nsession = 3\nkey = 'x'\n{rest}\n")
    }

    #[test]
    fn repetitions_have_values_of_their_own_and_sessions_ask_in_the_order_of_time() {
        let late = row("when = '9s'\nnode = 'n1'\nf = 'read'");
        let rows = late
            + &row(
                "when = '1s'\nevery = '2s'\nuntil = '5s'\nnode = 'n2'\nf = 'write'\nvalue = 'v'",
            );
        let sessions = read(&rows).unwrap();
        assert_eq!(sessions.len(), 1);
        let asks = &sessions[0].asks;
        let times: Vec<u64> = asks.iter().map(|asked| asked.at_ns / 1_000_000_000).collect();
        assert_eq!(times, [1, 3, 5, 9]);
        let values: Vec<_> = asks.iter().map(|asked| asked.operation.value.clone()).collect();
        assert_eq!(values, ["v#1".into(), "v#2".into(), "v#3".into(), Value::Nil]);
        assert_eq!(asks[0].node, 1);
    }

    #[test]
    fn what_cannot_be_asked_is_refused() {
        let wrong = |rest: &str| read(&row(rest)).unwrap_err();
        let late = wrong("when = '11s'\nnode = 'n1'\nf = 'read'");
        assert_eq!(late, "operation 1: expected a time up to the end of the load, 10s, found 11s");
        let node = wrong("when = '1s'\nnode = 'n3'\nf = 'read'");
        assert_eq!(node, "operation 1: expected a node from n1 to n2, found n3");
        let shape = wrong("when = '1s'\nnode = 'n1'\nf = 'write'");
        assert!(shape.ends_with("write cannot carry the value null: it needs a value"), "{shape}");
        let foreign = wrong("when = '1s'\nnode = 'n1'\nf = 'sell'\nvalue = 1");
        assert!(foreign.contains("the workload register has no operation sell"), "{foreign}");
        let much = wrong("when = '0s'\nevery = '1us'\nnode = 'n1'\nf = 'read'");
        assert!(much.contains("at most 1000000 operations"), "{much}");
        let twice = wrong("when = '1s'\nnode = 'n1..n2'\nf = 'write'\nvalue = 1");
        assert_eq!(twice, "operation 1: expected one node for an update, found n1..n2");
        assert!(wrong("when = '1s'\nuntil = '2s'\nnode = 'n1'\nf = 'read'").contains("`every`"));
        assert!(wrong("when = 1\nnode = 'n1'\nf = 'read'").contains("expected a time such as"));
    }
}
