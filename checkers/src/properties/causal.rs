//! Causal consistency (CC). Definition, source and how it is judged: the room `causal_consistency`; of transactions `transactions`.

use crate::causal_consistency;
use crate::data_types::chat;
use crate::row::{Gravity, RestsOn, Row, TOGETHER};
use crate::transactions::level::Level;
use afterall_history::{Property, Workload};

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::Causal,
    workloads: &[
        Workload::Register,
        Workload::Cart,
        Workload::Set,
        Workload::Chat,
        Workload::Transactions,
    ],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[
        Property::NoPhantoms,
        Property::ReadYourWrites,
        Property::MonotonicReads,
        Property::MonotonicWrites,
        Property::WritesFollowReads,
    ],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[Workload::Chat],
    checkers: &[&causal_consistency::CHECKER, &chat::CHECKER],
    level: Some(Level::Causal),
};
