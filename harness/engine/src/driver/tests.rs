//! The driver against a client that does what the test says.

use super::{Asker, Command, Completion, Course, Driver, Invocation};
use crate::config::SessionKind;
use crate::evidence::{Evidence, Observation};
use crate::faults::{Effect, Fate, Fault, Planned};
use crate::operations::{Asked, GivenSession};
use afterall_history::{
    EndHow, Event, FaultKind, FaultStage, NodeChange, Outcome, Phase, Value, Workload,
};
use afterall_workloads::{Generator, Operation};
use std::collections::BTreeMap;

const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000 * MS;

fn course() -> Course {
    let fault = |at: u64, until: u64, node| Planned {
        // The phase of faults begins after a second.
        at_ns: (1 + at) * SECOND,
        until_ns: (1 + until) * SECOND,
        fault: Fault {
            kind: FaultKind::Pause,
            effect: Effect::Process { node, fate: Fate::Paused },
            parameters: Value::Nil,
        },
    };
    Course {
        nodes: vec!["n1".into(), "n2".into()],
        concurrency: 4,
        sessions: SessionKind::Mixed,
        rate: Some(100),
        healthy_ns: SECOND,
        faults_ns: 4 * SECOND,
        heal_ns: SECOND,
        quiescence_max_ns: 5 * SECOND,
        final_max_ns: 5 * SECOND,
        poll_interval_ns: 100 * MS,
        schedule: vec![fault(0, 2, 0), fault(1, 4, 1)],
        operations: Vec::new(),
        seed: 1,
    }
}

fn ok(invocation: &Invocation) -> Completion {
    let node = format!("n{}", invocation.node + 1);
    let read = invocation.operation.f.is_read().then_some(Value::Int(0));
    Completion::Ok { node, read, version: None }
}

/// What the world does about a command: the time it takes, and what comes of it.
struct World<'a> {
    answer: &'a mut dyn FnMut(u64, &Invocation) -> (u64, Completion),
    inject: &'a mut dyn FnMut(usize) -> (u64, Evidence),
    measure: &'a mut dyn FnMut(usize) -> (u64, Evidence),
    heal: &'a mut dyn FnMut(usize) -> (u64, Evidence),
}

/// Something that the world is to tell the driver.
enum Told {
    Completed(Asker, Completion),
    Injected(usize, Evidence),
    Measured(usize, Evidence),
    Healed(usize, Evidence),
}

/// Runs a driver to its end, in virtual time. Holds that it never asks to be polled in the past, and that no client
/// is asked a second thing before it was answered.
fn drive(driver: &mut Driver, world: World<'_>) -> Vec<Event> {
    let mut events = Vec::new();
    let mut due: BTreeMap<(u64, u64), Told> = BTreeMap::new();
    let mut number = 0;
    let mut waiting = std::collections::BTreeSet::new();
    let mut now = 0;
    for _ in 0..1_000_000 {
        let mut commands = Vec::new();
        let wake = driver.poll(now, &mut commands);
        events.extend(driver.drain_events());
        for command in commands {
            let (takes, told) = match command {
                Command::Invoke(invocation) => {
                    assert!(waiting.insert(invocation.asker), "asked before it was answered");
                    let (takes, completion) = (world.answer)(now, &invocation);
                    (takes, Told::Completed(invocation.asker, completion))
                }
                Command::Inject(id) => {
                    let (takes, evidence) = (world.inject)(id);
                    (takes, Told::Injected(id, evidence))
                }
                Command::Measure(id) => {
                    let (takes, evidence) = (world.measure)(id);
                    (takes, Told::Measured(id, evidence))
                }
                Command::Heal(id) => {
                    let (takes, evidence) = (world.heal)(id);
                    (takes, Told::Healed(id, evidence))
                }
            };
            number += 1;
            due.insert((now + takes, number), told);
        }
        if driver.is_finished() {
            return events;
        }
        assert!(wake.is_none_or(|wake| wake > now), "wants to be polled at {wake:?}, at {now}");
        let next = due.first_key_value().map(|(&(at, _), _)| at);
        now = wake.into_iter().chain(next).min().expect("it waits for nothing");
        while let Some(entry) = due.first_entry() {
            if entry.key().0 > now {
                break;
            }
            match entry.remove() {
                Told::Completed(client, completion) => {
                    waiting.remove(&client);
                    driver.completed(now, client, completion);
                }
                Told::Injected(id, evidence) => driver.injected(now, id, evidence),
                Told::Measured(id, evidence) => driver.measured(now, id, Some(evidence)),
                Told::Healed(id, evidence) => driver.healed(now, id, evidence),
            }
        }
    }
    panic!("the run does not end");
}

