//! What is left of a run: its history, and the verdict on it.

use crate::world::Marks;
use afterall_checkers::Verdict;
use afterall_history::History;

/// The history of a run.
#[derive(Debug)]
pub struct Recording {
    history: History,
    marks: Marks,
}

impl Recording {
    /// A history that was recorded.
    #[must_use]
    pub fn new(history: History) -> Recording {
        Recording { history, marks: Marks::new() }
    }

    /// The same with how often its nodes took their rare paths.
    #[must_use]
    pub fn with_marks(self, marks: Marks) -> Recording {
        Recording { marks, ..self }
    }

    /// How often its nodes took their rare paths, where the world saw it.
    #[must_use]
    pub fn marks(&self) -> &Marks {
        &self.marks
    }

    /// The history.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// The history alone.
    #[must_use]
    pub fn into_history(self) -> History {
        self.history
    }

    /// The verdict on it.
    #[must_use]
    pub fn judge(&self) -> Verdict {
        afterall_checkers::check(&self.history)
    }

    /// The verdict on what is promised, and on nothing else: it is made sooner.
    #[must_use]
    pub fn judge_promised(&self) -> Verdict {
        afterall_checkers::check_promised(&self.history)
    }
}
