//! What is left of a run: its history, and the verdict on it.

use afterall_checkers::Verdict;
use afterall_history::History;

/// The history of a run.
#[derive(Debug)]
pub struct Recording {
    history: History,
}

impl Recording {
    /// A history that was recorded.
    #[must_use]
    pub fn new(history: History) -> Recording {
        Recording { history }
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
