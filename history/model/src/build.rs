//! From a stream of events to a [`History`]. Rejects events that cannot follow the previous ones.

#![expect(clippy::disallowed_types, reason = "looked up, never walked")]

use crate::damage::Damage;
use crate::datum::{Data, Datum, Packed, Symbol};
use crate::event::{Event, FaultEvent, FaultStage, OpEvent, Outcome, Phase};
use crate::fault::{End, Fault, NodeTurn};
use crate::function::Function;
use crate::header::{Header, NODE_UNKNOWN, RECORDED};
use crate::history::{Columns, History, NEVER, NONE};
use crate::ids::{NodeId, Status};
use crate::level::Level;
use crate::limits::{EVENTS_MAX, FAULTS_MAX, NODES_MAX};
use crate::shape;
use crate::value::Value;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Nodes that an error names.
const NODES_TOLD: usize = 12;

/// One end of an operation, its texts and values already interned.
pub(crate) struct RawOp {
    pub(crate) index: u64,
    pub(crate) time: i64,
    pub(crate) outcome: Outcome,
    pub(crate) process: u64,
    pub(crate) node: Symbol,
    pub(crate) f: Function,
    pub(crate) key: Symbol,
    pub(crate) value: Datum,
    pub(crate) level: Option<Level>,
    pub(crate) version: Datum,
    pub(crate) error: Option<Symbol>,
    pub(crate) last: bool,
}

/// What a session is doing.
#[derive(Clone, Copy)]
enum Doing {
    Nothing,
    Op(u32),
    Gone,
}

/// The sessions of processes.
#[derive(Default)]
struct SessionOf {
    /// Of processes with low numbers; [`NONE`] where there is no such process.
    low: Vec<u32>,
    high: HashMap<u64, u32>,
}

impl SessionOf {
    const LOW: u64 = 1 << 16;

    fn get(&self, process: u64) -> Option<u32> {
        if process >= SessionOf::LOW {
            return self.high.get(&process).copied();
        }
        self.low.get(process as usize).copied().filter(|&session| session != NONE)
    }

    fn insert(&mut self, process: u64, session: u32) {
        if process >= SessionOf::LOW {
            self.high.insert(process, session);
            return;
        }
        let at = process as usize;
        if self.low.len() <= at {
            self.low.resize(at + 1, NONE);
        }
        self.low[at] = session;
    }
}

/// Builds a [`History`] from events, in order.
pub struct HistoryBuilder {
    /// Its own data stay empty until the end.
    history: History,
    data: Data,
    /// By symbol; [`NONE`] where the symbol is not the name of a key.
    key_of: Vec<u32>,
    /// By symbol; [`NONE`] where the symbol is not the name of a node.
    node_of: Vec<u32>,
    session_of: SessionOf,
    doing: Vec<Doing>,
}

impl HistoryBuilder {
    /// Begins a history.
    ///
    /// # Errors
    /// When the header names no nodes, too many, or one twice.
    pub fn new(header: Header) -> Result<Self, Damage> {
        let names = header.nodes.clone();
        let mut builder = HistoryBuilder {
            history: History {
                header,
                nodes: Vec::new(),
                sessions: Vec::new(),
                keys: Vec::new(),
                data: Arc::default(),
                ops: Columns::default(),
                phases: Vec::new(),
                faults: Vec::new(),
                node_turns: Vec::new(),
                end: None,
                torn: None,
                real_time: true,
                times: true,
                setup: None,
                left_out: BTreeMap::new(),
                last_time: 0,
                events: 0,
            },
            data: Data::default(),
            key_of: Vec::new(),
            node_of: Vec::new(),
            session_of: SessionOf::default(),
            doing: Vec::new(),
        };
        if names.is_empty() {
            return Err(Damage::NoNodes);
        }
        for (at, name) in names.iter().enumerate() {
            let symbol = builder.data.intern_text(name)?;
            if usize::from(builder.named_node(symbol)?.0) != at {
                return Err(Damage::NodeTwice(name.clone()));
            }
        }
        Ok(builder)
    }

