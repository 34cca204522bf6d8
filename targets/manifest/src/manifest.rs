//! The types of a manifest, as its TOML spells them.

use crate::entries;
use crate::template::Template;
use afterall_history::{FaultKind, Promise, Semantics, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A system under test.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// What it is, in a line.
    pub summary: String,
    /// How many nodes, if the command line does not say.
    #[serde(default = "three")]
    pub nodes: u16,
    /// The smallest number of nodes.
    #[serde(default = "one")]
    pub nodes_min: u16,
    /// The largest number of nodes.
    #[serde(default = "ninety_nine")]
    pub nodes_max: u16,
    /// The kinds of faults that it supports. `run` injects these if the command line does not say; a fault that is not
    /// listed is refused.
    #[schemars(schema_with = "entries::faults")]
    pub faults: Vec<FaultKind>,
    /// Why a fault is not listed, by its name. The refusal says so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(schema_with = "entries::unsupported")]
    pub unsupported: BTreeMap<FaultKind, String>,
    /// How it resolves conflicts.
    #[serde(default)]
    #[schemars(schema_with = "entries::semantics")]
    pub semantics: Semantics,
    /// What it promises, by workload. A workload that is not listed cannot be driven.
    #[schemars(schema_with = "entries::promises")]
    pub promises: BTreeMap<Workload, Vec<Promise>>,
    /// How clients talk to it.
    pub client: ClientSpec,
    /// What is proxied between nodes.
    #[serde(default)]
    pub peers: Peers,
    /// What runs on each node, in the order in which it is started; nothing where nodes are only attached to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub process: Vec<Process>,
    /// Commands that are run once, after every process has been started, to form the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Command>,
    /// Commands that succeed once the cluster is ready, besides every node answering its client's ping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Command>,
    /// How long the cluster may take to get ready, in seconds.
    #[serde(default = "sixty")]
    pub ready_within_s: u32,
    /// How long the replicas may take to agree once the updates have stopped, in seconds, if the command line does not say.
    #[serde(default = "twenty")]
    pub quiescence_s: u32,
    /// How clocks are skewed, if they can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSpec>,
    /// What `truncate` and `corrupt` may damage, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<CorruptSpec>,
}

/// How clients talk to a target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ClientSpec {
    /// The protocol, by its name.
    pub protocol: String,
    /// The TCP port on which nodes serve clients.
    pub port: u16,
    /// The program of an external client with its arguments; relative paths are relative to the manifest.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub command: Vec<String>,
    /// Options of the protocol.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// What is proxied between nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Peers {
    /// The TCP ports on which nodes listen for each other. Each directed link gets a proxy for each of them.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// The UDP ports. They are not proxied: `udp-drop` and `partition` can only cut them entirely.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub udp_ports: Vec<u16>,
    /// A request that a peer answers at once, by which the latency of links is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
}

/// Bytes that make a node answer or close the connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The peer port to send them to.
    pub port: u16,
    /// How many bytes the node sends first, before it is asked.
    #[serde(default)]
    pub greeting: u16,
    /// The bytes, in hexadecimal.
    pub send_hex: String,
}

/// A process of a node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Process {
    /// Its name within the node.
    pub name: String,
    /// Its image; pulled if neither it nor its stand-in exists. Absent: the command is run on this machine, in the process world.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub image: String,
    /// An image to use instead, for machines that cannot pull. `docker/build` builds those of the targets that come with
    /// the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<String>,
    /// The command in the image; a template, one argument per line. Absent: the image's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Template>,
    /// The environment; templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, Template>,
    /// Files that are written before the start, by path; templates.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Template>,
    /// The folder that holds its data: a volume that outlives the container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// Its memory limit, in MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Whether each node waits until the one before it serves.
    #[serde(default)]
    pub one_by_one: bool,
}

/// The nodes on which a command is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum On {
    /// The first.
    #[default]
    First,
    /// All but the first.
    Rest,
    /// All.
    All,
}

/// A command that is run in a container until it succeeds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Command {
    /// On which nodes.
    #[serde(default)]
    pub on: On,
    /// In which process's container.
    pub process: String,
    /// The command; a template, one argument per line.
    pub command: Template,
    /// What its output must contain. Absent: exit code 0 is enough.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contains: Option<String>,
}

/// How clocks are skewed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClockSpec {
    /// The node asks the time of the harness's authority, through a link (`time` in templates).
    TimeLink,
    /// libfaketime, preloaded: for dynamically linked programs that ask the C library.
    Faketime,
    /// The same for programs whose time must not go back, such as stores on the JVM: skews are forward only, and a healed
    /// clock is right once the real time has caught up.
    FaketimeForward,
}

impl ClockSpec {
    /// Whether libfaketime does it.
    #[must_use]
    pub fn is_faketime(self) -> bool {
        matches!(self, ClockSpec::Faketime | ClockSpec::FaketimeForward)
    }
}

/// Which file may be damaged while a node is down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CorruptSpec {
    /// The process.
    pub process: String,
    /// The path of the file in the container; a shell pattern, of whose matches the last in order is taken.
    pub file: String,
}

fn one() -> u16 {
    1
}

fn three() -> u16 {
    3
}

fn ninety_nine() -> u16 {
    99
}

fn twenty() -> u32 {
    20
}

fn sixty() -> u32 {
    60
}

impl Manifest {
    /// Whether its nodes are programs on this machine, and not containers.
    #[must_use]
    pub fn is_of_programs(&self) -> bool {
        !self.process.is_empty() && self.process.iter().all(|process| process.image.is_empty())
    }

    /// The data types that can be driven.
    pub fn workloads(&self) -> impl Iterator<Item = Workload> + '_ {
        self.promises.keys().copied()
    }
}
