//! Cycles of so ∪ wr and conflicts, by strongly connected components.

use super::conflict::Conflict;
use super::facts::{Facts, INITIAL, NONE};
use super::paths::{Link, Paths, Step};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

/// Components for which a cycle is looked for.
const COMPONENTS_MAX: usize = 1_000;
/// Edges of one component from which a cycle is searched for.
const STARTS_MAX: usize = 256;
/// Transactions that are walked at most, in all searches together.
const WALK_MAX: usize = 10_000_000;

/// Cycles of session order, reads and conflicts.
pub(super) struct Cycles {
    /// A shortest cycle of each strongly connected component, or of the first thousand.
    pub(super) shortest: Vec<Vec<Link>>,
    /// How many components there are.
    pub(super) count: u64,
    /// By transaction: its component, [`NONE`] if it is on no cycle.
    pub(super) component: Vec<u32>,
}

/// The cycles among the transactions that could not be ordered. Where there are no conflicts, of session order and reads
/// alone.
pub(super) fn find(facts: &Facts<'_>, stuck: &[u32], conflicts: &[Conflict]) -> Cycles {
    let paths = Paths::new(facts, conflicts.to_vec());
    let mut graph: DiGraph<u32, ()> = DiGraph::with_capacity(stuck.len(), stuck.len());
    let mut node_of = vec![None; facts.len()];
    for &txn in stuck {
        node_of[txn as usize] = Some(graph.add_node(txn));
    }
    for &txn in stuck {
        for next in paths.successors(txn) {
            if let (Some(a), Some(b)) = (node_of[txn as usize], node_of[next as usize]) {
                graph.add_edge(a, b, ());
            }
        }
    }
    drop(node_of);
    let mut component = vec![NONE; facts.len()];
    let components: Vec<Vec<_>> =
        kosaraju_scc(&graph).into_iter().filter(|nodes| nodes.len() > 1).collect();
    for (at, nodes) in components.iter().enumerate() {
        for &node in nodes {
            component[graph[node] as usize] = at as u32;
        }
    }
    // Every cycle has a read or a conflict on it: session order alone has none.
    let mut starts: Vec<Vec<Link>> = vec![Vec::new(); components.len()];
    let mut start = |link: Link| {
        let at = component[link.from as usize];
        if at != NONE && component[link.to as usize] == at {
            starts[at as usize].push(link);
        }
    };
    for conflict in paths.conflicts() {
        let step = Step::Conflict(conflict.read);
        start(Link { from: conflict.first, to: conflict.then, step });
    }
    let any_conflict = !paths.conflicts().is_empty();
    for &txn in stuck.iter().filter(|_| !any_conflict) {
        for read in facts.reads_range(txn).filter(|&read| facts.reads[read].from != INITIAL) {
            let from = facts.reads[read].from;
            start(Link { from, to: txn, step: Step::Read(read as u32) });
        }
    }
    let mut walked = 0;
    let mut shortest = Vec::new();
    for (at, starts) in starts.iter_mut().enumerate().take(COMPONENTS_MAX) {
        // What lies close together in the file is likely to close a short cycle.
        starts.sort_by_key(|link| link.from.abs_diff(link.to));
        let mut best: Option<Vec<Link>> = None;
        for &link in starts.iter().take(STARTS_MAX) {
            // Two transactions, and two readers where it takes conflicts: there is nothing smaller.
            let least = if any_conflict { 4 } else { 2 };
            let good = best.as_ref().is_some_and(|best| weight(best) <= least);
            if good || (best.is_some() && walked > WALK_MAX) {
                break;
            }
            walked += facts.len();
            let within = |txn: u32| component[txn as usize] == at as u32;
            let reached = paths.after(link.to, within, |txn, _| txn == link.from);
            if reached.distance(link.from).is_none() {
                continue;
            }
            let mut cycle = reached.path_to(link.from);
            cycle.push(link);
            if best.as_ref().is_none_or(|best| weight(&cycle) < weight(best)) {
                best = Some(cycle);
            }
        }
        shortest.extend(best);
    }
    Cycles { shortest, count: components.len() as u64, component }
}

/// The transactions that it takes to tell the cycle, about.
fn weight(cycle: &[Link]) -> usize {
    cycle.len() + cycle.iter().filter(|link| matches!(link.step, Step::Conflict(_))).count()
}
