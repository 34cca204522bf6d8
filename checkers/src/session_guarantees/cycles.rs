//! Cycles through the states of a key, and the guarantees that each of their steps rests on.

use super::guarantee::GUARANTEES;
use crate::findings::Claim;
use afterall_history::{OpId, Sessions};
use std::collections::VecDeque;

/// States from which a shortest cycle is looked for.
const STARTS_MAX: usize = 32;

/// One session's operation then another, or (without operations) an edge that needs no guarantee.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) from: usize,
    pub(super) to: usize,
    /// A bit for the claim it rests on; zero for none.
    pub(super) claim: u8,
    pub(super) ops: Option<(OpId, OpId)>,
}

/// A guarantee as one of the bits of a set.
pub(super) fn bit((property, sessions): Claim) -> u8 {
    let at = GUARANTEES.iter().position(|&p| p == property).unwrap_or(0);
    1 << (2 * at + usize::from(sessions == Sessions::Roaming))
}

/// The guarantees of a set.
pub(super) fn claims(mask: u8) -> Vec<Claim> {
    let all = GUARANTEES.iter().flat_map(|&p| [(p, Sessions::Sticky), (p, Sessions::Roaming)]);
    all.filter(|&claim| mask & bit(claim) != 0).collect()
}

fn successors(nodes: usize, steps: &[Step]) -> Vec<Vec<usize>> {
    let mut successors = vec![Vec::new(); nodes];
    for (at, step) in steps.iter().enumerate() {
        successors[step.from].push(at);
    }
    successors
}

/// Which states remain when those with nothing before them, or nothing after them, are taken away again and again.
pub(super) fn on_cycles(nodes: usize, steps: &[Step]) -> Vec<bool> {
    let mut left = vec![true; nodes];
    for backward in [false, true] {
        let ends = |step: &Step| if backward { (step.to, step.from) } else { (step.from, step.to) };
        let mut degree = vec![0_usize; nodes];
        let mut after = vec![Vec::new(); nodes];
        for step in steps {
            let (from, to) = ends(step);
            if left[from] && left[to] {
                degree[to] += 1;
                after[from].push(to);
            }
        }
        let mut free: Vec<usize> = (0..nodes).filter(|&n| left[n] && degree[n] == 0).collect();
        while let Some(node) = free.pop() {
            left[node] = false;
            for &to in &after[node] {
                degree[to] -= 1;
                if degree[to] == 0 {
                    free.push(to);
                }
            }
        }
    }
    left
}

/// A shortest cycle, if there is one.
pub(super) fn shortest_cycle(steps: &[Step], on_cycles: &[bool]) -> Option<Vec<Step>> {
    let nodes = on_cycles.len();
    let starts: Vec<usize> = (0..nodes).filter(|&node| on_cycles[node]).collect();
    if starts.is_empty() {
        return None;
    }
    let successors = successors(nodes, steps);
    let mut shortest: Option<Vec<Step>> = None;
    // What is on no cycle itself may still lie between cycles, so it is not enough to try the first.
    let mut found = 0;
    for start in starts {
        if found >= STARTS_MAX {
            break;
        }
        let mut via: Vec<Option<usize>> = vec![None; nodes];
        let mut queue = VecDeque::from([start]);
        'search: while let Some(node) = queue.pop_front() {
            for &at in &successors[node] {
                let step = steps[at];
                if !on_cycles[step.to] || via[step.to].is_some() {
                    continue;
                }
                via[step.to] = Some(at);
                if step.to == start {
                    break 'search;
                }
                queue.push_back(step.to);
            }
        }
        let mut cycle = Vec::new();
        let mut node = start;
        while let Some(at) = via[node] {
            cycle.push(steps[at]);
            node = steps[at].from;
            if node == start {
                break;
            }
        }
        if node != start || cycle.is_empty() {
            continue;
        }
        cycle.reverse();
        found += 1;
        if shortest.as_ref().is_none_or(|known| cycle.len() < known.len()) {
            shortest = Some(cycle);
        }
    }
    shortest
}
