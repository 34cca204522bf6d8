//! Which nodes hold an object: all, or those that follow its place on a ring on which each node has many places (Karger et al.,
//! Consistent hashing and random trees, 1997; the preference lists of DeCandia et al., Dynamo, 2007, sections 4.2 and 4.3).

use super::api::{Key, PART};
use super::identity::NodeId;
use std::sync::Arc;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How many places each node has.
const PLACES: u64 = 64;

/// Which nodes hold which objects. Every node comes to the same.
#[derive(Debug, Clone)]
pub(super) enum Ring {
    /// Every node holds everything.
    Whole,
    /// One node holds everything, and no other holds anything.
    Sole(NodeId),
    /// Each object has a list of nodes.
    Partial(Arc<Places>),
}

#[derive(Debug, Clone)]
pub(super) struct Places {
    replicas: usize,
    /// In the order of the ring.
    places: Vec<(u64, NodeId)>,
}

impl Ring {
    /// A ring of these nodes, of which so many hold each object.
    pub(super) fn new(nodes: &[NodeId], replicas: usize) -> Ring {
        if replicas >= nodes.len() {
            return Ring::Whole;
        }
        let of = |&node: &NodeId| {
            let bytes = node.0.to_be_bytes();
            (0..PLACES).map(move |place| (xxh3_64_with_seed(&bytes, place), node))
        };
        let mut places: Vec<_> = nodes.iter().flat_map(of).collect();
        places.sort_unstable();
        Ring::Partial(Arc::new(Places { replicas, places }))
    }

    /// Whether there are nodes that do not hold everything.
    pub(super) fn is_partial(&self) -> bool {
        !matches!(self, Ring::Whole)
    }

    /// The nodes that hold an object, the first of its list first; `None`: all. The messages of a chat stay together.
    pub(super) fn holders(&self, key: &Key) -> Option<Vec<NodeId>> {
        let ring = match self {
            Ring::Whole => return None,
            Ring::Sole(node) => return Some(vec![*node]),
            Ring::Partial(ring) => ring,
        };
        let name = key.name.split_once(PART).map_or(key.name.as_str(), |(chat, _)| chat);
        let place = xxh3_64_with_seed(name.as_bytes(), key.kind as u64);
        let first = ring.places.partition_point(|&(at, _)| at < place);
        let (before, after) = ring.places.split_at(first);
        let mut holders = Vec::with_capacity(ring.replicas);
        for &(_, node) in after.iter().chain(before) {
            if holders.len() == ring.replicas {
                break;
            }
            if !holders.contains(&node) {
                holders.push(node);
            }
        }
        Some(holders)
    }

    /// Whether a node holds an object.
    pub(super) fn holds(&self, node: NodeId, key: &Key) -> bool {
        self.holders(key).is_none_or(|holders| holders.contains(&node))
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::DataType;
    use super::*;
    use std::collections::BTreeMap;

    fn key(name: &str) -> Key {
        Key { kind: DataType::Register, name: name.into() }
    }

    #[test]
    fn each_object_is_held_by_as_many_nodes_as_it_should_and_all_nodes_hold_some() {
        let nodes: Vec<NodeId> = (1..=5).map(NodeId).collect();
        let ring = Ring::new(&nodes, 3);
        let mut held: BTreeMap<NodeId, u32> = BTreeMap::new();
        for n in 0..1_000 {
            let holders = ring.holders(&key(&format!("r{n}"))).unwrap();
            assert_eq!(holders.len(), 3);
            for node in holders {
                *held.entry(node).or_default() += 1;
            }
        }
        // 600 each, if all were equal.
        assert!(held.len() == 5 && held.values().all(|held| (300..900).contains(held)), "{held:?}");
    }

    #[test]
    fn a_node_that_leaves_moves_only_what_it_held() {
        let nodes: Vec<NodeId> = (1..=5).map(NodeId).collect();
        let (five, four) = (Ring::new(&nodes, 3), Ring::new(&nodes[..4], 3));
        for n in 0..200 {
            let key = key(&format!("r{n}"));
            if !five.holds(NodeId(5), &key) {
                assert_eq!(five.holders(&key), four.holders(&key));
            }
        }
    }

    #[test]
    fn a_chat_and_its_messages_are_held_by_the_same_nodes() {
        let nodes: Vec<NodeId> = (1..=5).map(NodeId).collect();
        let ring = Ring::new(&nodes, 3);
        let chat = |name: &str| Key { kind: DataType::Chat, name: name.into() };
        assert_eq!(ring.holders(&chat("c1")), ring.holders(&chat("c1\0m7")));
        assert_eq!(Ring::new(&nodes, 5).holders(&chat("c1")), None);
    }
}
