//! Yrs, and what its users get wrong.

use crate::mistake::{Mistake, With};
use crate::runs::{Run, assert_found, assert_held, claims, ran, seeds};
use afterall_crdt_libraries::{Heard, Identity, Library, Trouble, Yrs};
use afterall_history::{Function, Promise, Property, RegisterRule, Value, Workload};
use afterall_workloads::Operation;
use yrs::sync::{Message, SyncMessage};
use yrs::updates::decoder::Decode;
use yrs::{Map, ReadTxn, Transact};

const WORKLOADS: [Workload; 4] =
    [Workload::Set, Workload::Cart, Workload::Text, Workload::Register];

fn of(workload: Workload, promises: &[Promise]) -> Run<'_> {
    Run::of(workload, promises, RegisterRule::Lww)
}

#[test]
fn yrs_keeps_what_it_claims_under_every_fault() {
    for workload in WORKLOADS {
        let promises = claims(workload);
        assert_held::<Yrs>("yrs", of(workload, &promises), seeds(10));
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for workload in [Workload::Set, Workload::Text] {
        let run = of(workload, &[]);
        let [first, second] = [(); 2].map(|()| ran::<Yrs>(run, 3).events);
        assert!(first.len() > 1_000 && first == second, "{workload}");
    }
}

#[test]
fn replicas_agree_after_a_disk_was_lost_and_a_new_client_began() {
    let run = Run::with_lost_disks(Identity::OfEachLife);
    assert_held::<Yrs>("yrs, disks lost", run, seeds(6));
}

#[test]
fn a_client_that_forgot_its_changes_and_goes_on_under_its_id_is_found() {
    let (run, mistake) = (Run::with_lost_disks(Identity::OfTheNode), "yrs: a client id used again");
    assert_found::<Yrs>(mistake, run, seeds(6), Property::Convergence);
}

/// While nothing is forgotten a client may keep its id.
#[test]
fn a_client_that_forgets_nothing_may_keep_its_id() {
    let promises = claims(Workload::Set);
    let run = Run { identity: Identity::OfTheNode, ..of(Workload::Set, &promises) };
    assert_held::<Yrs>("yrs, one client id", run, seeds(4));
}

/// Why no lost writes are promised of registers: of two writes of which neither replica had seen the other's that of the greater
/// client id is kept, whenever it was made.
#[test]
fn the_greater_client_id_wins_and_not_the_later_write() {
    let pull = |from: &mut Yrs, to: &mut Yrs| {
        let asked = to.begin(&mut ()).unwrap();
        let answer = from.hear(&mut (), &asked).unwrap().answer.unwrap();
        assert!(to.hear(&mut (), &answer).unwrap().changed);
    };
    let write = |of: &mut Yrs, value: i64| {
        let write = Operation { f: Function::Write, value: value.into(), ..Operation::read("r1") };
        of.update(&write).unwrap();
    };
    for (earlier, later, kept) in [(1, 2, 20), (2, 1, 10)] {
        let (mut earlier, mut later) = (Yrs::new(earlier).unwrap(), Yrs::new(later).unwrap());
        let mut reader = Yrs::new(3).unwrap();
        write(&mut earlier, 10);
        pull(&mut earlier, &mut reader);
        // The first write is there for readers by now, but not where the second is made.
        write(&mut later, 20);
        pull(&mut later, &mut reader);
        pull(&mut reader, &mut earlier);
        assert_eq!(reader.read(Workload::Register).unwrap(), vec![kept].into());
        assert_eq!(earlier.read(Workload::Register).unwrap(), vec![kept].into());
    }
}

/// Says nothing to a peer with the same state vector. A state vector counts what was inserted, and not what was deleted.
#[derive(Debug, Clone)]
struct ComparesStateVectors;

impl Mistake for ComparesStateVectors {
    type Of = Yrs;

    fn hear(document: &mut Yrs, peer: &mut (), message: &[u8]) -> Result<Heard, Trouble> {
        if let Message::Sync(SyncMessage::SyncStep1(seen)) = Message::decode_v1(message)?
            && seen == document.document.transact().state_vector()
        {
            return Ok(Heard { answer: None, changed: false });
        }
        document.hear(peer, message)
    }
}

#[test]
fn state_vectors_that_are_compared_to_see_whether_there_is_news_are_found() {
    let promises = claims(Workload::Set);
    let run = of(Workload::Set, &promises);
    let mistake = "yrs: state vectors compared";
    assert_found::<With<ComparesStateVectors>>(mistake, run, seeds(2), Property::Convergence);
}

/// A counter as a number in a map, which is read and written again.
#[derive(Debug, Clone)]
struct CountsInAMap;

impl CountsInAMap {
    fn count(document: &Yrs, transaction: &impl ReadTxn) -> i64 {
        let count = document.values.get(transaction, "count");
        count.and_then(|count| count.cast().ok()).unwrap_or_default()
    }
}

impl Mistake for CountsInAMap {
    type Of = Yrs;

    fn update(document: &mut Yrs, operation: &Operation) -> Result<(), Trouble> {
        let by = match (operation.f, operation.value.as_int()) {
            (Function::Increment, Some(by)) => by,
            (Function::Decrement, Some(by)) => -by,
            _ => return document.update(operation),
        };
        let mut transaction = document.document.transact_mut();
        let count = CountsInAMap::count(document, &transaction) + by;
        document.values.insert(&mut transaction, "count", count);
        Ok(())
    }

    fn read(document: &Yrs, workload: Workload) -> Result<Value, Trouble> {
        let transaction = document.document.transact();
        match workload {
            Workload::Counter => Ok(CountsInAMap::count(document, &transaction).into()),
            _ => document.read(workload),
        }
    }
}

#[test]
fn a_number_in_a_map_as_a_counter_is_found() {
    let promises = claims(Workload::Counter);
    let run = Run { faults: &[], ..of(Workload::Counter, &promises) };
    let mistake = "yrs: a number as a counter";
    assert_found::<With<CountsInAMap>>(mistake, run, seeds(2), Property::NoLostIncrements);
}
