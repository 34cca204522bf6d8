//! How a node is set up.

use super::copies::Copies;
use super::flavour::Flavour;
use super::identity::NodeId;
use super::mechanisms::Mechanisms;
use super::mutants::Mutant;
use super::rules::{Durability, Rules};

/// How a node is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who it is.
    pub id: NodeId,
    /// The other replicas.
    pub peers: Vec<NodeId>,
    /// Its conflict rules.
    pub flavour: Flavour,
    /// Its bug, if any.
    pub mutant: Option<Mutant>,
    /// When it acknowledges.
    pub durability: Durability,
    /// How changes come to the other replicas.
    pub mechanisms: Mechanisms,
    /// How many replicas hold an object, and how many take part in what is asked of it.
    pub copies: Copies,
    /// How many peers a rumor goes to in a round.
    pub fanout: usize,
    /// Nanoseconds between rumor rounds.
    pub rumor_interval_ns: u64,
    /// Nanoseconds between anti-entropy rounds.
    pub sync_interval_ns: u64,
    /// What its choices follow from.
    pub seed: u64,
}

impl Config {
    /// The defaults for a node of a cluster: fanout 3, rumors every 50 ms, anti-entropy every 200 ms, durable.
    #[must_use]
    pub fn new(
        id: NodeId,
        peers: Vec<NodeId>,
        flavour: Flavour,
        mutant: Option<Mutant>,
        seed: u64,
    ) -> Self {
        Config {
            id,
            peers,
            flavour,
            mutant,
            durability: Durability::Sync,
            mechanisms: Mechanisms::USUAL,
            copies: Copies::default(),
            fanout: 3,
            rumor_interval_ns: 50_000_000,
            sync_interval_ns: 200_000_000,
            seed,
        }
    }

    /// How many nodes there are.
    pub(crate) fn nodes(&self) -> u16 {
        u16::try_from(self.peers.len() + 1).unwrap_or(u16::MAX)
    }

    /// What the flavour and the bug come to.
    pub(crate) fn rules(&self) -> Rules {
        let mut rules = Rules::new(self.flavour, self.durability, self.mechanisms);
        if let Some(mutant) = self.mutant {
            (mutant.row().bug)(&mut rules);
        }
        rules
    }
}
