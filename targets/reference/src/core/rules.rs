//! What a flavour and a bug come to: the switches that the node's code asks for.

use super::api::{DataType, Level};
use super::clock::Stamps;
use super::flavour::Flavour;
use super::mechanisms::{Mechanism, Mechanisms};

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// After it is on disk.
    Sync,
    /// Before.
    Async,
}

/// The switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub(crate) stamps: Stamps,
    pub(crate) durability: Durability,
    /// Which types are overwritten as a whole, the last write winning.
    pub(crate) register_lww: bool,
    pub(crate) counter_lww: bool,
    pub(crate) cart_lww: bool,
    pub(crate) position_lww: bool,
    pub(crate) text_lww: bool,
    /// Whether the elements of a set are registers, of which the last write wins.
    pub(crate) set_lww: bool,
    /// Whether a write replaces what its client had been given, and not what its replica holds.
    pub(crate) client_context: bool,
    /// Whether a replica sells only its share of the stock.
    pub(crate) stock_in_shares: bool,
    /// Whether a replica that is behind what a session has been given lets it wait.
    pub(crate) waits_for_sessions: bool,
    /// Whether a change is shown only after everything that it may follow from.
    pub(crate) causal: bool,
    /// Whether one node holds everything, and the others keep what it answers for a while.
    pub(crate) caches: bool,
    /// How many replicas take part in an operation that does not say.
    pub(crate) level: Level,
    /// Whether news is told.
    pub(crate) rumors: bool,
    /// Whether replicas compare what they hold.
    pub(crate) anti_entropy: bool,
    /// Whether reads that one replica answers mend the others.
    pub(crate) read_repair: bool,
    /// Whether changes wait for replicas that have not confirmed them.
    pub(crate) hints: bool,
    /// The bugs that are switched on.
    pub(crate) bugs: Bugs,
}

/// The switches of bugs that no flavour has: each is asked for in one place, where the bug sits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Bugs {
    pub(crate) no_tiebreak: bool,
    pub(crate) cart_union: bool,
    pub(crate) counter_replay: bool,
    pub(crate) tombstones_dropped: bool,
    pub(crate) shares_ignored: bool,
    pub(crate) contexts_pruned: bool,
    pub(crate) half_tree: bool,
    pub(crate) merges_half: bool,
    pub(crate) old_snapshot: bool,
    pub(crate) repair_restamps: bool,
    pub(crate) quorum_of_half: bool,
    pub(crate) greater_counter: bool,
    pub(crate) removes_forgotten: bool,
    pub(crate) one_sibling: bool,
    pub(crate) writes_confirmed_by_one: bool,
    pub(crate) reads_from_one: bool,
    pub(crate) gaps_skipped: bool,
    pub(crate) past_ignored: bool,
    pub(crate) share_lent_twice: bool,
    pub(crate) hints_in_memory: bool,
    pub(crate) leaves_early: bool,
    pub(crate) cache_never_expires: bool,
    pub(crate) pieces_as_they_came: bool,
}

impl Rules {
    /// The rules of a flavour, without any bug.
    #[must_use]
    pub fn new(flavour: Flavour, durability: Durability, mechanisms: Mechanisms) -> Self {
        let lww = matches!(flavour, Flavour::Lww | Flavour::LwwHlc);
        Rules {
            stamps: if flavour == Flavour::Lww { Stamps::Wall } else { Stamps::Hybrid },
            durability,
            register_lww: lww || matches!(flavour, Flavour::Quorum | Flavour::TtlCache),
            counter_lww: lww,
            cart_lww: lww,
            position_lww: lww,
            text_lww: lww,
            set_lww: lww,
            client_context: flavour == Flavour::Siblings,
            stock_in_shares: flavour == Flavour::Escrow,
            waits_for_sessions: flavour == Flavour::Session,
            causal: flavour == Flavour::Causal,
            caches: flavour == Flavour::TtlCache,
            level: if flavour == Flavour::Quorum { Level::Quorum } else { Level::One },
            rumors: mechanisms.contains(Mechanism::Rumors),
            anti_entropy: mechanisms.contains(Mechanism::AntiEntropy),
            read_repair: mechanisms.contains(Mechanism::ReadRepair),
            hints: mechanisms.contains(Mechanism::Hints),
            bugs: Bugs::default(),
        }
    }

    /// Whether objects of this type are overwritten as a whole.
    pub(crate) fn is_overwritten(&self, kind: DataType) -> bool {
        match kind {
            DataType::Register => self.register_lww,
            DataType::Counter | DataType::Inventory => self.counter_lww,
            DataType::Cart => self.cart_lww,
            DataType::Position => self.position_lww,
            DataType::Text => self.text_lww,
            DataType::Set | DataType::Chat => false,
        }
    }
}
