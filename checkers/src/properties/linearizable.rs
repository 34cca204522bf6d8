//! Linearizability. Definition, source and how it is judged: the room `linearizable`.

use crate::linearizable;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::Linearizable,
    workloads: &[
        Workload::Register,
        Workload::Counter,
        Workload::Set,
        Workload::Inventory,
        Workload::Text,
        Workload::Mutex,
    ],
    sessions: TOGETHER,
    real_time: true,
    model: true,
    implies: &[Property::Sequential, Property::FreshReads, Property::CounterBounds],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[Workload::Register, Workload::Text, Workload::Mutex],
    checkers: &[&linearizable::CHECKER],
    level: None,
};
