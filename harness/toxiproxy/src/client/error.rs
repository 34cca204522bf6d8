//! Why a link is not what was asked for.

use super::state::Difference;
use std::io;

/// Why a link is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server reports another state than asked for: the fault did not take hold.
    #[error("the change did not take hold: {}", list(.0))]
    Mismatch(Vec<Difference>),
    /// The server could not be asked.
    #[error("Toxiproxy failed while {doing}")]
    Transport {
        /// What was tried.
        doing: &'static str,
        /// The crate's words.
        source: CrateError,
    },
    /// The client crate panicked.
    #[error("the Toxiproxy client panicked while {doing}: {why}")]
    Panicked {
        /// What was tried.
        doing: &'static str,
        /// The panic's words.
        why: String,
    },
    /// The client's thread cannot be started.
    #[error("cannot start the thread of the Toxiproxy client")]
    Thread(#[source] io::Error),
    /// The server's address is not one.
    #[error("expected the address of a Toxiproxy as http://HOST:PORT or HOST:PORT, found {url:?}")]
    BadUrl {
        /// What was given.
        url: String,
        /// What the system says.
        source: io::Error,
    },
    /// The server's name has no address.
    #[error("the name in {url:?} has no address")]
    NoHost {
        /// What was given.
        url: String,
    },
    /// A name that cannot be part of a path.
    #[error("expected the name of a link, of letters, digits, '-', '_' and '.', found {name:?}")]
    BadName {
        /// The name.
        name: String,
    },
    /// The server has such a proxy already.
    #[error("the server already has a proxy {name}; it is not ours, so it stays as it is")]
    Exists {
        /// The proxy's full name.
        name: String,
    },
    /// No such link was created here.
    #[error("no link {name} was created here")]
    Unknown {
        /// The link.
        name: String,
    },
    /// The server reports an address that cannot be dialled.
    #[error("the proxy {name} listens on {listen:?}, which is not an IP address with a port")]
    NoAddress {
        /// The link.
        name: String,
        /// What the server says.
        listen: String,
    },
    /// The thread that talks to the server is gone.
    #[error("the thread of the Toxiproxy client has ended")]
    Ended,
}

/// What `toxiproxy_rust` says went wrong. It says so in words alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CrateError(pub String);

/// How many differences an error lists: where all links have the same problem, a few show it.
const TOLD_MAX: usize = 3;

fn list(differences: &[Difference]) -> String {
    let told: Vec<String> = differences.iter().take(TOLD_MAX).map(Difference::to_string).collect();
    match differences.len().saturating_sub(TOLD_MAX) {
        0 => told.join("; "),
        more => format!("{}; and {more} more", told.join("; ")),
    }
}
