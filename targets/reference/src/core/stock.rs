//! Stock that cannot be oversold: a bounded counter (Balegas et al., Extending eventually consistent cloud databases for
//! enforcing numeric invariants, 2015). What is put into stock belongs to the replica that put it there; a replica sells only
//! what belongs to it, and one that has sold out asks another for a share.

use super::identity::{Actor, NodeId, VersionVector};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The stock of one item. Every number only grows, and each is raised by one replica alone, in all its lives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Stock {
    /// What each replica has put into stock.
    pub restocked: BTreeMap<NodeId, u64>,
    /// What each replica has handed to another.
    pub handed: BTreeMap<(NodeId, NodeId), u64>,
    /// What each replica has sold.
    pub sold: BTreeMap<NodeId, u64>,
}

impl Stock {
    /// How many the replica may sell.
    #[must_use]
    pub fn share(&self, node: NodeId) -> u64 {
        let of = |numbers: &BTreeMap<NodeId, u64>| numbers.get(&node).copied().unwrap_or(0);
        let mut received = of(&self.restocked);
        let mut given = of(&self.sold);
        for (&(from, to), &n) in &self.handed {
            if to == node {
                received = received.saturating_add(n);
            }
            if from == node {
                given = given.saturating_add(n);
            }
        }
        received.saturating_sub(given)
    }

    /// Of these replicas that which may sell most, if any may.
    #[must_use]
    pub fn richest(&self, of: impl Fn(NodeId) -> bool) -> Option<NodeId> {
        let receivers = self.handed.keys().map(|&(_, to)| to);
        let nodes = self.restocked.keys().copied().chain(receivers).filter(|&node| of(node));
        nodes
            .map(|node| (self.share(node), node))
            .max()
            .filter(|&(n, _)| n > 0)
            .map(|(_, node)| node)
    }

    /// How many the replica has handed to others.
    #[must_use]
    pub fn handed_by(&self, node: NodeId) -> u64 {
        let of = self.handed.iter().filter(|((from, _), _)| *from == node);
        of.fold(0, |sum, (_, &n)| sum.saturating_add(n))
    }

    /// How many are left in all.
    #[must_use]
    pub fn left(&self) -> u64 {
        let sum = |numbers: &BTreeMap<NodeId, u64>| {
            numbers.values().fold(0u64, |sum, &n| sum.saturating_add(n))
        };
        sum(&self.restocked).saturating_sub(sum(&self.sold))
    }

    /// Puts some into stock.
    pub fn restock(&mut self, node: NodeId, n: u64) {
        raise(self.restocked.entry(node).or_insert(0), n);
    }

    /// Sells some; whether the replica may is for the caller to ask.
    pub fn sell(&mut self, node: NodeId, n: u64) {
        raise(self.sold.entry(node).or_insert(0), n);
    }

    /// Hands a share to another replica.
    pub fn hand(&mut self, from: NodeId, to: NodeId, n: u64) {
        raise(self.handed.entry((from, to)).or_insert(0), n);
    }

    /// Keeps the greater of each number.
    pub fn merge(&mut self, other: &Stock) {
        fn greater<K: Ord + Copy>(mine: &mut BTreeMap<K, u64>, theirs: &BTreeMap<K, u64>) {
            for (&key, &n) in theirs {
                let mine = mine.entry(key).or_insert(0);
                *mine = (*mine).max(n);
            }
        }
        greater(&mut self.restocked, &other.restocked);
        greater(&mut self.handed, &other.handed);
        greater(&mut self.sold, &other.sold);
    }

    /// What each replica has put into stock and sold, as a version: its numbers only grow, and their sum is what clients did.
    /// Shares that went from one replica to another are not among them.
    #[must_use]
    pub fn version(&self) -> VersionVector {
        let mut version = VersionVector::default();
        for (&node, &n) in self.restocked.iter().chain(&self.sold) {
            let entry = version.0.entry(Actor { node, incarnation: 0 }).or_insert(0);
            *entry = entry.saturating_add(n);
        }
        version
    }
}

fn raise(number: &mut u64, by: u64) {
    *number = number.saturating_add(by);
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn what_is_handed_over_can_be_sold_once() {
        let mut a = Stock::default();
        a.restock(A, 3);
        let mut b = a.clone();
        assert_eq!((a.share(A), b.share(B), b.left()), (3, 0, 3));
        a.hand(A, B, 2);
        b.merge(&a);
        assert_eq!((a.share(A), b.share(B), b.left()), (1, 2, 3));
        let sum = |stock: &Stock| stock.version().0.values().sum::<u64>();
        assert_eq!(sum(&b), 3, "what is handed over is nothing that a client did");
        a.sell(A, 1);
        b.sell(B, 2);
        b.merge(&a);
        a.merge(&b);
        assert_eq!(a, b);
        assert_eq!((a.share(A), a.share(B), a.left()), (0, 0, 0));
    }
}
