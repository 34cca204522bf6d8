//! How many replicas hold an object, and how many take part in what clients ask of it (the N, R and W of DeCandia et al., Dynamo,
//! 2007, section 4.5).

use serde::{Deserialize, Serialize};

/// How many replicas hold an object, and how many take part in operations at the level `quorum`. What is absent is as usual.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Copies {
    /// How many nodes hold each object. Usually all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u16>,
    /// How many of them take part in a read. Usually more than half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reads: Option<u16>,
    /// How many of them take part in a change. Usually more than half.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writes: Option<u16>,
}

impl Copies {
    /// Whether nothing is other than usual.
    #[must_use]
    pub fn is_usual(&self) -> bool {
        *self == Copies::default()
    }

    /// What is other than usual, by the names of the entries.
    pub fn given(self) -> impl Iterator<Item = (&'static str, u16)> {
        let Copies { replicas, reads, writes } = self;
        let entries = [("replicas", replicas), ("reads", reads), ("writes", writes)];
        entries.into_iter().filter_map(|(entry, given)| Some((entry, given?)))
    }

    /// What is other than usual, as options of `afterall run` and of a node: the same for both.
    pub fn options(self) -> impl Iterator<Item = (&'static str, u16)> {
        self.given().map(|(entry, given)| (Copies::option(entry), given))
    }

    /// The option that stands for an entry.
    #[must_use]
    pub fn option(entry: &str) -> &'static str {
        match entry {
            "reads" => "--read-from",
            "writes" => "--write-to",
            _ => "--replicas",
        }
    }

    /// How many of so many nodes hold each object.
    #[must_use]
    pub fn replicas(&self, nodes: u16) -> u16 {
        self.replicas.unwrap_or(nodes).min(nodes)
    }

    /// Whether there are nodes that do not hold everything.
    #[must_use]
    pub fn are_partial(&self, nodes: u16) -> bool {
        self.replicas(nodes) < nodes
    }

    /// How many replicas take part in a read.
    #[must_use]
    pub fn reads(&self, nodes: u16) -> u16 {
        self.reads.unwrap_or(self.replicas(nodes) / 2 + 1)
    }

    /// How many replicas take part in a change.
    #[must_use]
    pub fn writes(&self, nodes: u16) -> u16 {
        self.writes.unwrap_or(self.replicas(nodes) / 2 + 1)
    }

    /// Whether those that take part in a read always meet those of any change before: R + W > N.
    #[must_use]
    pub fn meet(&self, nodes: u16) -> bool {
        u32::from(self.reads(nodes)) + u32::from(self.writes(nodes))
            > u32::from(self.replicas(nodes))
    }

    /// Checks every bound.
    ///
    /// # Errors
    /// The entry that is wrong, its bounds and what was found.
    pub fn check(&self, nodes: u16) -> Result<(), (&'static str, u16, u16)> {
        let replicas = self.replicas.unwrap_or(nodes);
        for (entry, given, most) in [
            ("replicas", replicas, nodes),
            ("reads", self.reads(nodes), replicas),
            ("writes", self.writes(nodes), replicas),
        ] {
            if !(1..=most).contains(&given) {
                return Err((entry, most, given));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_majority_of_the_replicas_takes_part_unless_it_is_said() {
        let usual = Copies::default();
        assert_eq!((usual.replicas(5), usual.reads(5), usual.writes(5)), (5, 3, 3));
        assert!(usual.meet(5) && usual.meet(4) && !usual.are_partial(5));
        let three = Copies { replicas: Some(3), ..usual };
        assert_eq!((three.reads(5), three.writes(5)), (2, 2));
        assert!(three.meet(5) && three.are_partial(5));
        let one = Copies { reads: Some(1), writes: Some(1), ..three };
        assert!(!one.meet(5));
        assert_eq!(one.check(5), Ok(()));
        assert_eq!(Copies { writes: Some(4), ..three }.check(5), Err(("writes", 3, 4)));
        assert_eq!(three.check(2), Err(("replicas", 2, 3)));
    }
}
