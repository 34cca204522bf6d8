//! The clients: what each session remembers, and what it waits for.

use crate::driver::{Client, Completion};
use afterall_reference::core::{Answer, Refusal, RequestId};
use afterall_reference::session::Session;
use std::collections::BTreeMap;

/// A request that was sent and is not answered yet.
#[derive(Debug)]
struct Open {
    client: Client,
    key: String,
    node: usize,
    /// The life of the node that took the connection.
    incarnation: u32,
    /// Whether the answer is on its way: it arrives even if the node dies.
    answered: bool,
}

/// Every client.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// The session of each client, by its process number. A new number remembers nothing.
    sessions: BTreeMap<Client, (u64, Session)>,
    open: BTreeMap<RequestId, Open>,
    last_request: RequestId,
}

impl Clients {
    /// The session of a client's process.
    pub(super) fn session(&mut self, client: Client, process: u64) -> &mut Session {
        let (of, session) =
            self.sessions.entry(client).or_insert_with(|| (process, Session::default()));
        if *of != process {
            (*of, *session) = (process, Session::default());
        }
        session
    }

    /// Notes that a client waits for an answer to a request, which is given a number.
    pub(super) fn wait(
        &mut self,
        client: Client,
        key: String,
        node: usize,
        incarnation: u32,
    ) -> RequestId {
        self.last_request += 1;
        self.open
            .insert(self.last_request, Open { client, key, node, incarnation, answered: false });
        self.last_request
    }

    /// The life of its node that a request was sent to, while somebody waits for the answer.
    pub(super) fn incarnation(&self, id: RequestId) -> Option<u32> {
        self.open.get(&id).map(|open| open.incarnation)
    }

    /// An answer arrives; returns what it means, if anybody still waits for it.
    pub(super) fn answered(
        &mut self,
        id: RequestId,
        answer: Result<Answer, Refusal>,
    ) -> Option<(Client, Completion)> {
        let open = self.open.remove(&id)?;
        let completion = match answer {
            Ok(answer) => {
                let (_, session) = self.sessions.get_mut(&open.client)?;
                Completion::Ok {
                    node: answer.node.to_string(),
                    read: session.learn(&open.key, &answer),
                    version: Some(answer.version),
                }
            }
            Err(refusal) => Completion::Fail(refusal.to_string()),
        };
        Some((open.client, completion))
    }

    /// A request is given up, or its connection breaks: nobody knows what became of it.
    pub(super) fn given_up(&mut self, id: RequestId, why: &str) -> Option<(Client, Completion)> {
        self.open.remove(&id).map(|open| (open.client, Completion::Info(why.to_owned())))
    }

    /// A node lets out its answer.
    pub(super) fn answer_leaves(&mut self, id: RequestId) {
        if let Some(open) = self.open.get_mut(&id) {
            open.answered = true;
        }
    }

    /// The requests that a node has not answered.
    pub(super) fn waiting_for(&self, node: usize) -> Vec<RequestId> {
        let of_node = self.open.iter().filter(|(_, open)| open.node == node && !open.answered);
        of_node.map(|(&id, _)| id).collect()
    }
}
