//! What is to happen when: a heap ordered by time, and among equals by the order of planning.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A heap of things to come.
#[derive(Debug, Clone)]
pub(super) struct EventQueue<T> {
    heap: BinaryHeap<Entry<T>>,
    planned: u64,
}

#[derive(Debug, Clone)]
struct Entry<T> {
    at_ns: u64,
    number: u64,
    what: T,
}

impl<T> EventQueue<T> {
    pub(super) fn new() -> Self {
        EventQueue { heap: BinaryHeap::new(), planned: 0 }
    }

    pub(super) fn plan(&mut self, at_ns: u64, what: T) {
        self.planned += 1;
        self.heap.push(Entry { at_ns, number: self.planned, what });
    }

    /// Takes what comes first, and its time.
    pub(super) fn next(&mut self) -> Option<(u64, T)> {
        self.heap.pop().map(|entry| (entry.at_ns, entry.what))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        // The heap hands out the greatest: the earliest is the greatest.
        (other.at_ns, other.number).cmp(&(self.at_ns, self.number))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_comes_first_then_the_order_of_planning() {
        let mut queue = EventQueue::new();
        for (at, what) in [(5, "c"), (1, "a"), (5, "d"), (3, "b")] {
            queue.plan(at, what);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.next()).collect();
        assert_eq!(order, [(1, "a"), (3, "b"), (5, "c"), (5, "d")]);
    }
}
