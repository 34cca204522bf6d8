//! What speaks against a fault, or against its end.

use afterall_engine::{Evidence, Observation};
use std::error::Error;

/// What speaks against what was to be shown: an observation, or that something could not be done.
#[derive(Debug)]
pub(super) struct Against(pub(super) Observation);

impl<E: Error> From<E> for Against {
    fn from(error: E) -> Against {
        Against(Observation::failed(error))
    }
}

impl From<Against> for Evidence {
    fn from(against: Against) -> Evidence {
        Evidence::against_it(against.0)
    }
}

/// Something could not be done, in words.
pub(super) fn failed(why: &str) -> Against {
    Against(Observation::failed(why))
}