    /// Adds the next event.
    ///
    /// # Errors
    /// When it cannot follow the events before it. The builder is then as it was before, and may be
    /// finished.
    pub fn push(&mut self, event: &Event) -> Result<(), Damage> {
        match event {
            Event::Op(e) => self.push_op_event(e),
            Event::Phase(e) => self.push_phase(e.index, e.time, e.phase),
            Event::Fault(e) => self.push_fault(e),
            Event::Node(e) => {
                self.due(e.index, e.time)?;
                let symbol = self.data.intern_text(&e.node)?;
                let node = self.node(symbol)?;
                self.history.node_turns.push(NodeTurn {
                    time: e.time,
                    node,
                    change: e.change,
                    detail: e.detail.clone(),
                });
                self.done(e.time);
                Ok(())
            }
            Event::End(e) => {
                self.due(e.index, e.time)?;
                self.history.end = Some(End { time: e.time, how: e.how, detail: e.detail.clone() });
                self.done(e.time);
                Ok(())
            }
        }
    }

    /// Adds the next event, which is one end of an operation: as [`HistoryBuilder::push`], for those who fill the same
    /// [`OpEvent`] again and again.
    ///
    /// # Errors
    /// As [`HistoryBuilder::push`].
    pub fn push_op_event(&mut self, event: &OpEvent) -> Result<(), Damage> {
        let raw = self.intern_op(event)?;
        self.push_op(&raw)
    }

    /// Ends the history. Operations that were never completed stay `info`.
    #[must_use]
    pub fn finish(mut self) -> History {
        self.data.freeze();
        self.history.data = Arc::new(self.data);
        self.history
    }

    pub(crate) fn data(&mut self) -> &mut Data {
        &mut self.data
    }

    pub(crate) fn torn(&mut self, what: String) {
        self.history.torn = Some(what);
    }

    fn intern_op(&mut self, e: &OpEvent) -> Result<RawOp, Damage> {
        let data = &mut self.data;
        let interned = (|| {
            Ok(RawOp {
                index: e.index,
                time: e.time,
                outcome: e.outcome,
                process: e.process,
                node: data.intern_text(&e.node)?,
                f: e.f,
                key: data.intern_text(&e.key)?,
                value: data.intern(&e.value)?,
                level: e.level,
                version: data.intern(e.version.as_ref().unwrap_or(&Value::Nil))?,
                error: e.error.as_deref().map(|error| data.intern_text(error)).transpose()?,
                last: e.last,
            })
        })();
        if interned.is_err() {
            data.abandon();
        }
        interned
    }

    fn due(&self, index: u64, time: i64) -> Result<(), Damage> {
        let due = self.history.events;
        if index != due {
            return Err(Damage::Index { found: index, due });
        }
        if due > 0 && time < self.history.last_time {
            return Err(Damage::Time { found: time, last: self.history.last_time });
        }
        if due >= EVENTS_MAX as u64 {
            return Err(Damage::Events);
        }
        if self.history.end.is_some() {
            return Err(Damage::AfterEnd);
        }
        Ok(())
    }

    fn done(&mut self, time: i64) {
        self.history.events += 1;
        self.history.last_time = time;
    }

    pub(crate) fn push_op(&mut self, raw: &RawOp) -> Result<(), Damage> {
        self.due(raw.index, raw.time)?;
        if raw.outcome == Outcome::Invoke { self.invoke(raw) } else { self.complete(raw) }?;
        self.done(raw.time);
        Ok(())
    }

    fn shape(
        &self,
        raw: &RawOp,
        checked: Result<(), impl Into<shape::Misfit>>,
    ) -> Result<(), Damage> {
        checked.map_err(|misfit| match misfit.into() {
            shape::Misfit::NoSuchOperation => {
                Damage::NoSuchOperation { workload: self.history.header.workload, f: raw.f }
            }
            shape::Misfit::Value(why) => {
                Damage::Shape { f: raw.f, value: self.data.value(raw.value).to_string(), why }
            }
        })
    }

    fn invoke(&mut self, raw: &RawOp) -> Result<(), Damage> {
        let process = raw.process;
        let session = self.session_of.get(process);
        match session.map(|session| self.doing[session as usize]) {
            None | Some(Doing::Nothing) => {}
            Some(Doing::Op(op)) => {
                let open = self.history.ops.invoke_index[op as usize];
                return Err(Damage::StillOpen { process, open });
            }
            Some(Doing::Gone) => return Err(Damage::AfterInfo { process }),
        }
        if !raw.version.is_nil() {
            return Err(Damage::OnInvocation("version"));
        }
        if raw.error.is_some() {
            return Err(Damage::OnInvocation("error"));
        }
        let workload = self.history.header.workload;
        self.shape(raw, shape::of_input(workload, &self.data, raw.f, raw.value))?;
        let node = self.node(raw.node)?;
        let key = self.key(raw.key);
        let input = self.data.pack(raw.value)?;
        let session = session.unwrap_or_else(|| {
            let session = self.history.sessions.len() as u32;
            self.history.sessions.push(process);
            self.session_of.insert(process, session);
            self.doing.push(Doing::Nothing);
            session
        });
        let ops = &mut self.history.ops;
        self.doing[session as usize] = Doing::Op(ops.session.len() as u32);
        ops.session.push(session);
        ops.key.push(key);
        ops.sent_to.push(node.0);
        ops.served_by.push(node.0);
        ops.f.push(raw.f);
        ops.status.push(Status::Info);
        ops.last.push(raw.last);
        ops.invoked.push(raw.time);
        ops.took.push(NEVER);
        ops.invoke_index.push(raw.index as u32);
        ops.complete_index.push(NONE);
        if raw.level.is_some() {
            ops.level.resize(ops.value.len(), None);
            ops.level.push(raw.level);
        }
        ops.value.push(input);
        ops.echoed.push(false);
        Ok(())
    }

