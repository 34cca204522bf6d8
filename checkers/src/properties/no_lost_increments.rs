//! No lost increments. Definition, and how it is judged: `data_types/counter.rs`.

use crate::data_types::counter;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoLostIncrements,
    workloads: &[Workload::Counter, Workload::Inventory],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[Workload::Counter],
    checkers: &[&counter::CHECKER],
    level: None,
};
