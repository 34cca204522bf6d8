//! Session guarantees of registers by values alone: the *inferred* tier, for keys without versions.
//!
//! Per key, a node is a state: the set of values that a read returned, and for each write the set of its value
//! alone. States are ordered: A ≤ B if each value of A is in B or replaced by one in B. That is a partial order,
//! whatever the store's rule (last write wins, or siblings), so a cycle through different states is a
//! contradiction. Edges A ≤ B:
//!
//! - a session's operation on the key, then its next: by the guarantee that says so (write then read: RYW; read then
//!   read: MR; write then write: MW; read then write: WFR);
//! - a value, and a read that returned it among others; nothing, and anything: these need no guarantee.
//!
//! A cycle proves that at least one of the guarantees on it was broken, and no more. So every minimal set of guarantees is
//! looked for that gives a cycle by itself: if it is one, that one is broken; if it is several, the history does not tell
//! which of them. All minimal sets are kept, and not only the smallest: a broken guarantee that nobody promised must
//! not hide that two which are promised contradict each other. A session that reads v, x and v again is the smallest cycle
//! (MR alone).
//!
//! No order is inferred from real time: after a partition the order of writes may legally differ from it. Only where all
//! the guarantees of a set are promised, so that one of the promises is broken whatever the order was, real time tells which
//! (`by_real_time`).

use super::by_real_time;
use super::cycles::{self, Step, bit, claims, on_cycles, shortest_cycle};
use super::guarantee::{GUARANTEES, chances, guarantee, kind};
use crate::case::Case;
use crate::cause::Cause;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::reads_from::ReadsFrom;
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, Label, Tier};
use afterall_history::{KeyId, OpId, OpView, Sessions, Status, Workload};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

/// Operations of one session on one key between which all edges are drawn, once a cycle is known to exist.
const PAIRS_MAX: usize = 32;
/// How many of the orders that contradict each other a sentence tells.
const ORDERS_TOLD: usize = 3;

/// The states of one key, and who made or saw them when.
struct States {
    nodes: Vec<Vec<OpId>>,
    /// By session, in order: the operation, and the state that it saw or made.
    sessions: Vec<(Sessions, Vec<(OpId, usize)>)>,
}

/// Judges the registers that have no versions.
pub(crate) static CHECKER: Checker = Checker {
    name: "session guarantees by values",
    workloads: &[Workload::Register],
    real_time: false,
    turn: Turn::Beside,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    let mut walk = Walk::new(ctx, reads_from);
    for key in ctx.keys().filter(|&key| case.by_value(key)) {
        if walk.goes_forward(ctx, reads_from, key) {
            continue;
        }
        let states = states(ctx, reads_from, key, &walk.read);
        let steps = consecutive(ctx, &states);
        let on_cycles = on_cycles(states.nodes.len(), &steps);
        if on_cycles.iter().any(|&on| on) {
            explain_cycles(ctx, key, &states, &on_cycles, findings);
        }
    }
    for (at, counted) in walk.counted.into_iter().enumerate() {
        for (property, count) in GUARANTEES.into_iter().zip(counted) {
            let sessions = [Sessions::Sticky, Sessions::Roaming][at];
            if count > 0 {
                chances(findings, (property, sessions), count, Tier::Inferred);
            }
        }
    }
}

/// What a session has done to a key.
#[derive(Debug, Clone, Copy, Default)]
struct Done {
    /// One more than the number of the key; others are out of date.
    key: u32,
    wrote: bool,
    read: bool,
    /// The last state, by the number of its write; 0: nothing.
    state: u32,
}

/// One walk over each key, which mostly suffices: where no session ever goes back in the order in which the writes were
/// invoked, that order satisfies all of them.
struct Walk {
    /// By operation: whether it is a write that somebody read.
    read: Vec<bool>,
    done: Vec<Done>,
    /// How often each guarantee was put to the test, by sticky and by roaming sessions.
    counted: [[u64; GUARANTEES.len()]; 2],
}

impl Walk {
    fn new(ctx: &Context<'_>, reads_from: &ReadsFrom) -> Walk {
        let done = vec![Done::default(); ctx.history.sessions()];
        Walk { read: reads_from.read(), done, counted: Default::default() }
    }

