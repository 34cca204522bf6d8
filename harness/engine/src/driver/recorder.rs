//! Events in the making: numbered, and kept until the shell writes them.

use afterall_history::{
    EndEvent, EndHow, Event, FaultEvent, FaultStage, NodeChange, NodeEvent, OpEvent, Phase,
    PhaseEvent,
};

use crate::faults::Fault;

/// Numbers events and holds them for the shell.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recorder {
    next_index: u64,
    events: Vec<Event>,
}

impl Recorder {
    pub(crate) fn drain(&mut self) -> std::vec::Drain<'_, Event> {
        self.events.drain(..)
    }

    fn index(&mut self) -> u64 {
        let index = self.next_index;
        self.next_index += 1;
        index
    }

    /// Records one end of an operation; its index is given here.
    pub(crate) fn op(&mut self, mut event: OpEvent) {
        event.index = self.index();
        self.events.push(Event::Op(event));
    }

    pub(crate) fn phase(&mut self, time: i64, phase: Phase) {
        let index = self.index();
        self.events.push(Event::Phase(PhaseEvent { index, time, phase }));
    }

    pub(crate) fn fault(
        &mut self,
        time: i64,
        (id, fault): (usize, &Fault),
        stage: FaultStage,
        evidence: Option<String>,
        nodes: &[String],
    ) {
        let name = |node: usize| nodes.get(node).cloned().unwrap_or_else(|| format!("#{node}"));
        let index = self.index();
        self.events.push(Event::Fault(FaultEvent {
            index,
            time,
            fault: u32::try_from(id).unwrap_or(u32::MAX),
            f: fault.kind,
            stage,
            nodes: fault.nodes().into_iter().map(name).collect(),
            links: fault.links().iter().map(|&(from, to)| (name(from), name(to))).collect(),
            value: fault.parameters.clone(),
            evidence,
        }));
    }

    pub(crate) fn node(&mut self, time: i64, node: String, change: NodeChange, detail: String) {
        let index = self.index();
        self.events.push(Event::Node(NodeEvent { index, time, node, change, detail }));
    }

    pub(crate) fn end(&mut self, time: i64, how: EndHow, detail: Option<String>) {
        let index = self.index();
        self.events.push(Event::End(EndEvent { index, time, how, detail }));
    }
}
