//! Flavours, and what they promise.

use afterall_history::Property::{
    Causal, CausalConvergence, Convergence, FreshReads, Linearizable, MonotonicReads,
    MonotonicWrites, NoCausalLoss, NoDoubleIncrements, NoLostIncrements, NoLostItems, NoLostWrites,
    NoOversell, NoPhantoms, NoResurrectedItems, ReadYourWrites, WritesFollowReads,
};
use afterall_history::{
    CartRule, CounterRule, Level, Promise, Property, RegisterRule, Semantics, Workload, vocabulary,
};

vocabulary! {
    /// A configuration of the node.
    "flavour" Flavour {
        /// The last write wins, by the wall clock: registers, counters and carts as a whole, sets element by element.
        Lww = "lww",
        /// The same with hybrid logical clocks.
        LwwHlc = "lww-hlc",
        /// Registers whose concurrent writes all stay until a client that has read them writes (Dynamo, Riak).
        Siblings = "siblings",
        /// Multi-value registers, PN-counters, observed-remove carts and sets.
        Crdt = "crdt",
        /// The same, and a replica that is behind what a session has been given lets it wait, or refuses.
        Session = "session",
        /// The same types, and no change is shown before those that its writer had seen (COPS).
        Causal = "causal",
        /// Registers that are read from more than half of the replicas and written to more than half (ABD, Dynamo).
        Quorum = "quorum",
        /// Stock of which each replica sells its share alone.
        Escrow = "escrow",
        /// Gossip as a textbook prints it: versions by their maximum, no tie-break, no disk.
        Textbook = "textbook",
    }
}

impl Flavour {
    /// Which data types it has.
    #[must_use]
    pub fn has(self, workload: Workload) -> bool {
        self != Flavour::Textbook || workload == Workload::Register
    }

    /// What this flavour claims to hold for a data type, with durable storage.
    #[must_use]
    pub fn promises(self, workload: Workload) -> Vec<Promise> {
        if self == Flavour::Textbook {
            return vec![Promise::to_all(Convergence)];
        }
        let lasting = match workload {
            Workload::Register => self.of_registers(),
            Workload::Counter if self.is_lww() => &[][..],
            Workload::Inventory if self.is_lww() => &[],
            Workload::Cart if self.is_lww() => &[],
            Workload::Counter => &[NoLostIncrements, NoDoubleIncrements, NoPhantoms],
            Workload::Inventory if self == Flavour::Escrow => {
                &[NoLostIncrements, NoDoubleIncrements, NoOversell, NoPhantoms]
            }
            Workload::Inventory => &[NoLostIncrements, NoDoubleIncrements, NoPhantoms],
            // An element is added once: what a clock can get wrong is its remove.
            Workload::Set if self == Flavour::Lww => &[NoLostItems, NoPhantoms],
            Workload::Cart | Workload::Set => &[NoLostItems, NoResurrectedItems, NoPhantoms],
            Workload::Chat => &[NoLostItems, NoPhantoms],
            _ => &[],
        };
        let mut promises: Vec<Promise> = vec![Promise::to_all(Convergence)];
        promises.extend(lasting.iter().map(|&property| Promise::to_all(property)));
        if self == Flavour::Causal {
            let models: &[Property] = match workload {
                Workload::Register => &[CausalConvergence, Causal],
                Workload::Cart | Workload::Set | Workload::Chat => &[Causal],
                _ => &[],
            };
            promises.extend(models.iter().map(|&property| Promise::to_all(property)));
        }
        promises.extend(self.to_sessions(workload));
        promises
    }

    /// The same where each operation asks at one of these consistency levels. A quorum is one only if all take part in it: what is
    /// read from one replica, or written to one, is no better than under last write wins.
    #[must_use]
    pub fn promises_at(self, workload: Workload, levels: &[Level]) -> Vec<Promise> {
        match self {
            Flavour::Quorum if levels.contains(&Level::One) => Flavour::LwwHlc.promises(workload),
            _ => self.promises(workload),
        }
    }

    /// Whether its registers may be asked at several consistency levels.
    #[must_use]
    pub fn takes_levels(self) -> bool {
        matches!(self, Flavour::Lww | Flavour::LwwHlc | Flavour::Quorum)
    }

    fn is_lww(self) -> bool {
        matches!(self, Flavour::Lww | Flavour::LwwHlc)
    }

    fn of_registers(self) -> &'static [Property] {
        match self {
            Flavour::Lww => &[NoPhantoms],
            Flavour::LwwHlc => &[NoPhantoms, NoCausalLoss],
            Flavour::Quorum => &[Linearizable, FreshReads, NoLostWrites, NoPhantoms],
            _ => &[NoLostWrites, NoPhantoms],
        }
    }

    /// What sessions are promised: those that stay with a replica, and those that roam.
    fn to_sessions(self, workload: Workload) -> Vec<Promise> {
        let reads = [ReadYourWrites, MonotonicReads];
        let writes = [MonotonicWrites, WritesFollowReads];
        let (sticky, all): (&[Property], &[Property]) = match (self, workload) {
            // A replica's register only moves up in stamps: a session that stays sees no older one.
            (Flavour::Lww, Workload::Register) => (&reads, &[]),
            (Flavour::Lww, Workload::Set) => (&[], &[]),
            (Flavour::Lww | Flavour::LwwHlc, Workload::Counter | Workload::Cart) => (&[], &[]),
            (Flavour::Lww | Flavour::LwwHlc, Workload::Inventory) => (&[], &[]),
            // Sessions carry the clock from answer to request, wherever they roam.
            (Flavour::LwwHlc, Workload::Register) => (&reads, &writes),
            // A session's version is of one object, and a chat is many.
            (Flavour::Session | Flavour::Causal | Flavour::Quorum, Workload::Register) => {
                (&[], &[ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads])
            }
            (Flavour::Session, Workload::Chat) => (&reads, &[]),
            (Flavour::Session | Flavour::Causal, _) => (&[], &reads),
            (_, Workload::Register) => {
                (&[ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads], &[])
            }
            _ => (&reads, &[]),
        };
        let sticky = sticky.iter().map(|&property| Promise::to_sticky(property));
        sticky.chain(all.iter().map(|&property| Promise::to_all(property))).collect()
    }

    /// How this flavour resolves conflicts.
    #[must_use]
    pub fn semantics(self) -> Semantics {
        Semantics {
            register: match self {
                Flavour::Lww | Flavour::LwwHlc | Flavour::Quorum | Flavour::Textbook => {
                    RegisterRule::Lww
                }
                Flavour::Siblings => RegisterRule::SiblingsClient,
                Flavour::Crdt | Flavour::Session | Flavour::Causal | Flavour::Escrow => {
                    RegisterRule::SiblingsReplica
                }
            },
            counter: CounterRule::UpDown,
            cart: CartRule::AddWins,
            ..Semantics::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_flavour_is_told_the_known_ones() {
        let error = "crtd".parse::<Flavour>().unwrap_err().to_string();
        assert!(error.contains("lww-hlc"), "{error}");
    }
}
