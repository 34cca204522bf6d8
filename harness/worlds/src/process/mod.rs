//! The process world: nodes are child processes on loopback, every link a proxy, time is real. No root, no Docker,
//! nothing to install.

mod bypass;
mod cluster;
mod disk;
mod error;
mod faults;
mod membership;
mod node;
mod ports;
mod program;

pub use error::{SetupError, StartError};

use crate::live::Live;
use crate::settings::Settings;
use afterall_engine::{Plan, World, WorldError};
use cluster::Cluster;

/// A cluster of processes that is not up yet.
///
/// Let the thread that calls it live as long as the run: the nodes are told by the system when the thread that started them
/// is gone.
///
/// # Errors
/// The system gives no threads.
pub fn open(plan: &Plan, settings: &Settings) -> Result<impl World + use<>, WorldError> {
    let (config, settings) = (plan.config().clone(), settings.clone());
    let starting =
        async move { Cluster::start(&config, &settings).await.map_err(WorldError::setup) };
    Live::new(plan, Box::pin(starting), Box::new(|_| Vec::new()))
}
