//! Availability: what was asked of a node that did not fail is answered, whatever became of the others.
//!
//! Judged are the operations that sessions began while a fault was in force, from the moment at which evidence shows it until
//! it is healed, and for the kinds of faults that were in force together and each *side* by itself. The sides of faults on links
//! are the groups of nodes that could still talk to each other; of a wrong clock, the nodes that have it and the others; of nodes
//! that were killed, stopped or paused, all that were left standing. Where it is not clear which faults an operation met, it is
//! not judged. Nor is one at a node that itself failed while it ran, for no system answers there, nor one that may be refused for
//! what it asks (a sale, a comparison, a lock). The others are answered if they were acknowledged within the time-out.
//!
//! Promised of all (Gilbert and Lynch, "Brewer's conjecture and the feasibility of consistent, available, partition-tolerant
//! web services", 2002), or of a share: `availability >= 99%`. A share is broken on a side if what was answered there lies below
//! it with 95 % confidence (Wilson 1927); it is undecided if it lies below it by what may be chance. Of all, one unanswered
//! operation is enough.
//!
//! Time: linear in the operations, for each fault that was in force while they were made; sides are quadratic in the nodes, once
//! for all operations that met the same faults.

use crate::case::Case;
use crate::cause::Cause;
use crate::context::Context;
use crate::findings::{Claim, Finding, Findings};
use crate::measures::staleness::wilson;
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::{AnomalyKind, AvailabilityFigures};
use crate::words::{briefly, count, counted, percent, share as share_words};
use afterall_history::{
    ActsOn, Fault, FaultKinds, Function, NodeChange, NodeId, OpId, OpView, Property, Sessions,
    Share, Workload,
};
use petgraph::unionfind::UnionFind;
use std::collections::BTreeMap;

const CLAIM: Claim = (Property::Availability, Sessions::All);
const WHY_NONE: &str = "no operation was begun while a fault was in force";
/// Sides that the figures tell of, those with the lowest shares first.
const SIDES_MAX: usize = 64;

/// All that sessions do one by one.
const WORKLOADS: &[Workload] = &[
    Workload::Register,
    Workload::Counter,
    Workload::Cart,
    Workload::Set,
    Workload::Text,
    Workload::Mutex,
    Workload::Inventory,
    Workload::Chat,
    Workload::Position,
];

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::Availability,
    workloads: WORKLOADS,
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::WhatIsShown,
    usual_for: &[],
    checkers: &[&CHECKER],
    level: None,
};

/// Counts what was answered.
static CHECKER: Checker = Checker {
    name: "availability",
    workloads: WORKLOADS,
    real_time: true,
    turn: Turn::Beside,
    after: &[],
    check,
};

/// The kinds of faults that were in force, and the nodes of a side; none: all that did not fail.
type Side = (FaultKinds, Vec<NodeId>);

/// What came of the operations of a side.
#[derive(Default)]
struct Answers {
    ops: u64,
    ok: u64,
    /// The first that was not answered.
    missed: Option<OpId>,
}

impl Answers {
    fn count(&mut self, op: OpView<'_>) {
        self.ops += 1;
        if is_answered(op) {
            self.ok += 1;
        } else {
            self.missed.get_or_insert(op.id());
        }
    }
}

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    findings.chances(CLAIM, 0, WHY_NONE);
    if ctx.history.faults().is_empty() {
        return;
    }
    let failing = failing(ctx);
    let mut sides: BTreeMap<Side, Answers> = BTreeMap::new();
    let mut calm = Answers::default();
    // By the faults in force: the side of each replica.
    let mut known: BTreeMap<Vec<u32>, Vec<Vec<NodeId>>> = BTreeMap::new();
    let mut in_force = InForce::new(ctx);
    for op in ctx.history.ops() {
        let Some(faults) = in_force.during(op) else { continue };
        let failed = failing.get(&op.sent_to()).into_iter().flatten();
        let mut failed = failed.filter(|&&(from, to)| from <= op.until() && op.invoked() <= to);
        if !asks_for_an_answer(op) || failed.next().is_some() {
            continue;
        }
        if faults.is_empty() {
            calm.count(op);
            continue;
        }
        let kinds = faults.iter().map(|fault| fault.kind).collect();
        let ids: Vec<u32> = faults.iter().map(|fault| fault.id).collect();
        let of_node = known.entry(ids).or_insert_with(|| sides_of(ctx, &faults));
        let nodes = of_node.get(usize::from(op.sent_to().0)).cloned().unwrap_or_default();
        sides.entry((kinds, nodes)).or_default().count(op);
    }
    let promised = ctx.promised_share(CLAIM);
    for (side, answers) in &sides {
        judge(ctx, side, answers, promised, findings);
    }
    findings.figures.availability = figures(ctx, &sides, &calm);
}

