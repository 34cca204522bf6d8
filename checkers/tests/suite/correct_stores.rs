//! Correct stores raise no alarm, and a correct history that is tampered with does.

use crate::store::{Dice, Kind, Setup, run};
use crate::table::{build, drawn};
use afterall_checkers::{Outcome, Verdict, check};
use afterall_history::{Event, Function, History, OpEvent, Outcome as How, Property, Value};

const KINDS: [Kind; 8] = [
    Kind::Logical,
    Kind::Skewed,
    Kind::SiblingsReplica,
    Kind::SiblingsClient,
    Kind::Counter,
    Kind::Cart,
    Kind::Position,
    Kind::Text,
];

fn recorded(setup: Setup, seed: u64) -> History {
    let (header, events) = run(setup, seed);
    build(header, events)
}

/// What of its promises the verdict does not call held.
fn alarms(verdict: &Verdict) -> Vec<&str> {
    verdict
        .properties
        .iter()
        .filter(|p| p.promised)
        .filter(|p| matches!(p.outcome, Outcome::Broken { .. } | Outcome::Undecided { .. }))
        .map(|p| p.summary.as_str())
        .collect()
}

#[test]
fn correct_stores_raise_no_alarm() {
    let mut exercised = 0;
    for kind in KINDS {
        for (versions, roaming) in [(false, false), (true, false), (false, true), (true, true)] {
            for seed in 0..drawn(100) {
                let steps = [30, 120, 400][seed as usize % 3];
                let setup = Setup { kind, versions, roaming, steps };
                let verdict = check(&recorded(setup, seed));
                let alarms = alarms(&verdict);
                assert!(
                    alarms.is_empty(),
                    "{setup:?} seed {seed}: {alarms:#?}\n{:#?}",
                    verdict.anomalies
                );
                exercised +=
                    verdict.properties.iter().filter(|p| p.promised && p.outcome.is_held()).count();
                close(&verdict);
            }
        }
    }
    assert!(exercised > 8_000, "{exercised} promises were put to the test");
}

/// The sums of the fates.
fn close(verdict: &Verdict) {
    if let Some(f) = verdict.figures.fates {
        assert_eq!(f.survived + f.superseded + f.discarded + f.lost + f.undecided, f.acknowledged);
    }
    if let Some(f) = verdict.figures.items {
        assert_eq!(f.present + f.removed + f.lost + f.undecided, f.acknowledged);
    }
}

/// How often a way of tampering could be applied, and the property was then called broken.
fn caught(
    setup: Setup,
    property: Property,
    tamper: impl Fn(&mut Vec<Event>, &History, &mut Dice) -> bool,
) {
    let (mut applied, seeds) = (0, 300);
    for seed in 0..seeds {
        let (header, mut events) = run(setup, seed);
        let history = build(header.clone(), events.clone());
        if tamper(&mut events, &history, &mut Dice::new(seed)) {
            applied += 1;
            let verdict = check(&build(header, events));
            assert!(
                verdict.breaks_promise(property),
                "{setup:?} seed {seed}: {:?}",
                verdict.reasons
            );
            assert_eq!(verdict.valid, afterall_checkers::Valid::False);
            assert!(verdict.anomalies.iter().any(|a| a.promised));
            close(&verdict);
        }
    }
    assert!(applied > seeds / 6, "{setup:?} {property}: applied {applied} of {seeds} times");
}

fn reads(events: &mut [Event], finals: bool) -> impl Iterator<Item = &mut OpEvent> {
    events.iter_mut().filter_map(move |event| match event {
        Event::Op(e) if e.f.is_read() && e.outcome == How::Ok && e.last == finals => Some(e),
        _ => None,
    })
}

fn setup(kind: Kind, versions: bool) -> Setup {
    Setup { kind, versions, roaming: false, steps: 150 }
}

/// The pieces of a text, the last one first; a text of one piece without it.
fn turned(text: &str) -> String {
    let mut pieces: Vec<&str> = text.split_inclusive(';').collect();
    match pieces.pop() {
        Some(last) if !pieces.is_empty() => std::iter::once(last).chain(pieces).collect(),
        _ => String::new(),
    }
}

#[test]
fn a_replica_that_shows_something_else() {
    for kind in KINDS {
        caught(setup(kind, true), Property::Convergence, |events, _, dice| {
            let mut finals: Vec<&mut OpEvent> = reads(events, true).collect();
            let at = dice.below(finals.len() as u64) as usize;
            let other = match &finals[at].value {
                Value::Int(n) => Value::Int(n - 1),
                Value::List(items) if !items.is_empty() => Value::List(Vec::new()),
                Value::Text(text) => Value::Text(turned(text)),
                _ => return false,
            };
            finals[at].value = other;
            true
        });
    }
}

