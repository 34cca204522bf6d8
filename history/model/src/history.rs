//! A whole history, in columns.

use crate::datum::{Data, Datum, Packed, Symbol, View};
use crate::event::Phase;
use crate::fault::{End, Fault, NodeTurn};
use crate::function::Function;
use crate::groups::Groups;
use crate::header::Header;
use crate::ids::{KeyId, NodeId, OpId, SessionId, Status};
use crate::level::Level;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Sentinel for an operation that never completed.
pub(crate) const NEVER: u32 = u32::MAX;
/// Sentinel for an operation that took longer than the column can hold.
const LONG: u32 = u32::MAX - 1;
/// No number.
pub(crate) const NONE: u32 = u32::MAX;

/// The operations, one vector per field: about fifty bytes per operation.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub(crate) session: Vec<u32>,
    pub(crate) key: Vec<u32>,
    pub(crate) sent_to: Vec<u16>,
    pub(crate) served_by: Vec<u16>,
    pub(crate) f: Vec<Function>,
    pub(crate) status: Vec<Status>,
    pub(crate) last: Vec<bool>,
    pub(crate) invoked: Vec<i64>,
    /// Nanoseconds until the completion; [`NEVER`], or [`LONG`].
    pub(crate) took: Vec<u32>,
    /// When the operations that took long were completed.
    pub(crate) completed_late: BTreeMap<u32, i64>,
    pub(crate) invoke_index: Vec<u32>,
    /// What another tool's file calls the operation; empty where that is the index of its invocation.
    pub(crate) number: Vec<u32>,
    pub(crate) complete_index: Vec<u32>,
    /// What a read returned, or what an update was invoked with.
    pub(crate) value: Vec<Packed>,
    /// Whether the answer to an update repeated its value, and what the answer was where it was neither that value nor
    /// nothing.
    pub(crate) echoed: Vec<bool>,
    pub(crate) answers: BTreeMap<u32, Packed>,
    /// Shorter than the others where the last operations have none.
    pub(crate) level: Vec<Option<Level>>,
    /// Shorter than the others where the last operations have none.
    pub(crate) version: Vec<Packed>,
    /// Shorter than the others where the last operations have none.
    pub(crate) error: Vec<u32>,
    /// The reads whose nil may mean anything: a bit for each operation, and shorter where the last ones are judged.
    pub(crate) unjudged: Vec<u64>,
}

impl Columns {
    fn completed(&self, op: usize) -> Option<i64> {
        match self.took[op] {
            NEVER => None,
            LONG => self.completed_late.get(&(op as u32)).copied(),
            took => Some(self.invoked[op] + i64::from(took)),
        }
    }

    /// The operation was completed at this time, which is not before its invocation.
    pub(crate) fn complete_at(&mut self, op: usize, time: i64) {
        let took = time.checked_sub(self.invoked[op]).and_then(|took| u32::try_from(took).ok());
        self.took[op] = took.filter(|&took| took < LONG).unwrap_or(LONG);
        if self.took[op] == LONG {
            self.completed_late.insert(op as u32, time);
        }
    }

    fn input(&self, op: usize) -> Packed {
        if self.f[op].is_read() { Packed::NIL } else { self.value[op] }
    }

    fn output(&self, op: usize) -> Packed {
        if self.f[op].is_read() || self.echoed[op] {
            return self.value[op];
        }
        self.answers.get(&(op as u32)).copied().unwrap_or(Packed::NIL)
    }

    /// Copies one operation, all but its session and its key.
    pub(crate) fn push_from(&mut self, from: &Columns, op: usize) {
        self.sent_to.push(from.sent_to[op]);
        self.served_by.push(from.served_by[op]);
        self.f.push(from.f[op]);
        self.status.push(from.status[op]);
        self.last.push(from.last[op]);
        self.invoked.push(from.invoked[op]);
        self.took.push(NEVER);
        if let Some(completed) = from.completed(op) {
            self.complete_at(self.took.len() - 1, completed);
        }
        self.invoke_index.push(from.invoke_index[op]);
        self.number.extend(from.number.get(op));
        self.complete_index.push(from.complete_index[op]);
        if let Some(&answer) = from.answers.get(&(op as u32)) {
            self.answers.insert(self.value.len() as u32, answer);
        }
        self.value.push(from.value[op]);
        self.echoed.push(from.echoed[op]);
        self.level.push(from.level.get(op).copied().flatten());
        self.version.push(from.version.get(op).copied().unwrap_or(Packed::NIL));
        self.error.push(from.error.get(op).copied().unwrap_or(NONE));
        if from.is_unjudged(op) {
            self.set_unjudged(self.took.len() - 1);
        }
    }
}

