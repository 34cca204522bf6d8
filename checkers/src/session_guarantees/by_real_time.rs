//! Which of several guarantees that contradict each other is the broken one, by real time: a write that was over before another
//! began is the older one. What a store orders the other way round it may have had its reasons for (a partition, a clock), so
//! this proves no violation; it tells which one it is where there is one in any case.

use super::cycles::{Step, bit, on_cycles};
use crate::context::Context;
use crate::findings::Claim;
use afterall_history::OpId;
use std::collections::BTreeSet;

/// Cycles with more states are left undecided: every two of them are compared.
const STATES_MAX: usize = 256;

/// Two writes, the older first.
type Older = (OpId, OpId);

/// The one guarantee of a cycle that contradicts real time by itself, with two of the writes that show it. `of_state`: the
/// writes whose values are there in a state.
pub(super) fn broken<'a>(
    ctx: &Context<'_>,
    of_state: impl Fn(usize) -> &'a [OpId],
    cycle: &[Step],
    claims: &[Claim],
) -> Option<(Claim, Older)> {
    if claims.len() < 2 || cycle.len() > STATES_MAX || !ctx.history.has_real_time() {
        return None;
    }
    let states: BTreeSet<usize> = cycle.iter().flat_map(|step| [step.from, step.to]).collect();
    let written = |state: usize| match of_state(state) {
        [write] => Some((state, *write)),
        _ => None,
    };
    let writes: Vec<(usize, OpId)> = states.iter().copied().filter_map(written).collect();
    let pairs = writes.iter().flat_map(|&a| writes.iter().map(move |&b| (a, b)));
    let is_older = |&((_, a), (_, b)): &((usize, OpId), (usize, OpId))| {
        ctx.op(a).is_ok() && ctx.op(a).until() < ctx.op(b).invoked()
    };
    let older: Vec<_> = pairs.filter(is_older).collect();
    let nodes = states.last()? + 1;
    let contradicted = |claim: Claim| {
        let known =
            older.iter().map(|&((from, _), (to, _))| Step { from, to, claim: 0, ops: None });
        let alone = cycle.iter().filter(|step| step.claim & !bit(claim) == 0).copied();
        let on = on_cycles(nodes, &known.chain(alone).collect::<Vec<_>>());
        let shows = |&&((a, _), (b, _)): &&_| on[a] && on[b];
        older.iter().find(shows).map(|&((_, first), (_, then))| (claim, (first, then)))
    };
    let mut broken = claims.iter().filter_map(|&claim| contradicted(claim));
    match (broken.next(), broken.next()) {
        (found, None) => found,
        _ => None,
    }
}
