//! The smallest witness of each group: none of its operations can be left out.
//!
//! A finding's operations are judged by themselves, as a history of their own ([`History::part`]), again and again with
//! one of them left out. What is still found without an operation does not need it; what is found then, with its
//! sentence and its edges, takes the place of the finding. A part of a history proves no more than the whole
//! does, so nothing is found that was not there.
//!
//! Quadratic in the operations of a witness, of which there are few.

use crate::context::Context;
use crate::examine::examine;
use crate::findings::{Dependency, Finding, Findings, Group};
use crate::linearizable::NO_ORDER;
use crate::registry::Registry;
use crate::session_guarantees::GUARANTEES;
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{History, OpId, Property, Workload};

/// Witnesses of more operations than this are left as they are.
const OPS_MAX: usize = 48;

/// Reduces the witness of each group.
pub(crate) fn shrink(ctx: &Context<'_>, registry: &Registry, findings: &mut Findings) {
    let register = ctx.history.header().workload == Workload::Register;
    for Group { smallest, .. } in findings.groups.values_mut() {
        // Where values repeat, linearizability knows better which writes are needed.
        let own =
            smallest.claim.0 == Property::Linearizable && register && smallest.kind == NO_ORDER;
        // Two reads prove that replicas disagree; the updates that are not shown everywhere tell it, and stay.
        let explained = smallest.kind == AnomalyKind::Divergence;
        if !own && !explained && (2..=OPS_MAX).contains(&smallest.ops.len()) {
            let told = smallest.clone();
            reduce(ctx, registry, smallest);
            // A part has other sums than the whole. Fewer operations prove that something is missing; what was expected, and of
            // how many operations, is told of all.
            if is_about_a_sum(told.kind) {
                let ops = std::mem::take(&mut smallest.ops);
                let sentence = match ops.len() < told.ops.len() {
                    true => format!("{} {} of its operations prove it.", told.sentence, ops.len()),
                    false => told.sentence,
                };
                *smallest = Finding { ops, sentence, ..told };
            }
        }
    }
    // What was left out may have been the cause's: those that have one cause now are one group.
    for Group { count, smallest } in std::mem::take(&mut findings.groups).into_values() {
        findings.add_many(smallest, count);
    }
}

fn is_about_a_sum(kind: AnomalyKind) -> bool {
    use AnomalyKind::{AppliedAgain, LostIncrements, Oversold, WrongSum};
    matches!(kind, LostIncrements | AppliedAgain | Oversold | WrongSum)
}

fn reduce(ctx: &Context<'_>, registry: &Registry, finding: &mut Finding) {
    let mut part = ctx.history.part(&finding.ops, &ctx.by_key);
    let mut better: Option<Finding> = None;
    loop {
        let without = (0..part.len() as u32).rev().find_map(|left_out| {
            let rest: Vec<OpId> =
                (0..part.len() as u32).filter(|&op| op != left_out).map(OpId).collect();
            let smaller = part.part(&rest, &part.by_key());
            let found = find(registry, &smaller, finding)?;
            Some((smaller, found))
        });
        let Some((smaller, found)) = without else { break };
        better = Some(named_by_index(&smaller, found));
        part = smaller;
    }
    let Some(found) = better else { return };
    let back = |index: OpId| ctx.history.op_of_event(index.0).unwrap_or(OpId(0));
    finding.ops = found.ops.into_iter().map(back).collect();
    finding.sentence = found.sentence;
    finding.kind = found.kind;
    finding.cause = found.cause;
    finding.key = finding.ops.first().map(|&op| ctx.op(op).key());
    finding.edges = found
        .edges
        .into_iter()
        .map(|edge| Dependency { from: back(edge.from), to: back(edge.to), ..edge })
        .collect();
}

/// What breaks the same property, in whatever way.
fn find(registry: &Registry, part: &History, like: &Finding) -> Option<Finding> {
    let ctx = Context::new(part);
    let findings = examine(&ctx, registry, Some(like.claim.0));
    // Of several guarantees of which one is broken it must be the same ones: what contradicts others is another story. Of a
    // part, sessions may stay with one replica that roam in the whole.
    let one_of = |finding: &Finding| -> Vec<Property> {
        finding.or.iter().map(|&(property, _)| property).collect()
    };
    // What real time tells the broken one of must be so in the part, too.
    let by_real_time = |finding: &Finding| {
        GUARANTEES.contains(&finding.claim.0)
            && finding.edges.iter().any(|edge| edge.label == Label::RealTime)
    };
    // A smaller witness of something else would not bear out the faults that the cause names.
    let blames = !like.cause.faults().is_empty();
    let same = |finding: &Finding| {
        finding.claim.0 == like.claim.0
            && one_of(finding) == one_of(like)
            && by_real_time(finding) == by_real_time(like)
            && (!blames || finding.cause == like.cause)
    };
    let found = findings.groups.into_values().map(|group| group.smallest);
    found.filter(same).min_by_key(|finding| finding.ops.len())
}

/// Operations by the index of their invocation, which they keep in every part.
fn named_by_index(part: &History, mut finding: Finding) -> Finding {
    let index = |op: OpId| OpId(part.op(op).index());
    finding.ops.iter_mut().for_each(|op| *op = index(*op));
    for edge in &mut finding.edges {
        (edge.from, edge.to) = (index(edge.from), index(edge.to));
    }
    finding
}
