//! What cannot be told because reads of a key could not be traced.

use crate::case::Case;
use crate::findings::Findings;
use crate::linearizable;
use crate::session_guarantees::{GUARANTEES, by_value};
use afterall_history::{Property, Sessions, Workload};

/// Casts the doubts: of keys whose reads could not be traced, and no others.
pub(crate) fn doubts(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    use Property as P;
    // One order explains everything, whoever wrote what.
    let linearizable = linearizable::held(findings);
    for (key, why) in reads_from.doubts() {
        let models = [P::Causal, P::CausalConvergence, P::CausalMemory, P::Pram, P::Sequential];
        for property in models.into_iter().filter(|_| !linearizable) {
            // Of registers there is a doubt where a read is not traced: it may be a chance, and was not counted as one.
            if ctx.history.header().workload == Workload::Register {
                findings.undecided((property, Sessions::All), why);
            } else {
                findings.undecided_if_tested((property, Sessions::All), why);
            }
        }
        let by_values = case.by_value(key);
        let items = ctx.history.header().workload != Workload::Register;
        // What other keys return does not make this one any more doubtful; and a set that only grows holds an element or not,
        // however often it was added.
        if !by_values || findings.linearizable.contains(&key) || items && !ctx.has_removes() {
            continue;
        }
        if items {
            for property in GUARANTEES {
                for sessions in [Sessions::Sticky, Sessions::Roaming] {
                    findings.undecided_if_tested((property, sessions), why);
                }
            }
            continue;
        }
        // Reads that are not traced were not counted as chances, and are some all the same.
        for claim in by_value::put_to_the_test(ctx, key) {
            findings.undecided(claim, why);
        }
    }
}
