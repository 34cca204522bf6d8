//! Removing what runs that were killed left behind.
//!
//! Everything that a run makes carries its id, the machine of its harness, and the folder whose lock the harness holds
//! while it lives. What comes from this machine and whose lock nobody holds is left behind. Runs of other machines on
//! the same engine are left alone: whether they live cannot be seen from here.

use super::engine::{Engine, EngineError, RUN_LABEL, failed, labelled, words};
use crate::live::scratch::is_abandoned;
use bollard::models::ContainerSummary;
use bollard::query_parameters::{
    ListContainersOptions, ListNetworksOptions, ListVolumesOptions, RemoveContainerOptions,
    RemoveVolumeOptions,
};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

pub(super) const HOST_LABEL: &str = "afterall.host";
pub(super) const LOCK_LABEL: &str = "afterall.lock";

const REMOVAL_POLL: Duration = Duration::from_millis(100);
/// Ten seconds.
const REMOVAL_POLLS_MAX: u32 = 100;

/// Whether the engine refuses to remove a container since it is at it already: a conflict, by its API.
fn is_being_removed(error: &bollard::errors::Error) -> bool {
    use bollard::errors::Error::DockerResponseServerError;
    matches!(error, DockerResponseServerError { status_code: 409, .. })
}

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

impl Engine {
    /// The labels of everything that carries the label of a run: containers, networks and volumes.
    pub(crate) async fn labels(&self) -> Result<Vec<BTreeMap<String, String>>, EngineError> {
        let containers = self.containers_with(RUN_LABEL).await?;
        let networks = ListNetworksOptions { filters: labelled(RUN_LABEL) };
        let networks = self.docker.list_networks(Some(networks)).await;
        let networks = networks.map_err(failed("list networks"))?;
        let volumes = ListVolumesOptions { filters: labelled(RUN_LABEL) };
        let volumes = self.docker.list_volumes(Some(volumes)).await;
        let volumes = volumes.map_err(failed("list volumes"))?.volumes.unwrap_or_default();
        let labels = containers.into_iter().filter_map(|container| container.labels);
        let labels = labels.chain(networks.into_iter().filter_map(|network| network.labels));
        let labels = labels.chain(volumes.into_iter().map(|volume| volume.labels));
        Ok(labels.map(|labels| labels.into_iter().collect()).collect())
    }

    /// All containers with a label, whatever their state.
    pub(super) async fn containers_with(
        &self,
        label: &str,
    ) -> Result<Vec<ContainerSummary>, EngineError> {
        let filters = labelled(label);
        let options = ListContainersOptions { all: true, filters, ..Default::default() };
        self.docker.list_containers(Some(options)).await.map_err(failed("list containers"))
    }

    /// Removes everything that carries the label of this run. Returns how many things there were.
    pub(crate) async fn remove_run(&self, run: &str) -> Result<usize, EngineError> {
        let label = format!("{RUN_LABEL}={run}");
        let mut removed = 0;
        let mut tasks = tokio::task::JoinSet::new();
        for container in self.containers_with(&label).await? {
            let Some(id) = container.id else { continue };
            let docker = self.docker.clone();
            tasks.spawn(async move {
                let options = RemoveContainerOptions { force: true, v: true, link: false };
                docker.remove_container(&id, Some(options)).await
            });
            removed += 1;
        }
        let (mut trouble, mut being_removed) = (None, false);
        while let Some(outcome) = tasks.join_next().await {
            if let Ok(Err(error)) = outcome {
                being_removed |= is_being_removed(&error);
                trouble = Some(error);
            }
        }
        if being_removed {
            // A harness that was stopped twice may have asked for it: networks and volumes are in use until it is done.
            for _ in 0..REMOVAL_POLLS_MAX {
                if self.containers_with(&label).await?.is_empty() {
                    break;
                }
                tokio::time::sleep(REMOVAL_POLL).await;
            }
        }
        let networks = ListNetworksOptions { filters: labelled(&label) };
        let networks = self.docker.list_networks(Some(networks)).await;
        for network in networks.map_err(failed("list networks"))? {
            let id = network.id.unwrap_or_default();
            self.docker.remove_network(&id).await.map_err(failed("remove a network"))?;
            removed += 1;
        }
        let volumes = ListVolumesOptions { filters: labelled(&label) };
        let volumes = self.docker.list_volumes(Some(volumes)).await;
        for volume in volumes.map_err(failed("list volumes"))?.volumes.unwrap_or_default() {
            let options = RemoveVolumeOptions { force: true };
            let gone = self.docker.remove_volume(&volume.name, Some(options)).await;
            gone.map_err(failed("remove a volume"))?;
            removed += 1;
        }
        match (self.containers_with(&label).await?.len(), trouble) {
            (0, _) | (_, None) => Ok(removed),
            (left, Some(error)) => Err(EngineError::Failed {
                what: format!("remove {left} containers"),
                error: words(&error),
            }),
        }
    }
}