    fn complete(&mut self, raw: &RawOp) -> Result<(), Damage> {
        let process = raw.process;
        let session = self.session_of.get(process);
        let (session, op) = match session.map(|session| (session, self.doing[session as usize])) {
            None | Some((_, Doing::Nothing)) => return Err(Damage::NotInvoked { process }),
            Some((_, Doing::Gone)) => return Err(Damage::AfterInfo { process }),
            Some((session, Doing::Op(op))) => (session as usize, op as usize),
        };
        let ops = &self.history.ops;
        let invoked_key = self.history.keys[ops.key[op] as usize];
        if ops.f[op] != raw.f || invoked_key != raw.key {
            let data = &self.data;
            return Err(Damage::Other {
                process,
                found: format!("{} {:?}", raw.f, data.text(raw.key)),
                invoked: format!("{} {:?}", ops.f[op], data.text(invoked_key)),
                open: ops.invoke_index[op],
            });
        }
        if raw.outcome == Outcome::Ok {
            let workload = self.history.header.workload;
            self.shape(raw, shape::of_output(workload, &self.data, raw.f, raw.value))?;
        }
        let node = self.node(raw.node)?;
        let echoed = !raw.f.is_read() && self.data.unpack(self.history.ops.value[op]) == raw.value;
        let update = raw.outcome == Outcome::Ok && !raw.f.is_read();
        if update && !echoed && !raw.value.is_nil() {
            let invoked = self.data.unpack(self.history.ops.value[op]);
            return Err(Damage::Echo {
                process,
                f: raw.f,
                invoked: self.data.value(invoked).to_string(),
                found: self.data.value(raw.value).to_string(),
            });
        }
        let output = if echoed { Packed::NIL } else { self.data.pack(raw.value)? };
        let version = self.data.pack(raw.version)?;
        let ops = &mut self.history.ops;
        // Where one end of the operation does not name the node, the other tells.
        let named = self.history.header.nodes.len();
        if usize::from(ops.sent_to[op]) >= named {
            ops.sent_to[op] = node.0;
        }
        ops.served_by[op] = if usize::from(node.0) >= named { ops.sent_to[op] } else { node.0 };
        ops.status[op] = match raw.outcome {
            Outcome::Ok => Status::Ok,
            Outcome::Fail => Status::Fail,
            Outcome::Info | Outcome::Invoke => Status::Info,
        };
        ops.last[op] |= raw.last;
        ops.complete_at(op, raw.time);
        ops.complete_index[op] = raw.index as u32;
        if raw.f.is_read() {
            ops.value[op] = output;
        } else if echoed {
            ops.echoed[op] = true;
        } else if !raw.value.is_nil() {
            ops.answers.insert(op as u32, output);
        }
        if !raw.version.is_nil() {
            if ops.version.len() <= op {
                ops.version.resize(op + 1, Packed::NIL);
            }
            ops.version[op] = version;
        }
        if let Some(error) = raw.error {
            if ops.error.len() <= op {
                ops.error.resize(op + 1, NONE);
            }
            ops.error[op] = error.0;
        }
        self.doing[session] =
            if raw.outcome == Outcome::Info { Doing::Gone } else { Doing::Nothing };
        Ok(())
    }

    fn push_phase(&mut self, index: u64, time: i64, phase: Phase) -> Result<(), Damage> {
        self.due(index, time)?;
        if let Some(&(_, last)) = self.history.phases.last()
            && phase <= last
        {
            return Err(Damage::PhaseOrder { found: phase, last });
        }
        self.history.phases.push((time, phase));
        self.done(time);
        Ok(())
    }

