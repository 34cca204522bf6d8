//! Causal memory (CM) and PRAM: every session can explain its own reads by one order of the writes.
//!
//! | level | the order respects | violated by |
//! |---|---|---|
//! | CM | the causal order hb | what breaks CC; WriteHBInitRead; CyclicHB |
//! | PRAM | session order, and what the session itself read | a read of nothing after a write; a cycle |
//!
//! Definitions: Ahamad, Neiger, Burns, Kohli and Hutto, "Causal memory" (Distributed Computing 9, 1995); Lipton and
//! Sandberg, "PRAM: a scalable shared memory" (Princeton CS-TR-180-88, 1988). Bad patterns and why they are all there
//! are: `explain`; how it is decided: `decide`. Reads of several values are no evidence here, as in CC.
//!
//! Sessions are independent, and judged on as many threads as there are processors. For histories of very many
//! sessions only those with the most reads are judged; see [`WALK_MAX`].

use super::base::Base;
use super::decide::{Arrivals, ContradictionAt};
use super::explain::{Because, Before, Contradiction, Forced, Views};
use crate::case::Case;
use crate::causal_consistency::{self, CC_KINDS, THIN_AIR};
use crate::cause::Cause;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::causal_order::CausalOrder;
use crate::inference::paths::{ops_on, why_reads_from};
use crate::inference::reads_from::ReadsFrom;
use crate::linearizable;
use crate::row::{Checker, Turn};
use crate::verdict::{AnomalyKind, Label};
use afterall_history::{OpId, Property, Sessions, Workload};
use std::sync::atomic::{AtomicUsize, Ordering};

pub(crate) const CM: Claim = (Property::CausalMemory, Sessions::All);
const PRAM: Claim = (Property::Pram, Sessions::All);
const WHY_NONE: &str = "no session read a key that was written";

/// Operations that are walked, at a rough count: sessions times the length of the history.
const WALK_MAX: usize = 1_000_000_000;
/// Operations from which on sessions are judged side by side.
const PARALLEL_MIN: usize = 5_000;
/// Forced orders that one explanation takes in.
const REASONS_MAX: usize = 64;

/// Operations of histories whose contradictions are explained, together; the others are counted.
const EXPLAINED_OPS: usize = 2_000_000;

/// Judges PRAM, and what CC alone does not break of causal memory.
pub(crate) static CHECKER: Checker = Checker {
    name: "causal memory",
    workloads: &[Workload::Register],
    real_time: false,
    turn: Turn::Last,
    after: &[&causal_consistency::CHECKER],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    let Some(order) = case.order() else { return };
    let mut sessions: Vec<(usize, u32)> = (0..order.sessions() as u32)
        .map(|session| (reads(ctx, order, session), session))
        .filter(|&(reads, _)| reads > 0)
        .collect();
    sessions.sort_unstable_by_key(|&(reads, session)| (usize::MAX - reads, session));
    let all = sessions.len();
    // What is linearizable keeps both, and no session need be walked.
    let implied = linearizable::held(findings);
    if !implied {
        sessions.truncate((WALK_MAX / ctx.history.len().max(1)).max(8));
    }
    let chances: u64 = sessions.iter().map(|&(reads, _)| reads as u64).sum();
    // Without a causal order there is nothing to add to for CM; that it has none is a finding of CC.
    let with_cm = order.cyclic.is_empty();
    let mut found = Contradictory::default();
    if !implied {
        found = judge(ctx, reads_from, order, &sessions, with_cm);
    }
    for (claim, base, found) in [(CM, Base::All, found.cm), (PRAM, Base::Own, found.pram)] {
        findings.chances(claim, chances, WHY_NONE);
        if claim == CM && !with_cm {
            continue;
        }
        if sessions.len() < all {
            let judged = sessions.len();
            findings.undecided(claim, format!("only {judged} of {all} sessions were judged"));
        }
        let count = found.len() as u64;
        findings.add_of(explained(ctx, reads_from, order, found, (claim, base)), count);
    }
    // What breaks CC breaks CM. PRAM is broken by what nobody wrote, too.
    let of_cc: Vec<_> = findings
        .groups
        .values()
        .filter(|group| group.smallest.claim.0 == Property::Causal)
        .filter(|group| CC_KINDS.contains(&group.smallest.kind))
        .flat_map(|group| {
            let thin_air = (group.smallest.kind == THIN_AIR).then_some(PRAM);
            let claims = [Some(CM), thin_air].into_iter().flatten();
            claims.map(|claim| (group.count, Finding { claim, ..group.smallest.clone() }))
        })
        .collect();
    for (count, finding) in of_cc {
        findings.add_many(finding, count);
    }
}

fn reads(ctx: &Context<'_>, order: &CausalOrder<'_>, session: u32) -> usize {
    let read = |op: &&OpId| ctx.op(**op).f().is_read();
    order.session(session).iter().filter(read).count()
}

/// The sessions that contradict themselves, and the positions at which they had.
#[derive(Default)]
struct Contradictory {
    cm: Vec<(u32, u32)>,
    pram: Vec<(u32, u32)>,
}

