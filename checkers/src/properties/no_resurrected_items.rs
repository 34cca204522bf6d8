//! No resurrected items. Definition, and how it is judged: `data_types/cart.rs`.

use crate::data_types::{cart, set};
use crate::row::{APART, Gravity, RestsOn, Row};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoResurrectedItems,
    workloads: &[Workload::Cart, Workload::Set],
    sessions: APART,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[Workload::Cart, Workload::Set],
    checkers: &[&cart::CHECKER, &set::CHECKER],
    level: None,
};
