//! Who takes part in the cluster (gossip of states that only their own node changes, each with a number that grows: Das, Gupta
//! and Motivala, SWIM, 2002, section 4.2; the explicit join and leave of Dynamo, 2007, section 4.8.1). Nobody is declared out by others:
//! a node that is silent is a member that is silent.

use super::handover::Handover;
use super::identity::{NodeId, VersionVector};
use super::news::rounds;
use super::standing::{Standing, Turn};
use std::collections::BTreeMap;

/// The turns that a node knows of. Who is not among them is a member that has never left.
#[derive(Debug, Clone, Default)]
pub(super) struct Turns(BTreeMap<NodeId, Turn>);

impl Turns {
    pub(super) fn of(&self, node: NodeId) -> Turn {
        self.0.get(&node).copied().unwrap_or_default()
    }

    /// Every turn, as nodes tell them.
    pub(super) fn rows(&self) -> Vec<(NodeId, Turn)> {
        self.0.iter().map(|(&node, &turn)| (node, turn)).collect()
    }

    /// A node makes a turn itself, in this life.
    pub(super) fn make(&mut self, node: NodeId, incarnation: u32, standing: Standing) -> Turn {
        let first = u64::from(incarnation) << 32;
        let epoch = self.of(node).epoch.max(first).saturating_add(1);
        let turn = Turn { epoch, standing };
        self.0.insert(node, turn);
        turn
    }

    /// Takes in what another node or an earlier life knew; returns those of whom it is news.
    pub(super) fn merge(&mut self, rows: &[(NodeId, Turn)]) -> Vec<NodeId> {
        let mut changed = Vec::new();
        for &(node, turn) in rows {
            if turn.epoch > self.of(node).epoch {
                self.0.insert(node, turn);
                changed.push(node);
            }
        }
        changed
    }

    /// Whether there is something here that who told these does not know.
    pub(super) fn knows_more_than(&self, rows: &[(NodeId, Turn)]) -> bool {
        let theirs: BTreeMap<NodeId, Turn> = rows.iter().copied().collect();
        self.0
            .iter()
            .any(|(node, turn)| theirs.get(node).is_none_or(|theirs| theirs.epoch < turn.epoch))
    }
}

/// What a node knows of the cluster's members, and how far it has come with leaving or joining.
#[derive(Debug, Clone)]
pub(super) struct Members {
    pub(super) turns: Turns,
    /// For how many rounds its last news is told to several.
    pub(super) hot: u32,
    rounds: u32,
    /// When the next round is, once there is something to tell.
    pub(super) round_ns: Option<u64>,
    /// To whom it hands what it has: whoever takes part while it leaves, those that join and have asked it while it is a member.
    pub(super) handovers: BTreeMap<NodeId, Handover>,
    /// Names what is offered. The numbers of each life of a node are its own.
    last_offer: u64,
    /// Since when it leaves; none: not known yet in this life.
    pub(super) leaves_since_ns: Option<u64>,
    /// While it leaves: when each peer has said something last.
    pub(super) heard_ns: BTreeMap<NodeId, u64>,
    /// While it joins: when it got something last, or began.
    pub(super) got_ns: Option<u64>,
    /// While it joins: whom it has asked, and whether they have handed over all that they had.
    pub(super) helpers: BTreeMap<NodeId, bool>,
    /// While it joins under causal replication: what it has to have applied, and how many changes of that it lacks.
    pub(super) to_apply: Option<(VersionVector, u64)>,
}

impl Members {
    pub(super) fn new(nodes: usize, incarnation: u32) -> Self {
        Members {
            turns: Turns::default(),
            hot: 0,
            rounds: rounds(nodes),
            round_ns: None,
            handovers: BTreeMap::new(),
            last_offer: u64::from(incarnation) << 32,
            leaves_since_ns: None,
            heard_ns: BTreeMap::new(),
            got_ns: None,
            helpers: BTreeMap::new(),
            to_apply: None,
        }
    }

    pub(super) fn standing(&self, node: NodeId) -> Standing {
        self.turns.of(node).standing
    }

    pub(super) fn is_out(&self, node: NodeId) -> bool {
        self.standing(node) == Standing::Out
    }

    /// Those of the nodes that take part.
    pub(super) fn in_cluster(&self, nodes: &[NodeId]) -> Vec<NodeId> {
        nodes.iter().copied().filter(|&node| !self.is_out(node)).collect()
    }

    pub(super) fn next_offer(&mut self) -> u64 {
        self.last_offer += 1;
        self.last_offer
    }

    /// There is something to tell, from now on.
    pub(super) fn heat(&mut self, now_ns: u64) {
        self.hot = self.rounds;
        self.round_ns = Some(now_ns);
    }

    /// Begins what the node has to do in a new standing.
    pub(super) fn begin(&mut self) {
        self.handovers.clear();
        self.heard_ns.clear();
        self.helpers.clear();
        (self.leaves_since_ns, self.got_ns, self.to_apply) = (None, None, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    #[test]
    fn old_news_is_recognised_also_from_an_earlier_life() {
        let mut turns = Turns::default();
        let leaving = turns.make(A, 1, Standing::Leaving);
        let out = turns.make(A, 1, Standing::Out);
        assert!(out.epoch > leaving.epoch);
        assert_eq!(turns.merge(&[(A, leaving)]), []);
        assert_eq!(turns.of(A), out);
        // A node without a memory of its turns makes later ones than all before.
        let mut new = Turns::default();
        let again = new.make(A, 2, Standing::Leaving);
        assert!(again.epoch > out.epoch);
        assert_eq!(turns.merge(&[(A, again), (B, out)]), [A, B]);
        assert_eq!(turns.of(A).standing, Standing::Leaving);
    }

    #[test]
    fn who_knows_less_is_told_and_who_knows_the_same_is_not() {
        let mut one = Turns::default();
        one.make(A, 1, Standing::Leaving);
        let mut other = Turns::default();
        assert!(one.knows_more_than(&other.rows()) && !other.knows_more_than(&one.rows()));
        other.merge(&one.rows());
        assert!(!one.knows_more_than(&other.rows()) && !other.knows_more_than(&one.rows()));
        other.make(B, 1, Standing::Leaving);
        assert!(other.knows_more_than(&one.rows()) && !one.knows_more_than(&other.rows()));
    }

    #[test]
    fn who_was_never_heard_of_is_a_member() {
        let members = Members::new(3, 1);
        assert_eq!(members.standing(B), Standing::Member);
        assert_eq!(members.in_cluster(&[A, B]), [A, B]);
    }
}
