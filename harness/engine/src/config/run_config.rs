//! The configuration.

use super::bounded::{CONCURRENCY, RATE};
use super::error::ConfigError;
use super::gossip::GossipConfig;
use super::max_bound::MaxBound;
use super::network::NetworkConfig;
use super::session_kind::SessionKind;
use super::world_kind::WorldKind;
use crate::expect::Expect;
use crate::faults::{Pace, Registry, Schedule};
use crate::operations::GivenOperation;
use afterall_history::{
    ActsOn, FORMAT, FaultKind, Header, Level, Lie, Promise, Property, Sessions, Slo, Span, VERSION,
    Workload,
};
use afterall_manifest::{ClockSpec, Manifest};
use afterall_reference::core::{Copies, Flavour, Mechanisms, Mutant};
use afterall_workloads::{Generator, Load, loaded};
use serde::{Serialize, Serializer};
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

/// The reference store's name among the targets.
pub const REFERENCE: &str = "reference";

/// The most nodes of a cluster in which not each holds everything: each keeps a digest tree for each other.
const PARTIAL_NODES_MAX: u16 = 32;

/// Everything that a run follows from.
///
/// It is written as `run.toml`. What is left out there has a default, so that a few lines are enough for a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunConfig {
    /// What the run is to show, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// The system under test.
    pub target: String,
    /// The reference store's flavour; other targets have none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::by_name_if_any::serialize"
    )]
    pub flavour: Option<Flavour>,
    /// Its known bug, if one is switched on.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "super::by_name_if_any::serialize"
    )]
    pub mutant: Option<Mutant>,
    /// How changes come to the reference store's other replicas.
    #[serde(skip_serializing_if = "Mechanisms::is_usual")]
    pub mechanisms: Mechanisms,
    /// How a few of the target's answers are falsified, if they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lie: Option<Lie>,
    /// The data type that is driven.
    pub workload: Workload,
    /// What is asked of it.
    pub load: Load,
    /// The consistency levels of which one is drawn for each operation; none: the flavour's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<Level>,
    /// Within which time what is written has to be seen everywhere.
    #[serde(rename = "slo", skip_serializing_if = "Vec::is_empty")]
    pub slos: Vec<Slo>,
    /// Where it runs.
    pub world: WorldKind,
    /// How many nodes.
    pub nodes: u16,
    /// How many sessions at a time.
    pub concurrency: u32,
    /// Where they go.
    pub sessions: SessionKind,
    /// Operations a second over all sessions; as fast as possible if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<u32>,
    /// How long the load lasts, milliseconds: healthy, under fault and healed.
    #[serde(rename = "time", serialize_with = "serialize_ms")]
    pub time_ms: u64,
    /// How long the replicas may take to agree, milliseconds.
    #[serde(rename = "quiescence", serialize_with = "serialize_ms")]
    pub quiescence_max_ms: u64,
    /// When an operation is given up, milliseconds.
    #[serde(rename = "timeout", serialize_with = "serialize_ms")]
    pub timeout_ms: u64,
    /// The kinds of faults.
    pub faults: Vec<FaultKind>,
    /// How long the load lasts before the phase of faults; absent: until the first fault that is given, or a tenth of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub healthy: Option<Span>,
    /// How long it lasts after that phase; absent: from the end of the last fault that is given, or a tenth of the time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heal: Option<Span>,
    /// What everything random follows from.
    pub seed: u64,
    /// How much a promise has to be put to the test.
    pub max_bound: MaxBound,
    /// A Toxiproxy to use in place of the embedded one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub toxiproxy: Option<String>,
    /// Images to use in place of those that are named elsewhere, by role: `toxiproxy`, `infra`, or the name of a process.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub images: BTreeMap<String, String>,
    /// Where the manifest was read from, where it is not the program's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest_path: Option<String>,
    /// What the target is, in the docker world.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Manifest>,
    /// In the attached world: where the nodes serve their clients, `n1` first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attach: Vec<SocketAddr>,
    /// Whether these may be elsewhere than on this machine.
    #[serde(skip_serializing_if = "is_false")]
    pub attach_anywhere: bool,
    /// How many of the reference store's replicas hold an object, and how many take part in what is asked of it.
    #[serde(skip_serializing_if = "Copies::is_usual")]
    pub copies: Copies,
    /// How the reference store spreads its news, in the sim.
    #[serde(skip_serializing_if = "GossipConfig::is_usual")]
    pub gossip: GossipConfig,
    /// What the links of the sim are like when nothing is wrong with them.
    #[serde(skip_serializing_if = "NetworkConfig::is_usual")]
    pub network: NetworkConfig,
    /// What the run is expected to show.
    #[serde(skip_serializing_if = "Expect::is_empty")]
    pub expect: Expect,
    /// Where the faults come from: drawn from the seed, or given one by one.
    #[serde(skip_serializing_if = "Schedule::is_drawn")]
    pub schedule: Schedule,
    /// Operations that are given, in place of the drawn load or beside it.
    #[serde(rename = "operation", skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<GivenOperation>,
}

