//! The four session guarantees: what each is called, when it is put to the test, and what two operations of a session that
//! break one have in common.

use crate::cause::{Cause, Place};
use crate::context::Context;
use crate::findings::{Claim, Findings};
use crate::verdict::{AnomalyKind, Tier};
use afterall_history::{OpId, Property, Sessions};

pub(crate) const GUARANTEES: [Property; 4] = [
    Property::ReadYourWrites,
    Property::MonotonicReads,
    Property::MonotonicWrites,
    Property::WritesFollowReads,
];

/// The guarantee that puts an operation of a session after an earlier one.
pub(crate) fn guarantee(earlier_reads: bool, later_reads: bool) -> Property {
    match (earlier_reads, later_reads) {
        (false, true) => Property::ReadYourWrites,
        (true, true) => Property::MonotonicReads,
        (false, false) => Property::MonotonicWrites,
        (true, false) => Property::WritesFollowReads,
    }
}

pub(super) fn why_none(property: Property, sessions: Sessions) -> &'static str {
    match (property, sessions) {
        (Property::ReadYourWrites, Sessions::Sticky) => {
            "no sticky session read a key after writing it"
        }
        (Property::ReadYourWrites, _) => "no roaming session read a key after writing it",
        (Property::MonotonicReads, Sessions::Sticky) => "no sticky session read a key twice",
        (Property::MonotonicReads, _) => "no roaming session read a key twice",
        (Property::MonotonicWrites, Sessions::Sticky) => "no sticky session wrote a key twice",
        (Property::MonotonicWrites, _) => "no roaming session wrote a key twice",
        (_, Sessions::Sticky) => "no sticky session wrote a key after reading it",
        (_, _) => "no roaming session wrote a key after reading it",
    }
}

/// Counts chances for a session guarantee.
pub(crate) fn chances(findings: &mut Findings, claim: Claim, chances: u64, tier: Tier) {
    findings.chances(claim, chances, why_none(claim.0, claim.1));
    if chances > 0 {
        findings.tier(claim, tier);
    }
}

/// What two operations of a session have in common, for grouping.
pub(crate) fn cause(ctx: &Context<'_>, earlier: OpId, later: OpId) -> Cause {
    let (a, b) = (ctx.op(earlier), ctx.op(later));
    if a.served_by() != b.served_by() {
        // Of another session's update it is not known that this session went anywhere.
        return match a.process() == b.process() {
            true => Cause::ChangedReplica,
            false => Cause::ServedAt(Place::of(ctx, later)),
        };
    }
    let killed = ctx
        .history
        .faults_in_force(a.until(), b.invoked(), Some(a.served_by()))
        .any(|fault| fault.kind == afterall_history::FaultKind::Kill && fault.took_hold());
    if killed {
        Cause::KilledBetween(a.served_by())
    } else {
        Cause::BothServedAt(Place::of(ctx, later))
    }
}

/// What a violation is called.
pub(crate) fn kind(property: Property) -> AnomalyKind {
    match property {
        Property::ReadYourWrites => AnomalyKind::ReadYourWrites,
        Property::MonotonicReads => AnomalyKind::MonotonicReads,
        Property::MonotonicWrites => AnomalyKind::MonotonicWrites,
        _ => AnomalyKind::WritesFollowReads,
    }
}