    /// Counts the chances of a key; whether all sessions see its states in the order of the invocations.
    fn goes_forward(&mut self, ctx: &Context<'_>, reads_from: &ReadsFrom, key: KeyId) -> bool {
        let mut forward = true;
        for op in ctx.on(key).filter(|op| shows_state(ctx, reads_from, &self.read, *op)) {
            let done = &mut self.done[op.session().0 as usize];
            if done.key != key.0 + 1 {
                *done = Done { key: key.0 + 1, ..Done::default() };
            }
            let reads = op.f().is_read();
            let counted =
                &mut self.counted[usize::from(ctx.kind_of(op.session()) == Sessions::Roaming)];
            for (earlier_reads, any) in [(false, done.wrote), (true, done.read)] {
                let property = guarantee(earlier_reads, reads);
                if let (true, Some(at)) = (any, GUARANTEES.iter().position(|&p| p == property)) {
                    counted[at] += 1;
                }
            }
            *if reads { &mut done.read } else { &mut done.wrote } = true;
            let state = match reads_from.of(op.id()) {
                _ if !reads => op.id().0 + 1,
                [] => 0,
                &[write] => write.0 + 1,
                _ => {
                    forward = false;
                    continue;
                }
            };
            forward &= done.state <= state;
            done.state = state;
        }
        forward
    }
}

/// The guarantees that the sessions of a key put to the test, whether the states that they saw are known or not.
pub(crate) fn put_to_the_test(ctx: &Context<'_>, key: KeyId) -> BTreeSet<Claim> {
    let mut claims = BTreeSet::new();
    // By session: whether it has written, and whether it has read.
    let mut done: BTreeMap<u32, (bool, bool)> = BTreeMap::new();
    let part = |op: &OpView<'_>| op.is_ok() || (!op.f().is_read() && op.status() == Status::Info);
    for op in ctx.on(key).filter(part) {
        let (sessions, reads) = (ctx.kind_of(op.session()), op.f().is_read());
        let (wrote, read) = done.entry(op.session().0).or_default();
        for (earlier_reads, any) in [(false, *wrote), (true, *read)] {
            if any {
                claims.insert((guarantee(earlier_reads, reads), sessions));
            }
        }
        *if reads { read } else { wrote } = true;
    }
    claims
}

/// Whether an operation shows or makes a state that is known. `read`: whether a write was read by somebody.
fn shows_state(ctx: &Context<'_>, reads_from: &ReadsFrom, read: &[bool], op: OpView<'_>) -> bool {
    if !op.f().is_read() {
        return op.is_ok() || (op.status() == Status::Info && read[op.id().0 as usize]);
    }
    // A phantom among the values makes the state unknown.
    let seen = reads_from.of(op.id());
    let distinct = match seen {
        [] | [_] => seen.len(),
        _ => BTreeSet::from_iter(seen).len(),
    };
    op.is_ok()
        && !reads_from.partly(op.id())
        && distinct == ctx.history.data().items(op.output()).len()
}

fn states(ctx: &Context<'_>, reads_from: &ReadsFrom, key: KeyId, read: &[bool]) -> States {
    let mut nodes: Vec<Vec<OpId>> = Vec::new();
    let mut node_of: FxHashMap<Vec<OpId>, usize> = FxHashMap::default();
    let mut sessions: BTreeMap<u32, Vec<(OpId, usize)>> = BTreeMap::new();
    for op in ctx.on(key).filter(|op| shows_state(ctx, reads_from, read, *op)) {
        let mut state = vec![op.id()];
        if op.f().is_read() {
            state = reads_from.of(op.id()).to_vec();
            state.sort_unstable();
            state.dedup();
        }
        let node = *node_of.entry(state).or_insert_with_key(|state| {
            nodes.push(state.clone());
            nodes.len() - 1
        });
        sessions.entry(op.session().0).or_default().push((op.id(), node));
    }
    let of_kind = |(session, ops)| (ctx.kind_of(afterall_history::SessionId(session)), ops);
    States { nodes, sessions: sessions.into_iter().map(of_kind).collect() }
}

/// The guarantees that a mask stands for, in words.
fn claims_of(mask: u8) -> String {
    let mut names: Vec<&str> = claims(mask).iter().map(|claim| claim.0.name()).collect();
    // Of sticky and of roaming sessions alike.
    names.dedup();
    crate::words::list(&names).unwrap_or_default()
}

fn step(ctx: &Context<'_>, sessions: Sessions, a: (OpId, usize), b: (OpId, usize)) -> Step {
    let reads = |op: OpId| ctx.op(op).f().is_read();
    let claim = bit((guarantee(reads(a.0), reads(b.0)), sessions));
    Step { from: a.1, to: b.1, claim, ops: Some((a.0, b.0)) }
}

/// The edges between consecutive operations, which suffice to tell whether there is a cycle.
fn consecutive(ctx: &Context<'_>, states: &States) -> Vec<Step> {
    let mut steps = granted(states);
    for (sessions, ops) in &states.sessions {
        let pairs = ops.windows(2).filter(|pair| pair[0].1 != pair[1].1);
        steps.extend(pairs.map(|pair| step(ctx, *sessions, pair[0], pair[1])));
    }
    steps
}

