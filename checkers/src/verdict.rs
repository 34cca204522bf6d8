//! What the checkers say of a history: the contents of `verdict.json`.
//!
//! `"format":"afterall-verdict"`, `"version":1`. Operations are named by the index of the event that invoked
//! them (in histories of transactions by their number in the order of the file, from 0), times are nanoseconds since the run began, nodes and keys stand by name. A field that does not apply is
//! left out.

use afterall_history::{FaultKind, Phase, Property, Sessions, Value, Workload};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The `format` field of a verdict.
pub const FORMAT: &str = "afterall-verdict";

/// The version of the verdict's format.
pub const VERSION: u32 = 1;

/// Whether a run held its promises. In JSON `true`, `false`, `"unknown"` or `"measured"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Valid {
    /// Every promise was put to the test and held.
    True,
    /// No promise is known to be broken, but not all of them were put to the test.
    Unknown,
    /// A promise was broken.
    False,
    /// Nothing was meant to be promised, and so only measured.
    Measured,
}

impl Serialize for Valid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Valid::True => serializer.serialize_bool(true),
            Valid::False => serializer.serialize_bool(false),
            Valid::Unknown => serializer.serialize_str("unknown"),
            Valid::Measured => serializer.serialize_str("measured"),
        }
    }
}

impl<'de> Deserialize<'de> for Valid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Bool(true) => Ok(Valid::True),
            Value::Bool(false) => Ok(Valid::False),
            Value::Text(text) if text == "unknown" => Ok(Valid::Unknown),
            Value::Text(text) if text == "measured" => Ok(Valid::Measured),
            other => Err(serde::de::Error::custom(format!(
                "valid is true, false, \"unknown\" or \"measured\", not {other}"
            ))),
        }
    }
}

/// What the checkers say of a history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format; see [`VERSION`].
    pub version: u32,
    /// Whether the promises held.
    pub valid: Valid,
    /// Why not `true`, a sentence each; the gravest first.
    pub reasons: Vec<String>,
    /// What else has to be known to read the verdict rightly, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// As in the history's header.
    pub target: String,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flavour: Option<String>,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutant: Option<String>,
    /// As in the history's header.
    pub world: String,
    /// As in the history's header.
    pub workload: Workload,
    /// As in the history's header.
    pub seed: u64,
    /// As in the history's header.
    pub nodes: Vec<String>,
    /// As in the history's header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// When the history ends.
    pub duration_ns: i64,
    /// Every property that the workload can show, strongest first. A session guarantee appears twice: for
    /// sticky and for roaming sessions.
    pub properties: Vec<PropertyVerdict>,
    /// The strongest consistency model that held, and that implies nothing that is broken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strongest: Option<Property>,
    /// The smallest anomaly of each group, broken promises first.
    pub anomalies: Vec<Anomaly>,
    /// Groups of anomalies beyond the number kept.
    pub groups_left_out: u64,
    /// Every fault, and whether it took hold.
    pub faults: Vec<FaultVerdict>,
    /// How many operations there were.
    pub counts: Counts,
    /// What was measured.
    pub figures: Figures,
}

impl Verdict {
    /// The verdict on one property.
    #[must_use]
    pub fn property(&self, property: Property, sessions: Sessions) -> Option<&PropertyVerdict> {
        self.properties.iter().find(|p| p.property == property && p.sessions == sessions)
    }
}

/// What the history shows of one property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropertyVerdict {
    /// The property.
    pub property: Property,
    /// The sessions it was judged for.
    pub sessions: Sessions,
    /// Whether the target promises it to these sessions.
    pub promised: bool,
    /// How it came out.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What the judgement rests on, where there are two ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<Tier>,
    /// The same in one sentence.
    pub summary: String,
}

/// How a property came out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It held.
    Held {
        /// How many times it could have been broken.
        chances: u64,
        /// The share of chances at which it may still break, at most, with 95 % confidence: the rule of three, 3/n.
        bound: f64,
    },
    /// It was broken.
    Broken {
        /// How many times.
        count: u64,
        /// In how many groups of a common cause.
        groups: u64,
        /// How many times it could have been.
        chances: u64,
    },
    /// It was never put to the test.
    NotExercised {
        /// Why not.
        why: String,
    },
    /// It cannot be decided.
    Undecided {
        /// Why not.
        why: String,
    },
}

impl Outcome {
    /// It held in so many chances; never put to the test if there were none.
    #[must_use]
    pub fn held(chances: u64, why_none: &str) -> Outcome {
        if chances == 0 {
            Outcome::NotExercised { why: why_none.to_owned() }
        } else {
            Outcome::Held { chances, bound: (3.0 / chances as f64).min(1.0) }
        }
    }

    /// Whether it was broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        matches!(self, Outcome::Broken { .. })
    }

    /// Whether it held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        matches!(self, Outcome::Held { .. })
    }
}

/// What a judgement rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// On versions that the target returned.
    Exact,
    /// On values alone.
    Inferred,
}

