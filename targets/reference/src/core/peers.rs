//! Whom a node talks to.

use super::identity::NodeId;
use rand::RngExt;
use rand_pcg::Pcg64;

/// Up to `count` different peers, at random.
pub(super) fn choose(peers: &[NodeId], count: usize, random: &mut Pcg64) -> Vec<NodeId> {
    let mut peers = peers.to_vec();
    let count = count.min(peers.len());
    for chosen in 0..count {
        let other = random.random_range(chosen..peers.len());
        peers.swap(chosen, other);
    }
    peers.truncate(count);
    peers
}