/// The faults that any program can be put under on this machine.
const OF_PROGRAMS: &[FaultKind] =
    &[FaultKind::Partition, FaultKind::Latency, FaultKind::Kill, FaultKind::Pause];

/// What a manifest must be like for its nodes to be programs on this machine.
fn check_programs(manifest: &Manifest, faults: &[FaultKind]) -> Result<(), ConfigError> {
    let why = |what: String| Err(ConfigError::Programs(what));
    let [process] = manifest.process.as_slice() else {
        return why(format!(
            "the process world: expected one process per node, found {}",
            manifest.process.len()
        ));
    };
    if process.command.is_none() {
        return why("the process world: expected a command, since there is no image".to_owned());
    }
    if !manifest.setup.is_empty() || !manifest.ready.is_empty() {
        return why("the process world: expected no setup and no ready commands, which are run in containers only".to_owned());
    }
    let on_links = |kind: &&FaultKind| kind.acts_on() == ActsOn::Links;
    if let Some(kind) = faults.iter().find(on_links).filter(|_| manifest.peers.probe.is_none()) {
        let why = "it needs [peers.probe] in the manifest, which shows whether it takes hold";
        return Err(ConfigError::Fault { kind: *kind, why: why.to_owned() });
    }
    match faults.iter().find(|kind| !OF_PROGRAMS.contains(kind)) {
        Some(&kind) => {
            let able: Vec<&str> = OF_PROGRAMS.iter().map(|kind| kind.name()).collect();
            let why = format!(
                "the process world cannot inject it into programs of yours (it can {})",
                able.join(", ")
            );
            Err(ConfigError::Fault { kind, why })
        }
        None => Ok(()),
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}

/// Milliseconds, written as text.
fn serialize_ms<S: Serializer>(ms: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    Span::ms(*ms).serialize(serializer)
}

impl RunConfig {
    /// Checks every bound, other than whether the faults fit into the time: that is for the plan to find out.
    ///
    /// # Errors
    /// The first that is broken.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let within = |field, given: u64, unit, min: u64, max: u64, bounds| {
            if (min..=max).contains(&given) {
                Ok(())
            } else {
                Err(ConfigError::Bounds { field, bounds, given, unit })
            }
        };
        let (most, bounds) = match self.world {
            WorldKind::Sim => (10_000, "1 to 10000"),
            WorldKind::Process | WorldKind::Docker | WorldKind::Attached => (99, "1 to 99"),
        };
        within("nodes", u64::from(self.nodes), "", 1, most, bounds)?;
        let (least, bounds) = match self.operations.as_slice() {
            [] => (1, CONCURRENCY),
            _ => (0, "0 to 10000"),
        };
        within("concurrency", u64::from(self.concurrency), "", least, 10_000, bounds)?;
        within("rate", u64::from(self.rate.unwrap_or(1)), "", 1, 1_000_000, RATE)?;
        within("time", self.time_ms, "ms", 100, 7 * 24 * 3_600_000, "100ms to 7 days")?;
        within("timeout", self.timeout_ms, "ms", 1, 600_000, "1ms to 10 minutes")?;
        // Less is no time for replicas to hear of each other, and would call correct ones wrong.
        within("quiescence", self.quiescence_max_ms, "ms", 100, 24 * 3_600_000, "100ms to a day")?;
        self.check_toxiproxy()?;
        self.check_attach()?;
        self.check_sim()?;
        self.check_images()?;
        self.check_links()?;
        self.check_leave()?;
        // An objective brings the load that shows it: what is wrong with that is wrong with the objective.
        self.check_slos()?;
        self.generator()?;
        self.check_flavour()?;
        self.check_mechanisms()?;
        self.check_copies()?;
        self.check_mutant()?;
        self.check_levels()?;
        self.check_target()?;
        if let Some(refused) = afterall_checkers::cannot_show(&self.header(None), true) {
            return Err(refused.into());
        }
        self.expect.check()?;
        self.check_lie()
    }

    /// Whether this is the reference store.
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.target == REFERENCE
    }

    /// Who is attached to has an address, and is on this machine unless it is said that it need not be.
    fn check_attach(&self) -> Result<(), ConfigError> {
        let why = |what: String| Err(ConfigError::Attach(what));
        match (self.world, self.attach.as_slice()) {
            (WorldKind::Attached, []) => {
                why("expected the addresses of the nodes, found none".to_owned())
            }
            (WorldKind::Attached, addresses) if addresses.len() != usize::from(self.nodes) => {
                let (found, nodes) = (addresses.len(), self.nodes);
                why(format!("expected an address for each of {nodes} nodes, found {found}"))
            }
            (WorldKind::Attached, addresses) => {
                let elsewhere = addresses.iter().find(|address| !address.ip().is_loopback());
                match elsewhere.filter(|_| !self.attach_anywhere) {
                    Some(address) => why(format!(
                        "expected addresses of this machine's loopback, found {address}: --attach-anywhere lets a run write to any address that you name"
                    )),
                    None => Ok(()),
                }
            }
            (_, []) => Ok(()),
            (world, _) => why(format!("expected the world attached, found {world}")),
        }
    }

    /// What the sim alone has.
    fn check_sim(&self) -> Result<(), ConfigError> {
        let (nodes, world) = (usize::from(self.nodes), self.world);
        self.network.check_all(nodes)?;
        self.gossip.check().map_err(ConfigError::Gossip)?;
        let asked = [("network", self.network.is_usual()), ("gossip", self.gossip.is_usual())];
        match asked.into_iter().find(|(_, usual)| !usual && world != WorldKind::Sim) {
            Some((entry, _)) => Err(ConfigError::SimAlone { entry, world }),
            None => Ok(()),
        }
    }

    /// A Toxiproxy has an address, and the sim has no use for one.
    fn check_toxiproxy(&self) -> Result<(), ConfigError> {
        let Some(url) = &self.toxiproxy else { return Ok(()) };
        if self.world == WorldKind::Sim {
            return Err(ConfigError::Toxiproxy);
        }
        let address = url.strip_prefix("http://").unwrap_or(url).trim_end_matches('/');
        match address.rsplit_once(':') {
            Some((host, port)) if !host.is_empty() && port.parse::<u16>().is_ok() => Ok(()),
            _ => Err(ConfigError::ToxiproxyAddress(url.clone())),
        }
    }

    /// Images are for containers, each in a role of its own.
    fn check_images(&self) -> Result<(), ConfigError> {
        let Some(first) = self.images.keys().next() else { return Ok(()) };
        if self.world != WorldKind::Docker {
            return Err(ConfigError::NoImages { role: first.clone(), world: self.world });
        }
        let Some(manifest) = &self.manifest else { return Ok(()) };
        let authority = (manifest.clock == Some(ClockSpec::TimeLink)).then_some("authority");
        let processes = manifest.process.iter().map(|process| process.name.as_str());
        let roles: Vec<&str> =
            ["toxiproxy", "infra"].into_iter().chain(authority).chain(processes).collect();
        match self.images.keys().find(|role| !roles.contains(&role.as_str())) {
            None => Ok(()),
            Some(role) => {
                Err(ConfigError::ImageRole { role: role.clone(), known: roles.join(", ") })
            }
        }
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

    /// Who leaves a cluster needs others, and a store that knows how.
    fn check_leave(&self) -> Result<(), ConfigError> {
        let Some(flavour) = self.flavour.filter(|_| self.injects(FaultKind::Leave)) else {
            return Ok(());
        };
        let why = if !flavour.has_membership() {
            let able = Flavour::ALL.iter().filter(|flavour| flavour.has_membership());
            let able = able.map(|flavour| flavour.name()).collect::<Vec<_>>().join(", ");
            format!("a node of the flavour {flavour} cannot leave its cluster ({able} can)")
        } else if self.copies.are_partial(self.nodes) {
            "a node can leave only where each node holds everything: leave `replicas` out"
                .to_owned()
        } else if self.nodes == 1 {
            "the only node has nobody to hand over to: expected 2 nodes or more".to_owned()
        } else {
            return Ok(());
        };
        Err(ConfigError::Fault { kind: FaultKind::Leave, why })
    }

    fn check_flavour(&self) -> Result<(), ConfigError> {
        let Some(flavour) = self.flavour.filter(|flavour| !flavour.has(self.workload)) else {
            return Ok(());
        };
        let known = afterall_workloads::driven().filter(|&workload| flavour.has(workload));
        let known = known.map(Workload::name).collect::<Vec<_>>().join(", ");
        let target = format!("{}/{flavour}", self.target);
        Err(ConfigError::Workload { target, workload: self.workload, known })
    }

    fn check_mechanisms(&self) -> Result<(), ConfigError> {
        let (Some(flavour), mechanisms) = (self.flavour, self.mechanisms) else { return Ok(()) };
        flavour.check(mechanisms).map_err(|known| ConfigError::Mechanisms {
            what: format!("flavour {flavour}"),
            known: known.to_owned(),
            given: mechanisms,
        })
    }

    fn check_copies(&self) -> Result<(), ConfigError> {
        let (Some(flavour), copies) = (self.flavour, self.copies) else { return Ok(()) };
        let wrong = |entry: &'static str, what: String| Err(ConfigError::Copies { entry, what });
        if let Err((entry, most, found)) = copies.check(self.nodes) {
            return wrong(entry, format!("expected 1 to {most}, found {found}"));
        }
        let asked = [("reads", copies.reads), ("writes", copies.writes)];
        if let Some((entry, _)) = asked.into_iter().find(|(_, given)| given.is_some())
            && flavour != Flavour::Quorum
        {
            return wrong(
                entry,
                format!(
                    "expected the flavour quorum, found {flavour}: leave it out, or choose that flavour"
                ),
            );
        }
        if copies.are_partial(self.nodes) {
            let wrong = |what| wrong("replicas", what);
            let has_its_own = matches!(flavour, Flavour::Causal | Flavour::TtlCache);
            if has_its_own || flavour.is_a_textbooks() {
                return wrong(format!(
                    "the flavour {flavour} has its own rule of which node holds what: leave it out, or choose another flavour"
                ));
            }
            if self.nodes > PARTIAL_NODES_MAX {
                let (most, found) = (PARTIAL_NODES_MAX, self.nodes);
                return wrong(format!(
                    "expected at most {most} nodes where not each holds everything, found {found}"
                ));
            }
            if let Some(mutant) = self.mutant {
                return wrong(format!(
                    "the mutant {mutant} is tested where each node holds everything: leave it out"
                ));
            }
        }
        Ok(())
    }

    fn check_mutant(&self) -> Result<(), ConfigError> {
        let (Some(mutant), Some(flavour)) = (self.mutant, self.flavour) else { return Ok(()) };
        let workload = self.workload;
        let row = mutant.row();
        // What keeps replicas from agreeing is mended, or promised, by other mechanisms than its own.
        if row.breaks == Property::Convergence && row.mechanisms != self.mechanisms {
            return Err(ConfigError::Mechanisms {
                what: format!("mutant {mutant}"),
                known: row.mechanisms.to_string(),
                given: self.mechanisms,
            });
        }
        if mutant.shows(flavour, workload) {
            return Ok(());
        }
        let shown = row.shows.iter().map(|(flavour, workloads)| {
            let names: Vec<&str> = workloads.iter().map(|workload| workload.name()).collect();
            format!("the workload {} of the flavour {flavour}", names.join(" or "))
        });
        let known = shown.collect::<Vec<_>>().join("; ");
        Err(ConfigError::MutantHidden { mutant, flavour, workload, known })
    }

    /// What is to be said of a known bug that the faults of this run do not bring out.
    #[must_use]
    pub fn mutant_warning(&self) -> Option<String> {
        let row = self.mutant?.row();
        if row.faults.is_empty() || row.faults.iter().any(|kind| self.faults.contains(kind)) {
            return None;
        }
        let faults = row.faults.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
        Some(format!(
            "mutant {} comes out under {faults}, and this run has no such fault",
            row.name
        ))
    }

    fn check_lie(&self) -> Result<(), ConfigError> {
        let Some(lie) = self.lie else { return Ok(()) };
        let (workload, promises) = (self.workload, self.header(None).promises);
        if lie.fits(workload, &promises) {
            return Ok(());
        }
        let names = |names: Vec<&str>| match names.is_empty() {
            true => "none".to_owned(),
            false => names.join(", "),
        };
        let fitting: Vec<&str> = self.fitting_lies().into_iter().map(Lie::name).collect();
        let fitting = names(fitting);
        if !lie.workloads().contains(&workload) {
            let known = names(lie.workloads().iter().map(|workload| workload.name()).collect());
            return Err(ConfigError::LieHidden { lie, workload, known, fitting });
        }
        let target = self.target.clone();
        let mut header = self.header(None);
        let shown = |property: &&Property| {
            header.promises = vec![Promise::to_all(**property)];
            afterall_checkers::cannot_show(&header, true).is_none()
        };
        let known = lie.breaks().iter().filter(shown);
        let known = names(known.map(|property| property.name()).collect());
        Err(ConfigError::LieAllowed { lie, target, workload, known, fitting })
    }

    /// The lies that a run of this configuration can find.
    #[must_use]
    pub fn fitting_lies(&self) -> Vec<Lie> {
        let promises = self.header(None).promises;
        let fits = |lie: &Lie| lie.fits(self.workload, &promises);
        Lie::ALL.iter().copied().filter(fits).collect()
    }

    fn check_target(&self) -> Result<(), ConfigError> {
        let target = self.target.clone();
        if !self.is_reference() {
            let options = [
                ("flavour", self.flavour.is_some()),
                ("mutant", self.mutant.is_some()),
                ("mechanisms", !self.mechanisms.is_usual()),
                ("levels", !self.levels_asked().is_empty()),
            ];
            if let Some((option, _)) = options.into_iter().find(|(_, given)| *given) {
                return Err(ConfigError::NotReference(option, target));
            }
            if let Some((entry, _)) = self.copies.given().next() {
                let what = format!("only the reference store has one, {target} does not");
                return Err(ConfigError::Copies { entry, what });
            }
            let runs_programs = self.world == WorldKind::Process
                && self.manifest.as_ref().is_some_and(Manifest::is_of_programs);
            if !self.world.has_manifests() && !runs_programs {
                return Err(ConfigError::World { target, world: self.world });
            }
        }
        let possible = Registry::standard().kinds(self.world.abilities());
        if let Some(&kind) = self.faults.iter().find(|kind| !possible.contains(kind)) {
            let registry = Registry::standard();
            let can = |world: &&WorldKind| registry.kinds(world.abilities()).contains(&kind);
            let able: Vec<&str> = WorldKind::ALL.iter().filter(can).map(|w| w.name()).collect();
            let why = format!(
                "the {} world cannot inject it ({} can)",
                self.world,
                match able.as_slice() {
                    [one] => format!("the {one} world"),
                    several => format!("the worlds {}", several.join(" and ")),
                }
            );
            return Err(ConfigError::Fault { kind, why });
        }
        let manifest = match &self.manifest {
            Some(manifest) => manifest,
            None if self.world.has_manifests() => return Err(ConfigError::NoManifest),
            None => return Ok(()),
        };
        let (min, max) = (manifest.nodes_min, manifest.nodes_max);
        if !(min..=max).contains(&self.nodes) {
            return Err(ConfigError::Nodes { target, min, max, given: self.nodes });
        }
        if !manifest.promises.contains_key(&self.workload) {
            let known: Vec<&str> = manifest.workloads().map(Workload::name).collect();
            let (workload, known) = (self.workload, known.join(", "));
            return Err(ConfigError::Workload { target, workload, known });
        }
        let has_images = manifest.process.iter().all(|process| !process.image.is_empty());
        if self.world == WorldKind::Docker && (manifest.process.is_empty() || !has_images) {
            return Err(ConfigError::NoImage { target });
        }
        if self.world == WorldKind::Process {
            check_programs(manifest, &self.faults)?;
            if self.toxiproxy.is_some() {
                return Err(ConfigError::Programs(
                    "toxiproxy: expected the embedded one, which alone listens where the nodes look for each other".to_owned(),
                ));
            }
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

    /// How long the load lasts before, under and after faults.
    pub(crate) fn phases_ns(&self) -> (u64, u64, u64) {
        let time_ns = self.time_ms.saturating_mul(1_000_000);
        let (healthy_ns, heal_ns) = match self.schedule.given() {
            None if self.faults.is_empty() => return (time_ns, 0, 0),
            None => (time_ns / 10, time_ns / 10),
            Some(planned) => {
                let first_ns = planned.iter().map(|planned| planned.at_ns).min();
                let last_ns = planned.iter().map(|planned| planned.until_ns).max();
                let (Some(first_ns), Some(last_ns)) = (first_ns, last_ns) else {
                    return (time_ns, 0, 0);
                };
                (first_ns, time_ns.saturating_sub(last_ns))
            }
        };
        let healthy_ns = self.healthy.map_or(healthy_ns, |span| span.0).min(time_ns);
        let heal_ns = self.heal.map_or(heal_ns, |span| span.0).min(time_ns - healthy_ns);
        (healthy_ns, time_ns - healthy_ns - heal_ns, heal_ns)
    }

    /// Whether faults of this kind may come.
    #[must_use]
    pub fn injects(&self, kind: FaultKind) -> bool {
        match &self.schedule {
            Schedule::Drawn => self.faults.contains(&kind),
            Schedule::Given(planned) => planned.iter().any(|planned| planned.fault.kind == kind),
        }
    }

    /// How many sessions there are at a time: those that draw their operations, and those whose operations are given.
    #[must_use]
    pub fn slots(&self) -> usize {
        let of = |given: &GivenOperation| given.session..given.session + given.node.0.len() as u32;
        let given: BTreeSet<u32> = self.operations.iter().flat_map(of).collect();
        self.concurrency as usize + given.len()
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
        let usual = Generator::new(self.workload, self.seed).ok_or_else(not_driven)?;
        if self.load == Load::Usual {
            return Ok(usual.at_levels(self.levels.clone()));
        }
        let (workload, load) = (self.workload, self.load);
        let other = Generator::with_load(workload, load, self.seed);
        other.map(|generator| generator.at_levels(self.levels.clone())).ok_or_else(|| {
            let known: Vec<&str> = loaded(load).map(Workload::name).collect();
            ConfigError::NoLoad { workload, load, known: known.join(", ") }
        })
    }

    /// The consistency levels that operations ask at, drawn or given.
    fn levels_asked(&self) -> Vec<Level> {
        let given = self.operations.iter().filter_map(|given| given.level);
        self.levels.iter().copied().chain(given).collect()
    }

    /// Whether the store takes consistency levels, and is known to keep what it then promises.
    fn check_levels(&self) -> Result<(), ConfigError> {
        let asked = !self.levels_asked().is_empty();
        let Some(flavour) = self.flavour.filter(|_| asked) else { return Ok(()) };
        if self.workload == Workload::Register && flavour.takes_levels() {
            return Ok(());
        }
        Err(ConfigError::NoLevels { flavour, workload: self.workload })
    }

    /// Whether the run can show how long writes take to be seen everywhere, where it has to.
    fn check_slos(&self) -> Result<(), ConfigError> {
        match self.slos.first() {
            Some(&slo) if self.workload != Workload::Register => {
                Err(ConfigError::NoWindows { slo, workload: self.workload })
            }
            _ => Ok(()),
        }
    }

    /// How fast faults can follow each other here.
    pub(crate) fn pace(&self) -> Pace {
        match self.world {
            WorldKind::Process | WorldKind::Sim | WorldKind::Attached => Pace::PROCESSES,
            WorldKind::Docker => {
                let clock = self.manifest.as_ref().and_then(|manifest| manifest.clock);
                let clocks_forward = clock == Some(ClockSpec::FaketimeForward);
                // libfaketime reads one offset from a file: on the way to another it would jump.
                let clocks_drift = !clock.is_some_and(ClockSpec::is_faketime);
                Pace { clocks_forward, clocks_drift, ..Pace::CONTAINERS }
            }
        }
    }

    /// The first line of the history. `started`: RFC 3339, none in simulated runs.
    #[must_use]
    pub fn header(&self, started: Option<String>) -> Header {
        let (mut promises, semantics) = match (self.flavour, &self.manifest) {
            (Some(flavour), _) => {
                let levels = self.levels_asked();
                let mut promises = flavour.promises_with(self.workload, &levels, self.mechanisms);
                promises.retain(|it| flavour.stands_with(it, self.copies, self.nodes));
                (promises, flavour.semantics())
            }
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
        if self.injects(FaultKind::Wipe) {
            for promise in &mut promises {
                if self.flavour.is_none_or(|it| {
                    it.may_break_when_a_disk_is_lost(promise.property, self.mechanisms)
                }) {
                    promise.unless = promise.unless.with(FaultKind::Wipe);
                }
            }
        }
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            target: self.target.clone(),
            flavour: self.flavour.map(|flavour| flavour.name().to_owned()),
            mutant: self.mutant.map(|mutant| mutant.to_string()),
            lie: self.lie,
            world: self.world.to_string(),
            workload: self.workload,
            seed: self.seed,
            nodes: self.node_names(),
            semantics,
            promises,
            measure_only: false,
            slos: self.slos.clone(),
            floor: self.max_bound.floor(),
            started,
        }
    }
}
