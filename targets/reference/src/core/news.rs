//! News, item by item: each is told for O(log n) rounds, and then forgotten.

use std::collections::VecDeque;

/// The most items that are news at once. Beyond it they are left to the exchange of what each replica has.
pub(super) const NEWS_MAX: usize = 65_536;

/// For how many rounds an item is told in a cluster of so many nodes.
pub(super) fn rounds(nodes: usize) -> u32 {
    nodes.max(2).ilog2() + 2
}

/// Items that are news, oldest first.
#[derive(Debug, Clone)]
pub(super) struct News<T> {
    rounds: u32,
    /// Each with the rounds that it still has.
    items: VecDeque<(T, u32)>,
}

impl<T: Clone> News<T> {
    pub(super) fn new(nodes: usize) -> Self {
        News { rounds: rounds(nodes), items: VecDeque::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    pub(super) fn push(&mut self, item: T) {
        if self.items.len() < NEWS_MAX {
            self.items.push_back((item, self.rounds));
        }
    }

    /// Takes what goes out in this round: up to `most` items.
    pub(super) fn next_round(&mut self, most: usize) -> Vec<T> {
        let mut told = Vec::new();
        for _ in 0..most.min(self.items.len()) {
            let Some((item, rounds)) = self.items.pop_front() else { break };
            told.push(item.clone());
            if rounds > 1 {
                self.items.push_back((item, rounds - 1));
            }
        }
        told
    }
}
