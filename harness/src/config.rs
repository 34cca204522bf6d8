//! A run's whole configuration, resolved: what `run.toml` holds and `replay` takes.

use crate::driver::{Plan, SessionKind};
use crate::nemesis::{Kind, TooShort, schedule};
use afterall_history::{FORMAT, Header, Sessions, VERSION, Workload};
use afterall_reference::core::{Flavour, Mutant};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The least time that one fault needs to be injected and to show.
const TURN_MIN_NS: u64 = 1_200_000_000;

/// Where a run takes place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WorldKind {
    /// Nodes are processes on loopback.
    Process,
    /// Nodes are state machines in one event loop, in virtual time.
    Sim,
}

/// A name that is no world.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown world {0:?}: there are process and sim")]
pub struct UnknownWorld(String);

impl FromStr for WorldKind {
    type Err = UnknownWorld;

    fn from_str(name: &str) -> Result<Self, UnknownWorld> {
        match name {
            "process" => Ok(WorldKind::Process),
            "sim" => Ok(WorldKind::Sim),
            _ => Err(UnknownWorld(name.to_owned())),
        }
    }
}

impl fmt::Display for WorldKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            WorldKind::Process => "process",
            WorldKind::Sim => "sim",
        })
    }
}

/// Everything that a run follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// The system under test; `reference` is the only one yet.
    pub target: String,
    /// The reference node's flavour.
    #[serde(with = "by_name")]
    pub flavour: Flavour,
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
    pub faults: Vec<Kind>,
    /// What everything random follows from.
    pub seed: u64,
    /// A Toxiproxy to use in place of the embedded one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub toxiproxy: Option<String>,
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
    /// An unknown target.
    #[error("unknown target {0:?}: there is reference")]
    Target(String),
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
        if self.target != "reference" {
            return Err(ConfigError::Target(self.target.clone()));
        }
        within("--nodes", u64::from(self.nodes), 1, 99, "1 to 99")?;
        within("--concurrency", u64::from(self.concurrency), 1, 10_000, "1 to 10000")?;
        within("--rate", u64::from(self.rate.unwrap_or(1)), 1, 1_000_000, "1 to 1000000")?;
        within("--time", self.time_ms, 100, 7 * 24 * 3_600_000, "100ms to 7 days")?;
        within("--timeout", self.timeout_ms, 1, 600_000, "1ms to 10 minutes")?;
        within("--quiescence", self.quiescence_max_ms, 0, 24 * 3_600_000, "0 to a day")?;
        self.plan().map(|_| ())
    }

    /// The names of the nodes.
    #[must_use]
    pub fn node_names(&self) -> Vec<String> {
        (1..=self.nodes).map(|n| format!("n{n}")).collect()
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
            schedule: schedule(&self.faults, nodes, faults_ns, TURN_MIN_NS, self.seed)?,
            seed: self.seed,
        })
    }

    /// The first line of the history. `started`: RFC 3339, none in simulated runs.
    #[must_use]
    pub fn header(&self, started: Option<String>) -> Header {
        let mut promises = self.flavour.promises(self.workload);
        if self.sessions == SessionKind::Roaming {
            // Nobody is there to whom these could be kept.
            promises.retain(|promise| promise.sessions != Sessions::Sticky);
        }
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            target: self.target.clone(),
            flavour: Some(self.flavour.name().to_owned()),
            mutant: self.mutant.map(|mutant| mutant.to_string()),
            world: self.world.to_string(),
            workload: self.workload,
            seed: self.seed,
            nodes: self.node_names(),
            semantics: self.flavour.semantics(),
            promises,
            started,
        }
    }
}

/// Serialises a named thing by its name.
mod by_name {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::fmt::Display;
    use std::str::FromStr;

    pub(super) fn serialize<T: Display, S: Serializer>(
        named: &T,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(named)
    }

    pub(super) fn deserialize<'de, T, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The same for what may be absent.
mod by_name_if_any {
    use serde::{Deserializer, Serializer};
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
        super::by_name::deserialize(deserializer).map(Some)
    }
}
