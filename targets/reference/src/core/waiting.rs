//! Requests that wait: for what their session has been given elsewhere to arrive here.

use super::api::Request;
use super::effects::RequestId;
use std::collections::VecDeque;

/// How long a request waits. Clients should be more patient.
const PATIENCE_NS: u64 = 400_000_000;
/// The most requests that wait. Beyond it they are refused at once.
const WAITING_MAX: usize = 4_096;

/// The requests that wait, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    requests: VecDeque<(u64, RequestId, Request)>,
}

impl Waiting {
    /// Lets a request wait; false if too many do already.
    pub(crate) fn push(&mut self, now_ns: u64, id: RequestId, request: Request) -> bool {
        let has_room = self.requests.len() < WAITING_MAX;
        if has_room {
            self.requests.push_back((now_ns.saturating_add(PATIENCE_NS), id, request));
        }
        has_room
    }

    /// Takes all out.
    pub(crate) fn clear(&mut self) -> Vec<RequestId> {
        self.requests.drain(..).map(|(_, id, _)| id).collect()
    }

    /// When the first has waited long enough.
    pub(crate) fn deadline_ns(&self) -> Option<u64> {
        self.requests.front().map(|&(deadline_ns, _, _)| deadline_ns)
    }

    /// Takes out those that need not wait any longer, and those that have waited long enough: these with `true`.
    pub(crate) fn take(
        &mut self,
        now_ns: u64,
        mut is_ready: impl FnMut(&Request) -> bool,
    ) -> Vec<(RequestId, Request, bool)> {
        let mut out = Vec::new();
        for (deadline_ns, id, request) in std::mem::take(&mut self.requests) {
            if is_ready(&request) {
                out.push((id, request, false));
            } else if deadline_ns <= now_ns {
                out.push((id, request, true));
            } else {
                self.requests.push_back((deadline_ns, id, request));
            }
        }
        out
    }
}
