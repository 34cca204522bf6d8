//! Promises that kinds of faults suspend.

use crate::table::{judge, outcome};
use afterall_checkers::{Valid, Verdict};
use afterall_history::Property;

/// Replicas that disagree at the end, in a run with these faults.
fn diverged(promise: &str, fault: &str) -> Verdict {
    judge(&format!(
        "! promise {promise}
        p1@n1 write x 1
        {fault}
        p2@n1 read x [1] 100..101 final
        p3@n2 read x [] 102..103 final"
    ))
}

#[test]
fn a_broken_property_is_measured_where_its_fault_was_injected() {
    let verdict = diverged("convergence unless clock,kill", "clock n2 20..30");
    assert_eq!(outcome(&verdict, Property::Convergence), "broken");
    assert_eq!(verdict.valid, Valid::Measured, "{:?}", verdict.reasons);
    assert!(verdict.anomalies.iter().all(|anomaly| !anomaly.promised));
    let note = "convergence is not promised in a run with clock: it is only measured";
    assert_eq!(verdict.notes, [note]);
}

#[test]
fn it_breaks_its_promise_without_that_fault_and_under_another() {
    for fault in ["", "pause n2 20..30"] {
        let verdict = diverged("convergence unless clock,kill", fault);
        assert_eq!(verdict.valid, Valid::False, "{fault}: {:?}", verdict.reasons);
        assert!(verdict.anomalies[0].promised && verdict.notes.is_empty(), "{fault}");
    }
}

#[test]
fn other_promises_hold_the_target_to_account_all_the_same() {
    let promises = "convergence unless clock\n! promise no-lost-writes unless kill";
    let verdict = diverged(promises, "clock n2 20..30");
    assert_eq!(verdict.valid, Valid::True, "{:?}", verdict.reasons);
    let strict =
        diverged("convergence unless clock\n! promise convergence unless kill", "clock n2 20..30");
    assert_eq!(strict.valid, Valid::False);
}
