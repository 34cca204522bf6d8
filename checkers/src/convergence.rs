//! Convergence: after the updates stop and the faults are healed, every replica returns the same.
//!
//! Judged on the final reads, per key and per replica: equal on all, none missing. A key that some replica was
//! not read for is not equal but undecided; so is one on which reads differ that nobody called final, since a replica may
//! have been about to hear of the last update. Values are compared as what they mean: the siblings of a
//! register and the items of a cart are sets. The window runs from the last heal (or the last update, if later)
//! to the last read that returned something other than what all agreed on in the end; the first fresh read
//! says nothing, since another replica may still be stale.
//!
//! Definition: strong eventual consistency's convergence (Shapiro, Preguiça, Baquero and Zawirski, SSS 2011),
//! observed through reads.

use crate::context::{Context, quiet_from};
use crate::explain;
use crate::findings::{Claim, Finding, Findings};
use crate::verdict::{ConvergenceFigures, Divergence, Held};
use afterall_history::{
    Datum, KeyId, NodeId, OpId, OpView, Phase, Property, Sessions, Value, Workload as W,
};
use std::collections::{BTreeMap, BTreeSet};

const CLAIM: Claim = (Property::Convergence, Sessions::All);
const EXAMPLES_MAX: usize = 100;

/// Judges convergence.
pub(crate) fn check(ctx: &Context<'_>, findings: &mut Findings) -> ConvergenceFigures {
    let history = ctx.history;
    let mut figures = ConvergenceFigures { quiet_from: quiet_from(history), ..Default::default() };
    let replicas = history.replicas().len();
    findings.chances(CLAIM, 0, "no key was updated and then read on two replicas at the end");
    let mut agreed: BTreeMap<KeyId, Value> = BTreeMap::new();
    for key in ctx.keys() {
        let finals = ctx.finals(key);
        figures.keys += u64::from(!finals.is_empty());
        let updated = ctx.on(key).any(|op| !op.f().is_read() && op.is_ok());
        let mut held: BTreeMap<Value, Vec<OpId>> = BTreeMap::new();
        for &(_, read) in finals {
            held.entry(meaning(ctx, ctx.op(read))).or_default().push(read);
        }
        if finals.len() < replicas {
            figures.unread += 1;
        }
        let judged = ctx.finals_are_marked() || ctx.is_quiet(key);
        if updated && judged && finals.len() > 1 {
            // Of collections each element could be there on one replica and not on another.
            let chances = (finals.len() as u64 - 1) * elements(ctx, finals);
            findings.chances(CLAIM, chances, "no key was updated and read");
        }
        if held.len() > 1 {
            figures.divergent += 1;
            if figures.examples.len() < EXAMPLES_MAX {
                figures.examples.push(divergence(ctx, key));
            }
            let name = ctx.history.key_name(key);
            if let Some(why) = ctx.unsettled(key) {
                findings.undecided(CLAIM, why);
            } else if ctx.finals_are_marked() {
                findings.add(diverged(ctx, key, &held));
            } else {
                let why = "but nobody called these reads final (--final last says that they are)";
                findings.undecided(CLAIM, format!("the last reads of {name} differ, {why}"));
            }
        } else if let Some((value, _)) = held.pop_first()
            && finals.len() == replicas
        {
            agreed.insert(key, value);
        }
    }
    if let Some(why) = ctx.disturbed() {
        findings.undecided(CLAIM, why);
    } else if figures.unread > 0 {
        let (unread, keys) = (figures.unread, history.keys());
        findings.undecided(
            CLAIM,
            format!("{unread} of {keys} keys were not read on every replica at the end"),
        );
    }
    if figures.divergent == 0 && figures.unread == 0 && figures.keys > 0 {
        figures.last_stale = last_stale(ctx, &agreed, figures.quiet_from);
        figures.window_ns = Some(
            figures.last_stale.map_or(0, |stale| stale.saturating_sub(figures.quiet_from).max(0)),
        );
    }
    figures
}

/// How many elements the final reads of a collection show together; 1 for what is no collection, or is empty.
fn elements(ctx: &Context<'_>, finals: &[(NodeId, OpId)]) -> u64 {
    if !matches!(ctx.history.header().workload, W::Cart | W::Set | W::Chat) {
        return 1;
    }
    let data = ctx.history.data();
    let shown = finals.iter().flat_map(|&(_, read)| data.items(ctx.op(read).output()));
    let elements: BTreeSet<Datum> = shown.collect();
    (elements.len() as u64).max(1)
}

