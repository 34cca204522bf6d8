//! Many runs, and what is made of those that fail.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod blame;
mod explore;
mod runs;
mod shrink;
