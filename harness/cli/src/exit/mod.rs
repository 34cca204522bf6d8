//! Exit codes. The numbers are those of Jepsen.

pub(crate) mod codes;

use afterall_checkers::Valid;
use std::process::ExitCode;

/// What a command comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Every promise held.
    Valid,
    /// A promise was broken.
    Invalid,
    /// It is not known whether one was.
    Unknown,
    /// The command line makes no sense.
    Usage,
    /// The harness failed.
    Failed,
}

impl Exit {
    pub(crate) fn code(self) -> u8 {
        match self {
            Exit::Valid => 0,
            Exit::Invalid => 1,
            Exit::Unknown => 2,
            Exit::Usage => 254,
            Exit::Failed => 255,
        }
    }

    /// The one to end with, of two: what could not be judged hides no more than it must.
    pub(crate) fn worse(self, other: Exit) -> Exit {
        let rank = |exit: Exit| match exit {
            Exit::Valid => 0,
            Exit::Unknown => 1,
            Exit::Invalid => 2,
            Exit::Usage => 3,
            Exit::Failed => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

impl From<Valid> for Exit {
    fn from(valid: Valid) -> Self {
        match valid {
            Valid::True | Valid::Measured => Exit::Valid,
            Valid::False => Exit::Invalid,
            Valid::Unknown => Exit::Unknown,
        }
    }
}