    fn push_fault(&mut self, e: &FaultEvent) -> Result<(), Damage> {
        self.due(e.index, e.time)?;
        if e.stage == FaultStage::Inject {
            let due = self.history.faults.len();
            if e.fault as usize != due {
                return Err(Damage::FaultIndex { found: e.fault, due });
            }
            if due >= FAULTS_MAX {
                return Err(Damage::Faults);
            }
            // For its limits, and for the order of its entries.
            let value = self.data.intern(&e.value)?;
            let nodes = e.nodes.iter().map(|name| self.named(name)).collect::<Result<_, _>>()?;
            let links = e
                .links
                .iter()
                .map(|(from, to)| Ok((self.named(from)?, self.named(to)?)))
                .collect::<Result<_, Damage>>()?;
            self.history.faults.push(Fault {
                id: e.fault,
                kind: e.f,
                nodes,
                links,
                value: self.data.value(value),
                inject: e.time,
                took: None,
                missed: None,
                held: None,
                lapsed: None,
                heal: None,
                healed: None,
                stuck: None,
                evidence: Vec::new(),
            });
        } else {
            let Some(fault) = self.history.faults.get_mut(e.fault as usize) else {
                return Err(Damage::FaultUnknown(e.fault));
            };
            if fault.kind != e.f {
                return Err(Damage::FaultKind { fault: e.fault, injected: fault.kind, found: e.f });
            }
            let healed = fault.healed.is_some();
            // It is measured again once, before it is healed.
            let again = fault.held.or(fault.lapsed).or(fault.heal).is_none();
            let (follows, at) = match e.stage {
                FaultStage::Inject => (false, &mut fault.missed),
                FaultStage::Took => (fault.took.is_none(), &mut fault.took),
                FaultStage::Missed => (fault.missed.is_none(), &mut fault.missed),
                FaultStage::Held => (again, &mut fault.held),
                FaultStage::Lapsed => (again, &mut fault.lapsed),
                FaultStage::Heal => (true, &mut fault.heal),
                FaultStage::Healed => (fault.heal.is_some(), &mut fault.healed),
                FaultStage::Stuck => (fault.heal.is_some(), &mut fault.stuck),
            };
            if healed || !follows {
                return Err(Damage::FaultStage { fault: e.fault, stage: e.stage });
            }
            *at = Some(e.time);
        }
        if let Some(evidence) = &e.evidence {
            self.history.faults[e.fault as usize].evidence.push((e.stage, evidence.clone()));
        }
        self.done(e.time);
        Ok(())
    }

    fn named(&mut self, name: &str) -> Result<NodeId, Damage> {
        let symbol = self.data.intern_text(name)?;
        self.node(symbol)
    }

    /// A node that the header names. Of histories of other tools single operations need not tell theirs.
    fn node(&mut self, symbol: Symbol) -> Result<NodeId, Damage> {
        match self.node_of.get(symbol.0 as usize) {
            Some(&known) if known != NONE => return Ok(NodeId(known as u16)),
            _ => {}
        }
        let header = &self.history.header;
        let name = self.data.text(symbol);
        if header.world == RECORDED && name == NODE_UNKNOWN {
            return self.named_node(symbol);
        }
        let mut known =
            header.nodes.iter().take(NODES_TOLD).cloned().collect::<Vec<_>>().join(", ");
        if header.nodes.len() > NODES_TOLD {
            known.push_str(", …");
        }
        Err(Damage::NodeUnknown { node: name.to_owned(), known })
    }

    fn named_node(&mut self, symbol: Symbol) -> Result<NodeId, Damage> {
        let nodes = &mut self.history.nodes;
        let due = nodes.len();
        let slot = slot(&mut self.node_of, symbol);
        if *slot == NONE {
            if due >= NODES_MAX {
                return Err(Damage::Nodes);
            }
            *slot = due as u32;
            nodes.push(self.data.text(symbol).to_owned());
        }
        Ok(NodeId(*slot as u16))
    }

    fn key(&mut self, symbol: Symbol) -> u32 {
        let slot = slot(&mut self.key_of, symbol);
        if *slot == NONE {
            *slot = self.history.keys.len() as u32;
            self.history.keys.push(symbol);
        }
        *slot
    }
}

fn slot(of: &mut Vec<u32>, symbol: Symbol) -> &mut u32 {
    let at = symbol.0 as usize;
    if of.len() <= at {
        of.resize(at + 1, NONE);
    }
    &mut of[at]
}
