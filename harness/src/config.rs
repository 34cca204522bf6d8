//! A run's whole configuration, resolved: what `run.toml` holds and `replay` takes.

use crate::driver::{Plan, SessionKind};
use crate::nemesis::{EVERYWHERE, Pace, TooShort, schedule};
use afterall_history::{ActsOn, FORMAT, FaultKind, Header, Sessions, VERSION, Workload};
use afterall_manifest::ClockSpec;
use afterall_manifest::Manifest;
use afterall_reference::core::{Flavour, Mutant};
use afterall_workloads::Generator;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The bundled node's name among the targets.
pub const REFERENCE: &str = "reference";

/// Where a run takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// Nodes are processes on loopback.
    Process,
    /// Nodes are containers.
    Docker,
    /// Nodes are state machines in one event loop, in virtual time.
    Sim,
}

/// How often a property may still break, at most, for a promise to count as put to the test: a share of its chances in whole
/// percent, or no demand at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaxBound(u32);

impl MaxBound {
    /// What a run asks for unless it is told: 30 %, which is ten chances.
    pub const USUAL: MaxBound = MaxBound(30);

    /// The chances that it takes: by the rule of three, a property that held in n of them breaks in at most 3/n.
    #[must_use]
    pub fn floor(self) -> u64 {
        if self.0 == 0 { 0 } else { u64::from(300_u32.div_ceil(self.0)) }
    }
}

impl Default for MaxBound {
    fn default() -> MaxBound {
        MaxBound::USUAL
    }
}

/// A text that is not a share of chances.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected a share of 1% to 100%, or none; found {0:?}")]
pub struct NotABound(String);

impl FromStr for MaxBound {
    type Err = NotABound;

    fn from_str(text: &str) -> Result<Self, NotABound> {
        if text == "none" {
            return Ok(MaxBound(0));
        }
        let percent = text.strip_suffix('%').and_then(|percent| percent.trim().parse().ok());
        let within = percent.filter(|percent| (1..=100).contains(percent));
        within.map(MaxBound).ok_or_else(|| NotABound(text.to_owned()))
    }
}

impl fmt::Display for MaxBound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("none"),
            percent => write!(f, "{percent}%"),
        }
    }
}

impl TryFrom<String> for MaxBound {
    type Error = NotABound;

    fn try_from(text: String) -> Result<Self, NotABound> {
        text.parse()
    }
}

impl From<MaxBound> for String {
    fn from(bound: MaxBound) -> String {
        bound.to_string()
    }
}

/// A name that is no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown world {0:?}: there are process, docker and sim")]
pub struct UnknownWorld(String);

impl FromStr for WorldKind {
    type Err = UnknownWorld;

    fn from_str(name: &str) -> Result<Self, UnknownWorld> {
        match name {
            "process" => Ok(WorldKind::Process),
            "docker" => Ok(WorldKind::Docker),
            "sim" => Ok(WorldKind::Sim),
            _ => Err(UnknownWorld(name.to_owned())),
        }
    }
}

impl fmt::Display for WorldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WorldKind::Process => "process",
            WorldKind::Docker => "docker",
            WorldKind::Sim => "sim",
        })
    }
}

/// Everything that a run follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The system under test.
    pub target: String,
    /// The reference node's flavour; other targets have none.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "by_name_if_any")]
    pub flavour: Option<Flavour>,
    /// Its known bug, if one is switched on.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "by_name_if_any")]
    pub mutant: Option<Mutant>,
    /// The data type that is driven.
    pub workload: Workload,
    /// Where it runs.
    pub world: WorldKind,
    /// How many nodes.
    pub nodes: u16,
    /// How many sessions at a time.
    pub concurrency: u32,
    /// Where they go.
    pub sessions: SessionKind,
    /// Operations a second over all sessions; as fast as possible if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// How long the load lasts, milliseconds: healthy, under fault and healed.
    pub time_ms: u64,
    /// How long the replicas may take to agree, milliseconds.
    pub quiescence_max_ms: u64,
    /// When an operation is given up, milliseconds.
    pub timeout_ms: u64,
    /// The kinds of faults.
    pub faults: Vec<FaultKind>,
    /// What everything random follows from.
    pub seed: u64,
    /// How much a promise has to be put to the test.
    #[serde(default)]
    pub max_bound: MaxBound,
    /// A Toxiproxy to use in place of the embedded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxiproxy: Option<String>,
    /// Images to use in place of those that are named elsewhere, by role: `toxiproxy`, `infra`, or the name of a process.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
    /// Where the manifest was read from, where it is not the program's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_path: Option<String>,
    /// What the target is, in the docker world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
}

