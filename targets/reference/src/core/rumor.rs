//! Rumor mongering (Demers et al., Epidemic algorithms for replicated database maintenance, 1987): news is pushed
//! to a few peers a round, for O(log n) rounds, and then forgotten. What it misses, anti-entropy mends.

use super::api::Key;
use super::identity::Actor;
use super::message::Delta;
use super::news::{NEWS_MAX, News, rounds};
use std::collections::{BTreeMap, VecDeque};

/// What is news at a replica.
#[derive(Debug, Clone)]
pub(crate) struct Rumors {
    rounds: u32,
    /// Objects, each with the rounds it still has.
    hot: BTreeMap<Key, u32>,
    /// In which order they are spread when a round cannot carry all.
    queue: VecDeque<Key>,
    /// The mutant `counter-replay`: increments.
    deltas: News<Delta>,
    counted: u64,
    last_from: BTreeMap<Actor, u64>,
}

impl Rumors {
    pub(crate) fn new(nodes: usize) -> Self {
        Rumors {
            rounds: rounds(nodes),
            hot: BTreeMap::new(),
            queue: VecDeque::new(),
            deltas: News::new(nodes),
            counted: 0,
            last_from: BTreeMap::new(),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.deltas.is_empty()
    }

    /// The object has news.
    pub(crate) fn heat(&mut self, key: &Key) {
        if let Some(rounds) = self.hot.get_mut(key) {
            *rounds = self.rounds;
        } else if self.hot.len() < NEWS_MAX {
            self.hot.insert(key.clone(), self.rounds);
            self.queue.push_back(key.clone());
        }
    }

    /// Takes what goes out in this round: up to `most` objects, oldest first.
    pub(crate) fn next_round(&mut self, most: usize) -> (Vec<Key>, Vec<Delta>) {
        let mut keys = Vec::new();
        for _ in 0..most.min(self.queue.len()) {
            let Some(key) = self.queue.pop_front() else { break };
            keys.push(key.clone());
            match self.hot.get_mut(&key) {
                Some(rounds) if *rounds > 1 => {
                    *rounds -= 1;
                    self.queue.push_back(key);
                }
                _ => {
                    self.hot.remove(&key);
                }
            }
        }
        let deltas = self.deltas.next_round(most);
        (keys, deltas)
    }

    /// The mutant `counter-replay`: an increment is news by itself.
    pub(crate) fn count(&mut self, actor: Actor, key: &Key, by: i64) {
        self.counted += 1;
        self.deltas.push(Delta { actor, number: self.counted, key: key.clone(), by });
    }

    /// The mutant `counter-replay`: whether this is the increment last received from its actor; notes it if not.
    pub(crate) fn is_last_from(&mut self, delta: &Delta) -> bool {
        self.last_from.insert(delta.actor, delta.number) == Some(delta.number)
    }
}
