//! Why there is no answer, and why there is no client.

use afterall_history::Workload;
use afterall_manifest::OptionError;
use std::error::Error;
use std::io;

/// Why an operation has no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpError {
    /// The operation surely did nothing.
    #[error("failed: {0}")]
    Failed(String),
    /// Nobody knows whether the operation took effect.
    #[error("unknown: {0}")]
    Indeterminate(String),
    /// The harness itself has run out of something of the system's, such as open files: the operation did not happen, and
    /// says nothing about the store.
    #[error("the harness has run out of something: {0}")]
    Exhausted(String),
}

impl OpError {
    /// The operation surely did nothing, because of this error.
    pub(crate) fn failed(error: impl Error + 'static) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(&error);
        while let Some(cause) = source {
            if cause.downcast_ref().is_some_and(is_exhaustion) {
                return OpError::Exhausted(chain(&error));
            }
            source = cause.source();
        }
        OpError::Failed(chain(&error))
    }

    /// Nobody knows whether the operation took effect, because of this error.
    pub(crate) fn indeterminate(error: impl Error) -> Self {
        OpError::Indeterminate(chain(&error))
    }
}

/// Whether the system has no more of something for this process, such as open files, ports or memory: its own failure,
/// which says nothing about the other side.
#[must_use]
pub fn is_exhaustion(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let exhausted = [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::ADDRNOTAVAIL];
    error.raw_os_error().is_some_and(|code| exhausted.iter().any(|of| of.raw_os_error() == code))
}

/// An error with its sources, as the one text that a history keeps.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// An answer that is not of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("answer not understood: {0}")]
pub(crate) struct Malformed(pub(crate) String);

impl Malformed {
    /// An answer that the protocol's library does not understand.
    pub(crate) fn by(error: impl std::fmt::Display) -> Self {
        Malformed(error.to_string())
    }
}

impl From<&str> for Malformed {
    fn from(what: &str) -> Self {
        Malformed(what.to_owned())
    }
}

/// Why a client cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The protocol cannot carry the workload.
    #[error("the {protocol} client cannot drive a {workload}", workload = .workload.name())]
    Workload {
        /// The protocol.
        protocol: &'static str,
        /// The data type.
        workload: Workload,
    },
    /// There is no such protocol.
    #[error("unknown protocol {0:?}")]
    Unknown(String),
    /// An option that the protocol does not have, or a value that it may not have.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// An option whose value does not fit the cluster.
    #[error("option {option}: expected {expected}, found {found:?}")]
    Setting {
        /// The option.
        option: &'static str,
        /// What it may be.
        expected: String,
        /// What was found.
        found: String,
    },
    /// The program was built without the protocol.
    #[error("this build has no {0} client; build with --features {0}")]
    NotBuilt(&'static str),
    /// The program of an external client does not run.
    #[error("the client {command:?} does not start: {why}")]
    Start {
        /// The command.
        command: String,
        /// What came of it.
        why: String,
    },
    /// An external client without a program.
    #[error("an external client needs `command` in [client]: the program and its arguments")]
    NoCommand,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("no connection")]
    struct NoConnection(#[source] io::Error);

    #[test]
    fn only_what_the_system_lacks_is_the_harness_own_failure() {
        for (code, exhausted) in [(24, true), (23, true), (99, true), (105, true), (111, false)] {
            let error = NoConnection(io::Error::from_raw_os_error(code));
            let of = OpError::failed(error);
            assert_eq!(matches!(of, OpError::Exhausted(_)), exhausted, "{of}");
        }
    }
}