/// What a read returned, with the order taken out where it means nothing.
fn meaning(ctx: &Context<'_>, read: OpView<'_>) -> Value {
    let value = ctx.history.data().value(read.output());
    match (ctx.history.header().workload, value) {
        (W::Register | W::Cart | W::Set | W::Chat, Value::List(mut items)) => {
            items.sort_unstable();
            // A set holds an element once; that a read returned it twice is judged elsewhere.
            if matches!(ctx.history.header().workload, W::Set | W::Chat) {
                items.dedup();
            }
            Value::List(items)
        }
        (W::Register | W::Cart | W::Set | W::Chat, Value::Nil) => Value::List(Vec::new()),
        (W::Text, Value::Nil) => Value::Text(String::new()),
        (_, value) => value,
    }
}

/// When a read after `quiet_from` last returned something other than what all agreed on in the end.
fn last_stale(ctx: &Context<'_>, agreed: &BTreeMap<KeyId, Value>, quiet_from: i64) -> Option<i64> {
    let mut reads = ctx.history.ops().rev().filter(|op| {
        op.f().is_read()
            && op.is_ok()
            && op.invoked() >= quiet_from
            && ctx.history.phase_at(op.invoked()) >= Some(Phase::Quiescence)
    });
    // Reads are walked by their invocation, and the one completed last need not be the one invoked last.
    let newest = reads.find(|&op| agreed.get(&op.key()) != Some(&meaning(ctx, op)))?;
    let stale = reads
        .filter(|op| op.until() > newest.until())
        .filter(|&op| agreed.get(&op.key()) != Some(&meaning(ctx, op)));
    stale.map(OpView::until).max().max(Some(newest.until()))
}

fn divergence(ctx: &Context<'_>, key: KeyId) -> Divergence {
    let held = |&(node, read): &(_, OpId)| Held {
        node: ctx.history.node_name(node).to_owned(),
        value: ctx.history.data().value(ctx.op(read).output()),
        op: ctx.op(read).number(),
    };
    Divergence {
        key: ctx.history.key_name(key).to_owned(),
        replicas: ctx.finals(key).iter().map(held).collect(),
    }
}

fn diverged(ctx: &Context<'_>, key: KeyId, held: &BTreeMap<Value, Vec<OpId>>) -> Finding {
    let name = |&read: &OpId| ctx.history.node_name(ctx.op(read).sent_to());
    // The side that most replicas are on, first; the others are the ones to explain.
    let mut sides: Vec<(&Value, &Vec<OpId>)> = held.iter().collect();
    sides.sort_by_key(|(_, reads)| (usize::MAX - reads.len(), reads[0]));
    let said: Vec<String> = sides
        .iter()
        .map(|(value, reads)| {
            let names: Vec<&str> = reads.iter().map(name).collect();
            format!("{} {value}", explain::list(&names).unwrap_or_default())
        })
        .collect();
    let apart: Vec<&str> =
        sides[1..].iter().flat_map(|(_, reads)| reads.iter().map(name)).collect();
    let mut kinds: Vec<&str> = ctx
        .history
        .faults()
        .iter()
        .filter(|fault| {
            sides[1..]
                .iter()
                .flat_map(|(_, reads)| reads.iter())
                .any(|&read| !fault.nodes.is_empty() && fault.touches(ctx.op(read).sent_to()))
        })
        .map(|fault| fault.kind.as_str())
        .collect();
    kinds.sort_unstable();
    kinds.dedup();
    let (differ, it) = if apart.len() == 1 { ("differs", "it") } else { ("differ", "they") };
    let apart = explain::list(&apart).unwrap_or_default();
    let cause = match explain::list(&kinds) {
        Some(kinds) => format!("{apart} {differ} from the others; {it} had been under {kinds}"),
        None => format!("{apart} {differ} from the others"),
    };
    let mut ops: Vec<OpId> = sides.iter().map(|(_, reads)| reads[0]).collect();
    ops.sort_unstable();
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: "divergence",
        cause,
        sentence: format!(
            "At the end the replicas disagree on {}: {}.",
            ctx.history.key_name(key),
            said.join("; ")
        ),
        key: Some(key),
        ops,
        edges: Vec::new(),
    }
}
