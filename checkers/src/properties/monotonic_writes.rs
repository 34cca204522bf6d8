//! Monotonic writes (MW). Definition, source and how it is judged: the room `session_guarantees`.

use crate::row::{APART, Gravity, RestsOn, Row};
use crate::session_guarantees::{by_value, by_version};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::MonotonicWrites,
    workloads: &[
        Workload::Register,
        Workload::Counter,
        Workload::Inventory,
        Workload::Cart,
        Workload::Set,
        Workload::Chat,
    ],
    sessions: APART,
    real_time: false,
    model: true,
    implies: &[],
    gravity: Gravity::Session,
    rests_on: RestsOn::OwnSession,
    usual_for: &[],
    checkers: &[&by_version::CHECKER, &by_value::CHECKER],
    level: None,
};
