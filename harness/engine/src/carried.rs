//! What the links of a fault carried before it and while it was in force: a cut of links that carry nothing tests nothing,
//! and a cut through which something passes is none.

use crate::evidence::{Evidence, Observation};
use crate::faults::{Condition, Effect};
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
    fn amount(self) -> u64 {
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

impl Evidence {
    /// Adds what the links of the fault had carried before it. If that is nothing, the fault tests nothing.
    #[must_use]
    pub fn with_carried_before(mut self, before: Carried) -> Evidence {
        if before.amount() == 0 {
            self.holds = false;
            self.observed.push(Observation::CarriedNothing);
        } else {
            self.observed.push(Observation::CarriedBefore(before));
        }
        self
    }

    /// Adds what its links carried while it was in force. Through a cut nothing may pass.
    #[must_use]
    pub fn with_carried_meanwhile(mut self, effect: &Effect, meanwhile: Carried) -> Evidence {
        let is_cut = matches!(effect, Effect::Links { condition: Condition::Refused, .. });
        match meanwhile.amount() {
            0 => self.observed.push(Observation::PassedNothing),
            _ => {
                self.holds &= !is_cut;
                self.observed.push(Observation::Passed(meanwhile));
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUT: Effect = Effect::Links { links: Vec::new(), condition: Condition::Refused };

    fn evidence() -> Evidence {
        Evidence::for_it(Observation::Answers)
    }

    #[test]
    fn a_fault_on_links_that_carry_nothing_tests_nothing() {
        assert!(!evidence().with_carried_before(Carried::Messages(0)).holds);
        let idle = Carried::Bytes { bytes: 0, connections: 3 };
        assert!(!evidence().with_carried_before(idle).holds);
        assert!(evidence().with_carried_before(Carried::Messages(1)).holds);
    }

    #[test]
    fn a_cut_through_which_something_passes_does_not_hold() {
        let slow = Condition::Slow { latency_ms: 1, jitter_ms: 0 };
        let slow = Effect::Links { links: Vec::new(), condition: slow };
        for (effect, passed, holds) in [(&CUT, 0, true), (&CUT, 1, false), (&slow, 9, true)] {
            let carried = Carried::Messages(passed);
            assert_eq!(evidence().with_carried_meanwhile(effect, carried).holds, holds);
        }
    }
}
