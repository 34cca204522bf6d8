//! Fewer nodes.

use super::Shrinker;
use crate::spelled_out::{planned, under};
use afterall_engine::RunConfig;
use afterall_engine::faults::{Effect, NodeNames, Planned};

impl Shrinker<'_> {
    /// Leaves out a node at a time, with what is asked of it and what happens to it.
    pub(super) fn leave_out_nodes(&mut self) {
        let mut node = usize::from(self.smallest.nodes);
        while node > 0 {
            node -= 1;
            if self.smallest.nodes > 1 {
                let fewer = without(&self.smallest, node);
                self.takes(fewer);
            }
        }
    }
}

/// The run without a node. Those after it move up by one.
fn without(config: &RunConfig, node: usize) -> RunConfig {
    let moved = |at: usize| if at > node { at - 1 } else { at };
    let mut operations = config.operations.clone();
    operations.retain(|operation| operation.node.0 != [node]);
    for operation in &mut operations {
        operation.node = NodeNames(operation.node.0.iter().map(|&at| moved(at)).collect());
    }
    let faults = planned(config).iter().filter_map(|planned| {
        let mut fault = planned.fault.clone();
        match &mut fault.effect {
            Effect::Links { links, .. } => {
                links.retain(|&(from, to)| from != node && to != node);
                for link in links.iter_mut() {
                    *link = (moved(link.0), moved(link.1));
                }
                if links.is_empty() {
                    return None;
                }
            }
            Effect::Process { node: at, .. } | Effect::Clock { node: at, .. } => {
                if *at == node {
                    return None;
                }
                *at = moved(*at);
            }
        }
        Some(Planned { fault, ..planned.clone() })
    });
    // What a network says of single links speaks of nodes by name: it is made plain before.
    RunConfig { nodes: config.nodes - 1, operations, ..under(config, faults.collect()) }
}
