//! The reference node as a replica of the sim: the very core that the other worlds run in a process.

use crate::machine_time::Moment;
use crate::replica::{Effects, Input, Membership, Record, Replica, Standing, Turn};
use crate::simulation::Simulation;
use afterall_engine::config::GossipConfig;
use afterall_engine::driver::Completion;
use afterall_engine::{Branching, ByMechanism, Plan};
use afterall_history::Workload;
use afterall_reference::core::{
    self, Answer, Config, DamagedRecord, Flavour, Message, Node, NodeId, Refusal, Request,
};
use afterall_reference::session::Session;
use afterall_workloads::Operation;
use std::error::Error;

/// A node of the reference store.
#[derive(Debug, Clone)]
pub struct Reference {
    node: Node,
    /// Emptied after each input.
    effects: core::Effects,
}

impl Reference {
    /// The simulated cluster of a run.
    #[must_use]
    pub fn cluster(plan: &Plan) -> Simulation<Reference> {
        Simulation::new(plan, Reference::configs(plan))
    }

    /// The same as an object: its code is made here, where it is optimised.
    #[must_use]
    pub fn world(plan: &Plan) -> Box<dyn Branching> {
        Box::new(Reference::cluster(plan))
    }

    fn hand(&mut self, now: Moment, input: core::Input, effects: &mut Effects<Self>) {
        let now = core::Moment { mono_ns: now.mono_ns, wall_ms: now.wall_ms };
        self.node.handle(now, input, &mut self.effects);
        effects.persist.append(&mut self.effects.persist);
        effects.replies.append(&mut self.effects.replies);
        let sends = self.effects.sends.drain(..);
        effects.sends.extend(sends.map(|(to, message)| (usize::from(to.0) - 1, message)));
        effects.hold = self.effects.hold;
    }

    /// The configurations of all nodes of a run.
    #[must_use]
    pub fn configs(plan: &Plan) -> Vec<Config> {
        let config = plan.config();
        let ids: Vec<NodeId> = (1..=config.nodes).map(NodeId).collect();
        let of = |&id: &NodeId| {
            let peers = ids.iter().copied().filter(|&peer| peer != id).collect();
            let flavour = config.flavour.unwrap_or(Flavour::Crdt);
            let mut node = Config::new(id, peers, flavour, config.mutant, config.seed);
            node.mechanisms = config.mechanisms;
            node.copies = config.copies;
            let GossipConfig { fanout, rumors, anti_entropy } = config.gossip;
            node.fanout = fanout.map_or(node.fanout, usize::from);
            node.rumor_interval_ns = rumors.map_or(node.rumor_interval_ns, |span| span.0);
            node.sync_interval_ns = anti_entropy.map_or(node.sync_interval_ns, |span| span.0);
            node
        };
        ids.iter().map(of).collect()
    }
}

fn id(node: usize) -> NodeId {
    NodeId(u16::try_from(node + 1).unwrap_or(u16::MAX))
}

impl Replica for Reference {
    type Config = Config;
    type Request = Request;
    type Answer = Result<Answer, Refusal>;
    type Message = Message;
    type Session = Session;
    type Damaged = DamagedRecord;

    fn start(
        config: &Config,
        incarnation: u32,
        stored: impl Iterator<Item = Record>,
    ) -> Result<Self, DamagedRecord> {
        let node = Node::start(config.clone(), incarnation, stored)?;
        Ok(Reference { node, effects: core::Effects::default() })
    }

    fn wake_ns(&self) -> u64 {
        self.node.wake_at()
    }

    fn handle(&mut self, now: Moment, input: Input<Self>, effects: &mut Effects<Self>) {
        let input = match input {
            Input::Request(number, request) => core::Input::Request(number, request),
            Input::Message(from, message) => core::Input::Message(id(from), message),
            Input::Wake => core::Input::Wake,
        };
        self.hand(now, input, effects);
    }

    fn turn(&mut self, now: Moment, turn: Turn, effects: &mut Effects<Self>) {
        let input = match turn {
            Turn::Leave => core::Input::Leave,
            Turn::Join => core::Input::Join,
        };
        self.hand(now, input, effects);
    }

    fn membership(&self) -> Option<Membership> {
        if !self.node.can_leave() {
            return None;
        }
        let core::Membership { standing, others, taken_by, owes } = self.node.membership();
        let out = others.iter().filter(|(_, standing)| **standing == core::Standing::Out);
        Some(Membership {
            standing: match standing {
                core::Standing::Member => Standing::Member,
                core::Standing::Leaving => Standing::Leaving { taken_by, owes },
                core::Standing::Out => Standing::Out,
                core::Standing::Joining => Standing::Joining,
            },
            out: out.map(|(peer, _)| usize::from(peer.0) - 1).collect(),
        })
    }

    fn message_bytes(message: &Message) -> u64 {
        message.bytes()
    }

    fn by_mechanism(&self) -> ByMechanism {
        let figures = self.node.figures();
        ByMechanism {
            rumors: figures.rumor_messages_sent,
            anti_entropy: figures.sync_messages_sent,
            read_repair: figures.repair_messages_sent,
            hints: figures.hint_messages_sent,
            read_repairs: figures.read_repairs,
            hints_handed_over: figures.hints_handed_over,
            hints_held: figures.hints_held,
            forwarded: figures.requests_forwarded,
        }
    }

    fn marks(&self) -> Vec<(&'static str, u64)> {
        self.node.figures().marks().to_vec()
    }

    fn request(
        session: &mut Session,
        workload: Workload,
        operation: &Operation,
    ) -> Result<Request, Box<dyn Error>> {
        let Operation { f, key, value, level } = operation;
        Ok(Request { level: *level, ..session.request(workload, *f, key, value)? })
    }

    fn completed(
        session: &mut Session,
        workload: Workload,
        key: &str,
        answer: Self::Answer,
    ) -> Completion {
        match answer {
            Ok(answer) => Completion::Ok {
                node: answer.node.to_string(),
                read: session.learn(workload, key, &answer),
                version: answer.version,
            },
            Err(refusal) if refusal.is_open() => Completion::Info(refusal.to_string()),
            Err(refusal) => Completion::Fail(refusal.to_string()),
        }
    }
}
