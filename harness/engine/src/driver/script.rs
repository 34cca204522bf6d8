//! The sessions whose operations are given: what each asks next, and when.

use crate::operations::{Asked, GivenSession};
use afterall_workloads::Operation;
use std::collections::VecDeque;

/// A session that asks what it was given.
#[derive(Debug)]
struct Part {
    process: u64,
    left: VecDeque<Asked>,
    busy: bool,
}

/// All sessions whose operations are given.
#[derive(Debug)]
pub(crate) struct Script {
    parts: Vec<Part>,
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
            busy: false,
        };
        Script { parts: sessions.iter().map(part).collect() }
    }

    /// The process numbers below this one may be taken by sessions that are given.
    pub(crate) fn processes_end(&self, first: u64) -> u64 {
        self.parts.iter().map(|part| part.process + 1).max().unwrap_or(first)
    }

    /// Takes an operation that is due.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<Turn> {
        let due = |part: &Part| part.due_ns().is_some_and(|at_ns| at_ns <= now_ns);
        let (place, part) = self.parts.iter_mut().enumerate().find(|(_, part)| due(part))?;
        // Of repetitions that became due while the session waited the last is asked.
        while let [first, second, ..] = part.left.make_contiguous()
            && first.given == second.given
            && second.at_ns <= now_ns
        {
            part.left.pop_front();
        }
        let Asked { node, operation, .. } = part.left.pop_front()?;
        part.busy = true;
        Some(Turn { place, process: part.process, node, operation })
    }

    /// When the next session is due.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.parts.iter().filter_map(Part::due_ns).min()
    }

    /// The session was answered; in doubt another process takes its place.
    pub(crate) fn done(&mut self, place: usize, renewed: Option<u64>) {
        if let Some(part) = self.parts.get_mut(place) {
            part.busy = false;
            part.process = renewed.unwrap_or(part.process);
        }
    }

    /// Whether everything was asked and answered.
    pub(crate) fn is_over(&self) -> bool {
        self.parts.iter().all(|part| !part.busy && part.left.is_empty())
    }
}

impl Part {
    fn due_ns(&self) -> Option<u64> {
        self.left.front().filter(|_| !self.busy).map(|asked| asked.at_ns)
    }
}
