//! How an operation ended, as the page's script reads it.

use afterall_history::Status;

/// A number for each.
pub(super) fn status(status: Status) -> u8 {
    match status {
        Status::Ok => 0,
        Status::Fail => 1,
        Status::Info => 2,
    }
}