/// A configuration that makes no run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A number out of bounds.
    #[error("{what} must be {bounds}, not {given}")]
    Bounds {
        /// Which.
        what: &'static str,
        /// Its bounds, in words.
        bounds: &'static str,
        /// What was given.
        given: u64,
    },
    /// A target that does not run in this world.
    #[error("{target} runs in the docker world alone: leave out `--world {world}`")]
    World {
        /// The target.
        target: String,
        /// The world.
        world: WorldKind,
    },
    /// No manifest where one is needed.
    #[error("the docker world needs the target's manifest, and the configuration holds none")]
    NoManifest,
    /// A fault that cannot be had.
    #[error("fault {kind}: {why}")]
    Fault {
        /// The fault.
        kind: FaultKind,
        /// Why not.
        why: String,
    },
    /// A data type that the target does not have.
    #[error("{target} has no {workload}: it has {known}", workload = .workload.name())]
    Workload {
        /// The target.
        target: String,
        /// The data type.
        workload: Workload,
        /// What it has.
        known: String,
    },
    /// A data type that is judged in recorded histories alone.
    #[error("no run drives a {0} yet: `afterall check` judges recorded histories of it")]
    NotDriven(&'static str),
    /// A number of nodes that the target cannot have.
    #[error("{target} has {min} to {max} nodes, not {given}")]
    Nodes {
        /// The target.
        target: String,
        /// At least.
        min: u16,
        /// At most.
        max: u16,
        /// What was asked for.
        given: u16,
    },
    /// A promise that the workload cannot show: no run could break it.
    #[error(transparent)]
    CannotShow(#[from] afterall_checkers::CannotShow),
    /// A known bug that nothing of the run can show.
    #[error(
        "mutant {mutant} cannot show on workload {workload} of flavour {flavour}, so such a run would test nothing: it shows on {known}",
        workload = .workload.name()
    )]
    MutantHidden {
        /// The mutant.
        mutant: Mutant,
        /// The flavour.
        flavour: Flavour,
        /// The workload.
        workload: Workload,
        /// Where it shows.
        known: String,
    },
    /// An option of the reference node, for another target.
    #[error("{0} is an option of the reference node, not of {1}")]
    NotReference(&'static str, String),
    /// Too little time for the faults.
    #[error(transparent)]
    TooShort(#[from] TooShort),
}

impl RunConfig {
    /// Checks every bound.
    ///
    /// # Errors
    /// The first that is broken.
    pub fn check(&self) -> Result<(), ConfigError> {
        let within = |what, given: u64, min: u64, max: u64, bounds| {
            if (min..=max).contains(&given) {
                Ok(())
            } else {
                Err(ConfigError::Bounds { what, bounds, given })
            }
        };
        within("--nodes", u64::from(self.nodes), 1, 99, "1 to 99")?;
        within("--concurrency", u64::from(self.concurrency), 1, 10_000, "1 to 10000")?;
        within("--rate", u64::from(self.rate.unwrap_or(1)), 1, 1_000_000, "1 to 1000000")?;
        within("--time", self.time_ms, 100, 7 * 24 * 3_600_000, "100ms to 7 days")?;
        within("--timeout", self.timeout_ms, 1, 600_000, "1ms to 10 minutes")?;
        // Less is no time for replicas to hear of each other, and would call correct ones wrong.
        within("--quiescence", self.quiescence_max_ms, 100, 24 * 3_600_000, "100ms to a day")?;
        self.check_links()?;
        self.generator()?;
        self.check_mutant()?;
        self.check_target()?;
        if let Some(refused) = afterall_checkers::cannot_show(&self.header(None), true) {
            return Err(refused.into());
        }
        self.plan().map(|_| ())
    }

    /// Whether this is the bundled node.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.target == REFERENCE
    }

    /// Faults on links need links.
    fn check_links(&self) -> Result<(), ConfigError> {
        let on_links = |kind: &&FaultKind| kind.acts_on() == ActsOn::Links;
        match self.faults.iter().find(on_links) {
            Some(&kind) if self.nodes == 1 => {
                let why = "it works on links between nodes, and one node has none".to_owned();
                Err(ConfigError::Fault { kind, why })
            }
            _ => Ok(()),
        }
    }

    fn check_mutant(&self) -> Result<(), ConfigError> {
        let (Some(mutant), Some(flavour)) = (self.mutant, self.flavour) else { return Ok(()) };
        let workload = self.workload;
        if mutant.shows(flavour, workload) {
            return Ok(());
        }
        let shown = mutant.row().shows.iter().map(|(flavour, workloads)| {
            let names: Vec<&str> = workloads.iter().map(|workload| workload.name()).collect();
            format!("{} of {flavour}", names.join(", "))
        });
        let known = shown.collect::<Vec<_>>().join("; ");
        Err(ConfigError::MutantHidden { mutant, flavour, workload, known })
    }

    /// What is to be said of a known bug that the faults of this run do not bring out.
    #[must_use]
    pub fn mutant_warning(&self) -> Option<String> {
        let row = self.mutant?.row();
        let asked = |kind: &FaultKind| self.faults.contains(kind);
        if row.faults.is_empty() || row.faults.iter().any(asked) {
            return None;
        }
        let faults = row.faults.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        Some(format!(
            "mutant {} comes out under {faults}, and this run has no such fault",
            row.name
        ))
    }

    fn check_target(&self) -> Result<(), ConfigError> {
        let target = self.target.clone();
        if !self.is_reference() {
            let options =
                [("--flavour", self.flavour.is_some()), ("--mutant", self.mutant.is_some())];
            if let Some((option, _)) = options.into_iter().find(|(_, given)| *given) {
                return Err(ConfigError::NotReference(option, target));
            }
            if self.world != WorldKind::Docker {
                return Err(ConfigError::World { target, world: self.world });
            }
        }
        if self.world != WorldKind::Docker {
            return match self.faults.iter().find(|kind| !EVERYWHERE.contains(kind)) {
                Some(&kind) => {
                    let why = format!("the {} world has none: add `--world docker`", self.world);
                    Err(ConfigError::Fault { kind, why })
                }
                None => Ok(()),
            };
        }
        let manifest = self.manifest.as_ref().ok_or(ConfigError::NoManifest)?;
        let (min, max) = (manifest.nodes_min, manifest.nodes_max);
        if !(min..=max).contains(&self.nodes) {
            return Err(ConfigError::Nodes { target, min, max, given: self.nodes });
        }
        if !manifest.promises.contains_key(&self.workload) {
            let known: Vec<&str> = manifest.workloads().map(Workload::name).collect();
            let (workload, known) = (self.workload, known.join(", "));
            return Err(ConfigError::Workload { target, workload, known });
        }
        match self.faults.iter().find(|kind| !manifest.faults.contains(kind)) {
            Some(&kind) => {
                let why = manifest.unsupported.get(&kind).cloned();
                let why =
                    why.unwrap_or_else(|| format!("the manifest of {target} does not list it"));
                Err(ConfigError::Fault { kind, why })
            }
            None => Ok(()),
        }
    }

    /// The names of the nodes.
    #[must_use]
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes).map(|n| format!("n{n}")).collect()
    }

    /// Where its operations come from.
    ///
    /// # Errors
    /// When the data type is not one that runs drive.
    pub fn generator(&self) -> Result<Generator, ConfigError> {
        let not_driven = || ConfigError::NotDriven(self.workload.name());
        Generator::new(self.workload, self.seed).ok_or_else(not_driven)
    }

    /// What the driver is to go through.
    ///
    /// # Errors
    /// When the faults do not fit into the time.
    pub fn plan(&self) -> Result<Plan, ConfigError> {
        let time_ns = self.time_ms.saturating_mul(1_000_000);
        let (healthy_ns, heal_ns) =
            if self.faults.is_empty() { (time_ns, 0) } else { (time_ns / 10, time_ns / 10) };
        let faults_ns = time_ns - healthy_ns - heal_ns;
        let nodes = usize::from(self.nodes);
        Ok(Plan {
            nodes: self.node_names(),
            concurrency: self.concurrency as usize,
            sessions: self.sessions,
            rate: self.rate,
            healthy_ns,
            faults_ns,
            heal_ns,
            quiescence_max_ns: self.quiescence_max_ms.saturating_mul(1_000_000),
            final_max_ns: 10_000_000_000,
            poll_interval_ns: 100_000_000,
            schedule: schedule(&self.faults, nodes, faults_ns, self.pace(), self.seed)?,
            seed: self.seed,
        })
    }

    fn pace(&self) -> Pace {
        match self.world {
            WorldKind::Process | WorldKind::Sim => Pace::PROCESSES,
            WorldKind::Docker => {
                let clock = self.manifest.as_ref().and_then(|manifest| manifest.clock);
                let clocks_forward = clock == Some(ClockSpec::FaketimeForward);
                Pace { clocks_forward, ..Pace::CONTAINERS }
            }
        }
    }

    /// The first line of the history. `started`: RFC 3339, none in simulated runs.
    #[must_use]
    pub fn header(&self, started: Option<String>) -> Header {
        let (mut promises, semantics) = match (self.flavour, &self.manifest) {
            (Some(flavour), _) => (flavour.promises(self.workload), flavour.semantics()),
            (None, Some(manifest)) => {
                let promises = manifest.promises.get(&self.workload).cloned();
                (promises.unwrap_or_default(), manifest.semantics)
            }
            (None, None) => Default::default(),
        };
        if self.sessions == SessionKind::Roaming {
            // Nobody is there to whom these could be kept.
            promises.retain(|promise| promise.sessions != Sessions::Sticky);
        }
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            target: self.target.clone(),
            flavour: self.flavour.map(|flavour| flavour.name().to_owned()),
            mutant: self.mutant.map(|mutant| mutant.to_string()),
            world: self.world.to_string(),
            workload: self.workload,
            seed: self.seed,
            nodes: self.node_names(),
            semantics,
            promises,
            measure_only: false,
            floor: self.max_bound.floor(),
            started,
        }
    }
}

/// Serialises what is there by its name.
mod by_name_if_any {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(
        named: &Option<T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match named {
            Some(named) => serializer.collect_str(named),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, T, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
    {
        String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
    }
}
