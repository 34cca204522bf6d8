//! Runs the walks that judge what is asked for, each once.

use crate::case::Case;
use crate::context::Context;
use crate::findings::Findings;
use crate::inference::reads_from::ReadsFrom;
use crate::registry::Registry;
use crate::row::{Checker, RestsOn, Turn};
use crate::session_guarantees::by_version::has_versions;
use crate::{nil_reads, untraced};
use afterall_history::Property;

/// Operations from which on checkers run side by side.
const PARALLEL_MIN: usize = 5_000;

/// What is found in a history: all, or what breaks one property (and what is found on the way).
pub(crate) fn examine(ctx: &Context<'_>, registry: &Registry, only: Option<Property>) -> Findings {
    let (checkers, exact) = asked_for(ctx, registry, only);
    let reads_from = ReadsFrom::new(ctx);
    let case = Case::new(ctx, &reads_from, exact);
    let in_turn = |turn: Turn| {
        let mut findings = Findings::default();
        for checker in checkers.iter().filter(|checker| checker.turn == turn) {
            (checker.check)(&case, &mut findings);
        }
        findings
    };
    let beside = checkers.iter().any(|checker| checker.turn == Turn::Beside);
    let (mut findings, others) = if beside && ctx.history.len() >= PARALLEL_MIN {
        std::thread::scope(|scope| {
            let other = scope.spawn(|| in_turn(Turn::Beside));
            let findings = in_turn(Turn::Main);
            (findings, other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })
    } else {
        (in_turn(Turn::Main), in_turn(Turn::Beside))
    };
    findings.absorb(others);
    for checker in checkers.iter().filter(|checker| checker.turn == Turn::Last) {
        (checker.check)(&case, &mut findings);
    }
    untraced::doubts(&case, &mut findings);
    nil_reads::doubts(ctx, registry, &mut findings);
    findings
}

/// The walks that are to be made, each once; and by key, whether session guarantees need not be judged by values.
fn asked_for(
    ctx: &Context<'_>,
    registry: &Registry,
    only: Option<Property>,
) -> (Vec<&'static Checker>, Vec<bool>) {
    let (workload, real_time) = (ctx.history.header().workload, ctx.history.has_real_time());
    let mut checkers: Vec<&'static Checker> = Vec::new();
    let mut sessions = false;
    let rows = registry.shown_rows(workload, real_time);
    for row in rows.filter(|row| only.is_none_or(|only| only == row.property)) {
        row.checkers.iter().for_each(|checker| add(&mut checkers, checker));
        sessions |= row.rests_on == RestsOn::OwnSession;
    }
    if only.is_none() {
        registry.measures.iter().for_each(|checker| add(&mut checkers, checker));
    }
    checkers.retain(|checker| {
        checker.workloads.contains(&workload) && (real_time || !checker.real_time)
    });
    let exact = ctx.keys().map(|key| !sessions || has_versions(ctx, key)).collect();
    (checkers, exact)
}

/// Adds a walk after those that it needs.
fn add(checkers: &mut Vec<&'static Checker>, checker: &'static Checker) {
    if checkers.iter().any(|known| known.name == checker.name) {
        return;
    }
    checker.after.iter().for_each(|before| add(checkers, before));
    checkers.push(checker);
}