/// Of a side, whether enough was answered there.
fn judge(
    ctx: &Context<'_>,
    side: &Side,
    answers: &Answers,
    promised: Option<Share>,
    findings: &mut Findings,
) {
    let missed = answers.ops - answers.ok;
    findings.chances(CLAIM, answers.ops, WHY_NONE);
    let Some(first) = answers.missed else { return };
    let wanted = promised.map_or(1.0, Share::of_one);
    let share = answers.ok as f64 / answers.ops as f64;
    let cause = Cause::Side(side.0, side.1.clone());
    let told = format!(
        "of {} begun {}, {} answered, which is {}",
        counted(answers.ops, "operation"),
        cause.words(ctx.history),
        if answers.ok == 1 { "1 was".to_owned() } else { format!("{} were", count(answers.ok)) },
        share_words(share)
    );
    if share >= wanted {
        findings.tolerated(CLAIM, missed);
        return;
    }
    if wilson(answers.ok, answers.ops).1 >= wanted {
        let why = format!("{told}: too few to say that it is not {}", percent(wanted));
        findings.undecided(CLAIM, why);
        return;
    }
    let error = ctx.op(first).error().map_or(String::new(), |error| format!(" ({error})"));
    let promise = promised.filter(|_| wanted < 1.0);
    let promise = promise.map_or(String::new(), |share| format!(", promised {share}"));
    let first_words = briefly(ctx.op(first));
    findings.add_many(
        Finding {
            claim: CLAIM,
            or: Vec::new(),
            kind: AnomalyKind::Unanswered,
            cause,
            sentence: format!("{told}{promise}. The first that was not: {first_words}{error}."),
            key: Some(ctx.op(first).key()),
            ops: vec![first],
            edges: Vec::new(),
        },
        missed,
    );
}

/// Whether the operation was acknowledged. Of a read that was acknowledged and is not judged, another meaning was made.
fn is_answered(op: OpView<'_>) -> bool {
    op.is_ok() || op.is_unjudged()
}

/// Whether a session asked, and for something that cannot be refused for what it is.
fn asks_for_an_answer(op: OpView<'_>) -> bool {
    let may_refuse =
        matches!(op.f(), Function::Sell | Function::Cas | Function::Acquire | Function::Release);
    !op.is_final() && !op.is_setup() && (!may_refuse || is_answered(op))
}

/// The faults that are in force, for one operation after the other.
struct InForce<'h> {
    /// In the order of their injection.
    faults: Vec<&'h Fault>,
    /// The first of them that was injected after all operations so far were begun.
    next: usize,
    /// Those before it that may still be in force.
    open: Vec<&'h Fault>,
}

impl<'h> InForce<'h> {
    fn new(ctx: &Context<'h>) -> Self {
        let mut faults: Vec<&Fault> = ctx.history.faults().iter().collect();
        faults.sort_by_key(|fault| fault.inject);
        InForce { faults, next: 0, open: Vec::new() }
    }

