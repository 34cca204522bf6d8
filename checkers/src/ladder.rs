//! The ladder of consistency models: which implies which, and the strongest that a history does not refute.

use crate::verdict::{Outcome, PropertyVerdict};
use afterall_history::Property;
use std::collections::BTreeSet;

/// Whether the property is a consistency model: it says which reads are right, at any moment.
fn is_model(property: Property) -> bool {
    use Property as P;
    matches!(
        property,
        P::Linearizable
            | P::Sequential
            | P::CausalConvergence
            | P::CausalMemory
            | P::Causal
            | P::Pram
            | P::ReadAtomic
            | P::ReadCommitted
            | P::ReadYourWrites
            | P::MonotonicReads
            | P::MonotonicWrites
            | P::WritesFollowReads
    )
}

/// What a property implies directly, as far as this crate judges both.
fn implies(property: Property) -> &'static [Property] {
    use Property as P;
    match property {
        P::Linearizable => &[P::Sequential, P::CounterBounds],
        P::Sequential => &[P::CausalConvergence, P::CausalMemory],
        P::CausalConvergence => &[P::Causal, P::ReadAtomic],
        P::CausalMemory => &[P::Causal, P::Pram],
        P::Causal => &[
            P::NoPhantoms,
            P::ReadYourWrites,
            P::MonotonicReads,
            P::MonotonicWrites,
            P::WritesFollowReads,
        ],
        P::Pram => &[P::NoPhantoms, P::ReadYourWrites, P::MonotonicReads, P::MonotonicWrites],
        P::ReadAtomic => &[P::ReadCommitted],
        P::ReadCommitted => &[P::NoPhantoms],
        _ => &[],
    }
}

/// All that a property implies.
fn implied(property: Property) -> BTreeSet<Property> {
    let mut implied = BTreeSet::new();
    let mut open = vec![property];
    while let Some(property) = open.pop() {
        open.extend(implies(property).iter().copied().filter(|&weaker| implied.insert(weaker)));
    }
    implied
}

/// The strongest model that held, and that implies nothing that is broken.
pub(crate) fn strongest(properties: &[PropertyVerdict]) -> Option<Property> {
    let broken =
        |property| properties.iter().any(|p| p.property == property && p.outcome.is_broken());
    let held = |property| {
        properties.iter().any(|p| p.property == property && p.outcome.is_held())
            && !properties.iter().any(|p| {
                p.property == property
                    && !p.outcome.is_held()
                    && !matches!(p.outcome, Outcome::NotExercised { .. })
            })
    };
    let models = Property::ALL.iter().copied().filter(|&property| is_model(property));
    let mut held = models.filter(|&property| held(property));
    held.find(|&property| !implied(property).into_iter().any(broken))
}
