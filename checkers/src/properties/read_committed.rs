//! Read committed (RC). Definition and source: `transactions/read_committed.rs`.

use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use crate::transactions::level::Level;
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::ReadCommitted,
    workloads: &[Workload::Transactions],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[Property::NoPhantoms],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[],
    checkers: &[],
    level: Some(Level::ReadCommitted),
};
