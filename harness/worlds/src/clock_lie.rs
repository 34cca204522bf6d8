//! How a time authority brings a clock fault about: what it tells the node.

use afterall_engine::faults::ClockFault;
use afterall_node::authority::Lie;

/// What the authority is to tell; of an asymmetric link nothing: the link does it.
pub(crate) fn lie(fault: ClockFault) -> Option<Lie> {
    match fault {
        ClockFault::Asymmetric { .. } => None,
        ClockFault::Bump { by_ms } => Some(Lie::Shift { by_ms }),
        ClockFault::Strobe { by_ms, period_ms } => Some(Lie::Strobe { by_ms, period_ms }),
        ClockFault::Drift { by_ms, over_ms } => Some(Lie::Drift { by_ms, over_ms }),
    }
}
