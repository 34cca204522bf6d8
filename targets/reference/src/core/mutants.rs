//! The mutants: known bugs that the checkers must find. A mutant is its row here, and the one line that its switch guards.

use super::flavour::Flavour;
use super::mechanisms::{Mechanism, Mechanisms};
use super::rules::{Durability, Rules};
use afterall_history::Property::{
    Causal, Convergence, Linearizable, MonotonicReads, NoCausalLoss, NoDoubleIncrements,
    NoLostIncrements, NoLostItems, NoLostWrites, NoOversell, NoResurrectedItems, ReadYourWrites,
};
use afterall_history::Workload::{Cart, Chat, Counter, Inventory, Position, Register, Set, Text};
use afterall_history::{FaultKind, Property, UnknownWord, Workload};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// A row of the acceptance matrix: what a mutant breaks, and the run that fits it.
#[derive(Debug, Clone, Copy)]
pub struct MutantRow {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The property that must be found broken.
    pub breaks: Property,
    /// The flavour it is a bug of.
    pub flavour: Flavour,
    /// The workload that shows it best.
    pub workload: Workload,
    /// Where it can show at all: the flavours whose promises it breaks, each with the workloads that it does so on. Elsewhere a
    /// run with it would test the correct node.
    pub shows: &'static [(Flavour, &'static [Workload])],
    /// The fault kinds that bring it out; none: it shows in a healthy run.
    pub faults: &'static [FaultKind],
    /// The mechanisms that it shows with.
    pub mechanisms: Mechanisms,
    /// Switches the bug on.
    pub bug: fn(&mut Rules),
}

