//! Open files: a run that would need more than the system allows is refused before it begins, since a harness that has run
//! out of them would take its own want for a fault of the cluster.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the program itself has open: standard streams, the history, the runtime.
const OWN: u64 = 64;

/// The system allows too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "this run may need {needed} open files at once, and the system allows {allowed}: expected a limit of {needed} or more \
     (ulimit -n), or fewer nodes or sessions"
)]
pub struct TooFewOpenFiles {
    /// What the run may need.
    needed: u64,
    /// What the system allows.
    allowed: u64,
}

/// Raises the soft limit to the hard one, and makes sure that so many more files may be open.
///
/// # Errors
/// That is more than the system allows.
pub(crate) fn make_room(more: u64) -> Result<(), TooFewOpenFiles> {
    let limit = getrlimit(Resource::Nofile);
    // Where that is refused the limit is what it was.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit });
    // None: there is no limit.
    let allowed = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let needed = OWN + more;
    if needed > allowed { Err(TooFewOpenFiles { needed, allowed }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_needs_more_than_the_system_allows_is_refused() {
        assert_eq!(make_room(1), Ok(()));
        let refused = make_room(u64::MAX / 2);
        // Where there is no limit at all nothing is refused.
        if getrlimit(Resource::Nofile).current.is_some() {
            assert!(refused.unwrap_err().to_string().contains("open files"));
        }
    }
}
