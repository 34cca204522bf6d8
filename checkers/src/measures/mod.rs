//! What is measured, beside held and broken.

pub(crate) mod levels;
pub mod pbs;
pub(crate) mod staleness;
pub(crate) mod windows;
