//! Writes follow reads (WFR). Definition, source and how it is judged: the room `session_guarantees`.

use crate::row::Row;
use crate::session_guarantees::GUARANTEE;
use afterall_history::Property;

/// The property.
pub(crate) static ROW: Row = Row { property: Property::WritesFollowReads, ..GUARANTEE };
