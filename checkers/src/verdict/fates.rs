//! What became of writes, items and increments.

use serde::{Deserialize, Serialize};

/// What became of acknowledged register writes. `survived + superseded + discarded + lost + undecided = acknowledged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fates {
    /// Writes acknowledged.
    pub acknowledged: u64,
    /// There at the end; where no read is marked as final, shown by the last read of some replica, which is all that is known.
    pub survived: u64,
    /// Replaced by a later one that is there at the end.
    pub superseded: u64,
    /// Thrown away in favour of a concurrent one, by last-write-wins.
    pub discarded: u64,
    /// Gone without cause.
    pub lost: u64,
    /// Not judged: a replica was not read at the end, or a fault was still in force.
    pub undecided: u64,
    /// Beside the above: writes nobody knew of that are there at the end.
    pub recovered: u64,
    /// Beside the above: values there at the end in the place of a lost write that had seen them.
    pub resurrected: u64,
    /// Beside the above: values read that nobody wrote.
    pub phantom: u64,
    /// Beside the above: values read whose write had failed.
    pub aborted: u64,
    /// Whether no read of the history is marked as final, so that the end is what the last reads showed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unmarked: bool,
}

/// What a counter came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterFigures {
    /// The key.
    pub key: String,
    /// The value at the end, where all replicas agree on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The sum of what was acknowledged.
    pub acknowledged: i64,
    /// The lowest sum that some outcome of the indeterminate operations gives.
    pub lowest: i64,
    /// The highest such sum.
    pub highest: i64,
    /// Indeterminate operations.
    pub indeterminate: u64,
    /// Whether the sums were enumerated; otherwise only the range was checked.
    pub exact: bool,
}

/// What became of the items of carts. `present + removed + lost + undecided = acknowledged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ItemFates {
    /// Items whose add was acknowledged.
    pub acknowledged: u64,
    /// There at the end.
    pub present: u64,
    /// Not there, and a remove was sent.
    pub removed: u64,
    /// Not there, and nobody removed them.
    pub lost: u64,
    /// Not judged.
    pub undecided: u64,
    /// Among those present: removed, acknowledged, by a session that had seen them.
    pub resurrected: u64,
    /// Beside the above: items whose add nobody knew of that are there at the end.
    pub recovered: u64,
}

/// How long a replica took to show what was added: from the end of the add to the last read of the replica that did not
/// show it. What was added several times counts once, from the first of its adds that were acknowledged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    /// The replica that answered.
    pub node: String,
    /// Elements that the last read after their add showed.
    pub shown: u64,
    /// Of those, the ones that a read after their add had not shown.
    pub late: u64,
    /// Elements that the last read after their add did not show.
    pub missing: u64,
    /// Elements that were not read after their add.
    pub never_read: u64,
    /// Half of the shown ones took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// The one that took longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
}
