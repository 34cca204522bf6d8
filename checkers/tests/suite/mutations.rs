//! Histories of a few hundred to a few thousand operations: those of correct stores hold what the store keeps, and a fault
//! that is planted into one is found.

use crate::delivery::Delivery;
use crate::single_copy::{Plant, Setup, run};
use crate::table::{build, outcome};
use afterall_checkers::{Valid, check};
use afterall_history::{Property, Workload};

/// Data types, and whether their values are few.
const KINDS: [(Workload, bool); 9] = [
    (Workload::Register, false),
    (Workload::Register, true),
    (Workload::Counter, false),
    (Workload::Cart, false),
    (Workload::Set, false),
    (Workload::Text, false),
    (Workload::Mutex, false),
    (Workload::Inventory, false),
    (Workload::Chat, false),
];

/// The strongest property that is judged of the data type.
fn strongest(workload: Workload) -> Property {
    match workload {
        Workload::Chat | Workload::Cart => Property::Causal,
        _ => Property::Linearizable,
    }
}

#[test]
fn one_copy_keeps_everything() {
    let mut valid = 0;
    for (workload, few) in KINDS {
        for seed in 1..=30 {
            let ops = [300, 1_000, 3_000][seed as usize % 3];
            let doubt = [0, 60][seed as usize % 2];
            let setup = Setup { workload, few, clients: 5, keys: 4, ops, doubt };
            let (header, events) = run(setup, None, seed);
            let verdict = check(&build(header, events));
            let why = (&verdict.reasons, &verdict.anomalies);
            assert_eq!(outcome(&verdict, strongest(workload)), "held", "{setup:?} {seed} {why:#?}");
            assert_ne!(verdict.valid, Valid::False, "{setup:?} {seed} {why:#?}");
            valid += usize::from(verdict.valid == Valid::True);
            assert!(
                verdict.valid == Valid::True || workload == Workload::Mutex,
                "{setup:?} {seed} {why:#?}"
            );
        }
    }
    assert_eq!(valid, 240);
}

/// A fault in a history of hundreds of operations breaks the property, whenever it happens, and each time.
fn found(workload: Workload, few: bool, plant: Plant, breaks: Property) {
    for seed in 1..=30 {
        let ops = [300, 700, 2_000][seed as usize % 3];
        // What was sold too much may be put into stock later on.
        let at = if plant == Plant::Oversale { ops - 1 } else { ops * (seed % 10) / 10 };
        let setup = Setup { workload, few, clients: 5, keys: 4, ops, doubt: 0 };
        let (header, events) = run(setup, Some((at, plant)), seed);
        let verdict = check(&build(header, events));
        // Of a counter without versions the values may not tell what was lost from what came twice.
        let found = match workload {
            Workload::Counter => verdict.breaks_promise(breaks),
            _ => outcome(&verdict, breaks) == "broken",
        };
        assert!(found, "{setup:?} {plant:?} {breaks} {seed}: {:?}", verdict.reasons);
        assert_eq!(verdict.valid, Valid::False, "{setup:?} {plant:?} {breaks} {seed}");
    }
}

#[test]
fn a_stale_read_is_found() {
    for (workload, few) in KINDS.into_iter().filter(|(workload, _)| {
        !matches!(workload, Workload::Mutex | Workload::Cart | Workload::Chat)
    }) {
        found(workload, few, Plant::StaleRead, Property::Linearizable);
    }
}

#[test]
fn a_lost_update_is_found() {
    for (workload, few) in KINDS {
        match workload {
            Workload::Cart | Workload::Chat | Workload::Set => {
                found(workload, few, Plant::LostUpdate, Property::NoLostItems);
            }
            Workload::Counter => {
                found(workload, few, Plant::LostUpdate, Property::NoLostIncrements);
            }
            _ => {}
        }
        if !matches!(workload, Workload::Cart | Workload::Chat | Workload::Mutex) {
            found(workload, few, Plant::LostUpdate, Property::Linearizable);
        }
    }
}

#[test]
fn a_lock_given_twice_is_found() {
    found(Workload::Mutex, false, Plant::DoubleGrant, Property::Linearizable);
}

#[test]
fn an_oversale_is_found() {
    found(Workload::Inventory, false, Plant::Oversale, Property::NoOversell);
    found(Workload::Inventory, false, Plant::Oversale, Property::Linearizable);
}

#[test]
fn an_answer_without_its_message_is_found() {
    found(Workload::Chat, false, Plant::AnswerAlone, Property::Causal);
}

/// How often each property came out broken, of fifty runs.
fn broken(delivery: Delivery, stale: bool, properties: &[Property]) -> Vec<u64> {
    let mut counts = vec![0; properties.len()];
    for seed in 1..=50 {
        let size = (3 + seed as usize % 4, 2 + seed as usize % 7, 300 + 20 * seed);
        let (header, events) = crate::delivery::run(delivery, size, stale, seed);
        let verdict = check(&build(header, events));
        for (&property, count) in properties.iter().zip(&mut counts) {
            let found = outcome(&verdict, property);
            assert!(["held", "broken"].contains(&found), "{delivery:?} {seed} {property} {found}");
            *count += u64::from(found == "broken");
        }
    }
    counts
}

#[test]
fn causal_memory_holds_and_does_not_converge() {
    use Property as P;
    let levels = [P::Pram, P::Causal, P::CausalMemory, P::CausalConvergence];
    let [pram, causal, memory, convergence] = broken(Delivery::CausalMemory, false, &levels)[..]
    else {
        panic!("four levels")
    };
    assert_eq!([pram, causal, memory], [0; 3]);
    assert!(convergence > 25, "{convergence}");
    assert_eq!(broken(Delivery::CausalMemory, true, &levels), [50; 4]);
}

#[test]
fn pram_holds_and_is_not_causal() {
    use Property as P;
    let levels = [P::Pram, P::Causal, P::CausalMemory];
    let [pram, causal, memory] = broken(Delivery::Pram, false, &levels)[..] else {
        panic!("three levels")
    };
    assert_eq!(pram, 0);
    assert!(causal > 25, "{causal}");
    assert!(memory >= causal, "{memory}");
    assert_eq!(broken(Delivery::Pram, true, &levels), [50; 3]);
}

#[test]
fn causal_convergence_holds() {
    let levels = [Property::Causal, Property::CausalConvergence];
    assert_eq!(broken(Delivery::Convergent, false, &levels), [0; 2]);
    assert_eq!(broken(Delivery::Convergent, true, &levels), [50; 2]);
}

/// Causal memory and PRAM of a convergent history, in which sessions now and then cannot order what they saw.
fn memory_and_pram(sessions: usize, ops: u64, seed: u64) -> [&'static str; 2] {
    let (header, events) =
        crate::delivery::run(Delivery::Convergent, (sessions, 40, ops), false, seed);
    let verdict = check(&build(header, events));
    [Property::CausalMemory, Property::Pram].map(|property| outcome(&verdict, property))
}

/// A history whose first forced orders lie behind the cycle, and none on it.
const BEHIND: u64 = 60;

#[test]
fn what_breaks_pram_breaks_causal_memory() {
    let mut broken = 0;
    for seed in 1..=100 {
        let [memory, pram] = memory_and_pram(6 + seed as usize % 5, 2_000, seed);
        assert!(memory == "broken" || pram == "held", "{seed}: {memory} {pram}");
        broken += u64::from(pram == "broken");
    }
    assert!(broken > 5, "{broken}");
}

#[test]
fn a_cycle_is_found_wherever_it_lies() {
    assert_eq!(memory_and_pram(6, 2_000, BEHIND), ["broken"; 2]);
}
