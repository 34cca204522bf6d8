//! What is said of operations once all of them are recorded: which reads are final, which are not judged, what a file calls
//! them, and what stands for the state in which everything began.

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

    /// Whether the places of events tell what was over before what began. Not so where only completions were recorded: such a
    /// history can be judged by its sessions and by what was read, and by nothing that needs time.
    #[must_use]
    pub fn has_real_time(&self) -> bool {
        self.real_time
    }

    /// Says that nothing is known of when operations were invoked.
    pub fn forget_real_time(&mut self) {
        self.real_time = false;
    }

    /// Says that the operations of this process stand for the state in which everything began: nobody recorded them.
    pub fn set_setup(&mut self, process: u64) {
        self.setup = Some(process);
    }

    /// Names each operation as the file of another tool does, in the order of the operations. They should be distinct.
    pub fn set_numbers(&mut self, numbers: Vec<u32>) {
        debug_assert_eq!(numbers.len(), self.len());
        self.ops.number = numbers;
    }

    /// Says of reads that returned nil that nobody knows what it means: nothing was there, or nothing is known. Nobody
    /// judges them. They were acknowledged, but their status becomes [`Status::Fail`], which every checker passes over;
    /// whoever counts or shows operations asks [`OpView::is_unjudged`] first.
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
    /// Whether it is a read that was acknowledged and returned nil, where nobody knows what nil means: it is not judged,
    /// and its status is [`Status::Fail`].
    #[must_use]
    pub fn is_unjudged(self) -> bool {
        self.history.ops.is_unjudged(self.id.0 as usize)
    }

    /// Whether it stands for the state in which its key began, and nobody recorded it.
    #[must_use]
    pub fn is_setup(self) -> bool {
        self.history.setup.is_some_and(|process| process == self.process())
    }
}
