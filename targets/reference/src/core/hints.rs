//! Hints: which changes which peer has not confirmed yet (hinted handoff: DeCandia et al., Dynamo, 2007, section 4.6; here the
//! replica that took a change keeps the hints of it itself, and all replicas have a home of their own). A hint names the object;
//! what is handed over is the object as it is by then.

use super::api::Key;
use super::identity::NodeId;
use std::collections::{BTreeMap, VecDeque};

/// The most hints that a node holds.
pub(super) const HINTS_MAX: usize = 100_000;
/// How long a peer that says something may owe a confirmation before it is handed the object again.
const HEARD_NS: u64 = 200_000_000;
/// How long one that says nothing may.
const SILENT_NS: u64 = 1_000_000_000;
/// Between two rounds of handing over to one peer.
const PACE_NS: u64 = 50_000_000;

/// A hint.
#[derive(Debug, Clone)]
struct Hint {
    /// Names the change: only the confirmation of the last one ends the hint.
    number: u64,
    /// Whether the object was sent more than once.
    again: bool,
}

/// What a peer has not confirmed.
#[derive(Debug, Clone, Default)]
struct Owed {
    hints: BTreeMap<Key, Hint>,
    /// When what was sent, the longest ago first. Stale where the hint has another number, or is gone.
    sent: VecDeque<(u64, Key, u64)>,
    /// No round before this.
    not_before_ns: u64,
}

/// The hints of a node.
#[derive(Debug, Clone)]
pub(super) struct Hints {
    owed: BTreeMap<NodeId, Owed>,
    held: usize,
    last: u64,
}

impl Hints {
    /// The numbers of each life of a node are its own.
    pub(super) fn new(incarnation: u32) -> Self {
        Hints { owed: BTreeMap::new(), held: 0, last: u64::from(incarnation) << 32 }
    }

    pub(super) fn held(&self) -> usize {
        self.held
    }

    /// Whether there is no room for hints of one more change.
    pub(super) fn is_full(&self, peers: usize) -> bool {
        self.held + peers > HINTS_MAX
    }

    /// A peer is owed this object, which is being sent now; returns the number that it is to confirm.
    pub(super) fn note(&mut self, peer: NodeId, key: &Key, now_ns: u64) -> u64 {
        self.last += 1;
        let number = self.last;
        let owed = self.owed.entry(peer).or_default();
        if owed.hints.insert(key.clone(), Hint { number, again: false }).is_none() {
            self.held += 1;
        }
        owed.sent.push_back((now_ns, key.clone(), number));
        number
    }

    /// Takes back what an earlier life has stored: it is owed at once.
    pub(super) fn restore(&mut self, peer: NodeId, key: Key) {
        self.note(peer, &key, 0);
    }

    /// A peer has confirmed; returns whether that ends a hint, and whether it took more than one message.
    pub(super) fn confirmed(&mut self, peer: NodeId, key: &Key, number: u64) -> Option<bool> {
        let owed = self.owed.get_mut(&peer)?;
        if owed.hints.get(key)?.number != number {
            return None;
        }
        let hint = owed.hints.remove(key)?;
        self.held -= 1;
        Some(hint.again)
    }

    /// What a peer is to be handed again: up to `most` objects, and the numbers that it is to confirm.
    pub(super) fn overdue(
        &mut self,
        peer: NodeId,
        is_heard: bool,
        now_ns: u64,
        most: usize,
    ) -> Vec<(Key, u64)> {
        let Some(owed) = self.owed.get_mut(&peer) else { return Vec::new() };
        let patience_ns = if is_heard { HEARD_NS } else { SILENT_NS };
        let mut due = Vec::new();
        while due.len() < most
            && let Some((sent_ns, key, number)) = owed.sent.front()
        {
            let hint = owed.hints.get_mut(key).filter(|hint| hint.number == *number);
            let Some(hint) = hint else {
                owed.sent.pop_front();
                continue;
            };
            if owed.not_before_ns > now_ns || sent_ns.saturating_add(patience_ns) > now_ns {
                break;
            }
            hint.again = true;
            due.push((key.clone(), *number));
            owed.sent.pop_front();
        }
        if !due.is_empty() {
            owed.not_before_ns = now_ns.saturating_add(PACE_NS);
            owed.sent.extend(due.iter().map(|(key, number)| (now_ns, key.clone(), *number)));
        }
        due
    }

