//! Links to be created, and changes of links.

use super::state::ToxicKind;
use crate::direction::Direction;

/// A link to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewLink {
    /// Its name, without the run's prefix.
    pub name: String,
    /// Where it is to listen, `HOST:PORT`; port 0: a free one.
    pub listen: String,
    /// Where it leads, `HOST:PORT`.
    pub upstream: String,
}

impl NewLink {
    /// A link that listens on a free port of the loopback address.
    #[must_use]
    pub fn on_loopback(name: &str, upstream: &str) -> NewLink {
        NewLink {
            name: name.to_owned(),
            listen: "127.0.0.1:0".to_owned(),
            upstream: upstream.to_owned(),
        }
    }
}

/// A change of a link.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Ends its connections and refuses new ones.
    Cut,
    /// Takes connections again.
    Mend,
    /// Adds a toxic. One of the same type and direction must not be there already: that is a mismatch.
    Add {
        /// What it does.
        kind: ToxicKind,
        /// To which direction.
        direction: Direction,
        /// The share of connections that it strikes, 0 to 1.
        toxicity: f32,
    },
    /// Removes all toxics. Connections that were in a black hole end.
    Clear,
}

impl Change {
    /// A silent black hole in one direction: connections stay, nothing arrives.
    #[must_use]
    pub fn black_hole(direction: Direction) -> Change {
        Change::Add { kind: ToxicKind::Timeout { timeout_ms: 0 }, direction, toxicity: 1.0 }
    }

    /// Lets at most `rate_kb_s` thousand bytes per second through in one direction.
    #[must_use]
    pub fn bandwidth(direction: Direction, rate_kb_s: u32) -> Change {
        Change::Add { kind: ToxicKind::Bandwidth { rate_kb_s }, direction, toxicity: 1.0 }
    }

    /// Delays one direction by `latency_ms` ± `jitter_ms` milliseconds.
    #[must_use]
    pub fn latency(direction: Direction, latency_ms: u32, jitter_ms: u32) -> Change {
        Change::Add { kind: ToxicKind::Latency { latency_ms, jitter_ms }, direction, toxicity: 1.0 }
    }
}
