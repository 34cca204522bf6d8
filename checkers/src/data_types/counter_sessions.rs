//! What sessions see of counters: their own operations, and no sum that goes down where nothing was taken away.

use crate::context::Context;
use crate::data_types::counter_updates::{
    Counter, added_elsewhere, amount, may_hide_what_is_missing, taken_elsewhere, takes,
};
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::version::{Relation, compare};
use crate::session_guarantees as sessions;
use crate::verdict::{Label, Tier};
use afterall_history::{KeyId, OpId, OpView, Property, Sessions};
use std::collections::BTreeMap;

/// What others may have added to a counter, and taken from it, by when it began.
#[derive(Default)]
struct Others {
    /// By the place of the invocation among the events: what all sessions together had added by then, and what they had taken.
    begun: Vec<(u32, i64, i64)>,
}

impl Others {
    fn new(updates: &[OpView<'_>]) -> Others {
        let (mut added, mut taken) = (0_i64, 0_i64);
        let begun = |op: &OpView<'_>| {
            added = added.saturating_add(amount(*op).max(0));
            taken = taken.saturating_add(amount(*op).min(0));
            (op.index(), added, taken)
        };
        Others { begun: updates.iter().map(begun).collect() }
    }

    /// What had been added and taken, together, by operations that began before the event.
    fn before(&self, event: u32) -> (i64, i64) {
        let at = self.begun.partition_point(|&(begun, ..)| begun < event);
        at.checked_sub(1).map_or((0, 0), |at| (self.begun[at].1, self.begun[at].2))
    }
}

/// What a session did to a counter, acknowledged.
#[derive(Default)]
struct Own {
    ops: Vec<OpId>,
    added: i64,
    taken: i64,
}

/// What a session has read of a counter.
#[derive(Clone, Copy)]
struct Seen {
    /// The read that returned most, and what it returned.
    highest: (OpId, i64),
    /// The last read that had a version.
    versioned: Option<OpId>,
    /// Whether no version was older than the one before: the versions find nothing.
    in_order: bool,
}

impl Seen {
    fn new(read: OpView<'_>, value: i64) -> Seen {
        let versioned = (!read.version().is_nil()).then_some(read.id());
        Seen { highest: (read.id(), value), versioned, in_order: true }
    }

    /// This read, and what came before it.
    fn after(self, ctx: &Context<'_>, before: Seen) -> Seen {
        let no_older = match (self.versioned, before.versioned) {
            (Some(now), Some(last)) => {
                let (now, last) = (ctx.op(now).version(), ctx.op(last).version());
                compare(ctx.history.data(), now, last).is_some_and(Relation::at_least)
            }
            _ => true,
        };
        Seen {
            highest: if self.highest.1 > before.highest.1 { self.highest } else { before.highest },
            versioned: self.versioned.or(before.versioned),
            in_order: before.in_order && no_older,
        }
    }
}