fn driver(course: Course) -> Driver {
    Driver::new(course, Generator::new(Workload::Register, 1).unwrap())
}

/// Runs a course on which every fault takes hold and is healed at once.
fn run(
    course: Course,
    mut answer: impl FnMut(u64, &Invocation) -> (u64, Completion),
) -> Vec<Event> {
    let mut at_once = |_| (MS, Evidence::for_it(Observation::Answers));
    let mut still = |_| (MS, Evidence::for_it(Observation::Answers));
    let mut gone = |_| (MS, Evidence::for_it(Observation::Answers));
    let world =
        World { answer: &mut answer, inject: &mut at_once, measure: &mut still, heal: &mut gone };
    drive(&mut driver(course), world)
}

fn phase(events: &[Event], wanted: Phase) -> usize {
    let is = |event: &Event| matches!(event, Event::Phase(p) if p.phase == wanted);
    events.iter().position(is).unwrap()
}

fn stages(events: &[Event]) -> impl Iterator<Item = (usize, u32, FaultStage)> {
    events.iter().enumerate().filter_map(|(place, event)| match event {
        Event::Fault(fault) => Some((place, fault.fault, fault.stage)),
        _ => None,
    })
}

#[test]
fn a_run_goes_through_its_phases_and_ends_complete() {
    let events = run(course(), |_, invocation| (MS, ok(invocation)));
    let phases = [Phase::Healthy, Phase::Faults, Phase::Heal, Phase::Quiescence, Phase::Final];
    assert!(phases.map(|wanted| phase(&events, wanted)).is_sorted());
    assert!(events.iter().zip(0..).all(|(event, index)| event.index() == index));
    let Some(Event::End(end)) = events.last() else { panic!("no end") };
    assert_eq!(end.how, EndHow::Complete);
    // 6 s of load at 100 operations a second.
    let load = &events[..phase(&events, Phase::Quiescence)];
    let asked = load.iter().filter(|e| matches!(e, Event::Op(op) if op.outcome == Outcome::Invoke));
    let asked = asked.count();
    assert!((590..=610).contains(&asked), "{asked} operations");
}

#[test]
fn a_process_in_doubt_ends_and_another_number_takes_its_place() {
    let mut asked = 0;
    let events = run(course(), |_, invocation| {
        asked += 1;
        let completion = match asked % 10 {
            0 => Completion::Info("timeout".into()),
            5 => Completion::Fail("connection refused".into()),
            _ => ok(invocation),
        };
        (MS, completion)
    });
    let mut ended = std::collections::BTreeSet::new();
    let mut failed = std::collections::BTreeSet::new();
    let mut went_on_after_failure = false;
    for event in &events {
        let Event::Op(op) = event else { continue };
        assert!(!ended.contains(&op.process), "process {} goes on after info", op.process);
        went_on_after_failure |= op.outcome == Outcome::Ok && failed.contains(&op.process);
        match op.outcome {
            Outcome::Info => assert!(ended.insert(op.process)),
            Outcome::Fail => {
                failed.insert(op.process);
            }
            _ => {}
        }
    }
    assert!(ended.len() > 20 && went_on_after_failure);
}

#[test]
fn every_fault_is_healed_before_the_heal_phase() {
    for late in [MS, 3 * SECOND] {
        let mut answer = |_, invocation: &Invocation| (MS, ok(invocation));
        let mut inject = |_| (late, Evidence::for_it(Observation::Answers));
        let mut measure = |_| (late, Evidence::for_it(Observation::Answers));
        let mut heal = |_| (late, Evidence::for_it(Observation::Answers));
        let world = World {
            answer: &mut answer,
            inject: &mut inject,
            measure: &mut measure,
            heal: &mut heal,
        };
        let events = drive(&mut driver(course()), world);
        let heal = phase(&events, Phase::Heal);
        use FaultStage as S;
        let expected = [S::Inject, S::Took, S::Held, S::Heal, S::Healed];
        for id in 0..2 {
            let of_id: Vec<_> = stages(&events).filter(|&(_, fault, _)| fault == id).collect();
            assert_eq!(of_id.iter().map(|&(_, _, stage)| stage).collect::<Vec<_>>(), expected);
            assert!(of_id.iter().all(|&(place, ..)| place < heal));
        }
    }
}

