//! An operation as a row of a table. The columns are documented for users in `docs/notebooks.md`.

use afterall_history::{History, OpView, Status, Value};

/// A row. Texts of values are JSON, so that every type of value has one form.
#[derive(Debug)]
pub(super) struct Row<'h> {
    pub(super) operation: u32,
    pub(super) session: u64,
    pub(super) f: &'static str,
    pub(super) key: &'h str,
    pub(super) input: Option<String>,
    pub(super) output: Option<String>,
    pub(super) version: Option<String>,
    pub(super) outcome: &'static str,
    pub(super) error: Option<&'h str>,
    pub(super) sent_to: &'h str,
    pub(super) answered_by: Option<&'h str>,
    pub(super) invoked_ns: i64,
    pub(super) completed_ns: Option<i64>,
    pub(super) phase: Option<&'static str>,
    pub(super) is_final: bool,
    /// The faults that may have been in force when it was invoked, by their numbers.
    pub(super) faults: String,
}

/// A value as JSON; none where there is none.
fn json(value: &Value) -> Option<String> {
    match value {
        Value::Nil => None,
        value => serde_json::to_string(value).ok(),
    }
}

impl<'h> Row<'h> {
    pub(super) fn of(history: &'h History, op: OpView<'h>) -> Row<'h> {
        let data = history.data();
        let at = op.invoked();
        let in_force = history.faults_in_force(at, at, None);
        let faults: Vec<String> = in_force.map(|fault| fault.id.to_string()).collect();
        let ended = op.completed().is_some();
        Row {
            operation: op.number(),
            session: op.process(),
            f: op.f().name(),
            key: op.key_name(),
            input: json(&data.value(op.input())),
            // What an update is answered with is what it asked for.
            output: op.f().is_read().then(|| json(&data.value(op.output()))).flatten(),
            version: json(&data.value(op.version())),
            outcome: match op.status() {
                _ if op.is_unjudged() => "ok",
                Status::Ok => "ok",
                Status::Fail => "fail",
                Status::Info => "info",
            },
            error: op.error(),
            sent_to: history.node_name(op.sent_to()),
            answered_by: ended.then(|| op.node_name()),
            invoked_ns: at,
            completed_ns: op.completed(),
            phase: history.phase_at(at).map(|phase| phase.name()),
            is_final: op.is_final(),
            faults: faults.join(" "),
        }
    }
}
