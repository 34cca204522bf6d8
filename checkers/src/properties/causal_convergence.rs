//! Causal convergence (CCv). Definition, source and how it is judged: the room `causal_consistency`; of transactions `transactions`.

use crate::causal_consistency;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use crate::transactions::level::Level;
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::CausalConvergence,
    workloads: &[Workload::Register, Workload::Transactions],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[Property::Causal, Property::ReadAtomic],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[Workload::Transactions],
    checkers: &[&causal_consistency::CHECKER],
    level: Some(Level::CausalConvergence),
};
