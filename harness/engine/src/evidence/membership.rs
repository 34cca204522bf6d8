//! What shows that a node has left its cluster, and that it is a member again.

use super::{Evidence, Observation};

/// How a node stands to its cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes part.
    Member,
    /// It answers no client, and hands over what it has.
    Leaving {
        /// How many of the others have all that it has.
        taken_by: usize,
        /// How many changes it owes them.
        owes: u64,
    },
    /// It takes no part.
    Out,
    /// It is back, and catches up.
    Joining,
}

/// A node that has left says so, and one that is leaving does not answer clients either. `out`: of each other that can be reached, whether it sees the
/// node as out; `of`: how many others there are.
#[must_use]
pub fn left(standing: Standing, out: &[bool], of: usize) -> Evidence {
    let seen_by = out.iter().filter(|&&out| out).count();
    match standing {
        Standing::Out => Evidence::for_it(Observation::HasLeft { seen_by, of: out.len() }),
        Standing::Leaving { taken_by, owes } => {
            Evidence::for_it(Observation::IsLeaving { taken_by, of, owes })
        }
        Standing::Member => {
            let seen_by = out.len() - seen_by;
            Evidence::against_it(Observation::IsMember { seen_by, of: out.len() })
        }
        Standing::Joining => Evidence::against_it(Observation::IsJoining),
    }
}

/// A node that has joined is a member for itself, and for each other that can be reached.
#[must_use]
pub fn joined(standing: Standing, out: &[bool]) -> Evidence {
    match standing {
        Standing::Member => {
            let seen_by = out.iter().filter(|&&out| !out).count();
            let seen = Observation::IsMember { seen_by, of: out.len() };
            Evidence { holds: seen_by == out.len(), observed: vec![seen] }
        }
        standing => Evidence { holds: false, ..left(standing, out, out.len()) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_not_left_and_who_is_out_for_others_has_not_joined() {
        let leaving = Standing::Leaving { taken_by: 0, owes: 3 };
        assert!(left(Standing::Out, &[true, false], 2).holds && left(leaving, &[false], 2).holds);
        assert!(!left(Standing::Member, &[true], 1).holds);
        assert!(!left(Standing::Joining, &[true], 1).holds);
        assert!(joined(Standing::Member, &[false, false]).holds);
        // Nobody else can be reached.
        assert!(joined(Standing::Member, &[]).holds);
        assert!(!joined(Standing::Member, &[false, true]).holds);
        for standing in [Standing::Out, Standing::Joining, leaving] {
            assert!(!joined(standing, &[false]).holds);
        }
    }
}
