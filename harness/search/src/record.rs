//! How a run is carried out: this crate does not know the worlds.

use afterall_engine::{Recording, RunConfig};

/// Carries out a run, or says why it could not.
pub type Record<'r> = &'r (dyn Fn(&RunConfig) -> Result<Recording, String> + Sync);
