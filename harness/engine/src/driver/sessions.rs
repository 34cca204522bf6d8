//! The sessions that make the load: who may ask next, and when.

use super::course::Course;
use crate::config::SessionKind;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A session that was refused or is not sure waits this long before it asks again.
const BACKOFF_NS: u64 = 20_000_000;

/// A place for a session. When a process ends in doubt another takes its place.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) process: u64,
    /// The node of a sticky session.
    pub(crate) home: Option<usize>,
    due_ns: u64,
}

/// All slots, and the order in which the idle ones are due.
#[derive(Debug, Clone)]
pub(crate) struct Sessions {
    slots: Vec<Slot>,
    idle: BinaryHeap<Reverse<(u64, usize)>>,
    /// Nanoseconds between two operations of one session; 0: at once.
    interval_ns: u64,
}

impl Sessions {
    pub(crate) fn new(course: &Course) -> Self {
        let concurrency = course.concurrency as u64;
        let interval_ns =
            course.rate.map_or(0, |rate| concurrency * 1_000_000_000 / u64::from(rate.max(1)));
        let slots: Vec<Slot> = (0..course.concurrency)
            .map(|slot| Slot {
                process: slot as u64,
                home: match course.sessions {
                    SessionKind::Sticky => Some(slot % course.nodes.len()),
                    SessionKind::Roaming => None,
                    SessionKind::Mixed => {
                        (slot % 2 == 0).then_some((slot / 2) % course.nodes.len())
                    }
                },
                // Spread over the interval, so that the load is even.
                due_ns: slot as u64 * interval_ns / concurrency.max(1),
            })
            .collect();
        let idle = slots.iter().enumerate().map(|(slot, s)| Reverse((s.due_ns, slot))).collect();
        Sessions { slots, idle, interval_ns }
    }

    pub(crate) fn slot(&self, slot: usize) -> &Slot {
        &self.slots[slot]
    }

    /// Whether every session waits for its turn.
    pub(crate) fn all_idle(&self) -> bool {
        self.idle.len() == self.slots.len()
    }

    /// When the next session is due.
    pub(crate) fn next_due_ns(&self) -> Option<u64> {
        self.idle.peek().map(|Reverse((due, _))| *due)
    }

    /// Takes a session that is due.
    pub(crate) fn take_due(&mut self, now_ns: u64) -> Option<usize> {
        if self.next_due_ns()? > now_ns {
            return None;
        }
        let Reverse((due, slot)) = self.idle.pop()?;
        // A session that fell behind does not catch up: it asks at its rate from now on.
        self.slots[slot].due_ns =
            due.max(now_ns.saturating_sub(self.interval_ns)) + self.interval_ns;
        Some(slot)
    }

    /// The session was answered.
    pub(crate) fn done(&mut self, slot: usize, now_ns: u64, backs_off: bool) {
        let wait = if backs_off { BACKOFF_NS } else { 0 };
        let due = self.slots[slot].due_ns.max(now_ns + wait);
        self.idle.push(Reverse((due, slot)));
    }

    /// The session's process ends in doubt: another number takes its place.
    pub(crate) fn renew(&mut self, slot: usize, process: u64) {
        self.slots[slot].process = process;
    }
}
