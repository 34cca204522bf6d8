//! A configuration in the making.

use super::gossip::GossipConfig;
use super::max_bound::MaxBound;
use super::network::NetworkConfig;
use super::run_config::{REFERENCE, RunConfig};
use super::session_kind::SessionKind;
use super::world_kind::WorldKind;
use crate::expect::Expect;
use crate::faults::{Registry, Schedule};
use crate::operations::GivenOperation;
use afterall_history::{ActsOn, FaultKind, Level, Lie, Slo, Span, Workload};
use afterall_manifest::Manifest;
use afterall_reference::core::{Copies, Flavour, Mechanisms, Mutant};
use afterall_workloads::Load;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// A configuration in the making. What is not said has the default of `afterall run`.
///
/// ```
/// use afterall_engine::{RunConfig, WorldKind};
/// use afterall_history::Workload;
///
/// let config = RunConfig::builder().world(WorldKind::Sim).workload(Workload::Counter).seed(7).build();
/// assert_eq!(config.nodes, 5);
/// ```
#[derive(Debug, Clone, Default)]
pub struct RunConfigBuilder {
    manifest: Option<Manifest>,
    manifest_path: Option<String>,
    flavour: Option<Flavour>,
    mutant: Option<Mutant>,
    mechanisms: Option<Mechanisms>,
    lie: Option<Lie>,
    workload: Option<Workload>,
    load: Option<Load>,
    slos: Vec<Slo>,
    levels: Vec<Level>,
    world: Option<WorldKind>,
    nodes: Option<u16>,
    concurrency: Option<u32>,
    sessions: Option<SessionKind>,
    rate: Option<u32>,
    time: Option<Duration>,
    quiescence: Option<Duration>,
    timeout: Option<Duration>,
    faults: Option<Vec<FaultKind>>,
    healthy: Option<Span>,
    heal: Option<Span>,
    schedule: Schedule,
    operations: Vec<GivenOperation>,
    copies: Copies,
    gossip: GossipConfig,
    network: NetworkConfig,
    expect: Expect,
    summary: Option<String>,
    seed: u64,
    max_bound: MaxBound,
    toxiproxy: Option<String>,
    images: BTreeMap<String, String>,
    attach: Vec<SocketAddr>,
    attach_anywhere: bool,
}

