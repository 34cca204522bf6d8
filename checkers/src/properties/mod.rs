//! The properties, one file each, with its definition and its source on top.

pub(crate) mod causal;
pub(crate) mod causal_convergence;
pub(crate) mod convergence;
pub(crate) mod no_lost_writes;
pub(crate) mod no_oversell;
pub(crate) mod no_phantoms;
pub(crate) mod sequential;
