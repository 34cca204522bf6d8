//! The types of a manifest, as its TOML spells them.

use crate::entries;
use crate::template::Template;
use afterall_history::{FaultKind, Promise, Semantics, Workload};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A target.
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
    /// How many nodes at least.
    #[serde(default = "one")]
    pub nodes_min: u16,
    /// How many nodes at most.
    #[serde(default = "ninety_nine")]
    pub nodes_max: u16,
    /// The kinds of faults that it is made for; `run` injects these if the command line does not say. A fault that is
    /// not listed here is refused.
    #[schemars(schema_with = "entries::faults")]
    pub faults: Vec<FaultKind>,
    /// Why a fault is not listed, by its name: what the refusal says.
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
    /// How it is spoken to.
    pub client: ClientSpec,
    /// What is proxied between nodes.
    #[serde(default)]
    pub peers: Peers,
    /// What runs on each node, in the order in which it is started.
    pub process: Vec<Process>,
    /// What is done once, after every process has been started, to make a cluster of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub setup: Vec<Command>,
    /// When the cluster is ready, beyond every node's answering its client's ping.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ready: Vec<Command>,
    /// How long all of that may take, seconds.
    #[serde(default = "sixty")]
    pub ready_within_s: u32,
    /// How long the replicas may take to agree once the updates have stopped, seconds, if the command line does not say.
    #[serde(default = "twenty")]
    pub quiescence_s: u32,
    /// How clocks are skewed, where they can be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSpec>,
    /// What `truncate` and `corrupt` may damage, where anything may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrupt: Option<CorruptSpec>,
}

/// How a target is spoken to.
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
    /// What the protocol can be told.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub options: BTreeMap<String, String>,
}

/// What is proxied between nodes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Peers {
    /// The TCP ports on which nodes hear each other. Each is a proxy for every directed link.
    #[serde(default)]
    pub ports: Vec<u16>,
    /// The UDP ports. They are not proxied, and can only be cut whole, by `udp-drop` and `partition`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub udp_ports: Vec<u16>,
    /// What a peer answers to at once: with it the latency of links is measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
}

/// Bytes that make a node answer, or hang up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Probe {
    /// The peer port to send them to.
    pub port: u16,
    /// How many bytes the node sends of its own accord at the beginning; they are read first.
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
    /// Its image; pulled if neither it nor its stand-in is there.
    pub image: String,
    /// An image that does as well, for machines that cannot pull: `docker/build` makes those of the targets that come
    /// with the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<String>,
    /// The command in the image; a template, one argument a line. Absent: the image's own.
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
    /// How much memory it may have, MiB.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_mib: Option<u32>,
    /// Whether each node waits until the one before it serves.
    #[serde(default)]
    pub one_by_one: bool,
}

/// Nodes that a command is for.
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
    /// The command; a template, one argument a line.
    pub command: Template,
    /// What its output must contain; absent: its exit code 0 is enough.
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
    /// The same for programs whose time never goes back (the JVM's stores among them): skews are forward only, and a
    /// healed clock is right when the real time has caught up.
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
    /// The file, by its path in the container; a shell pattern, of which the last in order is taken.
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
    /// The data types that can be driven.
    pub fn workloads(&self) -> impl Iterator<Item = Workload> + '_ {
        self.promises.keys().copied()
    }
}
