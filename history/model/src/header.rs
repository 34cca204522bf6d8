//! The first line of a history: what was run, and what the target promised.

use crate::lie::Lie;
use crate::promise::Promise;
use crate::slo::Slo;
use crate::workload::Workload;
use serde::{Deserialize, Serialize};

/// The `format` field of the first line.
pub const FORMAT: &str = "afterall-history";

/// The version of the format that this crate writes and the newest it reads.
pub const VERSION: u32 = 1;

/// The name of the only node in a history that does not say which replica an operation was sent to.
pub const NODE_UNKNOWN: &str = "?";

/// The world of histories that another tool recorded.
pub const RECORDED: &str = "recorded";

/// The first line of a history. It holds all that is needed to judge the history without the run's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format; see [`VERSION`].
    pub version: u32,
    /// The system under test.
    pub target: String,
    /// Its configuration, where it has several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// The known bug that was switched on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// How the harness falsified a few of the target's answers, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lie: Option<Lie>,
    /// Where it ran: `process`, `docker` or `sim`; [`RECORDED`] where another tool recorded it.
    pub world: String,
    /// The data type that was driven.
    pub workload: Workload,
    /// The seed from which the whole run follows.
    pub seed: u64,
    /// The replicas, by name.
    pub nodes: Vec<String>,
    /// How the target resolves conflicts.
    #[serde(default)]
    pub semantics: Semantics,
    /// What the target claims to hold.
    #[serde(default)]
    pub promises: Vec<Promise>,
    /// Whether the run is meant to promise nothing, and to measure only.
    #[serde(default, skip_serializing_if = "is_false")]
    pub measure_only: bool,
    /// Within which time what is written has to be seen everywhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slos: Vec<Slo>,
    /// A promise with fewer chances to be broken than this was hardly tested; 0 demands nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub floor: u64,
    /// Wall-clock time of the run's start, RFC 3339 in UTC; absent in simulated runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
}

fn is_false(is: &bool) -> bool {
    !is
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Header {
    /// A minimal header: no promises, default semantics, simulated world.
    pub fn new<N: Into<String>>(
        target: impl Into<String>,
        workload: Workload,
        seed: u64,
        nodes: impl IntoIterator<Item = N>,
    ) -> Self {
        Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            target: target.into(),
            flavour: None,
            mutant: None,
            lie: None,
            world: "sim".to_owned(),
            workload,
            seed,
            nodes: nodes.into_iter().map(Into::into).collect(),
            semantics: Semantics::default(),
            promises: Vec::new(),
            measure_only: false,
            slos: Vec::new(),
            floor: 0,
            started: None,
        }
    }
}

/// How the target resolves conflicts, per data type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Semantics {
    /// Registers.
    pub register: RegisterRule,
    /// Counters.
    pub counter: CounterRule,
    /// Carts.
    pub cart: CartRule,
    /// What the stamps are by which the last write wins.
    #[serde(skip_serializing_if = "StampRule::is_unknown")]
    pub stamps: StampRule,
}

/// What happens to concurrent writes of a register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RegisterRule {
    /// Last write wins: one of them is discarded.
    #[default]
    Lww,
    /// Siblings; a write supersedes what the writing *client* had been given (Dynamo, Riak).
    SiblingsClient,
    /// Siblings; a write supersedes what the *replica* that took it held.
    SiblingsReplica,
}

/// What the stamps of writes are, of which the highest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StampRule {
    /// The documentation does not say, or it is something else.
    #[default]
    Unknown,
    /// The clock of the node that takes the write.
    NodeClock,
}

impl StampRule {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
    fn is_unknown(&self) -> bool {
        *self == StampRule::Unknown
    }
}

/// What a counter can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CounterRule {
    /// It goes up and down.
    #[default]
    UpDown,
    /// It only goes up.
    GrowOnly,
}

/// Who wins when an element is added and removed concurrently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CartRule {
    /// The add.
    #[default]
    AddWins,
    /// The remove.
    RemoveWins,
}
