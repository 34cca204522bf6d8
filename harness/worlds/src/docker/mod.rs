//! The docker world: nodes are containers, links are proxies in a real Toxiproxy, time is real.
//!
//! A node's network belongs to an infra container, and the target, unmodified, joins it. Everything is asked of the
//! engine through its API, so that it may be elsewhere.

mod against;
mod before;
mod cluster;
mod engine;
mod error;
mod faults;
mod measures;
mod probes;
mod reap;
mod setup;
mod tally;
mod trial;
mod unasked;
mod wiring;

pub use before::check;
pub use engine::EngineError;
pub use error::SetupError;
pub use trial::{Tried, trial};

use crate::live::scratch::Scratch;
use crate::live::{Deployment, Live};
use crate::settings::Settings;
use afterall_clients::{Client, ClientError};
use afterall_engine::driver::Asker;
use afterall_engine::faults::Fault;
use afterall_engine::{Evidence, Happened, Plan, RunConfig, World, WorldError};
use cluster::Cluster;
use engine::Engine;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

/// Nodes are looked at once in so many ticks: each look is a question to the engine.
const TICKS_A_LOOK: u32 = 5;

/// A cluster of containers that is not up yet. When it ends, or is dropped, all containers are gone.
///
/// # Errors
/// The target cannot be set up like this, or the system gives no threads, or no temporary folder.
pub fn open(plan: &Plan, settings: &Settings) -> Result<impl World + use<>, WorldError> {
    check(plan.config()).map_err(WorldError::setup)?;
    // Its lock tells that the run is alive; it goes when everything else is gone.
    let scratch = Scratch::new().map_err(WorldError::setup)?;
    let lock = scratch.path().to_owned();
    let (config, run) = (plan.config().clone(), settings.run_id.clone());
    let settings = settings.clone();
    // Set once it has answered: without an engine nothing is made, and nothing is to be removed.
    let known: Arc<OnceLock<Engine>> = Arc::default();
    let found = Arc::clone(&known);
    let starting = async move {
        try_client(&config).await?;
        let engine = Engine::connect().await.map_err(WorldError::setup)?;
        let engine = found.get_or_init(|| engine).clone();
        if let Err(error) = reap::reap(&engine).await {
            (settings.notice)(&format!("could not remove what earlier runs left behind: {error}"));
        }
        let started = setup::start(engine, &lock, &config, &settings).await;
        started.map_err(WorldError::setup)
    };
    let clean_up = move |runtime: &tokio::runtime::Runtime| {
        let removed = match known.get() {
            Some(engine) => runtime.block_on(engine.remove_run(&run)).map(drop),
            None => Ok(()),
        };
        drop(scratch);
        let sentence = |error| {
            format!(
                "not everything of the run could be removed: {error}; `afterall doctor --reap` tries again"
            )
        };
        removed.err().map(sentence).into_iter().collect()
    };
    Live::new(plan, Box::pin(starting), Box::new(clean_up))
}

/// An external client that cannot start, or that ends at once, must cost nothing.
async fn try_client(config: &RunConfig) -> Result<(), WorldError> {
    match &config.manifest {
        Some(manifest) => {
            afterall_clients::try_start(&manifest.client).await.map_err(WorldError::setup)
        }
        None => Ok(()),
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

    fn client(&self, asker: Asker) -> Result<Box<dyn Client>, ClientError> {
        match asker {
            Asker::Session(session) => self.session_client(session),
            Asker::Reader(_) => self.reader_client(),
        }
    }

    async fn inject(&self, id: usize, fault: &Fault) -> Evidence {
        self.inject_fault(id, fault).await.unwrap_or_else(Evidence::from)
    }

    async fn heal(&self, id: usize, fault: &Fault) -> Evidence {
        self.heal_fault(id, fault).await.unwrap_or_else(Evidence::from)
    }

    async fn measure(&self, id: usize, fault: &Fault) -> Option<Evidence> {
        self.measure_fault(id, fault).await
    }

    async fn unasked(&self) -> Vec<Happened> {
        if !self.ticks.fetch_add(1, Ordering::Relaxed).is_multiple_of(TICKS_A_LOOK) {
            return Vec::new();
        }
        self.look_at_nodes().await
    }

    async fn stop(self) -> Vec<String> {
        // The proxies go with their server: the containers are removed after this.
        self.save_logs().await
    }
}
