//! What was measured of a fault: that it took hold, or that it is healed. Typed here, and put into words here alone:
//! the same observation reads the same in every world.

mod drift;
pub mod membership;
mod observation;
mod words;

pub use drift::Drift;
pub use observation::{DialOutcome, LinkEnd, Observation};

use crate::carried::Carried;
use crate::faults::{Condition, Effect};

/// What was measured of a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it shows what it should: that the fault took hold, or that it is healed.
    pub holds: bool,
    /// What was observed. Not empty.
    pub observed: Vec<Observation>,
}

impl Evidence {
    /// Observations that show what they should.
    #[must_use]
    pub fn for_it(observed: impl Into<Vec<Observation>>) -> Self {
        Evidence { holds: true, observed: observed.into() }
    }

    /// Observations that show that something is amiss, or that show nothing.
    #[must_use]
    pub fn against_it(observed: impl Into<Vec<Observation>>) -> Self {
        Evidence { holds: false, observed: observed.into() }
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

impl From<Observation> for Vec<Observation> {
    fn from(one: Observation) -> Self {
        vec![one]
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
    fn one_link_and_several_are_told_in_their_own_words() {
        let told = |links| {
            let observed = [
                Observation::LinksOpen { links },
                Observation::LinksRefuse { links, error: None },
                Observation::DropsReadBack { links },
            ];
            Evidence::for_it(observed).to_string()
        };
        let one = "1 link takes what is sent; 1 link refuses connections; 1 link reads back as";
        assert!(told(1).starts_with(one), "{}", told(1));
        let two = "2 links take what is sent; 2 links refuse connections; 2 links read back as";
        assert!(told(2).starts_with(two), "{}", told(2));
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
