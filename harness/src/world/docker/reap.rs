//! Removing what runs that were killed left behind.
//!
//! Everything that a run makes carries its id, the machine of its harness, and the folder whose lock the harness holds
//! while it lives. What comes from this machine and whose lock nobody holds is left behind. Runs of other machines on
//! the same engine are left alone: whether they live cannot be seen from here.

use super::engine::{Engine, EngineError, RUN_LABEL};
use crate::world::live::scratch::is_abandoned;
use std::collections::BTreeSet;
use std::path::Path;

pub(super) const HOST_LABEL: &str = "afterall.host";
pub(super) const LOCK_LABEL: &str = "afterall.lock";

/// What tells this machine from others.
pub(super) fn host() -> String {
    let read = |path| std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
    let id = read("/etc/machine-id").filter(|id| !id.is_empty());
    id.or_else(|| read("/proc/sys/kernel/hostname")).unwrap_or_else(|| "unknown".to_owned())
}

/// Removes what dead runs of this machine left in the engine; returns their ids.
pub(super) async fn reap(engine: &Engine) -> Result<Vec<String>, EngineError> {
    let here = host();
    let dead: BTreeSet<String> = engine
        .labels()
        .await?
        .into_iter()
        .filter(|labels| labels.get(HOST_LABEL) == Some(&here))
        .filter(|labels| labels.get(LOCK_LABEL).is_some_and(|lock| is_abandoned(Path::new(lock))))
        .filter_map(|labels| labels.get(RUN_LABEL).cloned())
        .collect();
    for run in &dead {
        engine.remove_run(run).await?;
    }
    Ok(dead.into_iter().collect())
}
