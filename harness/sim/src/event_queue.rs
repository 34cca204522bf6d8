//! What is to happen when: a heap ordered by time, and among equals by the order of planning.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A heap of things to come.
#[derive(Debug, Clone)]
pub(super) struct EventQueue<T> {
    /// When, the number of the planning, and the place in `things`: the things themselves are large, and stay where they are.
    heap: BinaryHeap<Reverse<(u64, u64, usize)>>,
    things: Vec<Option<T>>,
    /// The places that are free.
    free: Vec<usize>,
    planned: u64,
}

impl<T> EventQueue<T> {
    pub(super) fn new() -> Self {
        EventQueue { heap: BinaryHeap::new(), things: Vec::new(), free: Vec::new(), planned: 0 }
    }

    pub(super) fn plan(&mut self, at_ns: u64, what: T) {
        self.planned += 1;
        let place = match self.free.pop() {
            Some(place) => {
                self.things[place] = Some(what);
                place
            }
            None => {
                self.things.push(Some(what));
                self.things.len() - 1
            }
        };
        self.heap.push(Reverse((at_ns, self.planned, place)));
    }

    /// Takes what comes first, and its time.
    pub(super) fn next(&mut self) -> Option<(u64, T)> {
        let Reverse((at_ns, _, place)) = self.heap.pop()?;
        let what = self.things.get_mut(place).and_then(Option::take)?;
        self.free.push(place);
        Some((at_ns, what))
    }
}

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
