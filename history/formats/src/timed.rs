//! Events in the order of their times, for files whose lines are in another order.

use crate::op::Op;
use crate::problem::Problem;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// The events of a file.
#[derive(Debug, Default)]
pub(crate) struct Timed {
    ops: Vec<Op<'static>>,
}

impl Timed {
    /// Takes the next event of the file.
    ///
    /// # Errors
    /// When a client did it and it has no time.
    pub(crate) fn push(&mut self, op: &Op<'_>) -> Result<(), Problem> {
        if op.time.is_none() && !op.is_nemesis() {
            return Err(Problem::expected("a :time, by which --order time goes", "none"));
        }
        self.ops.push(op.detached());
        Ok(())
    }

    /// The events in the order of their times; events of one process stay in the order of their lines.
    ///
    /// At equal times invocations come as early as their process allows: nobody knows which of two events was first, so
    /// the operations may have overlapped.
    pub(crate) fn in_order(mut self) -> impl Iterator<Item = Op<'static>> {
        self.ops.sort_by_key(|op| op.time);
        let mut groups: Vec<Vec<Op<'static>>> = Vec::new();
        for op in self.ops {
            match groups.last_mut() {
                Some(group) if group[0].time == op.time => group.push(op),
                _ => groups.push(vec![op]),
            }
        }
        groups.into_iter().flat_map(invocations_first)
    }
}

fn invocations_first(group: Vec<Op<'static>>) -> Vec<Op<'static>> {
    if group.len() == 1 {
        return group;
    }
    // By process, the last first, each with its place.
    let mut queues: Vec<Vec<(usize, Op<'static>)>> = Vec::new();
    let mut queue_of: BTreeMap<String, usize> = BTreeMap::new();
    for (at, op) in group.into_iter().enumerate().rev() {
        let process = op.process.name().map_or_else(|_| String::new(), |name| name.into_owned());
        let queue = *queue_of.entry(process).or_insert(queues.len());
        if queue == queues.len() {
            queues.push(Vec::new());
        }
        queues[queue].push((at, op));
    }
    let mut sorted = Vec::new();
    // The next completion of each process, by its place.
    let mut due = BinaryHeap::new();
    let invocations = |queue: usize,
                       queues: &mut Vec<Vec<(usize, Op<'static>)>>,
                       sorted: &mut Vec<Op<'static>>| {
        while let Some((_, op)) = queues[queue].pop_if(|(_, op)| op.is_invocation()) {
            sorted.push(op);
        }
        queues[queue].last().map(|&(at, _)| Reverse((at, queue)))
    };
    let mut order: Vec<usize> = (0..queues.len()).collect();
    order.sort_by_key(|&queue| queues[queue].last().map(|&(at, _)| at));
    for queue in order {
        due.extend(invocations(queue, &mut queues, &mut sorted));
    }
    while let Some(Reverse((_, queue))) = due.pop() {
        sorted.extend(queues[queue].pop().map(|(_, op)| op));
        due.extend(invocations(queue, &mut queues, &mut sorted));
    }
    sorted
}
