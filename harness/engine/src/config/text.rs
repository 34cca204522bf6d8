//! A configuration as `run.toml` holds it: what is left out has a default.

use super::bounded::{self, CopiesText};
use super::by_name_if_any;
use super::gossip::GossipConfig;
use super::max_bound::MaxBound;
use super::network::NetworkConfig;
use super::run_config::RunConfig;
use super::session_kind::SessionKind;
use super::world_kind::WorldKind;
use crate::expect::Expect;
use crate::faults::{Planned, Registry, Schedule};
use crate::operations::GivenOperation;
use afterall_history::{FaultKind, Level, Lie, Slo, Span, Workload};
use afterall_manifest::Manifest;
use afterall_reference::core::{Copies, Flavour, Mechanisms, Mutant};
use afterall_workloads::Load;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use std::time::Duration;

/// The entries of `run.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    summary: Option<String>,
    target: Option<String>,
    #[serde(default, deserialize_with = "by_name_if_any::deserialize")]
    flavour: Option<Flavour>,
    #[serde(default, deserialize_with = "by_name_if_any::deserialize")]
    mutant: Option<Mutant>,
    mechanisms: Option<Mechanisms>,
    lie: Option<Lie>,
    workload: Option<Workload>,
    load: Option<Load>,
    #[serde(default)]
    slo: Vec<Slo>,
    #[serde(default)]
    levels: Vec<Level>,
    /// The sim, where nothing is said: it has everything that a scenario may ask for.
    world: Option<WorldKind>,
    #[serde(default, deserialize_with = "bounded::nodes")]
    nodes: Option<u16>,
    #[serde(default, deserialize_with = "bounded::concurrency")]
    concurrency: Option<u32>,
    sessions: Option<SessionKind>,
    #[serde(default, deserialize_with = "bounded::rate")]
    rate: Option<u32>,
    time: Option<Span>,
    quiescence: Option<Span>,
    timeout: Option<Span>,
    /// Those of the schedule, where nothing is said.
    faults: Option<Vec<FaultKind>>,
    healthy: Option<Span>,
    heal: Option<Span>,
    schedule: Option<Vec<Planned>>,
    #[serde(default)]
    operation: Vec<GivenOperation>,
    #[serde(default, deserialize_with = "CopiesText::deserialize")]
    copies: Copies,
    #[serde(default)]
    gossip: GossipConfig,
    #[serde(default)]
    network: NetworkConfig,
    #[serde(default)]
    expect: Expect,
    #[serde(default)]
    seed: u64,
    #[serde(default)]
    max_bound: MaxBound,
    toxiproxy: Option<String>,
    #[serde(default)]
    images: BTreeMap<String, String>,
    manifest_path: Option<String>,
    manifest: Option<Manifest>,
}

impl<'de> Deserialize<'de> for RunConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RunConfig, D::Error> {
        Text::deserialize(deserializer).map(RunConfig::from)
    }
}

impl From<Text> for RunConfig {
    fn from(text: Text) -> RunConfig {
        let planned = text.schedule.iter().flatten();
        let faults = text.faults.unwrap_or_else(|| {
            // What the world cannot inject is found in the schedule, where it stands.
            let world = text.world.unwrap_or(WorldKind::Sim);
            let known = Registry::standard().kinds(world.abilities());
            planned.map(|planned| planned.fault.kind).filter(|kind| known.contains(kind)).collect()
        });
        let duration = |span: Option<Span>| span.map(|span| Duration::from_nanos(span.0));
        let mut config = RunConfig::builder();
        if let Some(manifest) = text.manifest {
            config = config.target(manifest, text.manifest_path);
        }
        let config = config
            .summary(text.summary)
            .flavour(text.flavour)
            .mutant(text.mutant)
            .mechanisms(text.mechanisms)
            .lie(text.lie)
            .workload(text.workload)
            .load(text.load)
            .slos(text.slo)
            .levels(text.levels)
            .world(text.world.unwrap_or(WorldKind::Sim))
            .nodes(text.nodes)
            .concurrency(text.concurrency)
            .sessions(text.sessions)
            .rate(text.rate)
            .time(duration(text.time))
            .quiescence(duration(text.quiescence))
            .timeout(duration(text.timeout))
            .faults(faults)
            .healthy(text.healthy)
            .heal(text.heal)
            .schedule(text.schedule.map_or(Schedule::Drawn, Schedule::Given))
            .operations(text.operation)
            .copies(text.copies)
            .gossip(text.gossip)
            .network(text.network)
            .expect(text.expect)
            .seed(text.seed)
            .max_bound(text.max_bound)
            .toxiproxy(text.toxiproxy)
            .images(text.images)
            .build();
        // Whatever the manifest calls it.
        RunConfig { target: text.target.unwrap_or(config.target), ..config }
    }
}
