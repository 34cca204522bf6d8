//! Counter bounds: of what Jepsen's checker of counters demands. Judged beside linearizability, which implies it: `linearizable/check.rs`.

use crate::linearizable;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::CounterBounds,
    workloads: &[Workload::Counter],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::EveryRead,
    usual_for: &[Workload::Counter],
    checkers: &[&linearizable::CHECKER],
    level: None,
};