/// A known bug, on an otherwise correct flavour.
#[derive(Debug, Clone, Copy)]
pub struct Mutant(&'static MutantRow);

const REGISTER: &[Workload] = &[Register];
const COUNTER: &[Workload] = &[Counter];
const CART: &[Workload] = &[Cart];
const CARTS: &[Workload] = &[Cart, Set];
const CHAT: &[Workload] = &[Chat];
const INVENTORY: &[Workload] = &[Inventory];
const POSITION: &[Workload] = &[Position];
const TEXT: &[Workload] = &[Text];
/// Those of which whole objects are overwritten under last write wins.
const OVERWRITTEN: &[Workload] = &[Register, Counter, Cart, Inventory, Position, Text];
const ALL: &[Workload] = &[Register, Counter, Cart, Set, Inventory, Chat, Position, Text];

/// Where replicas can be brought to agree by hints alone.
const BY_HINTS_ALONE: &[(Flavour, &[Workload])] = &[
    (Flavour::Lww, ALL),
    (Flavour::LwwHlc, ALL),
    (Flavour::Siblings, ALL),
    (Flavour::Crdt, ALL),
    (Flavour::Session, ALL),
    (Flavour::Escrow, ALL),
];

/// The acceptance matrix. Every row is a test.
pub const MUTANTS: &[MutantRow] = &[
    MutantRow {
        name: "no-tiebreak",
        summary: "equal timestamps keep what each replica has",
        breaks: Convergence,
        flavour: Flavour::Lww,
        workload: Workload::Register,
        shows: &[(Flavour::Lww, OVERWRITTEN), (Flavour::LwwHlc, OVERWRITTEN)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.no_tiebreak = true,
    },
    MutantRow {
        name: "no-anti-entropy",
        summary: "no anti-entropy: a lost rumor stays lost",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[
            (Flavour::Lww, ALL),
            (Flavour::LwwHlc, ALL),
            (Flavour::Siblings, ALL),
            (Flavour::Crdt, ALL),
            (Flavour::Escrow, ALL),
        ],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.anti_entropy = false,
    },
    MutantRow {
        name: "leave-early",
        summary: "nodes leave and join at once: nothing is handed over, and what they owe or are owed is forgotten",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: BY_HINTS_ALONE,
        faults: &[FaultKind::Leave],
        mechanisms: Mechanisms::NONE.with(Mechanism::Hints),
        bug: |rules| rules.bugs.leaves_early = true,
    },
    MutantRow {
        name: "hints-in-memory",
        summary: "hints of what peers have not confirmed are kept in memory alone",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: BY_HINTS_ALONE,
        faults: &[FaultKind::Partition, FaultKind::Kill],
        mechanisms: Mechanisms::NONE.with(Mechanism::Hints),
        bug: |rules| rules.bugs.hints_in_memory = true,
    },
    MutantRow {
        name: "cache-never-expires",
        summary: "a node never drops an answer that it keeps for another node",
        breaks: Convergence,
        flavour: Flavour::TtlCache,
        workload: Workload::Register,
        shows: &[(Flavour::TtlCache, REGISTER)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.cache_never_expires = true,
    },
    MutantRow {
        name: "half-tree",
        summary: "anti-entropy compares only the left half of the digest tree",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[
            (Flavour::Lww, ALL),
            (Flavour::LwwHlc, ALL),
            (Flavour::Siblings, ALL),
            (Flavour::Crdt, ALL),
        ],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.half_tree = true,
    },
    MutantRow {
        name: "counter-lww",
        summary: "a counter is a register under last write wins",
        breaks: NoLostIncrements,
        flavour: Flavour::Crdt,
        workload: Workload::Counter,
        shows: &[(Flavour::Crdt, COUNTER)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.counter_lww = true,
    },
    MutantRow {
        name: "counter-replay",
        summary: "a retried increment is applied twice",
        breaks: NoDoubleIncrements,
        flavour: Flavour::Crdt,
        workload: Workload::Counter,
        shows: &[(Flavour::Lww, COUNTER), (Flavour::LwwHlc, COUNTER), (Flavour::Crdt, COUNTER)],
        faults: &[FaultKind::Latency],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.counter_replay = true,
    },
    MutantRow {
        name: "greater-counter",
        summary: "of two states of a counter the greater one replaces the other",
        breaks: NoLostIncrements,
        flavour: Flavour::Crdt,
        workload: Workload::Counter,
        shows: &[(Flavour::Crdt, COUNTER)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.greater_counter = true,
    },
    MutantRow {
        name: "cart-lww",
        summary: "a cart is a register under last write wins",
        breaks: NoLostItems,
        flavour: Flavour::Crdt,
        workload: Workload::Cart,
        shows: &[(Flavour::Crdt, CART)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.cart_lww = true,
    },
    MutantRow {
        name: "cart-union",
        summary: "carts merge by union: what was removed comes back",
        breaks: NoResurrectedItems,
        flavour: Flavour::Crdt,
        workload: Workload::Cart,
        shows: &[(Flavour::Crdt, CARTS)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.cart_union = true,
    },
    MutantRow {
        name: "tombstone-gc",
        summary: "what was removed is forgotten before every replica has heard of it",
        breaks: NoResurrectedItems,
        flavour: Flavour::Crdt,
        workload: Workload::Set,
        shows: &[(Flavour::Crdt, CARTS)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.tombstones_dropped = true,
    },
    MutantRow {
        name: "removes-forgotten",
        summary: "a remove of what has not arrived yet is forgotten",
        breaks: NoResurrectedItems,
        flavour: Flavour::Crdt,
        workload: Workload::Cart,
        shows: &[(Flavour::Crdt, CARTS)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.removes_forgotten = true,
    },
    MutantRow {
        name: "position-overwritten",
        summary: "of two positions the one that was written last wins, and not the greater",
        breaks: NoLostWrites,
        flavour: Flavour::Crdt,
        workload: Workload::Position,
        shows: &[(Flavour::Crdt, POSITION)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.position_lww = true,
    },
    MutantRow {
        name: "text-overwritten",
        summary: "a text is a register: an append replaces what others append at the same time",
        breaks: NoLostItems,
        flavour: Flavour::Crdt,
        workload: Workload::Text,
        shows: &[(Flavour::Crdt, TEXT)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.text_lww = true,
    },
    MutantRow {
        name: "text-arrival-order",
        summary: "the pieces of a text are shown in the order in which they came to the replica",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Text,
        shows: &[(Flavour::Crdt, TEXT)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.pieces_as_they_came = true,
    },
    MutantRow {
        name: "clock-trust",
        summary: "writes are stamped by the wall clock, whatever has been seen",
        breaks: NoCausalLoss,
        flavour: Flavour::LwwHlc,
        workload: Workload::Register,
        shows: &[(Flavour::LwwHlc, REGISTER)],
        faults: &[FaultKind::Clock],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.stamps = super::clock::Stamps::Wall,
    },
    MutantRow {
        name: "ack-before-sync",
        summary: "writes are acknowledged before they are on disk",
        breaks: NoLostWrites,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[(Flavour::Crdt, &[Workload::Register, Workload::Counter, Workload::Cart])],
        faults: &[FaultKind::Kill],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.durability = Durability::Async,
    },
    MutantRow {
        name: "stale-snapshot",
        summary: "a node that starts again loads an old snapshot",
        breaks: NoLostWrites,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[(Flavour::Crdt, REGISTER), (Flavour::Siblings, REGISTER)],
        faults: &[FaultKind::Kill],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.old_snapshot = true,
    },
    MutantRow {
        name: "sloppy-partial",
        summary: "a replica merges only half of a cart",
        breaks: NoLostItems,
        flavour: Flavour::Crdt,
        workload: Workload::Cart,
        shows: &[(Flavour::Crdt, CARTS)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.merges_half = true,
    },
    MutantRow {
        name: "forget-context",
        summary: "a write replaces values that its client has never seen, too",
        breaks: NoLostWrites,
        flavour: Flavour::Siblings,
        workload: Workload::Register,
        shows: &[(Flavour::Siblings, REGISTER)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.client_context = false,
    },
    MutantRow {
        name: "one-sibling",
        summary: "of several siblings a replica keeps the last",
        breaks: NoLostWrites,
        flavour: Flavour::Siblings,
        workload: Workload::Register,
        shows: &[(Flavour::Siblings, REGISTER), (Flavour::Crdt, REGISTER)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.one_sibling = true,
    },
    MutantRow {
        name: "prune-early",
        summary: "version vectors keep only the latest of their entries",
        breaks: MonotonicReads,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[(Flavour::Crdt, REGISTER), (Flavour::Siblings, REGISTER)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.contexts_pruned = true,
    },
    MutantRow {
        name: "session-ignored",
        summary: "a replica answers even if it is behind what the session has seen elsewhere",
        breaks: ReadYourWrites,
        flavour: Flavour::Session,
        workload: Workload::Register,
        shows: &[(Flavour::Session, &[Workload::Register, Workload::Counter])],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.waits_for_sessions = false,
    },
    MutantRow {
        name: "deps-ignored",
        summary: "a change is shown before those that its writer had seen",
        breaks: Causal,
        flavour: Flavour::Causal,
        workload: Workload::Chat,
        shows: &[(Flavour::Causal, CHAT)],
        faults: &[FaultKind::Bandwidth, FaultKind::Kill],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.past_ignored = true,
    },
    MutantRow {
        name: "gap-vector",
        summary: "a version vector is raised past changes that were never received",
        breaks: Convergence,
        flavour: Flavour::Causal,
        workload: Workload::Register,
        shows: &[(Flavour::Causal, ALL)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.gaps_skipped = true,
    },
    MutantRow {
        name: "shares-ignored",
        summary: "a replica sells what belongs to another",
        breaks: NoOversell,
        flavour: Flavour::Escrow,
        workload: Workload::Inventory,
        shows: &[(Flavour::Escrow, INVENTORY)],
        faults: &[FaultKind::Partition],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.shares_ignored = true,
    },
    MutantRow {
        name: "share-lent-twice",
        summary: "a replica hands over a share and sells it nevertheless",
        breaks: NoOversell,
        flavour: Flavour::Escrow,
        workload: Workload::Inventory,
        shows: &[(Flavour::Escrow, INVENTORY)],
        faults: &[],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.share_lent_twice = true,
    },
    MutantRow {
        name: "reads-from-one",
        summary: "a read asks no other replica",
        breaks: Linearizable,
        flavour: Flavour::Quorum,
        workload: Workload::Register,
        shows: &[(Flavour::Quorum, REGISTER)],
        faults: &[FaultKind::Latency],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.reads_from_one = true,
    },
    MutantRow {
        name: "writes-to-one",
        summary: "a write is acknowledged by one replica alone",
        breaks: Linearizable,
        flavour: Flavour::Quorum,
        workload: Workload::Register,
        shows: &[(Flavour::Quorum, REGISTER)],
        faults: &[FaultKind::Latency],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.writes_confirmed_by_one = true,
    },
    MutantRow {
        name: "repair-restamps",
        summary: "read repair writes what it read with a new timestamp",
        breaks: Linearizable,
        flavour: Flavour::Quorum,
        workload: Workload::Register,
        shows: &[(Flavour::Quorum, REGISTER)],
        faults: &[FaultKind::Latency],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.repair_restamps = true,
    },
    MutantRow {
        name: "quorum-of-half",
        summary: "half of the replicas are taken for a quorum",
        breaks: Linearizable,
        flavour: Flavour::Quorum,
        workload: Workload::Register,
        shows: &[(Flavour::Quorum, REGISTER)],
        faults: &[FaultKind::Latency],
        mechanisms: Mechanisms::USUAL,
        bug: |rules| rules.bugs.quorum_of_half = true,
    },
];

impl Mutant {
    /// The mutant's row in [`MUTANTS`].
    #[must_use]
    pub fn row(self) -> &'static MutantRow {
        self.0
    }

    /// Whether it can break something that the flavour promises of the workload.
    #[must_use]
    pub fn shows(self, flavour: Flavour, workload: Workload) -> bool {
        self.0.shows.iter().any(|(f, workloads)| *f == flavour && workloads.contains(&workload))
    }
}

impl MutantRow {
    /// The mutant.
    #[must_use]
    pub fn mutant(&'static self) -> Mutant {
        Mutant(self)
    }
}

impl PartialEq for Mutant {
    fn eq(&self, other: &Mutant) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Mutant {}

impl PartialOrd for Mutant {
    fn partial_cmp(&self, other: &Mutant) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Mutant {
    fn cmp(&self, other: &Mutant) -> Ordering {
        self.0.name.cmp(other.0.name)
    }
}

impl Hash for Mutant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.hash(state);
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl FromStr for Mutant {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, UnknownWord> {
        let row = MUTANTS.iter().find(|row| row.name == name);
        let known = || MUTANTS.iter().map(|row| row.name).collect();
        row.map(MutantRow::mutant).ok_or_else(|| UnknownWord::new("mutant", name, known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_has_its_own_name_and_breaks_something_its_flavour_promises() {
        for (at, row) in MUTANTS.iter().enumerate() {
            assert!(MUTANTS[..at].iter().all(|other| other.name != row.name), "{}", row.name);
            assert_eq!(row.name.parse::<Mutant>().unwrap(), row.mutant());
            let promised = row.flavour.promises_with(row.workload, &[], row.mechanisms);
            assert!(promised.iter().any(|p| p.property == row.breaks), "{}", row.name);
            assert!(row.mutant().shows(row.flavour, row.workload), "{}", row.name);
        }
    }

    #[test]
    fn every_mutant_switches_something() {
        for row in MUTANTS {
            let correct = Rules::new(row.flavour, Durability::Sync, row.mechanisms);
            let mut mutated = correct;
            (row.bug)(&mut mutated);
            assert_ne!(correct, mutated, "{}", row.name);
        }
    }
}
