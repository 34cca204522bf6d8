//! What is judged here, and whether it held.

use crate::findings::{Claim, Findings};
use crate::verdict::AnomalyKind;
use afterall_history::{Property, Sessions};

pub(super) const CLAIM: Claim = (Property::Linearizable, Sessions::All);
pub(super) const BOUNDS: Claim = (Property::CounterBounds, Sessions::All);

/// What operations are called that no order explains.
pub(crate) const NO_ORDER: AnomalyKind = AnomalyKind::NoOrder;

/// Whether linearizability was judged, and neither broken nor left undecided.
pub(crate) fn held(findings: &Findings) -> bool {
    findings.tested.get(&CLAIM).is_some_and(|tested| tested.undecided.is_none())
        && findings.groups.values().all(|group| group.smallest.claim != CLAIM)
}
