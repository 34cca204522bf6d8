//! Causal convergence (CCv): causal consistency, and all sessions agree on one order of conflicting writes.
//!
//! Beyond what breaks CC it is broken by CyclicCF: hb ∪ cf has a cycle, with cf: w' → w where a read of w has w' on
//! the key in its causal past (Bouajjani, Enea, Guerraoui and Hamza, POPL 2017). Only reads of a single value give
//! conflicts: of several siblings the history does not tell which of them replaced a write.
//!
//! An order of all operations is guessed, first that of the invocations: if no conflict goes against it, there is no cycle.
//! What does go against it is demanded of the next guess. Only if none is found, all conflicts are gathered (of each session
//! the last write within the read's past, since the others come before that one), and operations that nothing comes before
//! are taken away, again and again; petgraph finds the components of what is left, and a shortest cycle of each is looked
//! for from its conflicts. Linear.

use crate::cause::Cause;
use crate::context::Context;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::causal_order::{CausalOrder, Seen};
use crate::inference::paths::{Conflict, Paths, conflict_why, ops_on, why_reads_from};
use crate::inference::reads_from::ReadsFrom;
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{OpId, OpView, Property, Sessions};
use petgraph::algo::kosaraju_scc;
use petgraph::graph::DiGraph;

pub(crate) const CLAIM: Claim = (Property::CausalConvergence, Sessions::All);

/// Conflict edges from which the shortest cycle of a component is searched for.
const STARTS_MAX: usize = 64;
/// Conflicts that are gathered before they are looked through for those that are there twice.
const CONFLICTS_MIN: usize = 1 << 20;
/// Orders that are tried before all conflicts are gathered.
const ORDERS_MAX: usize = 8;

/// Judges what CC alone does not break. The conflicts are those that contradict the order in which the history was walked
/// when `order` was made; none, where no order is to be guessed.
pub(crate) fn check(
    ctx: &Context<'_>,
    order: &CausalOrder<'_>,
    reads_from: &ReadsFrom,
    contradicting: Option<Vec<Conflict>>,
    findings: &mut Findings,
) {
    if order.cyclic.is_empty()
        && contradicting.is_some_and(|known| is_ordered(ctx, reads_from, known))
    {
        return;
    }
    let conflicts = conflicts(ctx, reads_from);
    let paths = Paths::new(ctx, order, reads_from, &conflicts);
    cycles(ctx, order, reads_from, (&paths, &conflicts), findings);
}

/// Whether one order of all operations is found that no read contradicts. What contradicts an order is demanded of the next.
fn is_ordered(ctx: &Context<'_>, reads_from: &ReadsFrom, mut contradicting: Vec<Conflict>) -> bool {
    let mut waits: Vec<(OpId, OpId)> = Vec::new();
    for _ in 0..=ORDERS_MAX {
        if contradicting.is_empty() {
            return true;
        }
        waits.extend(contradicting.drain(..).map(|conflict| (conflict.then, conflict.first)));
        waits.sort_unstable();
        waits.dedup();
        let order = CausalOrder::new(ctx, reads_from, &waits, |read, seen| {
            contradicting.extend(conflict(reads_from, read, seen));
        });
        if !order.cyclic.is_empty() {
            return false;
        }
    }
    false
}

/// A conflict by which a read contradicts the order of the walk. Of reads that break CC none is asked for.
fn conflict(reads_from: &ReadsFrom, read: OpView<'_>, seen: &Seen<'_>) -> Option<Conflict> {
    let &[then] = reads_from.of(read.id()) else { return None };
    if reads_from.partly(read.id()) {
        return None;
    }
    let first = seen.newer(read.key(), then)?;
    let mut updates = seen.order.last_updates(read.key(), seen.after);
    let stale = updates.any(|update| seen.order.before(then, update));
    (!stale).then_some(Conflict { first, then, read: read.id() })
}

/// All conflicts, of each session only its last write within the read's past; sorted, and of those between the same writes one.
fn conflicts(ctx: &Context<'_>, reads_from: &ReadsFrom) -> Vec<Conflict> {
    let mut conflicts: Vec<Conflict> = Vec::new();
    let distinct = |conflicts: &mut Vec<Conflict>| {
        conflicts.sort_unstable();
        conflicts.dedup_by_key(|conflict| (conflict.first, conflict.then));
    };
    // Many reads show the same conflict.
    let mut room = CONFLICTS_MIN;
    CausalOrder::new(ctx, reads_from, &[], |read, Seen { order, after, .. }| {
        let &[then] = reads_from.of(read.id()) else { return };
        let last = || order.last_updates(read.key(), *after).filter(|&update| update != then);
        if reads_from.partly(read.id()) || last().any(|update| order.before(then, update)) {
            return;
        }
        let unordered = last().filter(|&update| !order.before(update, then));
        conflicts.extend(unordered.map(|first| Conflict { first, then, read: read.id() }));
        if conflicts.len() >= room {
            distinct(&mut conflicts);
            room = room.max(2 * conflicts.len());
        }
    });
    distinct(&mut conflicts);
    conflicts.shrink_to_fit();
    conflicts
}

