//! What the rows of the four session guarantees have in common.

use super::{by_value, by_version};
use crate::row::{APART, Gravity, RestsOn, Row};
use afterall_history::{Property, Workload};

use Workload::{Cart, Chat, Counter, Inventory, Position, Register, Set, Text};

/// The workloads that show what the reads of a session return. A position has no order of writes to be judged: a session
/// may write a lower one, which changes nothing.
pub(crate) const READS: &[Workload] =
    &[Register, Counter, Inventory, Cart, Set, Text, Chat, Position];

/// The row of a session guarantee that versions and values judge; each says its own property.
pub(crate) const ROW: Row = Row {
    property: Property::ReadYourWrites,
    workloads: &[Register, Counter, Inventory, Cart, Set, Text, Chat],
    sessions: APART,
    real_time: false,
    // The four say nothing of one another: none of them is the strongest.
    model: false,
    implies: &[],
    gravity: Gravity::Session,
    rests_on: RestsOn::OwnSession,
    usual_for: &[],
    checkers: &[&by_version::CHECKER, &by_value::CHECKER],
    level: None,
};
