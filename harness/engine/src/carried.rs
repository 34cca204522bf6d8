//! What the links of a fault carried before it and while it was in force: a cut of links that carry nothing tests nothing,
//! and a cut through which something passes is none.

use std::fmt;

/// What links have carried, in the direction of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// Counted in bytes, by proxies.
    Bytes {
        /// How many.
        bytes: u64,
        /// How many connections were made for it, of whichever end.
        connections: u64,
    },
    /// Counted in messages, by the sim.
    Messages(u64),
}

impl Carried {
    /// How many bytes or messages.
    pub(crate) fn amount(self) -> u64 {
        match self {
            Carried::Bytes { bytes, .. } => bytes,
            Carried::Messages(messages) => messages,
        }
    }

    /// What was carried since then.
    #[must_use]
    pub fn since(self, before: Carried) -> Carried {
        match (self, before) {
            (
                Carried::Bytes { bytes, connections },
                Carried::Bytes { bytes: b, connections: c },
            ) => Carried::Bytes {
                bytes: bytes.saturating_sub(b),
                connections: connections.saturating_sub(c),
            },
            (now, before) => Carried::Messages(now.amount().saturating_sub(before.amount())),
        }
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |count: u64| if count == 1 { "" } else { "s" };
        match *self {
            // What passed may have passed on connections that were there before.
            Carried::Bytes { bytes, connections: 0 } => write!(f, "{bytes} byte{}", plural(bytes)),
            Carried::Bytes { bytes, connections } => write!(
                f,
                "{bytes} byte{} on {connections} connection{}",
                plural(bytes),
                plural(connections)
            ),
            Carried::Messages(messages) => write!(f, "{messages} message{}", plural(messages)),
        }
    }
}
