//! Which reads are final, where the file does not mark them.

use crate::notes::count;
use afterall_history::{History, OpId, Status};
use std::collections::BTreeMap;

/// Marks the last acknowledged read of each key by each node that was invoked after the last update of the key had ended.
/// Returns a note about it.
pub(crate) fn mark_last(history: &mut History) -> String {
    let mut updated: Vec<Option<u32>> = vec![None; history.keys()];
    for op in history.ops().filter(|op| !op.f().is_read() && !op.is_setup()) {
        // An update whose end is not known has no end that a read could come after.
        let ended = match op.status() {
            Status::Ok => op.completion_index().unwrap_or(op.index()),
            Status::Info => op.index(),
            Status::Fail => continue,
        };
        let known = &mut updated[op.key().0 as usize];
        *known = (*known).max(Some(ended));
    }
    let mut last: BTreeMap<(u32, u16), OpId> = BTreeMap::new();
    for op in history.ops() {
        let after = updated[op.key().0 as usize].is_none_or(|updated| op.index() > updated);
        if op.f().is_read() && op.status() == Status::Ok && after {
            last.insert((op.key().0, op.served_by().0), op.id());
        }
    }
    let reads = count(last.len() as u64, "read");
    history.mark_final(last.into_values());
    format!(
        "{reads} taken as final: the last of each key by each node after its last update (--final last)"
    )
}
