//! Why an event cannot be part of a history.

use crate::datum::Full;
use crate::event::{FaultStage, Phase};
use crate::fault_kind::FaultKind;
use crate::function::Function;
use crate::limits::{EVENTS_MAX, FAULTS_MAX, NODES_MAX};
use crate::workload::Workload;

/// Why an event cannot be part of the history that came before it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "the messages say what the fields are")]
#[non_exhaustive]
pub enum Damage {
    #[error("expected event index {due}, found {found}")]
    Index { found: u64, due: u64 },
    #[error("expected a time of {last} ns or later, as the event before has, found {found} ns")]
    Time { found: i64, last: i64 },
    #[error("expected at most {EVENTS_MAX} events in a history, found more")]
    Events,
    #[error("expected nothing after the end of the run, found another event")]
    AfterEnd,
    #[error("process {process} completed an operation it never invoked")]
    NotInvoked { process: u64 },
    #[error("process {process} invoked an operation before completing event {open}")]
    StillOpen { process: u64, open: u32 },
    #[error(
        "process {process} went on after one of its operations ended as info: a process takes a new number after info"
    )]
    AfterInfo { process: u64 },
    #[error("process {process} completed {found}, but had invoked {invoked} (event {open})")]
    Other { process: u64, found: String, invoked: String, open: u32 },
    #[error("the workload {workload} has no operation {f}")]
    NoSuchOperation { workload: Workload, f: Function },
    #[error("{f} cannot carry the value {value}: {why}")]
    Shape { f: Function, value: String, why: &'static str },
    #[error("process {process} invoked {f} with {invoked}, but completed it with {found}")]
    Echo { process: u64, f: Function, invoked: String, found: String },
    #[error("expected no {0} in an invocation")]
    OnInvocation(&'static str),
    #[error("expected at most {NODES_MAX} nodes in the header, found more")]
    Nodes,
    #[error("unknown node {node:?}: the header names {known}")]
    NodeUnknown { node: String, known: String },
    #[error("expected at least one node in the header, found none")]
    NoNodes,
    #[error("expected each node once in the header, found {0:?} twice")]
    NodeTwice(String),
    #[error("expected a phase after {last}, found {found}")]
    PhaseOrder { found: Phase, last: Phase },
    #[error("expected fault {due} as the next to be injected, found {found}")]
    FaultIndex { found: u32, due: usize },
    #[error("expected at most {FAULTS_MAX} faults in a history, found more")]
    Faults,
    #[error("fault {0} was never injected")]
    FaultUnknown(u32),
    #[error("fault {fault} was injected as {injected}, but is now called {found}")]
    FaultKind { fault: u32, injected: FaultKind, found: FaultKind },
    #[error("fault {fault}: {stage:?} cannot follow its earlier events")]
    FaultStage { fault: u32, stage: FaultStage },
    #[error(transparent)]
    Full(#[from] Full),
}
