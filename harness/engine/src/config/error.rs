//! What can be wrong with a configuration.

use super::network::BadNetwork;
use super::world_kind::WorldKind;
use crate::expect::BadBounds;
use crate::faults::{BadSchedule, TooShort};
use crate::operations::BadOperation;
use afterall_history::{FaultKind, Lie, Slo, Workload};
use afterall_manifest::Step;
use afterall_reference::core::{Flavour, Mechanisms, Mutant};
use afterall_workloads::Load;

/// An invalid run configuration. Fields are named as in `run.toml`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// A number out of bounds.
    #[error("{field}: expected {bounds}, found {given}{unit}")]
    Bounds {
        /// Which field of the configuration.
        field: &'static str,
        /// Its bounds, in words.
        bounds: &'static str,
        /// What was given.
        given: u64,
        /// In which unit.
        unit: &'static str,
    },
    /// A target that does not run in this world.
    #[error("{target} runs only in the docker world, not in the {world} world")]
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
    #[error("workload: expected one of {known}, which {target} has, found {workload}")]
    Workload {
        /// The target.
        target: String,
        /// The data type.
        workload: Workload,
        /// What it has.
        known: String,
    },
    /// A data type that is judged in recorded histories alone.
    #[error("workload: no run drives {0} yet; `afterall check` judges recorded histories of it")]
    NotDriven(&'static str),
    /// A load that the data type does not have.
    #[error(
        "load: expected the workload {known} for {load}, found {workload}, of which it asks nothing"
    )]
    NoLoad {
        /// The data type.
        workload: Workload,
        /// The load.
        load: Load,
        /// The data types that it asks.
        known: String,
    },
    /// Consistency levels where they would mean nothing, or nobody knows what is promised with them.
    #[error(
        "levels: expected the workload register and the flavour lww, lww-hlc or quorum, which know consistency levels; found the workload {workload} and the flavour {flavour}"
    )]
    NoLevels {
        /// The flavour.
        flavour: Flavour,
        /// The data type.
        workload: Workload,
    },
    /// An objective about what is measured of registers alone.
    #[error(
        "slo: expected the workload register for {slo}, found {workload}, of which it is not measured when all replicas show what was written"
    )]
    NoWindows {
        /// The objective.
        slo: Slo,
        /// The data type.
        workload: Workload,
    },
    /// A number of nodes that the target cannot have.
    #[error("nodes: expected {min} to {max} for {target}, found {given}")]
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
        "mutant {mutant} has no effect on the workload {workload} of the flavour {flavour}, so this run would test nothing: expected {known}"
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
    /// A lie that the workload does not show.
    #[error(
        "lie {lie} does not show with the workload {workload}, so this run could not find it: expected the workload {known}, or a lie that fits: {fitting}"
    )]
    LieHidden {
        /// The lie.
        lie: Lie,
        /// The workload.
        workload: Workload,
        /// The workloads that show it.
        known: String,
        /// The lies that fit the configuration.
        fitting: String,
    },
    /// A lie that breaks nothing that is promised.
    #[error(
        "lie {lie} breaks nothing that {target} promises of the workload {workload}, so this run could not find it: expected a promise of {known}, or a lie that fits: {fitting}"
    )]
    LieAllowed {
        /// The lie.
        lie: Lie,
        /// The target.
        target: String,
        /// The workload.
        workload: Workload,
        /// The properties that it breaks.
        known: String,
        /// The lies that fit the configuration.
        fitting: String,
    },
    /// Mechanisms that the flavour cannot have, or with which a known bug does not show.
    #[error("mechanisms: {what} needs {known}, found {given}")]
    Mechanisms {
        /// The flavour or the mutant.
        what: String,
        /// What it needs.
        known: String,
        /// What was asked for.
        given: Mechanisms,
    },
    /// Copies as no cluster of this size or flavour can have them.
    #[error("copies: {entry}: {what}")]
    Copies {
        /// The entry of the table `copies`.
        entry: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// An image for a world without containers.
    #[error(
        "image {role}: the {world} world has no containers, and so no images: leave it out, or choose the docker world"
    )]
    NoImages {
        /// The role that it was given for.
        role: String,
        /// The world.
        world: WorldKind,
    },
    /// An image in a role that nothing of the target has.
    #[error("image: unknown role {role:?} (expected one of {known})")]
    ImageRole {
        /// The role.
        role: String,
        /// Those that there are.
        known: String,
    },
    /// An option of the reference node, for another target.
    #[error("{0}: only the reference store has one, {1} does not")]
    NotReference(&'static str, String),
    /// A Toxiproxy for a world without proxies.
    #[error("toxiproxy: the sim has no proxies: leave it out, or choose another world")]
    Toxiproxy,
    /// An address of a Toxiproxy that is none.
    #[error("toxiproxy: expected an address as http://HOST:PORT or HOST:PORT, found {0:?}")]
    ToxiproxyAddress(String),
    /// A schedule that was given and cannot be carried out.
    #[error("schedule: {0}")]
    Schedule(#[from] BadSchedule),
    /// An operation that was given and cannot be asked.
    #[error(transparent)]
    Operation(#[from] BadOperation),
    /// What is expected of a figure that is measured otherwise.
    #[error("expect: {0}")]
    Expect(#[from] BadBounds),
    /// A network as none is.
    #[error(transparent)]
    Network(#[from] BadNetwork),
    /// Gossip as none is.
    #[error("gossip: {0}")]
    Gossip(String),
    /// Nodes that cannot be attached to.
    #[error("attach: {0}")]
    Attach(String),
    /// Programs of the user's that cannot be run as they are.
    #[error("{0}")]
    Programs(String),
    /// A manifest without images, in containers.
    #[error(
        "world: expected images in the manifest of {target}, found none: the worlds process and attached need none"
    )]
    NoImage {
        /// The target.
        target: String,
    },
    /// Something that only the sim can do.
    #[error("{entry}: only the sim has one of its own; the {world} world is as it is")]
    SimAlone {
        /// The entry.
        entry: &'static str,
        /// The world.
        world: WorldKind,
    },
    /// Too little time for the faults.
    #[error(transparent)]
    TooShort(#[from] TooShort),
}

impl ConfigError {
    /// The entry of `run.toml` that is wrong, or that something is missing from.
    #[must_use]
    pub fn entry(&self) -> Vec<Step> {
        let key = |name: &str| vec![Step::Key(name.to_owned())];
        let place = |name: &str, number: usize| {
            vec![Step::Key(name.to_owned()), Step::Place(number.saturating_sub(1))]
        };
        match self {
            ConfigError::Bounds { field, .. } => key(field),
            ConfigError::World { .. }
            | ConfigError::NoManifest
            | ConfigError::NoImage { .. }
            | ConfigError::Programs(_) => key("world"),
            ConfigError::Attach(_) => key("attach"),
            ConfigError::Fault { .. } => key("faults"),
            ConfigError::Workload { .. } | ConfigError::NotDriven(_) => key("workload"),
            ConfigError::NoLoad { .. } => key("load"),
            ConfigError::NoWindows { .. } => key("slo"),
            ConfigError::NoLevels { .. } => key("levels"),
            ConfigError::Nodes { .. } => key("nodes"),
            ConfigError::CannotShow(_) | ConfigError::NotReference(..) => key("target"),
            ConfigError::MutantHidden { .. } => key("mutant"),
            ConfigError::Mechanisms { .. } => key("mechanisms"),
            ConfigError::LieHidden { .. } | ConfigError::LieAllowed { .. } => key("lie"),
            ConfigError::Toxiproxy | ConfigError::ToxiproxyAddress(_) => key("toxiproxy"),
            ConfigError::TooShort(_) => key("time"),
            ConfigError::Schedule(bad) => {
                vec![Step::Key("schedule".to_owned()), Step::Place(bad.number())]
            }
            ConfigError::Operation(bad) => place("operation", bad.number()),
            ConfigError::Network(BadNetwork { row: None, .. }) => key("network"),
            ConfigError::Network(BadNetwork { row: Some(row), .. }) => {
                let mut way = key("network");
                way.extend([Step::Key("link".to_owned()), Step::Place(*row)]);
                way
            }
            ConfigError::Gossip(_) => key("gossip"),
            ConfigError::Copies { entry, .. } => {
                vec![Step::Key("copies".to_owned()), Step::Key((*entry).to_owned())]
            }
            ConfigError::NoImages { role, .. } | ConfigError::ImageRole { role, .. } => {
                vec![Step::Key("images".to_owned()), Step::Key(role.clone())]
            }
            ConfigError::SimAlone { entry, .. } => key(entry),
            ConfigError::Expect(bad) => {
                let way = ["expect", "figures", bad.figure.name()];
                way.into_iter().map(|name| Step::Key(name.to_owned())).collect()
            }
        }
    }

    /// Whether the text begins with the name of a field, which is an option on the command line.
    #[must_use]
    pub fn begins_with_a_field(&self) -> bool {
        matches!(
            self,
            ConfigError::Bounds { .. }
                | ConfigError::Nodes { .. }
                | ConfigError::Workload { .. }
                | ConfigError::NotDriven(_)
                | ConfigError::NoLoad { .. }
                | ConfigError::NoWindows { .. }
                | ConfigError::NoLevels { .. }
                | ConfigError::NotReference(..)
                | ConfigError::Mechanisms { .. }
                | ConfigError::TooShort(_)
                | ConfigError::NoImages { .. }
                | ConfigError::ImageRole { .. }
                | ConfigError::Toxiproxy
                | ConfigError::ToxiproxyAddress(_)
        )
    }
}
