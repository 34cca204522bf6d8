//! How long an update takes to reach every replica, and how long it should by the book.

use crate::config::RunConfig;
use afterall_history::{History, KeyId, NodeId, OpView};
use std::collections::BTreeMap;

/// The longest that an update took to be seen everywhere, nanoseconds: from its acknowledgement to the end of the first read
/// that shows it, at the node where that is last. Only keys of one update count, since of several nobody knows which a
/// node has seen. Nothing where there is no such key, or where a node never showed it.
pub(super) fn time_to_all(history: &History) -> Option<f64> {
    let mut updates: BTreeMap<KeyId, Vec<OpView<'_>>> = BTreeMap::new();
    for op in history.ops().filter(|op| !op.f().is_read()) {
        updates.entry(op.key()).or_default().push(op);
    }
    let alone = |(key, ops): (KeyId, Vec<OpView<'_>>)| match ops.as_slice() {
        [op] if op.is_ok() => Some((key, op.until())),
        _ => None,
    };
    let written: BTreeMap<KeyId, i64> = updates.into_iter().filter_map(alone).collect();
    // By key and node: when it was first shown, if it was.
    let mut shown: BTreeMap<(KeyId, NodeId), Option<i64>> = BTreeMap::new();
    for op in history.ops().filter(|op| op.f().is_read() && op.is_ok()) {
        if !written.contains_key(&op.key()) {
            continue;
        }
        let first = shown.entry((op.key(), op.served_by())).or_default();
        if !op.output().is_nil() {
            *first = Some(first.map_or(op.until(), |known| known.min(op.until())));
        }
    }
    let took = shown.into_iter().map(|((key, _), first)| Some((first? - written[&key]).max(0)));
    let all: Option<Vec<i64>> = took.collect();
    all?.into_iter().max().map(|ns| ns as f64)
}

/// τ·ln n / ln k, nanoseconds.
pub(super) fn by_formula(config: &RunConfig) -> Option<f64> {
    // As the bundled node has it, unless the run says otherwise.
    let interval_ns = config.gossip.rumors.map_or(50_000_000, |span| span.0);
    let fanout = config.gossip.fanout.unwrap_or(3);
    let fits = config.is_reference() && fanout > 1 && config.nodes > 1;
    let rounds = f64::from(config.nodes).ln() / f64::from(fanout).ln();
    fits.then_some(interval_ns as f64 * rounds)
}
