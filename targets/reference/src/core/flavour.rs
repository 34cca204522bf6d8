//! Flavours, what they promise, and the mutants: known bugs that the checkers must find.

use super::clock::Stamps;
use afterall_history::Property::{
    Convergence, MonotonicReads, MonotonicWrites, NoCausalLoss, NoDoubleIncrements,
    NoLostIncrements, NoLostItems, NoLostWrites, NoPhantoms, NoResurrectedItems, ReadYourWrites,
    WritesFollowReads,
};
use afterall_history::{
    CartRule, CounterRule, FaultKind, Promise, RegisterRule, Semantics, UnknownWord, Workload,
    vocabulary,
};
use std::fmt;
use std::str::FromStr;

vocabulary! {
    /// A configuration of the node.
    "flavour" Flavour {
        /// Everything is a register under last write wins, by the wall clock.
        Lww = "lww",
        /// The same with hybrid logical clocks.
        LwwHlc = "lww-hlc",
        /// Multi-value registers, PN-counters, observed-remove carts.
        Crdt = "crdt",
    }
}

impl Flavour {
    /// What this flavour claims to hold for a data type, with durable storage.
    #[must_use]
    pub fn promises(self, workload: Workload) -> Vec<Promise> {
        let all = |properties: &[_]| properties.iter().map(|&p| Promise::to_all(p)).collect();
        let mut promises: Vec<Promise> = all(&[Convergence]);
        match (self, workload) {
            (Flavour::Lww, Workload::Register) => promises.extend([
                // A replica's register only moves up in stamps: a session that stays sees no older one.
                Promise::to_all(NoPhantoms),
                Promise::to_sticky(ReadYourWrites),
                Promise::to_sticky(MonotonicReads),
            ]),
            (Flavour::LwwHlc, Workload::Register) => promises.extend([
                Promise::to_all(NoPhantoms),
                Promise::to_all(NoCausalLoss),
                Promise::to_sticky(ReadYourWrites),
                Promise::to_sticky(MonotonicReads),
                // Sessions carry the clock from answer to request, wherever they roam.
                Promise::to_all(MonotonicWrites),
                Promise::to_all(WritesFollowReads),
            ]),
            (Flavour::Lww | Flavour::LwwHlc, _) => {}
            (Flavour::Crdt, workload) => {
                promises.extend(all(match workload {
                    Workload::Register => &[NoLostWrites, NoPhantoms],
                    Workload::Counter => &[NoLostIncrements, NoDoubleIncrements, NoPhantoms],
                    Workload::Cart => &[NoLostItems, NoResurrectedItems, NoPhantoms],
                    _ => &[],
                }));
                promises.extend([
                    Promise::to_sticky(ReadYourWrites),
                    Promise::to_sticky(MonotonicReads),
                ]);
                if workload == Workload::Register {
                    promises.extend([
                        Promise::to_sticky(MonotonicWrites),
                        Promise::to_sticky(WritesFollowReads),
                    ]);
                }
            }
        }
        promises
    }

    /// How this flavour resolves conflicts.
    #[must_use]
    pub fn semantics(self) -> Semantics {
        Semantics {
            register: match self {
                Flavour::Lww | Flavour::LwwHlc => RegisterRule::Lww,
                Flavour::Crdt => RegisterRule::SiblingsReplica,
            },
            counter: CounterRule::UpDown,
            cart: CartRule::AddWins,
            ..Semantics::default()
        }
    }
}

/// A known bug, on an otherwise correct flavour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mutant {
    /// Equal timestamps keep what each replica has.
    NoTiebreak,
    /// No anti-entropy: a lost rumor stays lost.
    NoAntiEntropy,
    /// A counter is a register under last write wins.
    CounterLww,
    /// A retried increment is applied twice.
    CounterReplay,
    /// Carts merge by union, without memory of what was removed.
    CartUnion,
    /// Writes are stamped with the wall clock, whatever has been seen.
    ClockTrust,
    /// Writes are acknowledged before they are on disk.
    AckBeforeSync,
}

/// A row of the acceptance matrix: what a mutant breaks, and the run that fits it.
#[derive(Debug, Clone, Copy)]
pub struct MutantRow {
    /// The mutant.
    pub mutant: Mutant,
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does, in a line.
    pub summary: &'static str,
    /// The property that must be found broken.
    pub breaks: afterall_history::Property,
    /// The flavour it is a bug of.
    pub flavour: Flavour,
    /// The workload that shows it best.
    pub workload: Workload,
    /// Where it can show at all: the flavours whose promises it breaks, each with the workloads that it does so on. Elsewhere a
    /// run with it would test the correct node.
    pub shows: &'static [(Flavour, &'static [Workload])],
    /// The fault kinds that bring it out; none: it shows in a healthy run.
    pub faults: &'static [FaultKind],
}

/// The workloads that runs drive.
const DRIVEN: &[Workload] = &[Workload::Register, Workload::Counter, Workload::Cart];