#[test]
fn a_sibling_that_is_gone() {
    for kind in [Kind::SiblingsReplica, Kind::SiblingsClient] {
        let steps = if kind == Kind::SiblingsClient { 30 } else { 150 };
        let setup = Setup { steps, ..setup(kind, true) };
        caught(setup, Property::NoLostWrites, |events, history, dice| {
            let acked: Vec<Value> = history
                .ops()
                .filter(|op| op.f() == Function::Write && op.is_ok())
                .map(|op| history.data().value(op.input()))
                .collect();
            // What nobody acknowledged may have replaced it, whenever it took effect.
            let survivors: Vec<Value> = reads(events, true)
                .map(|e| e.value.as_list().unwrap().to_vec())
                .filter(|values| values.iter().all(|value| acked.contains(value)))
                // Its session's later write may have replaced it, if the client knows its own writes.
                .filter(|values| kind == Kind::SiblingsReplica || values.len() == 1)
                .flatten()
                .collect();
            if survivors.is_empty() {
                return false;
            }
            let gone = dice.pick(&survivors).clone();
            for read in reads(events, true) {
                if let Value::List(items) = &mut read.value {
                    items.retain(|item| *item != gone);
                }
            }
            true
        });
    }
}

#[test]
fn a_value_that_nobody_wrote() {
    for kind in KINDS {
        caught(setup(kind, true), Property::NoPhantoms, |events, _, dice| {
            let mut reads: Vec<&mut OpEvent> = reads(events, false).collect();
            if reads.is_empty() {
                return false;
            }
            let at = dice.below(reads.len() as u64) as usize;
            reads[at].value = match kind {
                Kind::Counter | Kind::Position => Value::Int(1_000_000),
                Kind::Cart => Value::List(vec![vec![1_000_000, 2].into()]),
                Kind::Text => Value::Text("1000000;".to_owned()),
                _ => vec![1_000_000].into(),
            };
            true
        });
    }
}

#[test]
fn a_counter_that_is_off() {
    for versions in [false, true] {
        for (by, property) in
            [(-2_000, Property::NoLostIncrements), (2_000, Property::NoDoubleIncrements)]
        {
            caught(setup(Kind::Counter, versions), property, |events, history, _| {
                // Versions would tell that nothing is missing; here they are to tell the same story.
                let key = history.key_name(afterall_history::KeyId(0)).to_owned();
                for read in reads(events, true).filter(|read| read.key == key) {
                    let Value::Int(n) = &mut read.value else { return false };
                    *n += by;
                    read.version = None;
                }
                history.ops().any(|op| !op.f().is_read() && op.is_ok() && op.key_name() == key)
            });
        }
    }
}

/// Lets the last read of somebody who had read something return nothing; returns whether there is one.
fn reads_nothing_again(events: &mut [Event]) -> bool {
    let mut reads: Vec<&mut OpEvent> = reads(events, false).collect();
    let of = |a: &OpEvent, b: &OpEvent| (a.process, &a.key) == (b.process, &b.key);
    let last = (0..reads.len()).rev().find(|&at| {
        let before = |e: &&mut OpEvent| of(e, reads[at]) && !e.value.is_nil();
        reads[..at].iter().any(before)
    });
    let Some(last) = last else { return false };
    reads[last].value = Value::Nil;
    true
}

#[test]
fn a_position_that_went_back() {
    for versions in [false, true] {
        caught(setup(Kind::Position, versions), Property::NoLostWrites, |events, history, _| {
            let acked = history.ops().filter(|op| !op.f().is_read() && op.is_ok());
            let of_x = acked.filter(|op| op.key_name() == "x");
            let Some(furthest) = of_x.filter_map(|op| op.input().as_int()).max() else {
                return false;
            };
            for read in reads(events, true).filter(|read| read.key == "x") {
                read.value = Value::Int(furthest - 1);
            }
            true
        });
        caught(setup(Kind::Position, versions), Property::MonotonicReads, |events, _, _| {
            reads_nothing_again(events)
        });
    }
}

#[test]
fn a_piece_of_a_text_that_is_gone_and_one_that_is_there_twice() {
    for versions in [false, true] {
        caught(setup(Kind::Text, versions), Property::NoLostItems, |events, history, dice| {
            let acked = history.ops().filter(|op| op.f() == Function::Append && op.is_ok());
            let acked: Vec<Value> = acked.map(|op| history.data().value(op.input())).collect();
            if acked.is_empty() {
                return false;
            }
            let gone = dice.pick(&acked).as_text().unwrap();
            for read in reads(events, true) {
                let Some(text) = read.value.as_text() else { continue };
                let left = text.split_inclusive(';').filter(|piece| *piece != gone);
                read.value = Value::Text(left.collect());
            }
            true
        });
        caught(setup(Kind::Text, versions), Property::NoPhantoms, |events, _, _| {
            let shown = reads(events, false).find(|read| !read.value.is_nil());
            let Some(read) = shown else { return false };
            let text = read.value.as_text().unwrap();
            let first = text.split_inclusive(';').next().unwrap();
            read.value = Value::Text(format!("{text}{first}"));
            true
        });
    }
    // With versions they are judged by these.
    caught(setup(Kind::Text, false), Property::MonotonicReads, |events, _, _| {
        reads_nothing_again(events)
    });
}

