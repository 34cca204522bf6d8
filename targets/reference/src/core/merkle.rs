//! The digest tree that anti-entropy compares (Demers et al., Epidemic algorithms, 1987; Merkle trees as in
//! Dynamo, 2007, section 4.7).
//!
//! Its shape is fixed: 16 children a node, three levels below the root, 4,096 leaves, a key belonging to the leaf
//! that its hash names. Trees of two replicas therefore always line up, and a change touches four digests.
//! A node's digest is the xor of the digests of the entries below it: a set hash, so that it can be updated in
//! place. An adversary could forge it; replicas of one cluster are not adversaries.

use super::api::Key;

/// Levels below the root.
pub(crate) const DEPTH: u8 = 3;
/// Children of an inner node.
pub(crate) const FANOUT: usize = 16;
const LEAVES: usize = FANOUT.pow(DEPTH as u32);
/// Where each level starts in the array.
const OFFSETS: [usize; DEPTH as usize + 1] = [0, 1, 1 + 16, 1 + 16 + 256];

/// The digests of everything a replica holds.
#[derive(Debug, Clone)]
pub(crate) struct Tree {
    digests: Vec<u128>,
}

impl Tree {
    pub(crate) fn new() -> Self {
        Tree { digests: vec![0; OFFSETS[DEPTH as usize] + LEAVES] }
    }

    /// The leaf that a key belongs to.
    pub(crate) fn leaf(key: &Key) -> u16 {
        let hash = xxhash_rust::xxh3::xxh3_64_with_seed(key.name.as_bytes(), key.kind as u64);
        // The remainder is below 4,096.
        u16::try_from(hash % LEAVES as u64).unwrap_or(0)
    }

    /// Replaces the digest of an entry in a leaf; 0 stands for an absent entry.
    pub(crate) fn replace(&mut self, leaf: u16, old: u128, new: u128) {
        let mut index = usize::from(leaf);
        for level in (0..=DEPTH).rev() {
            if let Some(digest) = self.digests.get_mut(OFFSETS[level as usize] + index) {
                *digest ^= old ^ new;
            }
            index /= FANOUT;
        }
    }

    /// The digest of a node, if there is such a node.
    pub(crate) fn digest(&self, level: u8, index: u16) -> Option<u128> {
        let offset = *OFFSETS.get(usize::from(level))?;
        let width = FANOUT.pow(u32::from(level));
        (usize::from(index) < width).then(|| self.digests[offset + usize::from(index)])
    }

    /// The children of an inner node with their digests.
    pub(crate) fn children(&self, level: u8, index: u16) -> impl Iterator<Item = (u16, u128)> + '_ {
        let first = u32::from(index) * FANOUT as u32;
        (first..first + FANOUT as u32).filter_map(move |child| {
            let child = u16::try_from(child).ok()?;
            Some((child, self.digest(level + 1, child)?))
        })
    }
}

/// The digest of an entry, from its key and its stored bytes. Never 0 for a present entry, in practice.
pub(crate) fn entry_digest(key: &Key, bytes: &[u8]) -> u128 {
    let mut hasher = xxhash_rust::xxh3::Xxh3::with_seed(key.kind as u64);
    hasher.update(key.name.as_bytes());
    hasher.update(&[0]);
    hasher.update(bytes);
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::super::api::DataType;
    use super::*;

    #[test]
    fn a_change_shows_on_the_path_to_its_leaf_and_nowhere_else() {
        let key = Key { kind: DataType::Register, name: "x".into() };
        let leaf = Tree::leaf(&key);
        let mut tree = Tree::new();
        let digest = entry_digest(&key, b"17");
        tree.replace(leaf, 0, digest);
        let (mut level, mut index) = (0, 0);
        while level < DEPTH {
            let changed: Vec<_> = tree.children(level, index).filter(|&(_, d)| d != 0).collect();
            assert_eq!(changed.len(), 1);
            assert_eq!(changed[0].1, digest);
            index = changed[0].0;
            level += 1;
        }
        assert_eq!(index, leaf);
        tree.replace(leaf, digest, 0);
        assert_eq!(tree.digest(0, 0), Some(0));
    }

    #[test]
    fn no_such_node_is_no_digest() {
        let tree = Tree::new();
        assert_eq!(tree.digest(0, 1), None);
        assert_eq!(tree.digest(9, 0), None);
    }
}