/// The smallest of a group of anomalies that share a cause.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Anomaly {
    /// Counts from 1, in the order of the list.
    pub id: u32,
    /// The property that it breaks.
    pub property: Property,
    /// The sessions that the property was judged for.
    pub sessions: Sessions,
    /// Whether that property was promised.
    pub promised: bool,
    /// What it is called: `lost write`, `WriteCORead`, `applied twice` …
    pub kind: String,
    /// What the group has in common.
    pub cause: String,
    /// How many there are in the group, this one included.
    pub count: u64,
    /// What happened, in plain words.
    pub sentence: String,
    /// The key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The operations that prove it, by the index of their invocation, in the order of time.
    pub witness: Vec<u32>,
    /// How they depend on each other.
    pub edges: Vec<Edge>,
    /// The replicas that served them.
    pub replicas: Vec<String>,
    /// The faults that may have been in force on those replicas during the operations.
    pub faults: Vec<u32>,
    /// The phase in which the last of them was invoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// When the first of them was invoked.
    pub from: i64,
    /// When the last of them was completed.
    pub to: i64,
}

/// One operation depends on another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edge {
    /// The earlier operation, by the index of its invocation.
    pub from: u32,
    /// The later operation, likewise.
    pub to: u32,
    /// What kind of dependency it is.
    pub label: Label,
    /// What justifies it, in a sentence.
    pub why: String,
}

/// A kind of dependency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Label {
    /// Session order: one session made both, in this order.
    So,
    /// The second returned what the first wrote.
    ReadsFrom,
    /// The first must come before the second, or else a read would have returned something else.
    Conflict,
    /// The versions that the target returned say so, or should.
    Version,
    /// The first was completed before the second was invoked.
    RealTime,
}

/// A fault, and whether it took hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FaultVerdict {
    /// Its number in the history.
    pub fault: u32,
    /// Its kind.
    pub kind: FaultKind,
    /// What it was about, in words.
    pub what: String,
    /// Whether evidence shows that it took hold.
    pub took: bool,
    /// Whether it was healed.
    pub healed: bool,
    /// What was measured.
    pub evidence: Vec<String>,
    /// Of faults that work on links: how many operations were begun on the nodes at their ends while it was in force. Without
    /// any it tested nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub touched: Option<u64>,
    /// When the nemesis began to inject it.
    pub from: i64,
    /// When it was healed; absent if it never was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i64>,
}

fn is_zero(n: &u64) -> bool {
    *n == 0
}

/// How many operations there were.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// Operations invoked.
    pub ops: u64,
    /// Acknowledged.
    pub ok: u64,
    /// Surely not done.
    pub fail: u64,
    /// Unknown whether done.
    pub info: u64,
    /// Among the acknowledged: reads that returned nil, of which nobody knows what it means, so that they were not judged.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unjudged: u64,
    /// Sessions.
    pub sessions: u64,
    /// Keys.
    pub keys: u64,
    /// The same for each `f` that occurs.
    pub by_f: Vec<CountsOf>,
}

/// How many operations of one `f` there were.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CountsOf {
    /// Its name.
    pub f: String,
    /// Acknowledged.
    pub ok: u64,
    /// Surely not done.
    pub fail: u64,
    /// Unknown whether done.
    pub info: u64,
}

/// What was measured, beside held and broken.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Figures {
    /// How long the replicas disagreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub convergence: Option<ConvergenceFigures>,
    /// What became of acknowledged register writes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fates: Option<Fates>,
    /// How old the values were that reads of registers returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub staleness: Option<StalenessFigures>,
    /// What each counter came to; the first thousand keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<CounterFigures>,
    /// What became of the items of carts, the elements of sets, or the messages of chats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<ItemFates>,
    /// How long each replica took to show the elements of sets, or the messages of chats.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub visibility: Vec<Visibility>,
    /// How many transactions there were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub transactions: Option<TransactionFigures>,
}

/// How long a replica took to show what was added: from the end of the add to the last read of the replica that did not
/// show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    /// The replica that answered.
    pub node: String,
    /// Elements that the last read after their add showed.
    pub shown: u64,
    /// Of those, the ones that a read after their add had not shown.
    pub late: u64,
    /// Elements that the last read after their add did not show.
    pub missing: u64,
    /// Elements that were not read after their add.
    pub never_read: u64,
    /// Half of the shown ones took no longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// The one that took longest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
}

/// How many transactions there were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TransactionFigures {
    /// Committed.
    pub committed: u64,
    /// Aborted.
    pub aborted: u64,
    /// Unknown whether committed.
    pub unknown: u64,
}