/// One method per field. Where there is a default, `None` means it.
macro_rules! setters {
    ($($(#[doc = $doc:literal])+ $field:ident: $Type:ty,)+) => {
        $(
            $(#[doc = $doc])+
            #[must_use]
            pub fn $field(mut self, $field: $Type) -> Self {
                self.$field = $field.into();
                self
            }
        )+
    };
}

impl RunConfigBuilder {
    setters! {
        /// The reference store's flavour. Default: crdt, or the mutant's.
        flavour: Option<Flavour>,
        /// A known bug of the reference store.
        mutant: Option<Mutant>,
        /// How changes come to the reference store's other replicas. Default: by rumors and anti-entropy, or as the mutant needs it.
        mechanisms: impl Into<Option<Mechanisms>>,
        /// How a few of the target's answers are falsified.
        lie: Option<Lie>,
        /// The data type that is driven. Default: register, or the one that shows the mutant.
        workload: impl Into<Option<Workload>>,
        /// What is asked of it. Default: usual; with an objective, probe.
        load: impl Into<Option<Load>>,
        /// Within which time what is written has to be seen everywhere.
        slos: Vec<Slo>,
        /// The consistency levels of which one is drawn for each operation of the reference store. Default: the flavour's own.
        levels: Vec<Level>,
        /// Where it runs. Default: process for the reference store, docker for every other target.
        world: impl Into<Option<WorldKind>>,
        /// How many nodes. Default: 5, or what the manifest says.
        nodes: impl Into<Option<u16>>,
        /// How many sessions at a time. Default: 10.
        concurrency: impl Into<Option<u32>>,
        /// Where they go. Default: mixed.
        sessions: impl Into<Option<SessionKind>>,
        /// Operations per second over all sessions. Default: as fast as possible in the process world, 2,000 in the sim,
        /// 500 in the docker world.
        rate: impl Into<Option<u32>>,
        /// How long the load lasts. Default: 20 s; in the docker world longer, by the number of kinds of faults.
        time: impl Into<Option<Duration>>,
        /// How long the replicas may take to agree. Default: 20 s, or what the manifest says.
        quiescence: impl Into<Option<Duration>>,
        /// When an operation is given up. Default: 1 s.
        timeout: impl Into<Option<Duration>>,
        /// What everything random follows from. Default: 0.
        seed: u64,
        /// How much a promise has to be put to the test.
        max_bound: MaxBound,
        /// A Toxiproxy to use in place of the embedded one.
        toxiproxy: Option<String>,
        /// Images to use in place of those that are named elsewhere, by role.
        images: BTreeMap<String, String>,
        /// Where nodes serve clients that somebody else started: the world is then the attached one.
        attach: Vec<SocketAddr>,
        /// Whether these may be elsewhere than on this machine.
        attach_anywhere: bool,
        /// The faults one by one, in place of a schedule that is drawn.
        schedule: Schedule,
        /// How long the load lasts before the phase of faults. Default: see [`RunConfig::healthy`].
        healthy: impl Into<Option<Span>>,
        /// How long it lasts after it. Default: see [`RunConfig::heal`].
        heal: impl Into<Option<Span>>,
        /// Operations one by one. Where there are any, no load is drawn unless the concurrency is given.
        operations: Vec<GivenOperation>,
        /// How many of the reference store's replicas hold an object, and how many take part in what is asked of it.
        copies: Copies,
        /// How the reference store spreads its news, in the sim.
        gossip: GossipConfig,
        /// What the links of the sim are like.
        network: NetworkConfig,
        /// What the run is expected to show.
        expect: Expect,
        /// What it is to show, for people.
        summary: Option<String>,
    }

    /// Another target than the reference store, or the reference store in containers: its manifest, and where that was
    /// read from if it is not one of the program's own.
    #[must_use]
    pub fn target(mut self, manifest: Manifest, path: Option<String>) -> Self {
        (self.manifest, self.manifest_path) = (Some(manifest), path);
        self
    }

    /// The kinds of faults. Default: all that world and target have, or those that bring out the mutant.
    #[must_use]
    pub fn faults(mut self, faults: impl IntoIterator<Item = FaultKind>) -> Self {
        self.faults = Some(faults.into_iter().collect());
        self
    }

    /// The configuration, every default filled in. A [`Plan`](crate::Plan) checks it.
    #[must_use]
    pub fn build(self) -> RunConfig {
        let row = self.mutant.map(Mutant::row);
        let target =
            self.manifest.as_ref().map_or(REFERENCE.to_owned(), |manifest| manifest.name.clone());
        let reference = target == REFERENCE;
        let world = self.world.unwrap_or(match self.manifest {
            _ if !self.attach.is_empty() => WorldKind::Attached,
            None => WorldKind::Process,
            Some(ref manifest) if manifest.is_of_programs() => WorldKind::Process,
            Some(_) => WorldKind::Docker,
        });
        let attached = u16::try_from(self.attach.len()).ok().filter(|&nodes| nodes > 0);
        let faults = self.kinds(world);
        let manifest = self.manifest;
        // In virtual time "as fast as possible" is a matter of the model alone; with containers it takes the processor
        // from those who must notice faults and heal.
        let rate = self.rate.or(match world {
            WorldKind::Sim => Some(2_000),
            WorldKind::Docker | WorldKind::Attached => Some(500),
            WorldKind::Process => None,
        });
        let time = self.time.unwrap_or_else(|| match world {
            // Several turns each: what a store does depends on which node is struck.
            WorldKind::Docker => Duration::from_secs((20 + 5 * faults.len() as u64).max(40)),
            WorldKind::Process | WorldKind::Sim | WorldKind::Attached => Duration::from_secs(20),
        });
        let quiescence_s = manifest.as_ref().map_or(20, |manifest| manifest.quiescence_s);
        let quiescence = self.quiescence.unwrap_or(Duration::from_secs(quiescence_s.into()));
        let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        // What an objective is about is seen while replicas are asked for it.
        let load = if self.slos.is_empty() { Load::Usual } else { Load::Probe };
        let usual = row.map_or(Flavour::Crdt, |row| row.flavour);
        RunConfig {
            target,
            flavour: self.flavour.or(reference.then_some(usual)),
            mutant: self.mutant,
            mechanisms: self
                .mechanisms
                .unwrap_or(row.map_or(Mechanisms::USUAL, |row| row.mechanisms)),
            lie: self.lie,
            workload: self.workload.unwrap_or(row.map_or(Workload::Register, |row| row.workload)),
            load: self.load.unwrap_or(load),
            slos: self.slos,
            levels: self.levels,
            world,
            attach: self.attach,
            attach_anywhere: self.attach_anywhere,
            nodes: self
                .nodes
                .or(attached)
                .or(manifest.as_ref().map(|manifest| manifest.nodes))
                .unwrap_or(5),
            concurrency: self.concurrency.unwrap_or(if self.operations.is_empty() {
                10
            } else {
                0
            }),
            sessions: self.sessions.unwrap_or(SessionKind::Mixed),
            rate,
            time_ms: ms(time),
            quiescence_max_ms: ms(quiescence),
            timeout_ms: ms(self.timeout.unwrap_or(Duration::from_secs(1))),
            faults,
            healthy: self.healthy,
            heal: self.heal,
            schedule: self.schedule,
            operations: self.operations,
            copies: self.copies,
            gossip: self.gossip,
            network: self.network,
            expect: self.expect,
            summary: self.summary,
            seed: self.seed,
            max_bound: self.max_bound,
            toxiproxy: self.toxiproxy,
            images: self.images,
            manifest_path: self.manifest_path,
            manifest,
        }
    }

    fn kinds(&self, world: WorldKind) -> Vec<FaultKind> {
        let row = self.mutant.map(Mutant::row);
        let mut kinds = match (&self.faults, row, &self.manifest) {
            (Some(kinds), _, _) => kinds.clone(),
            _ if world == WorldKind::Attached => Vec::new(),
            (None, Some(row), _) => row.faults.to_vec(),
            (None, None, Some(manifest)) => manifest.faults.clone(),
            (None, None, None) => Registry::standard().usual_kinds(world.abilities()),
        };
        if self.nodes == Some(1) && self.faults.is_none() {
            kinds.retain(|kind| kind.acts_on() != ActsOn::Links);
        }
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

impl RunConfig {
    /// A configuration in the making, with a default for everything that is not said.
    #[must_use]
    pub fn builder() -> RunConfigBuilder {
        RunConfigBuilder::default()
    }
}

impl Default for RunConfig {
    fn default() -> Self {
        RunConfig::builder().build()
    }
}
