//! Monotonic reads (MR). Definition, source and how it is judged: the room `session_guarantees`, and `data_types`.

use crate::data_types::{cart, counter, set};
use crate::row::Row;
use crate::session_guarantees::{GUARANTEE, READS, by_value, by_version};
use afterall_history::Property;

/// The property. Counters, carts, sets and texts have walks of their own, too.
pub(crate) static ROW: Row = Row {
    property: Property::MonotonicReads,
    workloads: READS,
    checkers: &[
        &by_version::CHECKER,
        &by_value::CHECKER,
        &counter::CHECKER,
        &cart::CHECKER,
        &set::CHECKER,
    ],
    ..GUARANTEE
};
