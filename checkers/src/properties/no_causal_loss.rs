//! No causal loss. Definition and source: `no_lost_writes`, whose walk judges it.

use super::no_lost_writes;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::NoCausalLoss,
    workloads: &[Workload::Register],
    sessions: TOGETHER,
    real_time: true,
    model: false,
    implies: &[],
    gravity: Gravity::Lasting,
    rests_on: RestsOn::FinalReads,
    usual_for: &[],
    checkers: &[&no_lost_writes::CHECKER],
    level: None,
};
