//! The docker world: nodes are containers, links are proxies in a real Toxiproxy, time is real.
//!
//! A node's network belongs to an infra container, and the target, unmodified, joins it. Everything is asked of the
//! engine through its API, so that it may be elsewhere.

mod cluster;
mod engine;
mod faults;
mod measures;
mod probes;
mod reap;
mod setup;
mod trial;
mod wiring;

pub use engine::EngineError;
pub use setup::SetupError;
pub use trial::{Tried, trial};

use super::live::scratch::Scratch;
use super::live::{self, Deployment, Onlooker, RunError};
use crate::config::RunConfig;
use crate::driver::Client as Who;
use crate::nemesis::{Evidence, Fault};
use afterall_clients::Client;
use cluster::Cluster;
use engine::Engine;
use futures_util::FutureExt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::atomic::Ordering;
use tokio::sync::watch;

/// Nodes are looked at once in so many ticks: each look is a question to the engine.
const TICKS_A_LOOK: u32 = 5;

/// Carries out a run. `stop` turns true when somebody wants it to end; the history then says so.
///
/// # Errors
/// Why it could not begin or go on. What was recorded is recorded, and the containers are gone.
pub async fn run(
    config: &RunConfig,
    id: &str,
    logs: &Path,
    onlooker: &mut dyn Onlooker,
    stop: watch::Receiver<bool>,
) -> Result<(), RunError> {
    let engine = Engine::connect().await.map_err(|error| RunError::Setup(error.to_string()))?;
    if let Err(error) = reap::reap(&engine).await {
        eprintln!("warning: could not remove what earlier runs left behind: {error}");
    }
    // Its lock tells that the run is alive; it goes when everything else is gone.
    let scratch = Scratch::new()?;
    let started = setup::start(engine.clone(), id, scratch.path(), config, logs);
    // Whatever happens, a panic included, the containers go.
    let outcome = AssertUnwindSafe(live::run(config, started, onlooker, stop)).catch_unwind().await;
    if let Err(error) = engine.remove_run(id).await {
        eprintln!(
            "warning: not everything of the run could be removed: {error}; `afterall doctor --reap` tries again"
        );
    }
    drop(scratch);
    match outcome {
        Ok(outcome) => outcome,
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// Removes what runs of this machine that were killed left in the engine; returns their ids.
///
/// # Errors
/// There is no engine, or it does not obey.
pub async fn reap() -> Result<Vec<String>, EngineError> {
    reap::reap(&Engine::connect().await?).await
}

/// Removes everything of a run from the engine.
///
/// # Errors
/// There is no engine, or it does not obey.
pub async fn remove(id: &str) -> Result<(), EngineError> {
    Engine::connect().await?.remove_run(id).await.map(|_| ())
}

/// What the engine is, and which of the images that every run needs are missing.
///
/// # Errors
/// There is no engine.
pub async fn look() -> Result<(String, Vec<&'static str>), EngineError> {
    let engine = Engine::connect().await?;
    let version = engine.version().await?;
    let mut missing = Vec::new();
    for candidates in setup::IMAGES {
        let mut found = false;
        for image in *candidates {
            found |= engine.has_image(image).await;
        }
        if !found {
            missing.extend(candidates.first().copied());
        }
    }
    Ok((version, missing))
}

impl Deployment for Cluster {
    fn nodes(&self) -> usize {
        self.wiring.nodes
    }

    fn client(&self, who: Who) -> Result<Box<dyn Client>, String> {
        let client = match who {
            Who::Session(session) => self.session_client(session),
            Who::Reader(_) => self.reader_client(),
        };
        client.map_err(|error| error.to_string())
    }

    async fn inject(&self, id: usize, fault: &Fault) -> Evidence {
        self.inject_fault(id, fault).await.unwrap_or_else(Evidence::against_it)
    }

    async fn heal(&self, id: usize, fault: &Fault) -> Evidence {
        self.heal_fault(id, fault).await.unwrap_or_else(Evidence::against_it)
    }

    async fn deaths(&self) -> Vec<(usize, String)> {
        if !self.ticks.fetch_add(1, Ordering::Relaxed).is_multiple_of(TICKS_A_LOOK) {
            return Vec::new();
        }
        let mut deaths = Vec::new();
        // Locked before the engine is asked: a node that a fault is being worked on is not dying by itself.
        let nodes: Vec<_> = self.nodes.iter().map(|node| node.try_lock()).collect();
        let Ok(ended) = self.engine.not_running(&self.run).await else { return deaths };
        for (id, node) in nodes.into_iter().enumerate() {
            let Ok(mut node) = node else { continue };
            let infra = cluster::infra(&self.run, id);
            let mut containers = self.containers(id).chain([infra]);
            if node.up
                && let Some(name) = containers.find(|name| ended.contains(name))
            {
                node.up = false;
                let log = self.log_tail(id).await;
                deaths.push((id, format!("{name} ended; its log ends: {log}")));
            }
        }
        deaths
    }

    async fn stop(self) {
        self.save_logs().await;
        // The proxies go with their server: the containers are removed by whoever started the run.
    }
}
