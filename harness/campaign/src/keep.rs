//! Which runs are kept whole.

use crate::file::Retention;
use crate::index::Index;
use crate::line::Ended;
use std::collections::{BTreeMap, BTreeSet};

/// The most runs that are kept of a campaign.
pub const KEPT_MAX: usize = 200;

/// The numbers of the runs that are to be kept: of each failure key the smallest, or all that fail, [`KEPT_MAX`] at most; and those that crashed
/// and have a folder.
#[must_use]
pub fn to_keep(index: &Index, retention: Retention) -> BTreeSet<u64> {
    let failing = || index.runs().filter(|line| line.fails());
    let crashed =
        index.runs().filter(|line| line.verdict == Ended::Crashed && line.folder.is_some());
    let crashed = crashed.map(|line| line.run).take(KEPT_MAX);
    let failed: BTreeSet<u64> = match retention {
        Retention::None => return BTreeSet::new(),
        Retention::All => failing().map(|line| line.run).take(KEPT_MAX).collect(),
        Retention::Smallest => {
            // Of each key: one whose gravest it is, the one with the fewest operations, the first of those.
            let mut smallest: BTreeMap<&str, (usize, u64, u64)> = BTreeMap::new();
            for line in failing() {
                for (place, key) in line.keys.iter().enumerate() {
                    let this = (place, line.ops, line.run);
                    let best = smallest.entry(key).or_insert(this);
                    *best = this.min(*best);
                }
            }
            // What some run shows first of all before what comes along with it.
            let mut all: Vec<_> = smallest.into_values().collect();
            all.sort_unstable();
            all.into_iter().map(|(_, _, run)| run).take(KEPT_MAX).collect()
        }
    };
    failed.into_iter().chain(crashed).collect()
}
