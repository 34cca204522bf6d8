//! What every checker needs to know of a history, worked out once.

use afterall_history::{
    EndHow, Groups, Header, History, KeyId, NodeChange, NodeId, OpId, OpView, Phase, Promise,
    Property, SessionId, Sessions, Status,
};
use std::sync::OnceLock;

/// The world of a history that another tool recorded.
const RECORDED: &str = "recorded";

/// A history, and what every checker needs to know of it.
pub(crate) struct Context<'h> {
    pub(crate) history: &'h History,
    by_session: OnceLock<Groups>,
    pub(crate) by_key: Groups,
    /// By session: whether all its operations were sent to one node.
    sticky: Vec<bool>,
    /// By key: the last final read of each replica that was acknowledged, in the order of replicas.
    finals: Vec<Vec<(NodeId, OpId)>>,
    /// Why nothing can be concluded from the final reads, if so.
    unsettled: Option<String>,
}

impl<'h> Context<'h> {
    pub(crate) fn new(history: &'h History) -> Self {
        let mut sticky = vec![true; history.sessions()];
        let mut node_of: Vec<Option<NodeId>> = vec![None; history.sessions()];
        for op in history.ops() {
            let session = op.session().0 as usize;
            let node = *node_of[session].get_or_insert(op.sent_to());
            sticky[session] &= node == op.sent_to();
        }
        Context {
            history,
            by_key: history.by_key(),
            by_session: OnceLock::new(),
            sticky,
            finals: finals(history),
            unsettled: unsettled(history),
        }
    }

    /// The operations of each session. Not every history needs them.
    pub(crate) fn by_session(&self) -> &Groups {
        self.by_session.get_or_init(|| self.history.by_session())
    }

    pub(crate) fn op(&self, id: OpId) -> OpView<'h> {
        self.history.op(id)
    }

    /// [`Sessions::Sticky`] or [`Sessions::Roaming`].
    pub(crate) fn kind_of(&self, session: SessionId) -> Sessions {
        if self.sticky[session.0 as usize] { Sessions::Sticky } else { Sessions::Roaming }
    }

    pub(crate) fn keys(&self) -> impl Iterator<Item = KeyId> + use<> {
        (0..self.history.keys() as u32).map(KeyId)
    }

    pub(crate) fn on(&self, key: KeyId) -> impl DoubleEndedIterator<Item = OpView<'h>> {
        self.by_key.of(key.0).iter().map(|&id| self.history.op(id))
    }

    /// The final reads of a key: one a replica, those that were acknowledged.
    pub(crate) fn finals(&self, key: KeyId) -> &[(NodeId, OpId)] {
        &self.finals[key.0 as usize]
    }

    /// Whether every replica was read for the key at the end.
    pub(crate) fn all_read(&self, key: KeyId) -> bool {
        self.finals(key).len() == self.history.replicas().len()
    }

    pub(crate) fn any_final(&self) -> bool {
        self.finals.iter().any(|reads| !reads.is_empty())
    }

    /// Why nothing can be concluded from the final reads: a fault was still in force, or they are not there.
    pub(crate) fn unsettled(&self) -> Option<&str> {
        self.unsettled.as_deref()
    }
}

/// Whether the target promises the property to these sessions.
pub(crate) fn promised(header: &Header, property: Property, sessions: Sessions) -> bool {
    header.promises.iter().any(|promise| covers(*promise, property, sessions))
}

/// Whether a promise speaks of the property for these sessions.
pub(crate) fn covers(promise: Promise, property: Property, sessions: Sessions) -> bool {
    promise.property == property
        && (promise.sessions == Sessions::All
            || sessions == Sessions::All
            || promise.sessions == sessions)
}

fn finals(history: &History) -> Vec<Vec<(NodeId, OpId)>> {
    let replicas = history.replicas().len();
    let mut of_key: Vec<Vec<(NodeId, OpId)>> = vec![Vec::new(); history.keys()];
    // Histories of other tools do not mark the last reads: those that began when all updates were over.
    let marked = history.header().world != RECORDED || history.ops().any(OpView::is_final);
    let mut quiet: Vec<u32> = vec![0; if marked { 0 } else { history.keys() }];
    if !marked {
        for op in history.ops().filter(|op| !op.f().is_read() && op.status() != Status::Fail) {
            let over = &mut quiet[op.key().0 as usize];
            *over = op.completion_index().unwrap_or(op.index()).max(*over);
        }
    }
    let is_final = |op: &OpView<'_>| {
        if marked { op.is_final() } else { quiet[op.key().0 as usize] < op.index() }
    };
    for op in history.ops() {
        let replica = op.sent_to();
        if is_final(&op)
            && op.f().is_read()
            && op.status() == Status::Ok
            && usize::from(replica.0) < replicas
        {
            let reads = &mut of_key[op.key().0 as usize];
            match reads.binary_search_by_key(&replica, |&(node, _)| node) {
                Ok(at) => reads[at].1 = op.id(),
                Err(at) => reads.insert(at, (replica, op.id())),
            }
        }
    }
    of_key
}

fn unsettled(history: &History) -> Option<String> {
    match history.end() {
        None => return Some("the history was cut off before its end".to_owned()),
        Some(end) if end.how != EndHow::Complete => {
            return Some("the run did not go through to its end".to_owned());
        }
        Some(_) => {}
    }
    if let Some(fault) = history.faults().iter().find(|fault| fault.healed.is_none()) {
        return Some(format!("{} (fault {}) was never healed", fault.kind, fault.id));
    }
    let first_final = history.ops().find(|op| op.is_final())?;
    if let Some(fault) = history.faults_in_force(first_final.invoked(), i64::MAX, None).next() {
        return Some(format!(
            "{} (fault {}) was still in force during the final reads",
            fault.kind, fault.id
        ));
    }
    let late = history.ops().rev().find(|op| {
        !op.f().is_read() && op.status() != Status::Fail && op.invoked() >= first_final.invoked()
    });
    late.map(|op| format!("operation #{} still changed things during the final reads", op.number()))
}

/// The nodes that died unasked and did not come back.
pub(crate) fn dead_nodes(history: &History) -> Vec<NodeId> {
    let mut dead = Vec::new();
    for turn in history.node_turns() {
        dead.retain(|&node| node != turn.node);
        if turn.change == NodeChange::Died {
            dead.push(turn.node);
        }
    }
    dead
}

/// When updates and faults were both over, if there were any.
pub(crate) fn quiet_from(history: &History) -> i64 {
    let healed = history.faults().iter().filter_map(|fault| fault.healed).max();
    let updated = history
        .ops()
        .filter(|op| !op.f().is_read() && op.status() == Status::Ok)
        .filter_map(OpView::completed)
        .max();
    let phase = history
        .phases()
        .iter()
        .find(|(_, phase)| *phase == Phase::Quiescence)
        .map(|&(time, _)| time);
    healed.max(updated).or(phase).unwrap_or(0)
}