/// Read your writes of counters that have no versions, and monotonic reads of those that never went down.
pub(super) fn monotonic(
    ctx: &Context<'_>,
    counters: &[Counter<'_>],
    exact: &[bool],
    findings: &mut Findings,
) {
    let others: Vec<Others> =
        counters.iter().map(|counter| Others::new(&counter.updates)).collect();
    let goes_down =
        |key: KeyId| counters[key.0 as usize].decremented || taken_elsewhere(ctx, key, u32::MAX);
    let mut counted: BTreeMap<Claim, u64> = BTreeMap::new();
    for ops in ctx.by_session().iter() {
        let mut own: BTreeMap<KeyId, Own> = BTreeMap::new();
        let mut seen: BTreeMap<KeyId, Seen> = BTreeMap::new();
        for op in ops.iter().map(|&id| ctx.op(id)) {
            let by_versions = exact[op.key().0 as usize];
            if !op.is_ok() || (by_versions && (!op.f().is_read() || goes_down(op.key()))) {
                continue;
            }
            if !op.f().is_read() {
                let own = own.entry(op.key()).or_default();
                own.ops.push(op.id());
                own.added = own.added.saturating_add(amount(op).max(0));
                own.taken = own.taken.saturating_add(amount(op).min(0));
                continue;
            }
            let Some(value) = op.output().as_int() else { continue };
            let kind = ctx.kind_of(op.session());
            let until = op.completion_index().filter(|_| ctx.history.has_real_time());
            let until = until.unwrap_or(u32::MAX);
            if let Some(own) = own.get(&op.key()) {
                let claim = (Property::ReadYourWrites, kind);
                *counted.entry(claim).or_default() += 1;
                let (added, taken) = others[op.key().0 as usize].before(until);
                let sum = own.added.saturating_add(own.taken);
                let lowest = sum.saturating_add(taken.saturating_sub(own.taken));
                let highest = sum.saturating_add(added.saturating_sub(own.added));
                let elsewhere = added_elsewhere(ctx, op.key(), until);
                let below = value < lowest && !taken_elsewhere(ctx, op.key(), until);
                let hidden = may_hide_what_is_missing(ctx) && value == 0 && lowest < 0;
                let above = value > highest && value <= added && !elsewhere && !hidden;
                if below || above {
                    let what = if own.taken == 0 && taken == 0 {
                        format!("expected at least {sum}, which the same session had added before")
                    } else {
                        format!(
                            "expected {lowest} to {highest}, by what the same session had done before"
                        )
                    };
                    let of_others = counters[op.key().0 as usize].updates.iter();
                    // Of what others had done, what stands for the bound that is not kept.
                    let other = |other: &&OpView<'_>| {
                        takes(**other) == below && other.index() < until && (taken != 0 || !below)
                    };
                    let more = of_others.filter(other).map(|op| op.id());
                    let mut proof: Vec<OpId> = own.ops.iter().copied().chain(more).collect();
                    proof.sort_unstable();
                    proof.dedup();
                    findings.add(went_back(ctx, claim, &proof, op, &what));
                }
            }
            if goes_down(op.key()) {
                continue;
            }
            let now = Seen::new(op, value);
            let Some(&before) = seen.get(&op.key()) else {
                seen.insert(op.key(), now);
                continue;
            };
            let claim = (Property::MonotonicReads, kind);
            let now = now.after(ctx, before);
            // Where versions are judged, the chance is counted there, and so is what they find.
            if !by_versions || op.version().is_nil() {
                *counted.entry(claim).or_default() += 1;
            }
            let (earlier, highest) = before.highest;
            if value < highest && (!by_versions || now.in_order) {
                let what =
                    format!("expected at least {highest}, which the same session had read before");
                findings.add(went_back(ctx, claim, &[earlier], op, &what));
            }
            seen.insert(op.key(), now);
        }
    }
    for (claim, count) in counted {
        sessions::chances(findings, claim, count, Tier::Inferred);
    }
    if ctx.keys().any(|key| !exact[key.0 as usize] && goes_down(key)) {
        for sessions in [Sessions::Sticky, Sessions::Roaming] {
            let why = "a counter that is decremented may go back, and it has no versions";
            findings.chances((Property::MonotonicReads, sessions), 0, why);
        }
    }
}

fn went_back(
    ctx: &Context<'_>,
    claim: Claim,
    earlier: &[OpId],
    read: OpView<'_>,
    what: &str,
) -> Finding {
    let so = |&from: &OpId| Dependency {
        from,
        to: read.id(),
        label: Label::So,
        why: format!("session {} made both, in this order", read.process()),
    };
    let own = |op: &&OpId| ctx.op(**op).session() == read.session();
    Finding {
        claim,
        or: Vec::new(),
        kind: sessions::kind(claim.0),
        cause: sessions::cause(ctx, earlier[earlier.len() - 1], read.id()),
        sentence: format!("{}: {what}.", explain::op(ctx, read.id())),
        key: Some(read.key()),
        ops: earlier.iter().copied().chain([read.id()]).collect(),
        edges: earlier.iter().filter(own).map(so).collect(),
    }
}
