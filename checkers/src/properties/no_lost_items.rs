//! No lost items. Definition, and how it is judged: `data_types/cart.rs` and `data_types/set.rs`.

use crate::data_types::{cart, set};
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoLostItems,
    workloads: &[Workload::Cart, Workload::Set, Workload::Text, Workload::Chat],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[Workload::Cart, Workload::Set, Workload::Chat],
    checkers: &[&cart::CHECKER, &set::CHECKER],
    level: None,
};