/// How old the values were that reads returned. A read is stale if its value had been overwritten before the read began;
/// its age is how long before. All are lower bounds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct StalenessFigures {
    /// Reads of keys that had been written before, whose value could be traced.
    pub reads: u64,
    /// Those that were stale.
    pub stale: u64,
    /// The share of stale reads is at least this, with 95 % confidence.
    pub share_low: f64,
    /// And at most this.
    pub share_high: f64,
    /// Half of the stale reads were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p50_ns: Option<i64>,
    /// 99 % of them were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// 99.9 % of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p999_ns: Option<i64>,
    /// The oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
    /// By how many writes a read was behind, at most.
    pub versions_max: u64,
    /// The oldest read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stalest: Option<StalestRead>,
    /// By the phase of the run in which the read began.
    pub phases: Vec<PhaseStaleness>,
    /// The share of fresh reads, by the time since the last acknowledged write of the key.
    pub fresh: Vec<Freshness>,
    /// The quorum that the prediction beside it is for; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted_for: Option<Quorum>,
}

/// How many replicas hold a key, and how many of them a read and a write wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    /// Replicas.
    pub n: u32,
    /// Answers that a read waits for.
    pub r: u32,
    /// Answers that a write waits for.
    pub w: u32,
}

/// The read that was behind the longest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StalestRead {
    /// The operation.
    pub op: u64,
    /// The replica that it was sent to.
    pub node: String,
    /// Of which key.
    pub key: String,
    /// For how long its value had been overwritten.
    pub age_ns: i64,
}

/// The staleness of a phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseStaleness {
    /// Which.
    pub phase: Phase,
    /// Its reads.
    pub reads: u64,
    /// Those that were stale.
    pub stale: u64,
    /// 99 % of the stale ones were no older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p99_ns: Option<i64>,
    /// The oldest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_ns: Option<i64>,
}

/// A step of the curve of freshness.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Freshness {
    /// Reads that began earlier than this after the last acknowledged write, and not in a step before; the last step
    /// has no end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until_ns: Option<i64>,
    /// How many.
    pub reads: u64,
    /// Those that were fresh.
    pub fresh: u64,
    /// The probability of a fresh read is at least this, with 95 % confidence.
    pub low: f64,
    /// And at most this.
    pub high: f64,
    /// What the WARS model predicts for the middle of the step, from half the round trips of acknowledged operations
    /// while all was well; see [`crate::pbs`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicted: Option<f64>,
}

/// How long the replicas disagreed, and about what.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ConvergenceFigures {
    /// Keys read at the end.
    pub keys: u64,
    /// Keys on which replicas disagree at the end.
    pub divergent: u64,
    /// Keys that some replica was not read for.
    pub unread: u64,
    /// When the last fault was healed and the last update was over, whichever came later.
    pub quiet_from: i64,
    /// When a replica last returned something other than what all agreed on in the end; absent if none did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_stale: Option<i64>,
    /// From the one to the other; absent if the replicas never agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ns: Option<i64>,
    /// The divergent keys, and what each replica holds; the first hundred.
    pub examples: Vec<Divergence>,
}

/// A key on which replicas disagree at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Divergence {
    /// The key.
    pub key: String,
    /// What each replica returned.
    pub replicas: Vec<Held>,
}

/// What a replica returned for a key at the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The replica.
    pub node: String,
    /// What it returned.
    pub value: Value,
    /// The read, by the index of its invocation.
    pub op: u32,
}

/// What became of acknowledged register writes. `survived + superseded + discarded + lost + undecided = acknowledged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Fates {
    /// Writes acknowledged.
    pub acknowledged: u64,
    /// There at the end.
    pub survived: u64,
    /// Replaced by a later one that is there at the end.
    pub superseded: u64,
    /// Thrown away in favour of a concurrent one, by last-write-wins.
    pub discarded: u64,
    /// Gone without cause.
    pub lost: u64,
    /// Not judged: a replica was not read at the end, or a fault was still in force.
    pub undecided: u64,
    /// Beside the above: writes nobody knew of that are there at the end.
    pub recovered: u64,
    /// Beside the above: values there at the end in the place of a lost write that had seen them.
    pub resurrected: u64,
    /// Beside the above: values read that nobody wrote.
    pub phantom: u64,
    /// Beside the above: values read whose write had failed.
    pub aborted: u64,
}

/// What a counter came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CounterFigures {
    /// The key.
    pub key: String,
    /// The value at the end, where all replicas agree on one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// The sum of what was acknowledged.
    pub acknowledged: i64,
    /// The lowest sum that some outcome of the indeterminate operations gives.
    pub lowest: i64,
    /// The highest such sum.
    pub highest: i64,
    /// Indeterminate operations.
    pub indeterminate: u64,
    /// Whether the sums were enumerated; otherwise only the range was checked.
    pub exact: bool,
}

/// What became of the items of carts. `present + removed + lost + undecided = acknowledged`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ItemFates {
    /// Items whose add was acknowledged.
    pub acknowledged: u64,
    /// There at the end.
    pub present: u64,
    /// Not there, and a remove was sent.
    pub removed: u64,
    /// Not there, and nobody removed them.
    pub lost: u64,
    /// Not judged.
    pub undecided: u64,
    /// Among those present: removed, acknowledged, by a session that had seen them.
    pub resurrected: u64,
    /// Beside the above: items whose add nobody knew of that are there at the end.
    pub recovered: u64,
}
