//! Automerge, and what its users get wrong.

use crate::mistake::{Mistake, With};
use crate::runs::{Run, assert_found, assert_held, claims, ran, seeds};
use afterall_crdt_libraries::{Automerge, Identity, Library, Stream, Trouble};
use afterall_history::{Function, Promise, Property, RegisterRule, Value, Workload};
use afterall_workloads::Operation;
use automerge::sync::{State, SyncDoc};

const WORKLOADS: [Workload; 5] =
    [Workload::Set, Workload::Cart, Workload::Counter, Workload::Text, Workload::Register];

fn promises(workload: Workload) -> Vec<Promise> {
    let mut promises = claims(workload);
    if workload == Workload::Register {
        promises.push(Promise::to_all(Property::NoLostWrites));
    }
    promises
}

fn of(workload: Workload, promises: &[Promise]) -> Run<'_> {
    Run::of(workload, promises, RegisterRule::SiblingsReplica)
}

#[test]
fn automerge_keeps_what_it_claims_under_every_fault() {
    for workload in WORKLOADS {
        let promises = promises(workload);
        assert_held::<Automerge>("automerge", of(workload, &promises), seeds(2));
    }
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for workload in [Workload::Set, Workload::Text] {
        let run = of(workload, &[]);
        let [first, second] = [(); 2].map(|()| ran::<Automerge>(run, 3).events);
        assert!(first.len() > 1_000 && first == second, "{workload}");
    }
}

#[test]
fn replicas_agree_after_a_disk_was_lost_and_a_new_actor_began() {
    let run = Run::with_lost_disks(Identity::OfEachLife);
    assert_held::<Automerge>("automerge, disks lost", run, seeds(6));
}

#[test]
fn an_actor_that_forgot_its_changes_and_goes_on_under_its_id_is_found() {
    let (run, mistake) =
        (Run::with_lost_disks(Identity::OfTheNode), "automerge: an actor id used again");
    assert_found::<Automerge>(mistake, run, seeds(6), Property::Convergence);
}

/// While nothing is forgotten an actor may keep its id.
#[test]
fn an_actor_that_forgets_nothing_may_keep_its_id() {
    let promises = promises(Workload::Set);
    let run = Run { identity: Identity::OfTheNode, ..of(Workload::Set, &promises) };
    assert_held::<Automerge>("automerge, one actor id", run, seeds(4));
}

/// One stream of the protocol for ever, whatever was lost on it.
#[derive(Debug, Clone)]
struct OneStream;

impl Mistake for OneStream {
    type Of = Automerge;

    fn begin(document: &mut Automerge, peer: &mut Stream) -> Option<Vec<u8>> {
        peer.beginnings = 0;
        document.begin(peer)
    }
}

#[test]
fn a_sync_state_that_outlives_its_connection_is_found() {
    let promises = promises(Workload::Set);
    let run = of(Workload::Set, &promises);
    assert_found::<With<OneStream>>(
        "automerge: one sync state for ever",
        run,
        seeds(2),
        Property::Convergence,
    );
}

/// Why a stream is given up, and why answers are counted: what was sent once is not sent again, and yet both go on asking.
#[test]
fn two_peers_of_which_one_waits_for_a_lost_message_talk_without_end() {
    let (mut ann, mut bob) = (Automerge::new(1).unwrap(), Automerge::new(2).unwrap());
    let add = Operation { f: Function::Add, value: "e1".into(), ..Operation::read("s1") };
    ann.update(&add).unwrap();
    let (mut of_bob, mut of_ann) = (State::new(), State::new());
    let tell = |of: &mut Automerge, peer: &mut State| of.0.sync().generate_sync_message(peer);
    let hear = |of: &mut Automerge, peer: &mut State, message| {
        of.0.sync().receive_sync_message(peer, message).unwrap();
    };
    let hello = tell(&mut bob, &mut of_ann).unwrap();
    hear(&mut ann, &mut of_bob, hello);
    let lost = tell(&mut ann, &mut of_bob).unwrap();
    assert!(!lost.changes.is_empty());
    // Bob is started again, and knows nothing of what was said.
    of_ann = State::new();
    for _ in 0..1_000 {
        let asked = tell(&mut bob, &mut of_ann).unwrap();
        hear(&mut ann, &mut of_bob, asked);
        let answer = tell(&mut ann, &mut of_bob).unwrap();
        assert!(answer.changes.is_empty());
        hear(&mut bob, &mut of_ann, answer);
    }
    assert_eq!(bob.read(Workload::Set).unwrap(), Vec::<Value>::new().into());
}

/// Each replica makes the objects of a document for itself.
#[derive(Debug, Clone)]
struct OwnObjects;

impl Mistake for OwnObjects {
    type Of = Automerge;

    fn new(writer: u64) -> Result<Automerge, Trouble> {
        Automerge::made_by(writer.to_be_bytes().into(), writer)
    }
}

#[test]
fn objects_that_each_replica_makes_for_itself_are_found() {
    for (workload, property) in [
        (Workload::Cart, Property::NoLostItems),
        (Workload::Text, Property::NoLostItems),
        (Workload::Counter, Property::NoLostIncrements),
    ] {
        let promises = promises(workload);
        let run = Run { faults: &[], ..of(workload, &promises) };
        assert_found::<With<OwnObjects>>(
            "automerge: objects made by each",
            run,
            seeds(2),
            property,
        );
    }
}
