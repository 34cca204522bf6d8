//! What a fault is drawn from.

use super::effect::Link;
use afterall_history::Value;
use rand::RngExt;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;

/// What a fault is drawn from.
#[derive(Debug)]
pub struct Draw<'a> {
    /// How many nodes the cluster has.
    pub nodes: usize,
    /// A node that no other fault holds, for faults of one node.
    pub node: usize,
    /// Whether clocks may only be put forward.
    pub clocks_forward: bool,
    /// Whether clocks can run away steadily.
    pub clocks_drift: bool,
    /// Where chance comes from.
    pub random: &'a mut Pcg64,
}

impl Draw<'_> {
    /// Every link.
    pub fn all_links(&self) -> impl Iterator<Item = Link> + use<> {
        let nodes = self.nodes;
        (0..nodes).flat_map(move |from| {
            (0..nodes).filter(move |&to| to != from).map(move |to| (from, to))
        })
    }

    /// One link or more.
    pub fn some_links(&mut self) -> Vec<Link> {
        let mut links: Vec<_> = self.all_links().collect();
        links.shuffle(self.random);
        links.truncate(self.random.random_range(1..=links.len().max(1)));
        links.sort_unstable();
        links
    }
}

/// Parameters as histories record them.
pub(super) fn parameters<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Map(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

/// A whole number among parameters.
pub(super) fn int(n: u32) -> Value {
    Value::Int(i64::from(n))
}
