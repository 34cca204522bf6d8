//! What every checker needs to know of a history, worked out once.

use afterall_history::{
    EndHow, FaultKinds, Function, Groups, Header, History, KeyId, NODE_UNKNOWN, NodeChange, NodeId,
    OpId, OpView, Phase, Promise, Property, RECORDED, SessionId, Sessions, Share, Status, Workload,
};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// A history, and what every checker needs to know of it.
pub(crate) struct Context<'h> {
    pub(crate) history: &'h History,
    by_session: OnceLock<Groups>,
    pub(crate) by_key: Groups,
    /// By session: whether all its operations were sent to one node.
    sticky: Vec<bool>,
    /// By key: the last final read of each replica that was acknowledged, in the order of replicas.
    finals: Vec<Vec<(NodeId, OpId)>>,
    /// The keys with final reads of which it is not known which replica answered, although replicas are named.
    unplaced: BTreeSet<KeyId>,
    /// Whether somebody said which reads are final.
    marked: bool,
    /// By key: the event before which updates must be over for the final reads to show them.
    settled: Vec<u32>,
    /// Why nothing can be concluded from any final read, if so.
    unsettled: Option<String>,
    /// The same for single keys.
    unsettled_keys: BTreeMap<KeyId, String>,
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
        // Histories of other tools need not mark the last reads.
        let marked = history.header().world != RECORDED || history.ops().any(OpView::is_final);
        let (finals, unplaced) = finals(history, marked);
        let first = |reads: &Vec<(NodeId, OpId)>| {
            reads.iter().map(|&(_, read)| history.op(read).index()).min().unwrap_or(u32::MAX)
        };
        let settled: Vec<u32> = finals.iter().map(first).collect();
        let over = |reads: &Vec<(NodeId, OpId)>| {
            let ends = reads.iter().filter_map(|&(_, read)| history.op(read).completion_index());
            ends.max().unwrap_or(0)
        };
        let read: Vec<u32> = finals.iter().map(over).collect();
        let unsettled_keys = unsettled_keys(history, &settled, &read);
        Context {
            history,
            by_key: history.by_key(),
            by_session: OnceLock::new(),
            sticky,
            finals,
            unplaced,
            marked,
            settled,
            unsettled: unsettled(history),
            unsettled_keys,
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

    /// Whether the key may have been deleted.
    pub(crate) fn deletes(&self, key: KeyId) -> bool {
        self.on(key).any(|op| op.f() == Function::Delete && op.status() != Status::Fail)
    }

    /// The final reads of a key: one a replica, those that were acknowledged.
    pub(crate) fn finals(&self, key: KeyId) -> &[(NodeId, OpId)] {
        &self.finals[key.0 as usize]
    }

    /// Whether every replica was read for the key at the end.
    pub(crate) fn all_read(&self, key: KeyId) -> bool {
        self.finals(key).len() == self.history.replicas().len() && !self.unplaced.contains(&key)
    }

    /// Whether anything was ever removed, or may have been.
    pub(crate) fn has_removes(&self) -> bool {
        let removes = |op: OpView<'_>| op.f() == Function::Remove && op.status() != Status::Fail;
        let left_out = |key| self.history.updates_left_out(key, Some(Function::Remove), u32::MAX);
        self.history.ops().any(removes) || self.keys().any(left_out)
    }

    pub(crate) fn any_final(&self) -> bool {
        self.finals.iter().any(|reads| !reads.is_empty())
    }

    /// Where no replica is named, every read of the key that is marked as final: each is of some replica. None where they are named.
    pub(crate) fn unnamed_finals(&self, key: KeyId) -> impl Iterator<Item = OpView<'h>> {
        let unnamed = self.history.header().nodes == [NODE_UNKNOWN];
        self.on(key).filter(move |op| unnamed && op.is_final() && op.is_ok() && op.f().is_read())
    }

    /// Whether the final reads of a key are of replicas that nobody names, so that what the last of them does not show may be at another.
    pub(crate) fn is_read_unnamed(&self, key: KeyId) -> bool {
        self.unnamed_finals(key).next().is_some()
    }

    /// Whether somebody said which reads are final. If not, they prove no divergence: a replica may have been about to hear
    /// of the last update.
    pub(crate) fn finals_are_marked(&self) -> bool {
        self.marked
    }

    /// Whether the update was acknowledged before the first of the final reads of its key began, so that they must show it.
    pub(crate) fn is_settled(&self, update: OpView<'_>) -> bool {
        let before = self.settled[update.key().0 as usize];
        update.is_ok() && update.completion_index().is_some_and(|over| over < before)
    }

    /// Whether all updates of the key were over, or known to nobody, before its final reads began.
    pub(crate) fn is_quiet(&self, key: KeyId) -> bool {
        !self.unsettled_keys.contains_key(&key)
    }

    /// Whether a property is promised to these sessions, and none of the run's faults suspends the promise.
    pub(crate) fn is_promised(&self, (property, sessions): (Property, Sessions)) -> bool {
        let injected = injected(self.history);
        let promises = self.history.header().promises.iter();
        let mut holding = promises.filter(|promise| !promise.is_suspended_by(injected));
        holding.any(|promise| covers(*promise, property, sessions))
    }

    /// Of which share of its chances the property is promised, where a promise says so.
    pub(crate) fn promised_share(
        &self,
        (property, sessions): (Property, Sessions),
    ) -> Option<Share> {
        let injected = injected(self.history);
        let promises = self.history.header().promises.iter();
        let holding = promises.filter(|promise| {
            !promise.is_suspended_by(injected) && covers(**promise, property, sessions)
        });
        // One that says nothing promises it of all.
        holding.map(|promise| promise.at_least.unwrap_or(Share::millionths(1_000_000))).max()
    }

    /// The kinds of faults that the promises of a property exclude: all of them.
    pub(crate) fn excluded_kinds(&self, (property, sessions): (Property, Sessions)) -> FaultKinds {
        let promises = self.history.header().promises.iter();
        let about = promises.filter(|promise| covers(**promise, property, sessions));
        about.flat_map(|promise| promise.unless.iter()).collect()
    }

    /// Why nothing can be concluded from the final reads of a key: a fault was still in force, or something still changed it.
    pub(crate) fn unsettled(&self, key: KeyId) -> Option<&str> {
        self.disturbed().or(self.unsettled_keys.get(&key).map(String::as_str))
    }

    /// Why nothing can be concluded from any final read: a fault was still in force, or the end is missing.
    pub(crate) fn disturbed(&self) -> Option<&str> {
        self.unsettled.as_deref()
    }
}