#[test]
fn an_item_that_is_gone_and_one_that_is_back() {
    caught(setup(Kind::Cart, true), Property::NoLostItems, |events, history, dice| {
        let acked: Vec<Value> = history
            .ops()
            .filter(|op| op.f() == Function::Add && op.is_ok())
            .map(|op| history.data().value(op.input()))
            .collect();
        let removed: Vec<Value> = history
            .ops()
            .filter(|op| op.f() == Function::Remove)
            .map(|op| history.data().value(op.input()))
            .collect();
        let there: Vec<Value> = reads(events, true)
            .flat_map(|e| e.value.as_list().unwrap().to_vec())
            .filter(|item| acked.contains(item) && !removed.contains(&item.as_list().unwrap()[0]))
            .collect();
        if there.is_empty() {
            return false;
        }
        let gone = dice.pick(&there).clone();
        for read in reads(events, true) {
            if let Value::List(items) = &mut read.value {
                items.retain(|item| *item != gone);
            }
        }
        true
    });
    let longer = Setup { steps: 900, ..setup(Kind::Cart, true) };
    caught(longer, Property::NoResurrectedItems, |events, history, _| {
        let data = history.data();
        // A remove by the session that had added the element, both acknowledged.
        let own =
            history.ops().filter(|op| op.f() == Function::Remove && op.is_ok()).find(|remove| {
                history.ops().any(|add| {
                    add.f() == Function::Add
                        && add.is_ok()
                        && add.session() == remove.session()
                        && add.id() < remove.id()
                        && add.key() == remove.key()
                        && data.items(add.input()).next() == Some(remove.input())
                })
            });
        let Some(remove) = own else { return false };
        let item: Value = vec![data.value(remove.input()), Value::Int(2)].into();
        for read in reads(events, true).filter(|read| read.key == remove.key_name()) {
            if let Value::List(items) = &mut read.value {
                items.push(item.clone());
            }
        }
        true
    });
}

/// Two reads of a key by one session, of which the second shows more; by position among the events.
fn two_reads(events: &[Event]) -> Option<(usize, usize)> {
    let reads: Vec<(usize, &OpEvent)> = events
        .iter()
        .enumerate()
        .filter_map(|(at, event)| match event {
            Event::Op(e) if e.f == Function::Read && e.outcome == How::Ok && !e.last => {
                Some((at, e))
            }
            _ => None,
        })
        .collect();
    reads.iter().find_map(|&(a, first)| {
        let later = reads.iter().find(|(b, e)| {
            *b > a
                && e.process == first.process
                && e.key == first.key
                && e.version != first.version
                && first.version.is_some()
        });
        later.map(|&(b, _)| (a, b))
    })
}

#[test]
fn reads_of_a_session_in_the_wrong_order() {
    for kind in [Kind::Logical, Kind::Skewed, Kind::SiblingsReplica, Kind::Counter, Kind::Cart] {
        caught(setup(kind, true), Property::MonotonicReads, |events, _, _| {
            let Some((a, b)) = two_reads(events) else { return false };
            let (Event::Op(first), Event::Op(second)) = (events[a].clone(), events[b].clone())
            else {
                return false;
            };
            for (at, from) in [(a, second), (b, first)] {
                if let Event::Op(e) = &mut events[at] {
                    e.value = from.value;
                    e.version = from.version;
                }
            }
            true
        });
    }
}

#[test]
fn a_read_that_forgets_what_its_session_had_written() {
    for kind in [Kind::Logical, Kind::SiblingsReplica, Kind::SiblingsClient, Kind::Cart] {
        caught(setup(kind, false), Property::Causal, |events, history, _| {
            // A cart's items may be removed by others; what nobody removes must stay.
            let removed = |value: Option<afterall_history::Datum>| {
                history.ops().any(|op| op.f() == Function::Remove && Some(op.input()) == value)
            };
            let found = history.ops().find_map(|read| {
                let writes = history.by_session();
                let own = writes.of(read.session().0).iter().map(|&op| history.op(op)).any(|op| {
                    op.id() < read.id()
                        && op.key() == read.key()
                        && op.is_ok()
                        && !op.f().is_read()
                        && op.f() != Function::Remove
                        && (op.f() == Function::Write
                            || !removed(history.data().items(op.input()).next()))
                });
                let fits = own && read.f().is_read() && read.is_ok() && !read.is_final();
                fits.then(|| read.completion_index()).flatten()
            });
            let Some(index) = found else { return false };
            events.sort_by_key(Event::time);
            let mut at = index as usize;
            // The order of events at one time is the table's; find the read itself.
            while !matches!(&events[at], Event::Op(e) if e.outcome == How::Ok && e.f.is_read()) {
                at -= 1;
            }
            if let Event::Op(e) = &mut events[at] {
                e.value = Value::List(Vec::new());
            }
            true
        });
    }
}
