//! What an anomaly is called.

use afterall_history::vocabulary;

vocabulary! {
    /// What an anomaly is called. The variants stand in the order of their names, which is the order of groups in a verdict.
    "kind of anomaly" AnomalyKind {
        /// A transaction read a value whose write was aborted.
        AbortedRead = "AbortedRead",
        /// Cyclic conflict: by what the sessions read, each of some writes of a key must come before the next, and the last
        /// before the first.
        CyclicConflict = "CyclicCF",
        /// Cyclic causal order: effects come before their causes, each operation before the next, and the last before the first.
        CyclicCausality = "CyclicCO",
        /// Cyclic order of one session's view ("happens before"): no single order of the writes explains what the session read.
        CyclicSessionOrder = "CyclicHB",
        /// A transaction saw one write of another transaction and missed a second one of it.
        FracturedRead = "FracturedRead",
        /// A transaction read a value before it wrote that value itself.
        FutureRead = "FutureRead",
        /// A transaction read a value that the transaction that wrote it had replaced.
        IntermediateRead = "IntermediateRead",
        /// A transaction read from another one, and then missed a write of it or read what that write had replaced.
        NonMonotonicRead = "NonMonotonicRead",
        /// A transaction read a key twice and got different values.
        NonRepeatableRead = "NonRepeatableRead",
        /// A transaction read a value of its own that it had replaced.
        NotMyLastWrite = "NotMyLastWrite",
        /// A transaction read a value of another one, although it had written the key itself.
        NotMyOwnWrite = "NotMyOwnWrite",
        /// A read returned a value that nobody wrote, or only a write that failed.
        ThinAirRead = "ThinAirRead",
        /// A read returned nothing, although there was a write of its key in its causal past: among what the session had done
        /// or seen by then, and all that came before that.
        CausalInitialRead = "WriteCOInitRead",
        /// A read returned a value that had been overwritten in its causal past: among what the session had done or seen by
        /// then, and all that came before that.
        CausalStaleRead = "WriteCORead",
        /// A read returned nothing, although every order that explains the reads of its session puts a write of its key before
        /// it.
        SessionInitialRead = "WriteHBInitRead",
        /// A read returned a value whose write is recorded as failed.
        AbortedWrite = "aborted write",
        /// A read showed an answer and not the message that it answers.
        AnswerWithoutMessage = "answer without its message",
        /// A counter holds more than was asked for: an operation was applied more than once.
        AppliedAgain = "applied more than once",
        /// An order of a cart ignored what its session knew of the cart.
        CheckoutAnomaly = "checkout anomaly",
        /// No order of the states of a key lets every session keep several guarantees at once: one of them is broken,
        /// nobody knows which.
        ContradictorySessionOrders = "contradictory session orders",
        /// Replicas hold different values at the end.
        Divergence = "divergence",
        /// A read showed an element of a set, a message of a chat or a piece of a text more than once, or an item of a cart more
        /// often than it was added.
        DuplicateItem = "duplicate item",
        /// A read showed an edit and not the message that it edits.
        EditWithoutMessage = "edit without its message",
        /// A read of a counter returned a value that no choice of the operations known by then adds up to.
        ImpossibleSum = "impossible sum",
        /// A counter holds less than was acknowledged: increments are gone.
        LostIncrements = "lost increments",
        /// The add of an item (of a cart, an element of a set, a message of a chat, a piece of a text) was acknowledged and nobody
        /// removed the item, and at the end no replica holds it.
        LostItem = "lost item",
        /// A write was acknowledged, and at the end it is gone without cause.
        LostWrite = "lost write",
        /// A read did not show an item whose add was in its causal past.
        MissingItem = "missing item",
        /// No one order of the operations explains every read.
        NoOrder = "no order",
        /// No one order that keeps to real time explains what was read.
        NotLinearizable = "not linearizable",
        /// More was sold than there was.
        Oversold = "oversold",
        /// A session did not see an update that it had made before: read your writes is broken.
        ReadYourWrites = "own update not seen",
        /// The store put a session's later update before its earlier one: monotonic writes is broken.
        MonotonicWrites = "own updates out of order",
        /// A read returned a value that nobody had written by then.
        Phantom = "phantom",
        /// A read showed an item of a cart in a quantity that nobody asked for.
        QuantityDrift = "quantity drift",
        /// A read of a counter returned a value outside what the operations before and beside it allow.
        ReadOutOfBounds = "read out of bounds",
        /// A session read a state, and later read an older one: monotonic reads is broken.
        MonotonicReads = "read went backwards",
        /// A read showed an item whose remove was in its causal past.
        RemovedItemShown = "removed item shown",
        /// An item was removed by a session that had seen it, and at the end it is there again.
        ResurrectedItem = "resurrected item",
        /// A read of a register returned several values at once.
        Siblings = "siblings",
        /// A read returned what was older than a write that had been acknowledged before the read began.
        StaleRead = "stale read",
        /// An operation at a node that had not failed was not answered while a fault was in force.
        Unanswered = "unanswered",
        /// The store put a session's update before a write that the session had read: writes follow reads is broken.
        WritesFollowReads = "update ordered before what its session had read",
        /// A write was acknowledged, and at the end a value that its session had seen before stands in its place.
        WriteLostToWhatItHadSeen = "write lost to an older one",
        /// A counter holds another sum than was acknowledged, and does not tell what is missing and what was applied more than once.
        WrongSum = "wrong sum",
    }
}

impl AnomalyKind {
    /// What a name from the literature means; the other names are plain words.
    #[must_use]
    pub fn explanation(self) -> Option<&'static str> {
        self.name().starts_with(char::is_uppercase).then(|| self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::AnomalyKind;

    #[test]
    fn every_kind_is_read_as_it_is_written_and_has_a_summary() {
        for &kind in AnomalyKind::ALL {
            assert_eq!(kind.name().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<AnomalyKind>(&json).unwrap(), kind);
            assert!(kind.summary().ends_with('.'), "{kind}: {}", kind.summary());
        }
    }

    #[test]
    fn names_from_the_literature_are_explained_and_plain_words_are_not() {
        assert!(AnomalyKind::CyclicConflict.explanation().unwrap().starts_with("Cyclic conflict"));
        assert_eq!(AnomalyKind::LostWrite.explanation(), None);
        assert_eq!(AnomalyKind::ReadYourWrites.explanation(), None);
    }

    #[test]
    fn kinds_are_ordered_by_name() {
        assert!(AnomalyKind::ALL.is_sorted());
        assert!(AnomalyKind::names().is_sorted_by(|a, b| a < b));
    }
}