/// The kinds of faults that a run injected.
pub(crate) fn injected(history: &History) -> FaultKinds {
    history.faults().iter().map(|fault| fault.kind).collect()
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

fn finals(history: &History, marked: bool) -> (Finals, BTreeSet<KeyId>) {
    let replicas = history.replicas().len();
    let mut unplaced = BTreeSet::new();
    let mut of_key: Vec<Vec<(NodeId, OpId)>> = vec![Vec::new(); history.keys()];
    // Of sets and counters the last reads are final, as for Jepsen's checkers: each update is asked for itself whether it was
    // over by then. Of other data types those that began when all updates were over.
    let by_update = matches!(history.header().workload, Workload::Set | Workload::Counter);
    let mut quiet: Vec<u32> = vec![0; if marked || by_update { 0 } else { history.keys() }];
    if !marked && !by_update {
        for op in history.ops().filter(|op| !op.f().is_read() && op.status() != Status::Fail) {
            let over = &mut quiet[op.key().0 as usize];
            // What nobody knows about may take effect whenever it likes: that somebody noted this late changes nothing.
            let end = op.completion_index().filter(|_| op.is_ok()).unwrap_or(op.index());
            *over = end.max(*over);
        }
    }
    let is_final = |op: &OpView<'_>| match (marked, by_update) {
        (true, _) => op.is_final(),
        (false, true) => true,
        (false, false) => quiet[op.key().0 as usize] < op.index(),
    };
    let reads = history.ops().filter(|op| op.f().is_read() && op.status() == Status::Ok);
    for op in reads.filter(is_final) {
        let replica = op.sent_to();
        if usize::from(replica.0) >= replicas {
            unplaced.insert(op.key());
        } else {
            let reads = &mut of_key[op.key().0 as usize];
            match reads.binary_search_by_key(&replica, |&(node, _)| node) {
                Ok(at) => reads[at].1 = op.id(),
                Err(at) => reads.insert(at, (replica, op.id())),
            }
        }
    }
    (of_key, unplaced)
}

/// By key: the last final read of each replica.
type Finals = Vec<Vec<(NodeId, OpId)>>;

fn unsettled(history: &History) -> Option<String> {
    match history.end() {
        None => return Some("the history is cut off".to_owned()),
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
    None
}

/// The keys that something still changed when their final reads had begun: updates that were acknowledged later, and those
/// that began later and may have happened. `begun` and `over`: by key, when the first of its final reads began, and when the
/// last was over.
fn unsettled_keys(history: &History, begun: &[u32], over: &[u32]) -> BTreeMap<KeyId, String> {
    let mut unsettled = BTreeMap::new();
    for op in history.ops().filter(|op| !op.f().is_read() && op.status() != Status::Fail) {
        let key = op.key().0 as usize;
        let after = op.index() > over[key];
        let late = op.index() > begun[key]
            || op.completion_index().is_some_and(|end| end > begun[key] && op.is_ok());
        // What nobody knows of, and what began when all was read, explains nothing that was read.
        if late && (op.is_ok() || !after) {
            let when = if after { "after" } else { "during" };
            unsettled.entry(op.key()).or_insert_with(|| {
                format!("operation #{} is an update that came {when} the final reads", op.number())
            });
        }
    }
    unsettled
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
