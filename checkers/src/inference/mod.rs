//! What a history tells of how its operations depend on each other: who read from whom, what came before what.

pub(crate) mod causal_order;
pub(crate) mod mix;
pub(crate) mod paths;
pub(crate) mod pieces;
pub(crate) mod reads_from;
pub(crate) mod sums;
pub(crate) mod vector_clock;
pub(crate) mod version;