/// One finding for each strongly connected component of hb ∪ cf.
fn cycles(
    ctx: &Context<'_>,
    order: &CausalOrder<'_>,
    reads_from: &ReadsFrom,
    (paths, conflicts): (&Paths<'_>, &[Conflict]),
    findings: &mut Findings,
) {
    let core = cyclic_core(ctx, order, paths);
    if core.is_empty() {
        return;
    }
    // Only what lies on cycles, and between them, is left: small enough for a graph of its own.
    let mut graph: DiGraph<OpId, ()> = DiGraph::new();
    let mut node_of = vec![None; ctx.history.len()];
    for &op in &core {
        node_of[op.0 as usize] = Some(graph.add_node(op));
    }
    for &op in &core {
        for next in successors(order, paths, op) {
            if let (Some(a), Some(b)) = (node_of[op.0 as usize], node_of[next.0 as usize]) {
                graph.add_edge(a, b, ());
            }
        }
    }
    let mut component = vec![u32::MAX; ctx.history.len()];
    let components = kosaraju_scc(&graph);
    for (at, nodes) in components.iter().enumerate().filter(|(_, nodes)| nodes.len() > 1) {
        for &node in nodes {
            component[graph[node].0 as usize] = at as u32;
        }
    }
    let mut shortest: Vec<Option<Vec<Dependency>>> = vec![None; components.len()];
    let mut tried = vec![0_usize; components.len()];
    let mut searches = crate::inference::paths::searches(ctx);
    let mut unsearched = vec![false; components.len()];
    for &conflict in conflicts {
        let at = component[conflict.first.0 as usize];
        if at == u32::MAX || component[conflict.then.0 as usize] != at {
            continue;
        }
        let of = at as usize;
        tried[of] += 1;
        if tried[of] > STARTS_MAX || searches == 0 {
            unsearched[of] = shortest[of].is_none();
            continue;
        }
        searches -= 1;
        let within = |op: OpId| component[op.0 as usize] == at;
        let reached = paths.after(conflict.then, ctx.history.len(), within);
        let mut cycle = paths.path_to(ctx, &reached, conflict.first);
        cycle.push(Dependency {
            from: conflict.first,
            to: conflict.then,
            label: Label::Conflict,
            why: conflict_why(ctx, conflict),
        });
        if shortest[of].as_ref().is_none_or(|known| cycle.len() < known.len()) {
            shortest[of] = Some(cycle);
        }
    }
    let mut cycles: Vec<Vec<Dependency>> = shortest.into_iter().flatten().collect();
    cycles.sort_by_key(|edges| edges.iter().map(|edge| edge.from).min());
    let plain = Paths::new(ctx, order, reads_from, &[]);
    for edges in cycles {
        findings.add(conflict_cycle(ctx, &plain, edges, conflicts));
    }
    for _ in unsearched.into_iter().filter(|&unsearched| unsearched) {
        findings.count_more(CLAIM, AnomalyKind::CyclicConflict, &Cause::Disagreement);
    }
}

fn conflict_cycle(
    ctx: &Context<'_>,
    plain: &Paths<'_>,
    mut edges: Vec<Dependency>,
    conflicts: &[Conflict],
) -> Finding {
    // The reads that make the conflicts, and how each came to know of the write that comes first.
    for at in 0..edges.len() {
        let ends = (edges[at].from, edges[at].to);
        if edges[at].label != Label::Conflict {
            continue;
        }
        if let Ok(found) = conflicts.binary_search_by_key(&ends, |c| (c.first, c.then)) {
            let Conflict { first, then, read } = conflicts[found];
            let to_read = plain.before(read, ctx.history.len());
            edges.extend(plain.path_from(ctx, &to_read, first));
            let why = why_reads_from(ctx, then, read);
            edges.push(Dependency { from: then, to: read, label: Label::ReadsFrom, why });
        }
    }
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.label));
    edges.dedup_by_key(|edge| (edge.from, edge.to, edge.label));
    let ops = ops_on(&edges);
    let mut keys: Vec<&str> = edges
        .iter()
        .filter(|edge| edge.label == Label::Conflict)
        .map(|edge| ctx.op(edge.from).key_name())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: AnomalyKind::CyclicConflict,
        cause: Cause::Disagreement,
        sentence: format!(
            "No single order of the writes of {} explains what all sessions read.",
            crate::words::list(&keys).unwrap_or_default()
        ),
        key: edges.first().map(|edge| ctx.op(edge.from).key()),
        ops,
        edges,
    }
}

/// Those directly after an operation: the next of its session, its readers, and what it conflicts with.
fn successors<'a>(
    order: &'a CausalOrder<'a>,
    paths: &'a Paths<'_>,
    op: OpId,
) -> impl Iterator<Item = OpId> + 'a {
    let next = order
        .place(op)
        .and_then(|(session, at)| order.session(session).get(at as usize + 1).copied());
    let conflicts = paths.conflicts_of(op).iter().map(|conflict| conflict.then);
    next.into_iter().chain(paths.readers(op).iter().copied()).chain(conflicts)
}

/// The operations that remain when those that nothing comes before are taken away, again and again.
fn cyclic_core(ctx: &Context<'_>, order: &CausalOrder<'_>, paths: &Paths<'_>) -> Vec<OpId> {
    let mut before = vec![0_u32; ctx.history.len()];
    let part: Vec<OpId> = (0..order.sessions() as u32)
        .flat_map(|session| order.session(session).iter().copied())
        .collect();
    for &op in &part {
        for next in successors(order, paths, op) {
            before[next.0 as usize] += 1;
        }
    }
    let mut free: Vec<OpId> =
        part.iter().copied().filter(|op| before[op.0 as usize] == 0).collect();
    let mut left = part.len();
    while let Some(op) = free.pop() {
        left -= 1;
        for next in successors(order, paths, op) {
            let count = &mut before[next.0 as usize];
            *count -= 1;
            if *count == 0 {
                free.push(next);
            }
        }
    }
    if left == 0 {
        return Vec::new();
    }
    part.into_iter().filter(|op| before[op.0 as usize] > 0).collect()
}