    /// The faults that were in force when the operation began, in the order of their numbers; nothing where another one may
    /// have been in force while it ran. Operations come in the order of their invocation.
    fn during(&mut self, op: OpView<'_>) -> Option<Vec<&'h Fault>> {
        while let Some(fault) = self.faults.get(self.next).filter(|of| of.inject <= op.invoked()) {
            self.open.push(fault);
            self.next += 1;
        }
        self.open.retain(|fault| fault.in_force(op.invoked(), i64::MAX));
        let later = self.faults.get(self.next).is_some_and(|fault| fault.inject <= op.until());
        let shown = |fault: &&Fault| {
            let until = fault.heal.or(fault.healed).unwrap_or(i64::MAX);
            fault.took_hold()
                && fault.took.is_some_and(|took| took <= op.invoked())
                && op.invoked() <= until
        };
        let mut faults = self.open.clone();
        faults.sort_by_key(|fault| fault.id);
        (!later && faults.iter().all(shown)).then_some(faults)
    }
}

/// When nodes failed: by faults of their processes, or unasked.
fn failing(ctx: &Context<'_>) -> BTreeMap<NodeId, Vec<(i64, i64)>> {
    let mut failing: BTreeMap<NodeId, Vec<(i64, i64)>> = BTreeMap::new();
    let ended = |fault: &&Fault| fault.kind.acts_on() == ActsOn::Process;
    for fault in ctx.history.faults().iter().filter(ended) {
        for node in ctx.history.replicas().filter(|&node| fault.touches(node)) {
            let until = fault.healed.unwrap_or(i64::MAX);
            failing.entry(node).or_default().push((fault.inject, until));
        }
    }
    for turn in ctx.history.node_turns() {
        let of = failing.entry(turn.node).or_default();
        match turn.change {
            NodeChange::Died => of.push((turn.time, i64::MAX)),
            NodeChange::Ready => {
                if let Some(open) = of.iter_mut().find(|(_, to)| *to == i64::MAX) {
                    open.1 = turn.time;
                }
            }
        }
    }
    failing
}

/// By replica: the nodes of its side; none where all that did not fail are one.
fn sides_of(ctx: &Context<'_>, faults: &[&Fault]) -> Vec<Vec<NodeId>> {
    let replicas: Vec<NodeId> = ctx.history.replicas().collect();
    let links: Vec<_> = faults.iter().flat_map(|fault| fault.links.iter().copied()).collect();
    let sides = match faults {
        _ if !links.is_empty() => groups(&replicas, links),
        [one] if one.kind.acts_on() != ActsOn::Process => {
            let named = |node: &NodeId| one.nodes.contains(node);
            let (these, others) = replicas.iter().copied().partition(named);
            vec![these, others]
        }
        _ => Vec::new(),
    };
    let side = |node: &NodeId| {
        let side = sides.iter().find(|side| side.contains(node) && side.len() < replicas.len());
        side.cloned().unwrap_or_default()
    };
    replicas.iter().map(side).collect()
}

/// The groups of nodes that are joined by links which work both ways.
fn groups(replicas: &[NodeId], mut cut: Vec<(NodeId, NodeId)>) -> Vec<Vec<NodeId>> {
    cut.sort_unstable();
    let works = |a: NodeId, b: NodeId| {
        cut.binary_search(&(a, b)).is_err() && cut.binary_search(&(b, a)).is_err()
    };
    let mut joined = UnionFind::<usize>::new(replicas.len());
    for (at, &node) in replicas.iter().enumerate() {
        for (other, _) in replicas[..at].iter().enumerate().filter(|&(_, &b)| works(node, b)) {
            joined.union(at, other);
        }
    }
    let mut groups: BTreeMap<usize, Vec<NodeId>> = BTreeMap::new();
    for (&node, label) in replicas.iter().zip(joined.into_labeling()) {
        groups.entry(label).or_default().push(node);
    }
    groups.into_values().collect()
}

fn figures(
    ctx: &Context<'_>,
    sides: &BTreeMap<Side, Answers>,
    calm: &Answers,
) -> Vec<AvailabilityFigures> {
    let name = |&node: &NodeId| ctx.history.node_name(node).to_owned();
    let of = |((kinds, nodes), answers): (&Side, &Answers)| AvailabilityFigures {
        faults: kinds.iter().collect(),
        side: nodes.iter().map(name).collect(),
        ops: answers.ops,
        ok: answers.ok,
    };
    let mut figures: Vec<AvailabilityFigures> = sides.iter().map(of).collect();
    figures.sort_by(|a, b| a.share().total_cmp(&b.share()));
    figures.truncate(SIDES_MAX);
    figures.sort_by(|a, b| (&a.faults, &a.side).cmp(&(&b.faults, &b.side)));
    if calm.ops > 0 {
        let calm = AvailabilityFigures {
            faults: Vec::new(),
            side: Vec::new(),
            ops: calm.ops,
            ok: calm.ok,
        };
        figures.insert(0, calm);
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::groups;
    use afterall_history::NodeId;

    #[test]
    fn sides_are_the_nodes_that_can_still_talk_to_each_other() {
        let nodes = |of: &[u16]| of.iter().map(|&n| NodeId(n)).collect::<Vec<_>>();
        let link = |a: u16, b: u16| (NodeId(a), NodeId(b));
        let all = nodes(&[0, 1, 2]);
        let mut apart = groups(&all, vec![link(0, 2), link(2, 1)]);
        apart.sort();
        assert_eq!(apart, [nodes(&[0, 1]), nodes(&[2])]);
        // One link less, and what it carried goes round.
        assert_eq!(groups(&all, vec![link(0, 2)]).len(), 1);
        assert_eq!(groups(&all, Vec::new()), [all]);
    }
}