#[test]
fn a_fault_without_effect_or_end_is_written_down_as_such() {
    let mut answer = |_, invocation: &Invocation| (MS, ok(invocation));
    let evidence = |id| match id {
        0 => Evidence::for_it(Observation::Answers),
        _ => Evidence::against_it(Observation::SilentSoFar),
    };
    let (mut inject, mut heal) = (|id| (MS, evidence(id)), |id| (MS, evidence(id)));
    let mut measure = |_| (MS, Evidence::for_it(Observation::Answers));
    let world =
        World { answer: &mut answer, inject: &mut inject, measure: &mut measure, heal: &mut heal };
    let events = drive(&mut driver(course()), world);
    let of_last: Vec<_> =
        stages(&events).filter(|&(_, id, _)| id == 1).map(|(.., stage)| stage).collect();
    let expected = [FaultStage::Inject, FaultStage::Missed, FaultStage::Heal, FaultStage::Stuck];
    assert_eq!(of_last, expected);
}

#[test]
fn a_fault_that_let_go_before_it_was_healed_is_written_down_as_such() {
    let mut answer = |_, invocation: &Invocation| (MS, ok(invocation));
    let mut inject = |_| (MS, Evidence::for_it(Observation::SilentSoFar));
    let mut measure = |id| match id {
        0 => (MS, Evidence::for_it(Observation::SilentSoFar)),
        _ => (MS, Evidence::against_it(Observation::Answers)),
    };
    let mut heal = |_| (MS, Evidence::for_it(Observation::Answers));
    let world =
        World { answer: &mut answer, inject: &mut inject, measure: &mut measure, heal: &mut heal };
    let events = drive(&mut driver(course()), world);
    let of = |id: u32| -> Vec<_> {
        stages(&events).filter(|&(_, of, _)| of == id).map(|(.., stage)| stage).collect()
    };
    use FaultStage as S;
    assert_eq!(of(0), [S::Inject, S::Took, S::Held, S::Heal, S::Healed]);
    assert_eq!(of(1), [S::Inject, S::Took, S::Lapsed, S::Heal, S::Healed]);
}

#[test]
fn a_node_that_dies_without_a_fault_ends_the_run_with_its_last_words() {
    let mut driver = driver(course());
    let mut commands = Vec::new();
    driver.poll(0, &mut commands);
    driver.node_changed(5, 1, NodeChange::Died, "exit status: 3".into());
    assert!(driver.is_finished());
    let events: Vec<Event> = driver.drain_events().collect();
    let Some(Event::End(end)) = events.last() else { panic!("no end") };
    assert_eq!(end.how, EndHow::CutShort);
    assert_eq!(end.detail.as_deref(), Some("n2 died without a fault: exit status: 3"));
}

#[test]
fn sessions_that_are_never_idle_at_once_still_come_to_rest() {
    // Without a rate each asks again as soon as it is answered, and each takes its own time.
    let course = Course { rate: None, schedule: Vec::new(), ..course() };
    let mut asked = 0;
    let events = run(course, |_, invocation| {
        asked += 1;
        (MS + asked % 7 * 100_000, ok(invocation))
    });
    let rest = phase(&events, Phase::Quiescence);
    // The last answers are waited for, and nothing else is asked.
    assert!(events[rest].time() < 6 * SECOND as i64 + 2 * MS as i64);
}

#[test]
fn a_run_that_is_stopped_says_how_and_records_nothing_more() {
    let mut driver = driver(course());
    let mut commands = Vec::new();
    driver.poll(0, &mut commands);
    let Some(Command::Invoke(invocation)) = commands.first().cloned() else { panic!() };
    driver.stop(5, EndHow::Interrupted, "stopped by the user");
    assert!(driver.is_finished());
    driver.completed(6, invocation.asker, ok(&invocation));
    driver.stop(7, EndHow::Failed, "again");
    commands.clear();
    assert_eq!(driver.poll(8, &mut commands), None);
    assert!(commands.is_empty());
    let events: Vec<Event> = driver.drain_events().collect();
    let Some(Event::End(end)) = events.last() else { panic!("no end") };
    assert_eq!((end.how, end.time), (EndHow::Interrupted, 5));
    assert_eq!(events.iter().filter(|event| matches!(event, Event::End(_))).count(), 1);
}

