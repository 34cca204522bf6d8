//! Notes about a file once it is read: what was assumed, and what was skipped.

use crate::notes::count;
use crate::options::Nil;

/// What was seen while reading, and how often.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) nemesis: u64,
    pub(crate) untimed: u64,
    pub(crate) early: u64,
    pub(crate) index_back: u64,
    pub(crate) nil_reads: u64,
    pub(crate) empty_adds: u64,
    pub(crate) completed_invocations: u64,
    pub(crate) deletes: bool,
    pub(crate) number_keys: bool,
    pub(crate) digit_keys: bool,
}

impl Seen {
    /// One sentence for each.
    pub(crate) fn notes(&self, nil: Nil) -> Vec<String> {
        let nil_means = match nil {
            Nil::Initial if self.deletes => " returned nil; taken as: nothing was there",
            Nil::Initial => " returned nil; taken as: nothing had been written",
            Nil::Unknown => {
                " returned nil; not judged, since nil may mean anything (--nil initial takes it for the initial state)"
            }
        };
        let all = [
            (self.nil_reads, "read", nil_means),
            (
                self.nemesis,
                "line",
                " about faults skipped: faults of other tools come without evidence",
            ),
            (
                self.untimed,
                "event",
                " without a time: the order of the lines stands for it, and no duration is told",
            ),
            (
                self.early,
                "event",
                " with an earlier time than the one before; the order of the lines counts (--order time goes by the \
                 times, for recorders that write both ends of an operation at its completion)",
            ),
            (
                self.index_back,
                "event",
                " with a lower index than the one before; the order of the lines counts",
            ),
            (self.empty_adds, "add", " of 0 left out: nothing changes by it"),
            (
                self.completed_invocations,
                "read",
                " invoked with a value; what the completion says counts",
            ),
        ];
        let told = all.iter().filter(|(n, ..)| *n > 0);
        told.map(|&(n, what, more)| format!("{}{more}", count(n, what))).collect()
    }
}