    /// When the first of these peers has owed a confirmation for long enough, though it says nothing.
    pub(super) fn due_ns(&self, of: impl Fn(NodeId) -> bool) -> Option<u64> {
        let due = |owed: &Owed| {
            let (sent_ns, _, _) = owed.sent.front()?;
            Some(sent_ns.saturating_add(SILENT_NS).max(owed.not_before_ns))
        };
        let owed = self.owed.iter().filter(|(peer, _)| of(**peer));
        owed.filter_map(|(_, owed)| due(owed)).min()
    }

    /// How many changes these peers have not confirmed.
    pub(super) fn owed_to(&self, of: impl Fn(NodeId) -> bool) -> usize {
        let owed = self.owed.iter().filter(|(peer, _)| of(**peer));
        owed.map(|(_, owed)| owed.hints.len()).sum()
    }

    /// Forgets all of them; returns what they were.
    pub(super) fn forget(&mut self) -> Vec<(NodeId, Key)> {
        self.held = 0;
        let owed = std::mem::take(&mut self.owed).into_iter();
        owed.flat_map(|(peer, owed)| owed.hints.into_keys().map(move |key| (peer, key))).collect()
    }

    /// The peers that owe a confirmation.
    pub(super) fn peers(&self) -> Vec<NodeId> {
        self.owed.iter().filter(|(_, owed)| !owed.sent.is_empty()).map(|(&peer, _)| peer).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::DataType;
    use super::*;

    const PEER: NodeId = NodeId(2);
    const SECOND: u64 = 1_000_000_000;

    fn all(_: NodeId) -> bool {
        true
    }

    fn key(name: &str) -> Key {
        Key { kind: DataType::Register, name: name.into() }
    }

    #[test]
    fn a_hint_ends_with_the_confirmation_of_the_last_change_and_not_before() {
        let mut hints = Hints::new(1);
        let first = hints.note(PEER, &key("x"), 0);
        let second = hints.note(PEER, &key("x"), 1);
        assert_eq!(hints.held(), 1);
        assert_eq!(hints.confirmed(PEER, &key("x"), first), None);
        assert_eq!(hints.confirmed(NodeId(3), &key("x"), second), None);
        assert_eq!(hints.confirmed(PEER, &key("x"), second), Some(false));
        assert_eq!((hints.held(), hints.due_ns(all)), (0, Some(SECOND)));
        assert_eq!(hints.overdue(PEER, false, SECOND, 9), []);
        assert_eq!(hints.due_ns(all), None);
    }

    #[test]
    fn what_is_not_confirmed_is_handed_over_again_sooner_to_a_peer_that_is_heard() {
        let mut hints = Hints::new(1);
        let number = hints.note(PEER, &key("x"), 0);
        assert_eq!(hints.overdue(PEER, true, SECOND / 10, 9), []);
        assert_eq!(hints.overdue(PEER, false, SECOND / 2, 9), []);
        assert_eq!(hints.overdue(PEER, true, SECOND / 2, 9), [(key("x"), number)]);
        assert_eq!(hints.overdue(PEER, true, SECOND / 2, 9), []);
        assert_eq!(hints.due_ns(all), Some(SECOND + SECOND / 2));
        assert_eq!(hints.confirmed(PEER, &key("x"), number), Some(true));
    }

    #[test]
    fn a_round_hands_over_no_more_than_it_may() {
        let mut hints = Hints::new(1);
        for n in 0..5 {
            hints.note(PEER, &key(&n.to_string()), 0);
        }
        assert_eq!(hints.overdue(PEER, false, SECOND, 3).len(), 3);
        assert_eq!(hints.overdue(PEER, false, SECOND, 3).len(), 0);
        assert_eq!(hints.overdue(PEER, false, SECOND + PACE_NS, 3).len(), 2);
    }
}
