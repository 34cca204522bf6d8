//! The two relations that a session's order of the writes has to respect.

/// Which reads carry what they saw further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    /// Everybody's: hb.
    All,
    /// Only the session's own: PRAM.
    Own,
}