#[test]
fn a_second_answer_is_no_answer() {
    let mut driver = driver(course());
    let mut commands = Vec::new();
    driver.poll(0, &mut commands);
    let Some(Command::Invoke(invocation)) = commands.first().cloned() else { panic!() };
    driver.completed(1, invocation.asker, Completion::Info("timeout".into()));
    driver.completed(2, invocation.asker, ok(&invocation));
    let completions = driver
        .drain_events()
        .filter(|event| matches!(event, Event::Op(op) if op.outcome != Outcome::Invoke));
    assert_eq!(completions.count(), 1);
    assert_eq!(driver.progress().ok, 0);
}

#[test]
fn replicas_that_do_not_agree_are_polled_until_they_do() {
    let course = Course { schedule: Vec::new(), ..course() };
    // 2 s into quiescence both return the same.
    let events = run(course, |now, invocation| {
        let value = if now < 8 * SECOND { invocation.node as i64 } else { 9 };
        let completion = match ok(invocation) {
            Completion::Ok { node, read, version } => {
                Completion::Ok { node, read: read.map(|_| Value::Int(value)), version }
            }
            other => other,
        };
        (MS, completion)
    });
    let last = phase(&events, Phase::Final);
    let agreed = events[last].time();
    assert!((8 * SECOND as i64..9 * SECOND as i64).contains(&agreed), "{agreed}");
    let reads =
        |events: &[Event]| events.iter().filter(|e| matches!(e, Event::Op(op) if op.last)).count();
    assert_eq!(reads(&events[..last]), 0);
    assert!(reads(&events[last..]) >= 2 * 2 * 12);
}

#[test]
fn replicas_that_never_agree_are_read_at_the_end_all_the_same() {
    let course = Course { schedule: Vec::new(), ..course() };
    let events = run(course, |_, invocation| {
        let read = invocation.operation.f.is_read().then_some(Value::Int(invocation.node as i64));
        (MS, Completion::Ok { node: format!("n{}", invocation.node + 1), read, version: None })
    });
    let (quiet, last) = (phase(&events, Phase::Quiescence), phase(&events, Phase::Final));
    let waited = events[last].time() - events[quiet].time();
    assert!((5 * SECOND as i64..=6 * SECOND as i64).contains(&waited), "{waited}");
}

#[test]
fn given_operations_are_asked_at_their_times_by_their_sessions() {
    let asked = |at_ms: u64, node, key: &str| Asked {
        at_ns: at_ms * MS,
        node,
        operation: Operation::read(key),
        given: at_ms as usize,
    };
    let session = |number, asks| GivenSession { number, asks };
    // The second of session 1 is due while the first is not answered.
    let slow = session(1, vec![asked(500, 0, "x"), asked(600, 1, "y")]);
    let course = Course {
        concurrency: 0,
        rate: None,
        schedule: Vec::new(),
        operations: vec![slow, session(7, vec![asked(500, 1, "z")])],
        ..course()
    };
    let events = run(course, |_, invocation| match invocation.operation.key.as_str() {
        "x" => (300 * MS, Completion::Info("timeout".into())),
        _ => (MS, ok(invocation)),
    });
    let rest = phase(&events, Phase::Quiescence);
    let invoked = events[..rest].iter().filter_map(|event| match event {
        Event::Op(op) if op.outcome == Outcome::Invoke => {
            Some((op.time as u64 / MS, op.process, op.node.as_str(), op.key.as_str()))
        }
        _ => None,
    });
    // After doubt another process goes on: 8 and 9 are the readers.
    let expected = [(500, 1, "n1", "x"), (500, 7, "n2", "z"), (800, 10, "n2", "y")];
    assert_eq!(invoked.collect::<Vec<_>>(), expected);
    let read = |event: &Event| matches!(event, Event::Op(op) if op.last && op.key == "y");
    assert!(events.iter().any(read));
}
