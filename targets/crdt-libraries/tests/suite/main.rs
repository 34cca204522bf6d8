//! Libraries of CRDTs under faults: each keeps what it claims, and the mistakes of those who use it are found.

#![cfg(any(feature = "automerge", feature = "yrs"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[cfg(feature = "automerge")]
mod automerge;
mod mistake;
mod runs;
#[cfg(feature = "yrs")]
mod yrs;
