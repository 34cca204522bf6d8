//! How a node stands to the cluster, and which of its turns brought it there.

use super::identity::NodeId;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How a node stands to the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// It takes part.
    #[default]
    Member,
    /// It answers no client, takes nothing more in, and hands over what it has.
    Leaving,
    /// It takes no part. The others have what it had.
    Out,
    /// It is back, answers no client, and catches up.
    Joining,
}

impl Standing {
    /// The standing in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Standing::Member => "member",
            Standing::Leaving => "leaving",
            Standing::Out => "out",
            Standing::Joining => "joining",
        }
    }

    /// Whether what others hand to the node is kept for the cluster: it answers for it, or will soon.
    pub(super) fn takes_in(self) -> bool {
        matches!(self, Standing::Member | Standing::Joining)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of a node: its standing, and which of its turns brought it there. Of two the later one is true.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Turn {
    /// The node's life and the turns of that life. 0: it has made none.
    pub epoch: u64,
    /// What it has been since.
    pub standing: Standing,
}

/// How a node and the others stand to the cluster, as it knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its own standing.
    pub standing: Standing,
    /// The others that it does not see as members.
    pub others: BTreeMap<NodeId, Standing>,
    /// While it leaves: how many of the others have all that it has.
    pub taken_by: usize,
    /// While it leaves: how many changes it owes to others that take part.
    pub owes: u64,
}
