//! Flavours, and what they promise.

use super::copies::Copies;
use super::mechanisms::{Mechanism, Mechanisms};
use afterall_history::Property::{
    Causal, CausalConvergence, Convergence, FreshReads, Linearizable, MonotonicReads,
    MonotonicWrites, NoCausalLoss, NoDoubleIncrements, NoLostIncrements, NoLostItems, NoLostWrites,
    NoOversell, NoPhantoms, NoResurrectedItems, ReadYourWrites, WritesFollowReads,
};
use afterall_history::{
    CartRule, CounterRule, Level, Promise, Property, RegisterRule, Semantics, Sessions, Workload,
    vocabulary,
};

vocabulary! {
    /// A configuration of the node.
    "flavour" Flavour {
        /// The last write wins, by the wall clock: registers, counters, carts, positions and texts as a whole, sets element by element.
        Lww = "lww",
        /// The same with hybrid logical clocks.
        LwwHlc = "lww-hlc",
        /// Registers whose concurrent writes all stay until a client that has read them writes (Dynamo, Riak).
        Siblings = "siblings",
        /// Multi-value registers, PN-counters, observed-remove carts and sets, positions of which the greatest wins, texts that keep every piece.
        Crdt = "crdt",
        /// The same, and a replica that is behind what a session has been given lets it wait, or refuses.
        Session = "session",
        /// The same types, and no change is shown before those that its writer had seen (COPS).
        Causal = "causal",
        /// Registers that are read from more than half of the replicas and written to more than half (ABD, Dynamo).
        Quorum = "quorum",
        /// Stock of which each replica sells its share alone.
        Escrow = "escrow",
        /// Registers that one node holds; the others keep its answers for five seconds, as resolvers of DNS do.
        TtlCache = "ttl-cache",
        /// Gossip as a textbook prints it: versions by their maximum, no tie-break, no disk.
        Textbook = "textbook",
        /// The same, with anti-entropy that compares the textbook's hash trees in place of version vectors.
        TextbookTree = "textbook-tree",
    }
}

impl Flavour {
    /// Which data types it has.
    #[must_use]
    pub fn has(self, workload: Workload) -> bool {
        match self {
            Flavour::TtlCache => workload == Workload::Register,
            Flavour::Textbook | Flavour::TextbookTree => {
                matches!(workload, Workload::Register | Workload::Set)
            }
            _ => true,
        }
    }

    /// Whether it is as a textbook prints it, and so known to be wrong.
    #[must_use]
    pub fn is_a_textbooks(self) -> bool {
        matches!(self, Flavour::Textbook | Flavour::TextbookTree)
    }

    /// Whether a node of it can leave the cluster and join it again. The textbooks know of no such thing, and of one that holds everything for
    /// all there is nobody to take over.
    #[must_use]
    pub fn has_membership(self) -> bool {
        !self.is_a_textbooks() && self != Flavour::TtlCache
    }

    /// What this flavour claims to hold for a data type, with durable storage.
    #[must_use]
    pub fn promises(self, workload: Workload) -> Vec<Promise> {
        if self.is_a_textbooks() {
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
            // The last write need not be the furthest.
            Workload::Position if self.is_lww() => &[NoPhantoms],
            Workload::Position => &[NoLostWrites, NoPhantoms],
            // The last append replaces what others had appended at the same time.
            Workload::Text if self.is_lww() => &[NoPhantoms],
            Workload::Text => &[NoLostItems, NoPhantoms],
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

    /// The same where operations ask at these consistency levels, and changes come to the other replicas by these mechanisms: nobody promises that replicas agree if a change
    /// may be forgotten before all have it. Of what is acknowledged nothing is lost either way: it is on a disk.
    #[must_use]
    pub fn promises_with(
        self,
        workload: Workload,
        levels: &[Level],
        mechanisms: Mechanisms,
    ) -> Vec<Promise> {
        let mut promises = self.promises_at(workload, levels);
        promises.retain(|it| it.property != Convergence || mechanisms.misses_nothing());
        promises
    }

    /// Whether a promise stands with so many copies among so many nodes. A node that does not hold an object asks one that
    /// does, today this and tomorrow another: a session that stays with it stays with no replica. And quorums that need not meet
    /// promise no more than that replicas agree.
    #[must_use]
    pub fn stands_with(self, promise: &Promise, copies: Copies, nodes: u16) -> bool {
        if self == Flavour::Quorum && !copies.meet(nodes) {
            return matches!(promise.property, Convergence | NoPhantoms);
        }
        promise.sessions != Sessions::Sticky || !copies.are_partial(nodes)
    }

    /// Which mechanisms it can have, in words, if these are not among them. Objects that come by themselves would break the order of
    /// causal changes, and the textbook's gossip is one piece.
    ///
    /// # Errors
    /// What it can have.
    pub fn check(self, mechanisms: Mechanisms) -> Result<(), &'static str> {
        let by_objects =
            mechanisms.contains(Mechanism::ReadRepair) || mechanisms.contains(Mechanism::Hints);
        match self {
            Flavour::Textbook | Flavour::TextbookTree | Flavour::TtlCache
                if !mechanisms.is_usual() =>
            {
                Err("rumors,anti-entropy")
            }
            Flavour::Causal if by_objects => Err("rumors, anti-entropy, or both"),
            _ => Ok(()),
        }
    }

    /// Whether a node that loses its disk can break this rightly. What it alone had acknowledged is gone, with all that a session had
    /// seen of it; the others bring it up to date again, unless they have forgotten the changes that it lacks.
    #[must_use]
    pub fn may_break_when_a_disk_is_lost(self, property: Property, mechanisms: Mechanisms) -> bool {
        match property {
            Convergence => {
                self == Flavour::Causal
                    || self.is_a_textbooks()
                    || !mechanisms.contains(Mechanism::AntiEntropy)
            }
            NoPhantoms | NoDoubleIncrements => false,
            _ => true,
        }
    }

    /// The same where each operation asks at one of these consistency levels. A quorum is one only if all take part in it: what is
    /// read from one replica, or written to one, is no better than under last write wins.
    fn promises_at(self, workload: Workload, levels: &[Level]) -> Vec<Promise> {
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
            (
                Flavour::Lww | Flavour::LwwHlc,
                Workload::Inventory | Workload::Position | Workload::Text,
            ) => (&[], &[]),
            // Sessions carry the clock from answer to request, wherever they roam.
            (Flavour::LwwHlc, Workload::Register) => (&reads, &writes),
            // A session's version is of one object, and a chat is many.
            (Flavour::Session | Flavour::Causal | Flavour::Quorum, Workload::Register) => {
                (&[], &[ReadYourWrites, MonotonicReads, MonotonicWrites, WritesFollowReads])
            }
            // All write to one node. What a cache was told before the write is shown after it, though.
            (Flavour::TtlCache, Workload::Register) => {
                (&[MonotonicReads], &[MonotonicWrites, WritesFollowReads])
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
                Flavour::Lww
                | Flavour::LwwHlc
                | Flavour::Quorum
                | Flavour::TtlCache
                | Flavour::Textbook
                | Flavour::TextbookTree => RegisterRule::Lww,
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
