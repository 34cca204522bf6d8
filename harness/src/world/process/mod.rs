//! The process world: nodes are child processes on loopback, every link a proxy, time is real. No root, no Docker,
//! nothing to install.

mod cluster;
mod faults;
mod node;
mod ports;

pub use cluster::SetupError;
pub use node::StartError;

use super::live::{self, Onlooker, RunError};
use crate::config::RunConfig;
use cluster::Cluster;
use std::path::Path;
use tokio::sync::watch;

/// Carries out a run. `stop` turns true when somebody wants it to end; the history then says so.
///
/// Call it on the runtime's main task or a worker, never on a thread that ends before the run: the nodes are told by
/// the system when the thread that started them is gone.
///
/// # Errors
/// Why it could not begin or go on. What was recorded is recorded, and the cluster is gone.
pub async fn run(
    config: &RunConfig,
    logs: &Path,
    onlooker: &mut dyn Onlooker,
    stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    live::run(config, Cluster::start(config, logs), onlooker, stop).await
}
