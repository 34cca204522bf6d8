//! Faults as data.

use afterall_history::{FaultKind, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How a partition divides the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// One node against all others.
    Isolate,
    /// Two halves.
    Halves,
    /// Every node sees a majority, and no two see the same one.
    MajoritiesRing,
    /// Two halves, and one node that sees both.
    Bridge,
    /// One node is not heard by the others, though it hears them.
    OneWay,
}

/// How a clock goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum ClockFault {
    /// The way to the time authority is slower in one direction than in the other: a skew of half the difference.
    Asymmetric {
        /// Delay towards the authority, milliseconds.
        up_ms: u32,
        /// Delay back, milliseconds.
        down_ms: u32,
    },
    /// The authority is off by this much for this node.
    Bump {
        /// Milliseconds, forward or back.
        by_ms: i64,
    },
    /// The authority jumps to and fro.
    Strobe {
        /// Milliseconds of the jump.
        by_ms: i64,
        /// Milliseconds between jumps.
        period_ms: u32,
    },
}

impl ClockFault {
    /// The greatest skew that it brings, milliseconds.
    #[must_use]
    pub fn skew_ms(self) -> i64 {
        match self {
            ClockFault::Asymmetric { up_ms, down_ms } => {
                (i64::from(up_ms) - i64::from(down_ms)) / 2
            }
            ClockFault::Bump { by_ms } | ClockFault::Strobe { by_ms, .. } => by_ms,
        }
    }
}

/// A fault. Nodes are numbered from 0, in the order of the cluster; links are directed, `(from, to)`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fault {
    /// Links are cut.
    Partition {
        /// How they were chosen.
        shape: Shape,
        /// Which.
        cut: Vec<(usize, usize)>,
    },
    /// Links are slow.
    Latency {
        /// Which.
        links: Vec<(usize, usize)>,
        /// By how many milliseconds.
        latency_ms: u32,
        /// Give or take how many.
        jitter_ms: u32,
    },
    /// A node is killed, and started again when the fault is healed.
    Kill {
        /// Which.
        node: usize,
    },
    /// A node is stopped until the fault is healed.
    Pause {
        /// Which.
        node: usize,
    },
    /// A node's clock is wrong until the fault is healed.
    Clock {
        /// Which.
        node: usize,
        /// How.
        #[serde(flatten)]
        fault: ClockFault,
    },
    /// A node is asked to end, and started again when the fault is healed.
    Stop {
        /// Which.
        node: usize,
    },
    /// What is sent over links vanishes.
    BlackHole {
        /// Which.
        links: Vec<(usize, usize)>,
    },
    /// Datagrams over links vanish.
    UdpDrop {
        /// Which.
        links: Vec<(usize, usize)>,
    },
    /// A node is killed and one of its files loses its end; it is started again when the fault is healed.
    Truncate {
        /// Which.
        node: usize,
        /// How many bytes.
        bytes: u32,
    },
    /// A node is killed and the end of one of its files overwritten; it is started again when the fault is healed.
    Corrupt {
        /// Which.
        node: usize,
        /// How many bytes.
        bytes: u32,
    },
}

impl Fault {
    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> FaultKind {
        match self {
            Fault::Partition { .. } => FaultKind::Partition,
            Fault::Latency { .. } => FaultKind::Latency,
            Fault::Kill { .. } => FaultKind::Kill,
            Fault::Pause { .. } => FaultKind::Pause,
            Fault::Clock { .. } => FaultKind::Clock,
            Fault::Stop { .. } => FaultKind::Stop,
            Fault::BlackHole { .. } => FaultKind::BlackHole,
            Fault::UdpDrop { .. } => FaultKind::UdpDrop,
            Fault::Truncate { .. } => FaultKind::Truncate,
            Fault::Corrupt { .. } => FaultKind::Corrupt,
        }
    }

    /// The nodes that it is about, in order.
    #[must_use]
    pub fn nodes(&self) -> Vec<usize> {
        match self {
            Fault::Kill { node }
            | Fault::Pause { node }
            | Fault::Clock { node, .. }
            | Fault::Stop { node }
            | Fault::Truncate { node, .. }
            | Fault::Corrupt { node, .. } => vec![*node],
            Fault::Partition { .. }
            | Fault::Latency { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. } => {
                let ends: BTreeSet<usize> =
                    self.links().iter().flat_map(|&(a, b)| [a, b]).collect();
                ends.into_iter().collect()
            }
        }
    }

    /// The links that it is about.
    #[must_use]
    pub fn links(&self) -> &[(usize, usize)] {
        match self {
            Fault::Partition { cut: links, .. }
            | Fault::Latency { links, .. }
            | Fault::BlackHole { links }
            | Fault::UdpDrop { links } => links,
            _ => &[],
        }
    }

    /// Its parameters, as histories write them.
    #[must_use]
    pub fn parameters(&self) -> Value {
        let int = |n: u32| Value::Int(i64::from(n));
        let map = |entries: &[(&str, Value)]| {
            Value::Map(
                entries.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect(),
            )
        };
        match self {
            Fault::Partition { shape, .. } => {
                let name = match shape {
                    Shape::Isolate => "isolate",
                    Shape::Halves => "halves",
                    Shape::MajoritiesRing => "majorities-ring",
                    Shape::Bridge => "bridge",
                    Shape::OneWay => "one-way",
                };
                map(&[("shape", name.into())])
            }
            Fault::Latency { latency_ms, jitter_ms, .. } => {
                map(&[("latency_ms", int(*latency_ms)), ("jitter_ms", int(*jitter_ms))])
            }
            Fault::Kill { .. }
            | Fault::Pause { .. }
            | Fault::Stop { .. }
            | Fault::BlackHole { .. }
            | Fault::UdpDrop { .. } => Value::Nil,
            Fault::Truncate { bytes, .. } | Fault::Corrupt { bytes, .. } => {
                map(&[("bytes", int(*bytes))])
            }
            Fault::Clock { fault, .. } => match fault {
                ClockFault::Asymmetric { up_ms, down_ms } => map(&[
                    ("how", "asymmetric".into()),
                    ("up_ms", int(*up_ms)),
                    ("down_ms", int(*down_ms)),
                ]),
                ClockFault::Bump { by_ms } => {
                    map(&[("how", "bump".into()), ("by_ms", Value::Int(*by_ms))])
                }
                ClockFault::Strobe { by_ms, period_ms } => map(&[
                    ("how", "strobe".into()),
                    ("by_ms", Value::Int(*by_ms)),
                    ("period_ms", int(*period_ms)),
                ]),
            },
        }
    }
}

/// What was measured of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it shows what it should: that the fault took hold, or that it is healed.
    pub holds: bool,
    /// What was measured, in words.
    pub text: String,
}

impl Evidence {
    /// It shows what it should.
    #[must_use]
    pub fn for_it(text: impl Into<String>) -> Self {
        Evidence { holds: true, text: text.into() }
    }

    /// It shows that something is amiss, or shows nothing.
    #[must_use]
    pub fn against_it(text: impl Into<String>) -> Self {
        Evidence { holds: false, text: text.into() }
    }
}