/// A recorded run: the header, the operations in columns, and what else happened.
///
/// Made by [`crate::HistoryBuilder`] or [`crate::read_jsonl`].
#[derive(Debug)]
pub struct History {
    pub(crate) header: Header,
    pub(crate) nodes: Vec<String>,
    pub(crate) sessions: Vec<u64>,
    pub(crate) keys: Vec<Symbol>,
    pub(crate) data: Arc<Data>,
    pub(crate) ops: Columns,
    pub(crate) phases: Vec<(i64, Phase)>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) node_turns: Vec<NodeTurn>,
    pub(crate) end: Option<End>,
    pub(crate) torn: Option<String>,
    pub(crate) last_time: i64,
    pub(crate) events: u64,
    /// Whether the order of events shows which operations ended before others began.
    pub(crate) real_time: bool,
    /// Whether events have times; where they have none, their places stand for them.
    pub(crate) times: bool,
    /// The process whose operations stand for the initial state.
    pub(crate) setup: Option<u64>,
    /// What updates wrote that are not part of this history; see [`History::part`].
    pub(crate) left_out: BTreeMap<(KeyId, Function, Datum), LeftOut>,
}

/// Updates of one kind and value that are not part of a history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LeftOut {
    /// The index of the first.
    pub(crate) begun: u32,
    /// Whether there is another.
    pub(crate) more: bool,
    /// Whether they are appends, and all of them failed: kept only to show that a reader did not make the piece up.
    pub(crate) failed: bool,
}

impl History {
    /// What was run, and what the target promised.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The header, to be changed: what the target promises, and how often a promise must be tested.
    pub fn header_mut(&mut self) -> &mut Header {
        &mut self.header
    }

    /// Replaces what the system under test is called.
    pub fn set_target(&mut self, target: String) {
        self.header.target = target;
    }

    /// How many operations were invoked.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ops.session.len()
    }

    /// Whether no operation was invoked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many events it was made from.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.events
    }

    /// Every operation, in the order of invocation.
    pub fn ops(&self) -> impl ExactSizeIterator<Item = OpView<'_>> + DoubleEndedIterator {
        (0..self.len() as u32).map(|id| self.op(OpId(id)))
    }

    /// One operation.
    #[must_use]
    pub fn op(&self, id: OpId) -> OpView<'_> {
        OpView { history: self, id }
    }

    /// The operation that the event with this index invoked or completed.
    #[must_use]
    pub fn op_of_event(&self, index: u32) -> Option<OpId> {
        match self.ops.invoke_index.binary_search(&index) {
            Ok(at) => Some(OpId(at as u32)),
            Err(_) => {
                let at = self.ops.complete_index.iter().position(|&i| i == index)?;
                Some(OpId(at as u32))
            }
        }
    }

    /// The operation with this number: see [`OpView::number`].
    #[must_use]
    pub fn op_of_number(&self, number: u32) -> Option<OpId> {
        if self.ops.number.is_empty() {
            return self.op_of_event(number);
        }
        let numbers = &self.ops.number;
        // Most files are in the order of their numbers.
        match numbers.binary_search(&number) {
            Ok(at) => Some(OpId(at as u32)),
            Err(_) => {
                let at = numbers.iter().position(|&n| n == number)?;
                Some(OpId(at as u32))
            }
        }
    }

    /// The texts and lists that the datums of this history name.
    #[must_use]
    pub fn data(&self) -> &Data {
        &self.data
    }

    /// What a datum of this history stands for.
    #[must_use]
    pub fn view(&self, datum: Datum) -> View<'_> {
        self.data.view(datum)
    }

    /// The number of nodes that are named anywhere; the replicas are the first [`History::replicas`].
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes of the header.
    pub fn replicas(&self) -> impl ExactSizeIterator<Item = NodeId> + use<> {
        (0..self.header.nodes.len() as u16).map(NodeId)
    }

    /// A node's name.
    #[must_use]
    pub fn node_name(&self, node: NodeId) -> &str {
        &self.nodes[usize::from(node.0)]
    }

    /// The number of sessions.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }

    /// A session's number in the file.
    #[must_use]
    pub fn process(&self, session: SessionId) -> u64 {
        self.sessions[session.0 as usize]
    }

    /// The number of keys.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len()
    }

    /// A key's name.
    #[must_use]
    pub fn key_name(&self, key: KeyId) -> &str {
        self.data.text(self.keys[key.0 as usize])
    }

    /// The operations of each session, in the order they were made.
    #[must_use]
    pub fn by_session(&self) -> Groups {
        Groups::new(self.sessions(), &self.ops.session)
    }

    /// The operations on each key, in the order of invocation.
    #[must_use]
    pub fn by_key(&self) -> Groups {
        Groups::new(self.keys(), &self.ops.key)
    }

    /// When each phase began, in order.
    #[must_use]
    pub fn phases(&self) -> &[(i64, Phase)] {
        &self.phases
    }

    /// The phase at a time; `None` before the first.
    #[must_use]
    pub fn phase_at(&self, time: i64) -> Option<Phase> {
        let after = self.phases.partition_point(|&(begin, _)| begin <= time);
        after.checked_sub(1).map(|at| self.phases[at].1)
    }

    /// The faults, in the order of injection.
    #[must_use]
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The faults that may have been in force at some moment of `from..=to`; with a node, only those that act on it.
    pub fn faults_in_force(
        &self,
        from: i64,
        to: i64,
        node: Option<NodeId>,
    ) -> impl Iterator<Item = &Fault> {
        self.faults.iter().filter(move |fault| {
            fault.in_force(from, to) && node.is_none_or(|node| fault.touches(node))
        })
    }

    /// What happened to nodes without a fault.
    #[must_use]
    pub fn node_turns(&self) -> &[NodeTurn] {
        &self.node_turns
    }

    /// How the run ended; `None` if it was cut off.
    #[must_use]
    pub fn end(&self) -> Option<&End> {
        self.end.as_ref()
    }

    /// What is wrong with the file's last line, where the writing was torn off in the middle of it.
    #[must_use]
    pub fn torn(&self) -> Option<&str> {
        self.torn.as_deref()
    }

    /// The time of the last event, in nanoseconds since the run began.
    #[must_use]
    pub fn last_time(&self) -> i64 {
        self.last_time
    }
}

