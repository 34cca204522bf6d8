//! The attached world: nodes that somebody else started, and that stay up. Nothing is broken there and nothing is cleaned up; a run asks
//! for keys that no other run has, and leaves them behind.

mod own_keys;

use crate::live::evidence::ping_until;
use crate::live::{Deployment, Live};
use crate::settings::Settings;
use afterall_clients::Cluster as Asked;
use afterall_clients::{Client, ClientError};
use afterall_engine::driver::Asker;
use afterall_engine::faults::Fault;
use afterall_engine::{ConfigError, Evidence, Happened, Observation, Plan, World, WorldError};
use afterall_history::Workload;
use afterall_manifest::ClientSpec;
use own_keys::OwnKeys;
use std::net::SocketAddr;
use std::time::Duration;

/// How long the client may take to create what the load needs.
const SETUP_MAX: Duration = Duration::from_secs(30);

/// Why a cluster cannot be attached to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AttachError {
    /// No client can be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A node does not answer.
    #[error("n{} at {address} does not serve: {error}", .node + 1)]
    Silent {
        /// Which, from 0.
        node: usize,
        /// Where.
        address: SocketAddr,
        /// Why.
        error: String,
    },
    /// What the load needs cannot be created.
    #[error("the client cannot create what the load needs: {0}")]
    Setup(String),
}

/// A cluster that somebody else started, and that is not asked yet.
///
/// # Errors
/// There is nothing that says how to talk to it, or the system gives no threads.
pub(crate) fn open(plan: &Plan, settings: &Settings) -> Result<impl World + use<>, WorldError> {
    let config = plan.config();
    let manifest = config.manifest.as_ref().ok_or(ConfigError::NoManifest);
    let manifest = manifest.map_err(WorldError::setup)?;
    let cluster = Cluster {
        client: manifest.client.clone(),
        workload: config.workload,
        addresses: config.attach.clone(),
        run: settings.run_id.trim_start_matches("afterall-").to_owned(),
        ready_within: Duration::from_secs(manifest.ready_within_s.into()),
    };
    let starting = async move {
        afterall_clients::try_start(&cluster.client).await.map_err(WorldError::setup)?;
        cluster.look().await.map_err(WorldError::setup)?;
        Ok(cluster)
    };
    Live::new(plan, Box::pin(starting), Box::new(|_| Vec::new()))
}

struct Cluster {
    client: ClientSpec,
    workload: Workload,
    addresses: Vec<SocketAddr>,
    run: String,
    ready_within: Duration,
}

impl Cluster {
    fn any_client(&self) -> Result<Box<dyn Client>, ClientError> {
        let asked = Asked {
            names: (1..=self.addresses.len()).map(|node| format!("n{node}")).collect(),
            internal: self.addresses.iter().map(SocketAddr::ip).collect(),
            addresses: self.addresses.clone(),
        };
        let client = afterall_clients::open(&self.client, self.workload, asked)?;
        Ok(Box::new(OwnKeys::new(client, &self.run)))
    }

    /// Every node must serve, and hold what the load needs.
    async fn look(&self) -> Result<(), AttachError> {
        let mut client = self.any_client()?;
        for (node, &address) in self.addresses.iter().enumerate() {
            let served = ping_until(&mut *client, node, self.ready_within).await;
            served.map_err(|error| AttachError::Silent {
                node,
                address,
                error: error.to_string(),
            })?;
        }
        match tokio::time::timeout(SETUP_MAX, client.setup(self.addresses.len())).await {
            Ok(made) => made.map_err(|error| AttachError::Setup(error.to_string())),
            Err(_) => {
                Err(AttachError::Setup(format!("no answer within {} s", SETUP_MAX.as_secs())))
            }
        }
    }
}

/// Refused before a run begins; if not, there is no evidence.
fn nothing() -> Evidence {
    Evidence::against_it(Observation::failed("the attached world breaks nothing"))
}

impl Deployment for Cluster {
    fn nodes(&self) -> usize {
        self.addresses.len()
    }

    fn client(&self, _: Asker) -> Result<Box<dyn Client>, ClientError> {
        self.any_client()
    }

    async fn inject(&self, _: usize, _: &Fault) -> Evidence {
        nothing()
    }

    async fn measure(&self, _: usize, _: &Fault) -> Option<Evidence> {
        None
    }

    async fn heal(&self, _: usize, _: &Fault) -> Evidence {
        nothing()
    }

    /// Whether they live is known to who started them.
    async fn unasked(&self) -> Vec<Happened> {
        Vec::new()
    }

    /// They stay up.
    async fn stop(self) -> Vec<String> {
        Vec::new()
    }
}
