//! The clients: what each session remembers, what it waits for, and what it is lied to about.

use crate::replica::Replica;
use afterall_clients::{Deed, Liar, Lies};
use afterall_engine::driver::{Asker, Completion};
use afterall_history::Workload;
use afterall_workloads::Operation;
use std::collections::BTreeMap;

/// A request that was sent and is not answered yet.
#[derive(Debug, Clone)]
struct Open {
    asker: Asker,
    operation: Operation,
    node: usize,
    /// The life of the node that took the connection.
    incarnation: u32,
    /// Whether the answer is on its way: it arrives even if the node dies.
    answered: bool,
}

/// Every client.
#[derive(Debug, Clone)]
pub(super) struct Clients<R: Replica> {
    /// The session of each asker, by its process number. A new number remembers nothing.
    sessions: BTreeMap<Asker, (u64, R::Session)>,
    open: BTreeMap<u64, Open>,
    last_request: u64,
    lies: Option<Lies>,
    liars: BTreeMap<Asker, Liar>,
}

impl<R: Replica> Clients<R> {
    pub(super) fn new(lies: Option<Lies>) -> Self {
        let (sessions, open, liars) = Default::default();
        Clients { sessions, open, last_request: 0, lies, liars }
    }

    /// The session of a client's process.
    pub(super) fn session(&mut self, asker: Asker, process: u64) -> &mut R::Session {
        let (of, session) =
            self.sessions.entry(asker).or_insert_with(|| (process, R::Session::default()));
        if *of != process {
            (*of, *session) = (process, R::Session::default());
            if let Some(liar) = self.liars.get_mut(&asker) {
                liar.reset();
            }
        }
        session
    }

    /// What to do with an operation of a client.
    pub(super) fn deed(&mut self, asker: Asker, operation: &Operation) -> Deed {
        let Some(lies) = &self.lies else { return Deed::Send };
        let number = self.liars.len() as u64;
        let reader = matches!(asker, Asker::Reader(_));
        let liar = self.liars.entry(asker).or_insert_with(|| lies.liar(number, reader));
        liar.before(operation)
    }

    /// Notes that a client waits for an answer to a request, which is given a number.
    pub(super) fn wait(
        &mut self,
        asker: Asker,
        operation: Operation,
        node: usize,
        incarnation: u32,
    ) -> u64 {
        self.last_request += 1;
        let open = Open { asker, operation, node, incarnation, answered: false };
        self.open.insert(self.last_request, open);
        self.last_request
    }

    /// The life of its node that a request was sent to, while somebody waits for the answer.
    pub(super) fn incarnation(&self, id: u64) -> Option<u32> {
        self.open.get(&id).map(|open| open.incarnation)
    }

    /// An answer arrives; returns what it means, if anybody still waits for it.
    pub(super) fn answered(
        &mut self,
        workload: Workload,
        id: u64,
        answer: R::Answer,
    ) -> Option<(Asker, Completion)> {
        let open = self.open.remove(&id)?;
        let (_, session) = self.sessions.get_mut(&open.asker)?;
        let mut completion = R::completed(session, workload, &open.operation.key, answer);
        if let Completion::Ok { read, version, .. } = &mut completion
            && let Some(liar) = self.liars.get_mut(&open.asker)
        {
            liar.after(&open.operation, read, version);
        }
        Some((open.asker, completion))
    }

    /// A request is given up, or its connection breaks: nobody knows what became of it.
    pub(super) fn given_up(&mut self, id: u64, why: &str) -> Option<(Asker, Completion)> {
        self.open.remove(&id).map(|open| (open.asker, Completion::Info(why.to_owned())))
    }

    /// A node lets out its answer: to whom, if anybody still waits for it.
    pub(super) fn answer_leaves(&mut self, id: u64) -> Option<Asker> {
        let open = self.open.get_mut(&id)?;
        open.answered = true;
        Some(open.asker)
    }

    /// The requests that a node has not answered, and whose they are.
    pub(super) fn waiting_for(&self, node: usize) -> Vec<(u64, Asker)> {
        let of_node = self.open.iter().filter(|(_, open)| open.node == node && !open.answered);
        of_node.map(|(&id, open)| (id, open.asker)).collect()
    }
}
