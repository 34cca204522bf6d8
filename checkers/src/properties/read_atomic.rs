//! Read atomic (RA). Definition and source: `transactions/read_atomic.rs`.

use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use crate::transactions::level::Level;
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::ReadAtomic,
    workloads: &[Workload::Transactions],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[Property::ReadCommitted],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[],
    checkers: &[],
    level: Some(Level::ReadAtomic),
};