/// The acceptance matrix. Every row is a test, in the sim and in the process world.
pub const MUTANTS: &[MutantRow] = &[
    MutantRow {
        mutant: Mutant::NoTiebreak,
        name: "no-tiebreak",
        summary: "equal timestamps keep what each replica has",
        breaks: Convergence,
        flavour: Flavour::Lww,
        workload: Workload::Register,
        shows: &[(Flavour::Lww, DRIVEN), (Flavour::LwwHlc, DRIVEN)],
        faults: &[],
    },
    MutantRow {
        mutant: Mutant::NoAntiEntropy,
        name: "no-anti-entropy",
        summary: "no anti-entropy: a lost rumor stays lost",
        breaks: Convergence,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[(Flavour::Lww, DRIVEN), (Flavour::LwwHlc, DRIVEN), (Flavour::Crdt, DRIVEN)],
        faults: &[FaultKind::Partition],
    },
    MutantRow {
        mutant: Mutant::CounterLww,
        name: "counter-lww",
        summary: "a counter is a register under last write wins",
        breaks: NoLostIncrements,
        flavour: Flavour::Crdt,
        workload: Workload::Counter,
        shows: &[(Flavour::Crdt, &[Workload::Counter])],
        faults: &[FaultKind::Partition],
    },
    MutantRow {
        mutant: Mutant::CounterReplay,
        name: "counter-replay",
        summary: "a retried increment is applied twice",
        breaks: NoDoubleIncrements,
        flavour: Flavour::Crdt,
        workload: Workload::Counter,
        shows: &[
            (Flavour::Lww, &[Workload::Counter]),
            (Flavour::LwwHlc, &[Workload::Counter]),
            (Flavour::Crdt, &[Workload::Counter]),
        ],
        faults: &[FaultKind::Latency],
    },
    MutantRow {
        mutant: Mutant::CartUnion,
        name: "cart-union",
        summary: "carts merge by union: what was removed comes back",
        breaks: NoResurrectedItems,
        flavour: Flavour::Crdt,
        workload: Workload::Cart,
        shows: &[(Flavour::Crdt, &[Workload::Cart])],
        faults: &[FaultKind::Partition],
    },
    MutantRow {
        mutant: Mutant::ClockTrust,
        name: "clock-trust",
        summary: "writes are stamped by the wall clock, whatever has been seen",
        breaks: NoCausalLoss,
        flavour: Flavour::LwwHlc,
        workload: Workload::Register,
        shows: &[(Flavour::LwwHlc, &[Workload::Register])],
        faults: &[FaultKind::Clock],
    },
    MutantRow {
        mutant: Mutant::AckBeforeSync,
        name: "ack-before-sync",
        summary: "writes are acknowledged before they are on disk",
        breaks: NoLostWrites,
        flavour: Flavour::Crdt,
        workload: Workload::Register,
        shows: &[(Flavour::Crdt, DRIVEN)],
        faults: &[FaultKind::Kill],
    },
];

impl Mutant {
    /// The mutant's row in [`MUTANTS`].
    #[must_use]
    pub fn row(self) -> &'static MutantRow {
        // Every variant has a row (a test holds it), so the first is never a wrong answer.
        MUTANTS.iter().find(|row| row.mutant == self).unwrap_or(&MUTANTS[0])
    }

    /// Whether it can break something that the flavour promises of the workload.
    #[must_use]
    pub fn shows(self, flavour: Flavour, workload: Workload) -> bool {
        self.row().shows.iter().any(|(f, workloads)| *f == flavour && workloads.contains(&workload))
    }
}

impl fmt::Display for Mutant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}

impl FromStr for Mutant {
    type Err = UnknownWord;

    fn from_str(name: &str) -> Result<Self, UnknownWord> {
        let row = MUTANTS.iter().find(|row| row.name == name);
        let known = || MUTANTS.iter().map(|row| row.name).collect();
        row.map(|row| row.mutant).ok_or_else(|| UnknownWord::new("mutant", name, known()))
    }
}

/// When a write is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// After it is on disk.
    Sync,
    /// Before.
    Async,
}

/// What a flavour and a mutant come to: the switches that the node's code asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    pub(crate) stamps: Stamps,
    pub(crate) register_lww: bool,
    pub(crate) counter_lww: bool,
    pub(crate) cart_lww: bool,
    pub(crate) tiebreak: bool,
    pub(crate) cart_union: bool,
    pub(crate) counter_replay: bool,
    pub(crate) anti_entropy: bool,
    pub(crate) durability: Durability,
}

impl Rules {
    /// The rules of a flavour with at most one bug.
    #[must_use]
    pub fn new(flavour: Flavour, mutant: Option<Mutant>, durability: Durability) -> Self {
        let lww = flavour != Flavour::Crdt;
        let is = |bug| mutant == Some(bug);
        Rules {
            stamps: match flavour {
                Flavour::Lww => Stamps::Wall,
                Flavour::LwwHlc | Flavour::Crdt if is(Mutant::ClockTrust) => Stamps::Wall,
                Flavour::LwwHlc | Flavour::Crdt => Stamps::Hybrid,
            },
            register_lww: lww,
            counter_lww: lww || is(Mutant::CounterLww),
            cart_lww: lww,
            tiebreak: !is(Mutant::NoTiebreak),
            cart_union: is(Mutant::CartUnion),
            counter_replay: is(Mutant::CounterReplay),
            anti_entropy: !is(Mutant::NoAntiEntropy),
            durability: if is(Mutant::AckBeforeSync) { Durability::Async } else { durability },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mutant_has_its_own_row_and_breaks_something_its_flavour_promises() {
        for row in MUTANTS {
            assert_eq!(row.mutant.row().name, row.name);
            assert_eq!(row.name.parse::<Mutant>().unwrap(), row.mutant);
            let promised = row.flavour.promises(row.workload);
            assert!(promised.iter().any(|p| p.property == row.breaks), "{}", row.name);
            assert!(row.mutant.shows(row.flavour, row.workload), "{}", row.name);
        }
    }

    #[test]
    fn an_unknown_flavour_is_told_the_known_ones() {
        let error = "crtd".parse::<Flavour>().unwrap_err().to_string();
        assert!(error.contains("lww-hlc"), "{error}");
    }
}
