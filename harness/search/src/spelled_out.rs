//! A run with everything spelled out that it was drawn to do: each operation and each fault, with its time.

use afterall_engine::config::Span;
use afterall_engine::faults::{Planned, Schedule};
use afterall_engine::operations::{GivenOperation, SESSION_MAX};
use afterall_engine::{Plan, RunConfig};
use afterall_history::{FaultKind, History, Phase};
use afterall_workloads::Operation;
use std::collections::{BTreeMap, BTreeSet};

/// The most sessions that can be spelled out.
const SESSIONS_MAX: usize = SESSION_MAX as usize + 1;

/// Why a run cannot be spelled out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotSpelledOut {
    /// Too many sessions.
    #[error(
        "expected at most {SESSIONS_MAX} sessions, found more: make the run shorter, or its --timeout longer"
    )]
    Sessions,
    /// An operation of a node that the run does not have.
    #[error("expected nodes of the run in its history, found {0:?}")]
    Node(String),
}

/// The run that asks what was asked, when and where it was asked, under the same faults. Each session of the history is a
/// session here, also one that took another's place; what the harness read to see whether replicas agree is left out.
///
/// # Errors
/// The history has too many sessions, or is not one of this run.
pub fn spelled_out(plan: &Plan, history: &History) -> Result<RunConfig, NotSpelledOut> {
    let load_ends = |mark: &&(i64, Phase)| mark.1 == Phase::Quiescence;
    let end = history.phases().iter().find(load_ends).map_or(i64::MAX, |&(at, _)| at);
    let mut numbers: BTreeMap<u64, u32> = BTreeMap::new();
    let mut operations = Vec::new();
    let names = plan.course().nodes.as_slice();
    for op in history.ops().filter(|op| op.invoked() < end && !op.is_final()) {
        let next = numbers.len() as u32;
        let session = *numbers.entry(op.process()).or_insert(next);
        let node = names.iter().position(|name| name == history.node_name(op.sent_to()));
        let node = node.ok_or_else(|| NotSpelledOut::Node(op.node_name().to_owned()))?;
        let operation = Operation {
            f: op.f(),
            key: op.key_name().to_owned(),
            value: history.data().value(op.input()),
            level: op.level(),
        };
        let at_ns = u64::try_from(op.invoked()).unwrap_or(0);
        operations.push(GivenOperation::of(operation, at_ns, session, node));
    }
    if numbers.len() > SESSIONS_MAX {
        return Err(NotSpelledOut::Sessions);
    }
    let config = plan.spelled_out();
    // A session that waited to the end of the load may have asked a moment after it.
    let last_ns = operations.iter().map(|given| given.when.0).max().unwrap_or(0);
    let more_ms = last_ns.div_ceil(1_000_000).saturating_sub(config.time_ms);
    let heal = config.heal.map(|span| Span(span.0 + more_ms * 1_000_000));
    let time_ms = config.time_ms + more_ms;
    Ok(RunConfig { concurrency: 0, rate: None, operations, time_ms, heal, ..config })
}

/// The faults of a run that are given one by one.
pub(crate) fn planned(config: &RunConfig) -> &[Planned] {
    config.schedule.given().unwrap_or_default()
}

/// The faults but for the one at this place.
pub(crate) fn without(faults: &[Planned], place: usize) -> Vec<Planned> {
    let others = faults.iter().enumerate().filter(|&(at, _)| at != place);
    others.map(|(_, fault)| fault.clone()).collect()
}

/// The same run under these faults. Its phases follow from them, and so do its kinds of faults.
pub(crate) fn under(config: &RunConfig, planned: Vec<Planned>) -> RunConfig {
    let kinds: BTreeSet<FaultKind> = planned.iter().map(|planned| planned.fault.kind).collect();
    RunConfig {
        schedule: Schedule::Given(planned),
        faults: kinds.into_iter().collect(),
        healthy: None,
        heal: None,
        ..config.clone()
    }
}
