//! A node of a cluster whose objects are documents of a library: it stores each document before it answers, and exchanges it with
//! one peer after the other. It has as many documents as its run has keys.

use crate::library::{Heard, Library, Trouble};
use afterall_engine::driver::Completion;
use afterall_history::{Value, Workload};
use afterall_sim::{Effects, Input, Moment, Record, Replica};
use afterall_workloads::Operation;
use std::collections::BTreeMap;
use std::error::Error;

/// How often a node begins to exchange its documents with a peer, each time another.
const INTERVAL_NS: u64 = 200_000_000;

/// Whose changes a node's are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// In every life another writer's.
    OfEachLife,
    /// The same writer's as before, even if the node has forgotten what it wrote: a known mistake.
    OfTheNode,
}

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Which of the nodes it is, from 0.
    pub number: usize,
    /// How many there are.
    pub nodes: usize,
    /// Whose changes its are.
    pub identity: Identity,
}

/// What a client asks.
#[derive(Debug, Clone)]
pub struct Request {
    workload: Workload,
    operation: Operation,
}

/// What it is answered: by which node, from 0; and what was read, or why nothing was done.
#[derive(Debug, Clone)]
pub struct Answer {
    node: usize,
    outcome: Result<Option<Value>, String>,
}

/// A stored document that cannot be read back.
#[derive(Debug, thiserror::Error)]
#[error("a stored document cannot be read back")]
pub struct Damaged(#[source] Trouble);

/// A node.
#[derive(Debug, Clone)]
pub struct Node<L: Library> {
    config: Config,
    writer: u64,
    documents: BTreeMap<String, Replicated<L>>,
    /// The peer with which it begins to exchange next, counted from itself.
    turn: usize,
    wake_ns: u64,
    /// How many messages of peers were of no use.
    rejected: u64,
}

/// A document, and what is remembered of each peer.
#[derive(Debug, Clone)]
struct Replicated<L: Library> {
    document: L,
    peers: BTreeMap<usize, L::Peer>,
}

impl<L: Library> Node<L> {
    /// The document of a key; an empty one where there was none.
    fn document(&mut self, key: &str) -> Result<&mut Replicated<L>, Trouble> {
        if !self.documents.contains_key(key) {
            let new = Replicated { document: L::new(self.writer)?, peers: BTreeMap::new() };
            self.documents.insert(key.to_owned(), new);
        }
        self.documents.get_mut(key).ok_or_else(|| "expected a document".into())
    }

    fn answer(
        &mut self,
        Request { workload, operation }: &Request,
        effects: &mut Effects<Self>,
    ) -> Result<Option<Value>, Trouble> {
        let key = &operation.key;
        let document = &mut self.document(key)?.document;
        if operation.f.is_read() {
            return document.read(*workload).map(Some);
        }
        document.update(operation)?;
        effects.persist.push((key.clone().into_bytes(), document.save()));
        Ok(None)
    }

    fn hear(
        &mut self,
        from: usize,
        (key, message): (String, Vec<u8>),
        effects: &mut Effects<Self>,
    ) -> Result<(), Trouble> {
        let Replicated { document, peers } = self.document(&key)?;
        let Heard { answer, changed } = document.hear(peers.entry(from).or_default(), &message)?;
        if changed {
            effects.persist.push((key.clone().into_bytes(), document.save()));
        }
        effects.sends.extend(answer.map(|answer| (from, (key, answer))));
        Ok(())
    }

    /// Begins to exchange every document with the peer whose turn it is.
    fn begin(&mut self, effects: &mut Effects<Self>) {
        let Config { number, nodes, .. } = self.config;
        let Some(peers) = nodes.checked_sub(1).filter(|&peers| peers > 0) else { return };
        self.turn = self.turn % peers + 1;
        let peer = (number + self.turn) % nodes;
        for (key, Replicated { document, peers }) in &mut self.documents {
            let message = document.begin(peers.entry(peer).or_default());
            effects.sends.extend(message.map(|message| (peer, (key.clone(), message))));
        }
    }
}

impl<L: Library> Replica for Node<L> {
    type Config = Config;
    type Request = Request;
    type Answer = Answer;
    /// A key, and what the library says of its document.
    type Message = (String, Vec<u8>);
    type Session = ();
    type Damaged = Damaged;

    fn start(
        config: &Config,
        incarnation: u32,
        stored: impl Iterator<Item = Record>,
    ) -> Result<Self, Damaged> {
        let life = match config.identity {
            Identity::OfEachLife => incarnation,
            Identity::OfTheNode => 1,
        };
        let writer = u64::from(life) << 16 | config.number as u64;
        let load = |(key, saved): Record| {
            let key = String::from_utf8(key)?;
            let document = L::load(writer, &saved)?;
            Ok((key, Replicated { document, peers: BTreeMap::new() }))
        };
        let documents = stored.map(load).collect::<Result<_, Trouble>>().map_err(Damaged)?;
        Ok(Node { config: config.clone(), writer, documents, turn: 0, wake_ns: 0, rejected: 0 })
    }

    fn wake_ns(&self) -> u64 {
        self.wake_ns
    }

    fn handle(&mut self, now: Moment, input: Input<Self>, effects: &mut Effects<Self>) {
        // What nobody can take back is on the disk first.
        effects.hold = true;
        match input {
            Input::Request(id, request) => {
                let outcome = self.answer(&request, effects).map_err(|why| why.to_string());
                effects.replies.push((id, Answer { node: self.config.number, outcome }));
            }
            Input::Message(from, message) => {
                self.rejected += u64::from(self.hear(from, message, effects).is_err());
            }
            Input::Wake if now.mono_ns >= self.wake_ns => {
                self.wake_ns = now.mono_ns + INTERVAL_NS;
                self.begin(effects);
            }
            Input::Wake => {}
        }
    }

    fn message_bytes((key, message): &Self::Message) -> u64 {
        (key.len() + message.len()) as u64
    }

    fn marks(&self) -> Vec<(&'static str, u64)> {
        vec![("rejected", self.rejected)]
    }

    fn request(
        (): &mut (),
        workload: Workload,
        operation: &Operation,
    ) -> Result<Request, Box<dyn Error>> {
        Ok(Request { workload, operation: operation.clone() })
    }

    fn completed(
        (): &mut (),
        _: Workload,
        _: &str,
        Answer { node, outcome }: Answer,
    ) -> Completion {
        match outcome {
            Ok(read) => Completion::Ok { node: format!("n{}", node + 1), read, version: None },
            Err(why) => Completion::Fail(why),
        }
    }
}
