//! The hash tree of the flavour `textbook-tree`, to the letter: the keys in their order, a hundred to a leaf; above them the
//! hash of each two, and the last of an odd number goes up as it is. (The hash function is another one.)
//!
//! What is compared with what follows from the shape: two leaves are compared key by key, two inner nodes child by child, and a
//! leaf with an inner node not at all. So two replicas of which one holds a hundred keys and the other a hundred and one find no
//! difference, whatever they hold; nor do one that holds nothing and one that holds something.

use super::api::Key;
use serde::Serialize;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// How many keys a leaf has.
const BUCKET_SIZE: usize = 100;

/// A tree over leaves that are numbered from 0.
#[derive(Debug)]
pub(super) enum Tree {
    /// Over no keys.
    Empty,
    /// A leaf.
    Leaf(u64, usize),
    /// The hash of two.
    Inner(u64, Box<(Tree, Tree)>),
}

/// The keys of a leaf, and what is held of them.
pub(super) fn bucket<T: Clone>(
    data: &BTreeMap<Key, T>,
    leaf: usize,
) -> impl Iterator<Item = (Key, T)> + '_ {
    let skipped = leaf.saturating_mul(BUCKET_SIZE);
    let entries = data.iter().skip(skipped).take(BUCKET_SIZE);
    entries.map(|(key, held)| (key.clone(), held.clone()))
}

/// The hash of each leaf.
pub(super) fn leaf_hashes<T: Serialize>(data: &BTreeMap<Key, T>) -> Vec<u64> {
    let entries: Vec<_> = data.iter().collect();
    let hash = |bucket: &[(&Key, &T)]| {
        // What cannot be encoded is never held.
        xxh3_64(&postcard::to_stdvec(bucket).unwrap_or_default())
    };
    entries.chunks(BUCKET_SIZE).map(hash).collect()
}

impl Tree {
    /// The tree over leaves with these hashes.
    pub(super) fn of(leaves: &[u64]) -> Tree {
        let mut level: Vec<Tree> =
            leaves.iter().enumerate().map(|(leaf, &hash)| Tree::Leaf(hash, leaf)).collect();
        while level.len() > 1 {
            let mut above = Vec::with_capacity(level.len().div_ceil(2));
            let mut nodes = level.into_iter();
            while let Some(left) = nodes.next() {
                above.push(match nodes.next() {
                    Some(right) => Tree::above(left, right),
                    None => left,
                });
            }
            level = above;
        }
        level.pop().unwrap_or(Tree::Empty)
    }

    fn above(left: Tree, right: Tree) -> Tree {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&left.hash().to_be_bytes());
        bytes[8..].copy_from_slice(&right.hash().to_be_bytes());
        Tree::Inner(xxh3_64(&bytes), Box::new((left, right)))
    }

    fn hash(&self) -> u64 {
        match self {
            Tree::Empty => xxh3_64(b"empty"),
            Tree::Leaf(hash, _) | Tree::Inner(hash, _) => *hash,
        }
    }

    /// The pairs of leaves that the comparison finds to differ, as it is printed.
    pub(super) fn differing(&self, other: &Tree) -> Vec<(usize, usize)> {
        let mut pairs = Vec::new();
        // As deep as the logarithm of the number of leaves.
        let mut open = vec![(self, other)];
        while let Some((mine, theirs)) = open.pop() {
            if mine.hash() == theirs.hash() {
                continue;
            }
            match (mine, theirs) {
                (Tree::Leaf(_, mine), Tree::Leaf(_, theirs)) => pairs.push((*mine, *theirs)),
                (Tree::Inner(_, mine), Tree::Inner(_, theirs)) => {
                    open.push((&mine.1, &theirs.1));
                    open.push((&mine.0, &theirs.0));
                }
                _ => {}
            }
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trees_of_one_shape_differ_in_their_leaves() {
        let (mine, theirs) = (Tree::of(&[1, 2, 3, 4, 5]), Tree::of(&[1, 2, 9, 4, 6]));
        assert_eq!(mine.differing(&theirs), [(2, 2), (4, 4)]);
        assert_eq!(mine.differing(&mine), []);
    }

    #[test]
    fn trees_of_different_shapes_seem_equal() {
        assert_eq!(Tree::of(&[1]).differing(&Tree::of(&[1, 2])), []);
        assert_eq!(Tree::of(&[]).differing(&Tree::of(&[1])), []);
        // Of three leaves the last is a child of the root, where of four there is an inner node.
        assert_eq!(Tree::of(&[1, 2, 3]).differing(&Tree::of(&[1, 2, 3, 4])), []);
    }
}
