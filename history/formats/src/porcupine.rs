//! Key-value logs as Porcupine's tests read them: EDN maps, one per line,
//! `{:process 0, :type :invoke, :f :put, :key "1", :value "x"}`.
//!
//! A put writes a text, an append appends to it, a get returns it; where nothing was written it returns the empty text.

use crate::error::FormatError;
use crate::jepsen::{Dialect, File};
use crate::options::Nil;
use crate::recorded::Recorded;
use crate::survey::Layout;
use afterall_history::{NODE_UNKNOWN, Workload};

/// Reads such a log.
pub(crate) fn read(file: File<'_>, notes: &mut Vec<String>) -> Result<Recorded, FormatError> {
    let layout = Layout {
        workload: Workload::Text,
        tuples: false,
        versions: false,
        completions_only: false,
        nodes: vec![NODE_UNKNOWN.to_owned()],
        guess: None,
    };
    file.record(Dialect::Edn, layout, Nil::Initial, notes).map(Recorded::Operations)
}
