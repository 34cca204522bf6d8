//! The thread that owns the node: it feeds the core, commits what must last, and only then lets answers out.
//!
//! Everything that waits while a commit is under way is handled as one batch after it: group commit, without a
//! timer.

use crate::error::StorageError;
use crate::storage::{Record, Storage};
use afterall_reference::core::{
    Answer, Effects, Figures, Input, Membership, Message, Moment, Node, NodeId, Refusal, Request,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use tokio::sync::{mpsc, oneshot};

/// The most inputs that share one commit.
const BATCH_MAX: usize = 1_024;
/// How long an asynchronous node lets records wait for the disk.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// The most records that an asynchronous node lets wait.
const UNFLUSHED_MAX: usize = 100_000;

/// What the sockets send to the engine.
pub(crate) enum Event {
    /// A client asks.
    Request(Request, oneshot::Sender<Result<Answer, Refusal>>),
    /// A peer says something.
    Message(NodeId, Message),
    /// Its operator wants it out of the cluster, or, with `false`, in it. Told once that is on disk; no: it cannot.
    Turn(bool, oneshot::Sender<bool>),
    /// Somebody wants to know how the node is.
    Report(oneshot::Sender<Report>),
}

/// How the node is.
#[derive(Debug, Clone)]
pub(crate) struct Report {
    pub(crate) incarnation: u32,
    pub(crate) objects: usize,
    pub(crate) figures: Figures,
    pub(crate) commits: u64,
    pub(crate) membership: Membership,
}

/// The node's wall clock: the system's, plus what the time client makes of the authority's.
#[derive(Debug, Clone, Default)]
pub(crate) struct WallClock {
    offset_us: Arc<AtomicI64>,
}

impl WallClock {
    pub(crate) fn set_offset_us(&self, offset_us: i64) {
        self.offset_us.store(offset_us, Ordering::Relaxed);
    }

    pub(crate) fn offset_us(&self) -> i64 {
        self.offset_us.load(Ordering::Relaxed)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        let us = i128::from(system_us()) + i128::from(self.offset_us());
        u64::try_from(us / 1000).unwrap_or(0)
    }
}

/// Microseconds of the system's wall clock since the epoch.
pub(crate) fn system_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Everything the engine runs with.
pub(crate) struct Engine {
    pub(crate) node: Node,
    pub(crate) storage: Storage,
    pub(crate) clock: WallClock,
    pub(crate) peers: BTreeMap<NodeId, mpsc::Sender<Message>>,
}

impl Engine {
    /// Runs until every sender of events is gone.
    pub(crate) fn run(mut self, events: &Receiver<Event>) -> Result<(), StorageError> {
        let start = Instant::now();
        let mut waiting = BTreeMap::new();
        let mut next_request = 0;
        let mut unflushed: Vec<Record> = Vec::new();
        let mut flushed_at = start;
        let mut commits = 0;
        loop {
            let now_ns = nanos(start.elapsed());
            let mut wake_ns = self.node.wake_at();
            if !unflushed.is_empty() {
                wake_ns = wake_ns.min(nanos(flushed_at + FLUSH_INTERVAL - start));
            }
            let patience = Duration::from_nanos(wake_ns.saturating_sub(now_ns).min(1_000_000_000));
            let mut event = match events.recv_timeout(patience) {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return self.storage.commit(&unflushed),
            };
            let mut effects = Effects::default();
            let mut turned = Vec::new();
            let mut handled = 0;
            loop {
                let now = Moment { mono_ns: nanos(start.elapsed()), wall_ms: self.clock.now_ms() };
                let input = match event {
                    Some(Event::Request(request, reply)) => {
                        next_request += 1;
                        waiting.insert(next_request, reply);
                        Input::Request(next_request, request)
                    }
                    Some(Event::Message(from, message)) => Input::Message(from, message),
                    Some(Event::Turn(leaves, reply)) => {
                        turned.push((reply, self.node.can_leave()));
                        if leaves { Input::Leave } else { Input::Join }
                    }
                    Some(Event::Report(reply)) => {
                        // The client may have gone away: nothing is lost.
                        let _ = reply.send(Report {
                            incarnation: self.node.actor().incarnation,
                            objects: self.node.objects(),
                            figures: self.node.figures(),
                            commits,
                            membership: self.node.membership(),
                        });
                        Input::Wake
                    }
                    None => Input::Wake,
                };
                self.node.handle(now, input, &mut effects);
                handled += 1;
                event = events.try_recv().ok();
                if event.is_none() || handled >= BATCH_MAX {
                    break;
                }
            }
            if effects.hold {
                if !effects.persist.is_empty() {
                    self.storage.commit(&effects.persist)?;
                    commits += 1;
                }
            } else {
                unflushed.append(&mut effects.persist);
                if flushed_at.elapsed() >= FLUSH_INTERVAL || unflushed.len() > UNFLUSHED_MAX {
                    self.storage.commit(&unflushed)?;
                    commits += 1;
                    unflushed.clear();
                    flushed_at = Instant::now();
                }
            }
            for (reply, can_leave) in turned {
                let _ = reply.send(can_leave);
            }
            for (id, answer) in effects.replies {
                if let Some(reply) = waiting.remove(&id) {
                    // A client that has hung up is a client that does not know: its business.
                    let _ = reply.send(answer);
                }
            }
            for (to, message) in effects.sends {
                if let Some(peer) = self.peers.get(&to) {
                    // A slow or dead peer costs a bounded queue; what does not fit is lost, and anti-entropy mends.
                    let _ = peer.try_send(message);
                }
            }
        }
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
