//! The lines of a history after its header.

use crate::fault_kind::FaultKind;
use crate::function::Function;
use crate::level::Level;
use crate::value::Value;
use crate::vocabulary;

/// One thing that happened, in the order in which the harness saw it. One line of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An operation was invoked or completed.
    Op(OpEvent),
    /// A phase began.
    Phase(PhaseEvent),
    /// The nemesis did something.
    Fault(FaultEvent),
    /// A node became ready, or died although no fault asked it to.
    Node(NodeEvent),
    /// The run ended. A history without it was torn off.
    End(EndEvent),
}

impl Event {
    /// Position among all events of the history, from 0.
    #[must_use]
    pub fn index(&self) -> u64 {
        match self {
            Event::Op(e) => e.index,
            Event::Phase(e) => e.index,
            Event::Fault(e) => e.index,
            Event::Node(e) => e.index,
            Event::End(e) => e.index,
        }
    }

    /// Nanoseconds since the run began.
    #[must_use]
    pub fn time(&self) -> i64 {
        match self {
            Event::Op(e) => e.time,
            Event::Phase(e) => e.time,
            Event::Fault(e) => e.time,
            Event::Node(e) => e.time,
            Event::End(e) => e.time,
        }
    }
}

vocabulary! {
    /// How an operation stands.
    "type" Outcome {
        /// It was sent.
        Invoke = "invoke",
        /// It was acknowledged.
        Ok = "ok",
        /// It surely did not happen.
        Fail = "fail",
        /// Nobody knows whether it happened; its process invokes nothing more.
        Info = "info",
    }
}

/// One end of an operation.
///
/// `{"index":41,"time":1203311000,"type":"invoke","process":3,"node":"n2","f":"write","key":"x","value":17}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpEvent {
    /// Position among all events of the history, from 0.
    pub index: u64,
    /// Nanoseconds since the run began, on the harness's monotonic clock.
    pub time: i64,
    /// Invocation or completion (`type` in the file).
    pub outcome: Outcome,
    /// The session.
    pub process: u64,
    /// Invocation: the node it was sent to. Completion: the replica that answered, as it names itself;
    /// where it does not, the node it was sent to.
    pub node: String,
    /// What was asked.
    pub f: Function,
    /// The object.
    pub key: String,
    /// What was written, or read; see [`crate::Workload`].
    pub value: Value,
    /// How many replicas the invocation asks to take part, where it says so; nothing at its completion.
    pub level: Option<Level>,
    /// The version that the target returned with the answer, where it does. A number, a text or a list of
    /// these: a total order, compared item by item. A map from name to number: a version vector, a partial order.
    pub version: Option<Value>,
    /// Why it failed, or why nobody knows whether it happened.
    pub error: Option<String>,
    /// Part of the final reads, on which convergence is judged (absent: false).
    pub last: bool,
}

vocabulary! {
    /// The phases of a run, in order.
    "phase" Phase {
        /// Load, no faults.
        Healthy = "healthy",
        /// Load, faults come and go.
        Faults = "faults",
        /// Everything is healed; the load goes on.
        Heal = "heal",
        /// No more updates; every replica is polled until all agree or a deadline passes.
        Quiescence = "quiescence",
        /// Every key is read on every replica once more.
        Final = "final",
    }
}

/// A phase began.
///
/// `{"index":0,"time":0,"type":"phase","phase":"healthy"}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseEvent {
    /// See [`OpEvent::index`].
    pub index: u64,
    /// See [`OpEvent::time`].
    pub time: i64,
    /// The phase that begins now.
    pub phase: Phase,
}

vocabulary! {
    /// Where a fault stands.
    "stage" FaultStage {
        /// The nemesis is about to inject it: from here on it may be in force.
        Inject = "inject",
        /// Evidence shows that it took hold.
        Took = "took",
        /// It did not take hold, or nothing shows that it did.
        Missed = "missed",
        /// It was measured again, just before it is healed, and still held.
        Held = "held",
        /// It was measured again, just before it is healed, and no longer held.
        Lapsed = "lapsed",
        /// The nemesis is about to heal it.
        Heal = "heal",
        /// It is healed: from here on it is no longer in force.
        Healed = "healed",
        /// It could not be healed.
        Stuck = "stuck",
    }
}

/// The nemesis did something.
///
/// `{"index":9,"time":5000,"type":"fault","fault":2,"f":"partition","stage":"took","nodes":["n3"],
///   "links":[["n1","n3"],["n3","n1"]],"value":{"shape":"isolate"},"evidence":"dial n1→n3 refused"}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultEvent {
    /// See [`OpEvent::index`].
    pub index: u64,
    /// See [`OpEvent::time`].
    pub time: i64,
    /// Which fault: counts from 0 in the order of injection.
    pub fault: u32,
    /// Its kind.
    pub f: FaultKind,
    /// Where it stands.
    pub stage: FaultStage,
    /// The nodes that it acts on.
    pub nodes: Vec<String>,
    /// The directed links that it acts on, `(from, to)`.
    pub links: Vec<(String, String)>,
    /// Its parameters.
    pub value: Value,
    /// What was measured, in words; with every stage but `inject` and `heal`.
    pub evidence: Option<String>,
}

vocabulary! {
    /// What happened to a node.
    "change" NodeChange {
        /// It answers.
        Ready = "ready",
        /// It ended although no fault asked it to.
        Died = "died",
    }
}

/// A node became ready, or died unasked.
///
/// `{"index":3,"time":0,"type":"node","node":"n1","change":"died","detail":"exit status: 101"}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeEvent {
    /// See [`OpEvent::index`].
    pub index: u64,
    /// See [`OpEvent::time`].
    pub time: i64,
    /// The node.
    pub node: String,
    /// What happened.
    pub change: NodeChange,
    /// In words.
    pub detail: String,
}

vocabulary! {
    /// How a run ended.
    "end" EndHow {
        /// Every phase was completed.
        Complete = "complete",
        /// The user stopped it.
        Interrupted = "interrupted",
        /// It could not go on as planned: a node died, was removed or paused by somebody else, or the engine died.
        CutShort = "cut-short",
        /// The harness failed.
        Failed = "failed",
    }
}

/// The run ended.
///
/// `{"index":99,"time":100,"type":"end","how":"complete"}`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndEvent {
    /// See [`OpEvent::index`].
    pub index: u64,
    /// See [`OpEvent::time`].
    pub time: i64,
    /// How.
    pub how: EndHow,
    /// Why, where it did not complete.
    pub detail: Option<String>,
}
