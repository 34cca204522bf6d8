//! Causal memory (CM). Definition, source and how it is judged: the room `causal_memory`.

use crate::causal_memory;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::CausalMemory,
    workloads: &[Workload::Register],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[Property::Causal, Property::Pram],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[],
    checkers: &[&causal_memory::CHECKER],
    level: None,
};