/// One operation of a history.
#[derive(Debug, Clone, Copy)]
pub struct OpView<'h> {
    pub(crate) history: &'h History,
    pub(crate) id: OpId,
}

impl<'h> OpView<'h> {
    fn at(self) -> usize {
        self.id.0 as usize
    }

    /// Its number among the operations.
    #[must_use]
    pub fn id(self) -> OpId {
        self.id
    }

    /// What verdicts and reports call it: the index of the event that invoked it, or what the file of another tool calls it.
    #[must_use]
    pub fn number(self) -> u32 {
        self.history.ops.number.get(self.at()).copied().unwrap_or_else(|| self.index())
    }

    /// The place of its invocation among the events: what was recorded earlier has a lower one.
    #[must_use]
    pub fn index(self) -> u32 {
        self.history.ops.invoke_index[self.at()]
    }

    /// The index of the event that completed it.
    #[must_use]
    pub fn completion_index(self) -> Option<u32> {
        let index = self.history.ops.complete_index[self.at()];
        (index != NONE).then_some(index)
    }

    /// Its session.
    #[must_use]
    pub fn session(self) -> SessionId {
        SessionId(self.history.ops.session[self.at()])
    }

    /// Its session's number in the file.
    #[must_use]
    pub fn process(self) -> u64 {
        self.history.process(self.session())
    }

    /// The node it was sent to.
    #[must_use]
    pub fn sent_to(self) -> NodeId {
        NodeId(self.history.ops.sent_to[self.at()])
    }

    /// The replica that answered; the node it was sent to, where none did.
    #[must_use]
    pub fn served_by(self) -> NodeId {
        NodeId(self.history.ops.served_by[self.at()])
    }

    /// The name of [`OpView::served_by`].
    #[must_use]
    pub fn node_name(self) -> &'h str {
        self.history.node_name(self.served_by())
    }

    /// What was asked.
    #[must_use]
    pub fn f(self) -> Function {
        self.history.ops.f[self.at()]
    }

    /// The object.
    #[must_use]
    pub fn key(self) -> KeyId {
        KeyId(self.history.ops.key[self.at()])
    }

    /// The object's name.
    #[must_use]
    pub fn key_name(self) -> &'h str {
        self.history.key_name(self.key())
    }

    /// How it came out.
    #[must_use]
    pub fn status(self) -> Status {
        self.history.ops.status[self.at()]
    }

    /// Whether it was acknowledged.
    #[must_use]
    pub fn is_ok(self) -> bool {
        self.status() == Status::Ok
    }

    /// When it was invoked, in nanoseconds since the run began.
    #[must_use]
    pub fn invoked(self) -> i64 {
        self.history.ops.invoked[self.at()]
    }

    /// When its completion was recorded; `None` if it never was.
    #[must_use]
    pub fn completed(self) -> Option<i64> {
        self.history.ops.completed(self.at())
    }

    /// When its completion was recorded, or else when the history ends.
    #[must_use]
    pub fn until(self) -> i64 {
        self.completed().unwrap_or(self.history.last_time)
    }

    /// What was asked with it: the value written, the amount, the element.
    #[must_use]
    pub fn input(self) -> Datum {
        self.history.data.unpack(self.history.ops.input(self.at()))
    }

    /// What came back.
    #[must_use]
    pub fn output(self) -> Datum {
        self.history.data.unpack(self.history.ops.output(self.at()))
    }

    /// How many replicas it asked to take part, where it said so.
    #[must_use]
    pub fn level(self) -> Option<Level> {
        self.history.ops.level.get(self.at()).copied().flatten()
    }

    /// The version that came back; nil where none did.
    #[must_use]
    pub fn version(self) -> Datum {
        let packed = self.history.ops.version.get(self.at()).copied();
        packed.map_or(Datum::NIL, |packed| self.history.data.unpack(packed))
    }

    /// Why it failed, or why nobody knows.
    #[must_use]
    pub fn error(self) -> Option<&'h str> {
        let symbol = self.history.ops.error.get(self.at()).copied().unwrap_or(NONE);
        (symbol != NONE).then(|| self.history.data.text(Symbol(symbol)))
    }

    /// Whether it is one of the final reads.
    #[must_use]
    pub fn is_final(self) -> bool {
        self.history.ops.last[self.at()]
    }
}