fn judge(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    order: &CausalOrder<'_>,
    sessions: &[(usize, u32)],
    with_cm: bool,
) -> Contradictory {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut arrivals = Arrivals::new(ctx.history, order, reads_from);
        let mut found = Contradictory::default();
        while let Some(&(_, session)) = sessions.get(next.fetch_add(1, Ordering::Relaxed)) {
            if with_cm {
                match arrivals.contradict(session, Base::All) {
                    // What can be explained with more before each read can be explained with less.
                    Ok(()) => continue,
                    Err(ContradictionAt(at)) => found.cm.push((session, at)),
                }
            }
            if let Err(ContradictionAt(at)) = arrivals.contradict(session, Base::Own) {
                found.pram.push((session, at));
            }
        }
        found
    };
    if ctx.history.len() < PARALLEL_MIN {
        return work();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(Contradictory { cm, pram }) => {
                    all.cm.extend(cm);
                    all.pram.extend(pram);
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    })
}

/// Explains some of the contradictions, at least one.
fn explained(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    order: &CausalOrder<'_>,
    mut found: Vec<(u32, u32)>,
    (claim, base): (Claim, Base),
) -> Vec<Finding> {
    let Some(&(first, _)) = found.first() else { return Vec::new() };
    // The earliest contradictions are the quickest to explain, and mostly the smallest.
    found.sort_unstable_by_key(|&(session, at)| (at, session));
    let mut views = Views::new(ctx.history, order, reads_from, base);
    let told = (EXPLAINED_OPS / ctx.history.len().max(1)).max(2);
    let explain = |&(session, at): &(u32, u32)| {
        let contradiction = views.contradiction(session, at)?;
        Some(explain(ctx, &views, session, claim, contradiction))
    };
    let mut told: Vec<Finding> = found.iter().take(told).filter_map(explain).collect();
    if told.is_empty() {
        // It must never pass for want of words.
        let ops = order.session(first).iter().copied().take(1).collect();
        told.push(unexplained(ctx, first, claim, ops));
    }
    told
}

fn explain(
    ctx: &Context<'_>,
    views: &Views<'_>,
    session: u32,
    claim: Claim,
    contradiction: Contradiction,
) -> Finding {
    let process = ctx.history.process(afterall_history::SessionId(session));
    let (kind, steps, sentence, mut edges) = match contradiction {
        Contradiction::Nothing { read, path } => {
            let write = path.first().map_or(read, |&(write, ..)| write);
            let sentence = format!(
                "{}, although every order that explains what session {process} read puts a write of that key before this read: {}.",
                explain::op(ctx, read),
                explain::op(ctx, write)
            );
            let why = format!("#{} shows nothing", ctx.op(read).number());
            let back = Dependency { from: read, to: write, label: Label::Conflict, why };
            (AnomalyKind::SessionInitialRead, path, sentence, vec![back])
        }
        Contradiction::Cycle(cycle) => {
            let sentence = format!(
                "No single order of the writes explains everything that session {process} read."
            );
            (AnomalyKind::CyclicSessionOrder, cycle, sentence, Vec::new())
        }
    };
    // What was forced rests on a read, and on how it came to have the earlier write before it.
    let mut waiting = steps;
    let mut told = 0;
    while let Some(step) = waiting.pop() {
        edges.push(dependency(ctx, views, step));
        let (_, _, Because::Forced(at)) = step else { continue };
        told += 1;
        if told > REASONS_MAX {
            continue;
        }
        let Forced { first, then, read } = views.forced[at as usize];
        let why = why_reads_from(ctx, then, read);
        edges.push(Dependency { from: then, to: read, label: Label::ReadsFrom, why });
        waiting.extend(views.path(first, read, at).unwrap_or_default());
    }
    edges.sort_by_key(|edge| (edge.from, edge.to, edge.label));
    edges.dedup_by_key(|edge| (edge.from, edge.to, edge.label));
    let ops = ops_on(&edges);
    Finding {
        claim,
        or: Vec::new(),
        kind,
        cause: Cause::NoSessionOrder,
        sentence,
        key: ops.first().map(|&op| ctx.op(op).key()),
        ops,
        edges,
    }
}

/// A contradiction of which no cycle was found.
fn unexplained(ctx: &Context<'_>, session: u32, claim: Claim, ops: Vec<OpId>) -> Finding {
    let process = ctx.history.process(afterall_history::SessionId(session));
    Finding {
        claim,
        or: Vec::new(),
        kind: AnomalyKind::CyclicSessionOrder,
        cause: Cause::NoSessionOrder,
        sentence: format!(
            "No single order of the writes explains everything that session {process} read."
        ),
        key: None,
        ops,
        edges: Vec::new(),
    }
}

fn dependency(ctx: &Context<'_>, views: &Views<'_>, (from, to, because): Before) -> Dependency {
    let (a, b) = (ctx.op(from).number(), ctx.op(to).number());
    let (label, why) = match because {
        Because::So => {
            (Label::So, format!("session {} made #{a} before #{b}", ctx.op(from).process()))
        }
        Because::ReadsFrom => (Label::ReadsFrom, why_reads_from(ctx, from, to)),
        Because::Forced(at) => {
            let read = ctx.op(views.forced[at as usize].read).number();
            let why = format!(
                "#{read} came after #{a}, but shows the value of #{b}: so #{a} must be ordered before #{b}"
            );
            (Label::Conflict, why)
        }
    };
    Dependency { from, to, label, why }
}
