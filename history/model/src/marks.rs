//! Marks that are set once all operations are recorded: which reads are final, which are not judged, which numbers a file
//! gives them, and which operations stand for the initial state.

use crate::history::Columns;
use crate::history::{History, OpView};
use crate::ids::{OpId, Status};

impl History {
    /// Marks operations as final reads, where the recording did not. Others stay as they are.
    pub fn mark_final(&mut self, ops: impl IntoIterator<Item = OpId>) {
        for OpId(op) in ops {
            if let Some(last) = self.ops.last.get_mut(op as usize) {
                *last = true;
            }
        }
    }

    /// Whether the order of events shows which operations ended before others began. It does not where only completions
    /// were recorded: that history can be judged by its sessions and its reads, but not by time.
    #[must_use]
    pub fn has_real_time(&self) -> bool {
        self.real_time
    }

    /// Says that the times of invocations are not known.
    pub fn forget_real_time(&mut self) {
        self.real_time = false;
    }

    /// Whether the times of events were recorded. Where they were not, the place of each event stands for its time, so that
    /// differences are no durations.
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.times
    }

    /// Says that no time was recorded, and that the place of each event stands for it.
    pub fn forget_times(&mut self) {
        self.times = false;
    }

    /// Says that the operations of this process stand for the initial state, which nobody recorded.
    pub fn set_setup(&mut self, process: u64) {
        self.setup = Some(process);
    }

    /// Names each operation as the file of another tool does, in the order of the operations. They should be distinct.
    pub fn set_numbers(&mut self, numbers: Vec<u32>) {
        debug_assert_eq!(numbers.len(), self.len());
        self.ops.number = numbers;
    }

    /// Says that the nil of these reads is ambiguous: nothing was there, or nothing is known. They are not judged. They
    /// were acknowledged, but their status becomes [`Status::Fail`], which every checker skips; code that counts or shows
    /// operations asks [`OpView::is_unjudged`] first.
    pub fn set_unjudged(&mut self, ops: impl IntoIterator<Item = OpId>) {
        let len = self.len();
        for OpId(op) in ops {
            if (op as usize) < len {
                self.ops.status[op as usize] = Status::Fail;
                self.ops.set_unjudged(op as usize);
            }
        }
    }

    /// How many reads are not judged: see [`History::set_unjudged`].
    #[must_use]
    pub fn unjudged(&self) -> u64 {
        self.ops.unjudged.iter().map(|word| u64::from(word.count_ones())).sum()
    }
}

impl Columns {
    pub(crate) fn is_unjudged(&self, op: usize) -> bool {
        self.unjudged.get(op / 64).is_some_and(|word| word & (1 << (op % 64)) != 0)
    }

    pub(crate) fn set_unjudged(&mut self, op: usize) {
        if self.unjudged.len() <= op / 64 {
            self.unjudged.resize(op / 64 + 1, 0);
        }
        self.unjudged[op / 64] |= 1 << (op % 64);
    }
}

impl OpView<'_> {
    /// Whether it is an acknowledged read whose nil is ambiguous: it is not judged,
    /// and its status is [`Status::Fail`].
    #[must_use]
    pub fn is_unjudged(self) -> bool {
        self.history.ops.is_unjudged(self.id.0 as usize)
    }

    /// Whether it stands for the initial state of its key, which nobody recorded.
    #[must_use]
    pub fn is_setup(self) -> bool {
        self.history.setup.is_some_and(|process| process == self.process())
    }
}
