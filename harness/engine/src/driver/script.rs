//! The sessions whose operations are given: what each asks next, and when.

use crate::operations::{Asked, GivenSession};
use afterall_workloads::Operation;
use std::collections::{BTreeSet, VecDeque};

/// A session that asks what it was given.
#[derive(Debug, Clone)]
struct Part {
    process: u64,
    left: VecDeque<Asked>,
}

/// All sessions whose operations are given.
#[derive(Debug, Clone)]
pub(crate) struct Script {
    parts: Vec<Part>,
    /// The sessions that wait for their time, by that time.
    waiting: BTreeSet<(u64, usize)>,
    busy: usize,
}

/// What a session asks now.
pub(crate) struct Turn {
    /// Its place among the sessions that are given.
    pub(crate) place: usize,
    pub(crate) process: u64,
    pub(crate) node: usize,
    pub(crate) operation: Operation,
}

impl Script {
    /// `first`: the process number of a session that is called 0.
    pub(crate) fn new(sessions: &[GivenSession], first: u64) -> Script {
        let part = |session: &GivenSession| Part {
            process: first + u64::from(session.number),
            left: session.asks.iter().cloned().collect(),
        };
        let parts: Vec<Part> = sessions.iter().map(part).collect();
        let due = |(place, part): (usize, &Part)| Some((part.left.front()?.at_ns, place));
        let waiting = parts.iter().enumerate().filter_map(due).collect();
        Script { parts, waiting, busy: 0 }
    }

    /// The process numbers below this one may be taken by sessions that are given.
    pub(crate) fn processes_end(&self, first: u64) -> u64 {
        self.parts.iter().map(|part| part.process + 1).max().unwrap_or(first)
    }

    /// Takes an operation that is due.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<Turn> {
        let &(_, place) = self.waiting.first().filter(|(at_ns, _)| *at_ns <= now_ns)?;
        self.waiting.pop_first();
        let part = self.parts.get_mut(place)?;
        // Of repetitions that became due while the session waited the last is asked.
        while let (Some(first), Some(second)) = (part.left.front(), part.left.get(1))
            && first.given == second.given
            && second.at_ns <= now_ns
        {
            part.left.pop_front();
        }
        let Asked { node, operation, .. } = part.left.pop_front()?;
        self.busy += 1;
        Some(Turn { place, process: part.process, node, operation })
    }

    /// When the next session is due.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.waiting.first().map(|&(at_ns, _)| at_ns)
    }

    /// The session was answered; in doubt another process takes its place.
    pub(crate) fn done(&mut self, place: usize, renewed: Option<u64>) {
        let Some(part) = self.parts.get_mut(place) else { return };
        self.busy = self.busy.saturating_sub(1);
        part.process = renewed.unwrap_or(part.process);
        self.waiting.extend(part.left.front().map(|next| (next.at_ns, place)));
    }

    /// Whether everything was asked and answered.
    pub(crate) fn is_over(&self) -> bool {
        self.busy == 0 && self.waiting.is_empty()
    }
}