/// The edges that need no guarantee.
fn granted(states: &States) -> Vec<Step> {
    let alone: BTreeMap<OpId, usize> = states
        .nodes
        .iter()
        .enumerate()
        .filter(|(_, state)| state.len() == 1)
        .filter_map(|(node, state)| state.first().map(|&op| (op, node)))
        .collect();
    let nothing = states.nodes.iter().position(Vec::is_empty);
    let mut steps = Vec::new();
    for (to, state) in states.nodes.iter().enumerate() {
        let from = state.iter().filter(|_| state.len() > 1).filter_map(|op| alone.get(op)).copied();
        let first = nothing.filter(|&nothing| nothing != to);
        steps.extend(from.chain(first).map(|from| Step { from, to, claim: 0, ops: None }));
    }
    steps
}

fn explain_cycles(
    ctx: &Context<'_>,
    key: KeyId,
    states: &States,
    on_cycles: &[bool],
    findings: &mut Findings,
) {
    let mut steps = granted(states);
    for (sessions, ops) in &states.sessions {
        let ops: Vec<_> = ops.iter().filter(|(_, node)| on_cycles[*node]).copied().collect();
        for (at, &a) in ops.iter().enumerate() {
            let later = ops[at + 1..].iter().take(PAIRS_MAX).filter(|b| b.1 != a.1);
            steps.extend(later.map(|&b| step(ctx, *sessions, a, b)));
        }
    }
    steps.retain(|step| on_cycles[step.from] && on_cycles[step.to]);
    let mut masks: Vec<u8> = (1..=u8::MAX).collect();
    masks.sort_by_key(|mask| (mask.count_ones(), *mask));
    let mut minimal: Vec<u8> = Vec::new();
    for mask in masks {
        if minimal.iter().any(|known| known & !mask == 0) {
            continue;
        }
        let allowed: Vec<Step> =
            steps.iter().filter(|step| step.claim & !mask == 0).copied().collect();
        let on_cycles = cycles::on_cycles(states.nodes.len(), &allowed);
        if let Some(cycle) = shortest_cycle(&allowed, &on_cycles) {
            minimal.push(mask);
            findings.add(finding(ctx, key, states, &cycle, mask));
        }
    }
}

fn finding(ctx: &Context<'_>, key: KeyId, states: &States, cycle: &[Step], mask: u8) -> Finding {
    let mut edges = Vec::new();
    let mut ops: BTreeSet<OpId> = BTreeSet::new();
    for step in cycle {
        ops.extend(states.nodes[step.from].iter().copied());
        if let Some((a, b)) = step.ops {
            ops.extend([a, b]);
            let (first, then) = (ctx.op(a), ctx.op(b));
            let names = claims_of(step.claim);
            let why = format!(
                "session {} made #{} before #{}: {names} puts the second state at or after the first",
                first.process(),
                first.number(),
                then.number()
            );
            edges.push(Dependency { from: a, to: b, label: Label::So, why });
        }
    }
    // States that different operations saw are tied together by the writes that made them.
    for &op in &ops.clone() {
        for step in cycle {
            for (read, node) in
                step.ops.into_iter().flat_map(|(a, b)| [(a, step.from), (b, step.to)])
            {
                if read != op && ctx.op(read).f().is_read() && states.nodes[node].contains(&op) {
                    let why = crate::inference::paths::why_reads_from(ctx, op, read);
                    edges.push(Dependency { from: op, to: read, label: Label::ReadsFrom, why });
                }
            }
        }
    }
    let names = claims_of(mask);
    let orders = cycle.iter().filter_map(|step| step.ops);
    let orders: Vec<String> = orders
        .take(ORDERS_TOLD)
        .map(|(a, b)| format!("{}, and then {}", explain::op(ctx, a), explain::op(ctx, b)))
        .collect();
    let mut sentence = format!(
        "No order of the values of {} allows every session to keep {names}: {}.",
        ctx.history.key_name(key),
        orders.join("; ")
    );
    let all = claims(mask);
    let promised = all.iter().all(|&claim| ctx.is_promised(claim));
    let of_states = |node: usize| states.nodes[node].as_slice();
    let (claim, or) = match by_real_time::broken(ctx, of_states, cycle, &all) {
        Some((claim, (first, then))) if promised => {
            let (a, b) = (ctx.op(first).number(), ctx.op(then).number());
            let why = format!("the write #{a} was over before the write #{b} began");
            let name = claim.0;
            sentence.push_str(&format!(" By real time {name} is the broken one: {why}."));
            edges.push(Dependency { from: first, to: then, label: Label::RealTime, why });
            (claim, Vec::new())
        }
        _ => (all[0], all[1..].to_vec()),
    };
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.label));
    edges.dedup_by_key(|edge| (edge.from, edge.to, edge.label));
    let kind = if or.is_empty() { kind(claim.0) } else { AnomalyKind::ContradictorySessionOrders };
    Finding {
        claim,
        or,
        kind,
        cause: Cause::NoValueOrder,
        sentence,
        key: Some(key),
        ops: ops.into_iter().collect(),
        edges,
    }
}
