//! Names mean nothing: other process numbers, keys, nodes and values, one for one, leave every outcome what it was.

use crate::single_copy::{Setup, run};
use crate::store::Dice;
use crate::table::drawn;
use afterall_checkers::{Outcome, Valid, Verdict, check};
use afterall_history::{
    Event, Function, Header, HistoryBuilder, OpEvent, Outcome as How, RegisterRule, Value, Workload,
};
use std::collections::{BTreeMap, BTreeSet};

const KINDS: [(Workload, bool); 10] = [
    (Workload::Register, false),
    (Workload::Register, true),
    (Workload::Counter, false),
    (Workload::Cart, false),
    (Workload::Set, false),
    (Workload::Text, false),
    (Workload::Text, true),
    (Workload::Mutex, false),
    (Workload::Inventory, false),
    (Workload::Chat, false),
];

/// What is said of events in this order.
fn judge(header: &Header, events: &[Event]) -> Verdict {
    let mut builder = HistoryBuilder::new(header.clone()).unwrap();
    for event in events {
        builder.push(event).unwrap();
    }
    check(&builder.finish())
}

fn ops(events: &mut [Event]) -> impl Iterator<Item = &mut OpEvent> {
    events.iter_mut().filter_map(|event| match event {
        Event::Op(e) => Some(e),
        _ => None,
    })
}

/// A small history, with answers exchanged or changed in most of them.
fn draw((workload, few): (Workload, bool), seed: u64) -> (Header, Vec<Event>) {
    let mut dice = Dice::new(seed);
    let clients = 2 + dice.below(3);
    let (keys, ops_made) = (1 + dice.below(2), 6 + dice.below(14));
    let setup = Setup {
        workload,
        few,
        clients,
        keys,
        ops: ops_made,
        doubt: [0, 8][dice.below(2) as usize],
    };
    let (mut header, mut events) = run(setup, None, seed);
    let rules = [RegisterRule::Lww, RegisterRule::SiblingsClient, RegisterRule::SiblingsReplica];
    header.semantics.register = *dice.pick(&rules);
    // Some sessions stay with one replica, and some events come at the same time.
    let sticky = dice.below(2) == 0;
    let coarse = [1, 1, 20][dice.below(3) as usize];
    for e in ops(&mut events) {
        e.time /= coarse;
        if sticky && !e.last {
            crate::single_copy::NODES[e.process as usize % 2].clone_into(&mut e.node);
        }
    }
    for _ in 0..dice.below(3) {
        spoil(workload, &mut events, &mut dice);
    }
    (header, events)
}

/// Changes one answer.
fn spoil(workload: Workload, events: &mut [Event], dice: &mut Dice) {
    let mut answers: Vec<&mut OpEvent> = ops(events)
        .filter(|e| e.outcome != How::Invoke)
        .filter(|e| (e.f.is_read() && e.outcome == How::Ok) || workload == Workload::Mutex)
        .collect();
    if answers.is_empty() {
        return;
    }
    let (a, b) = (dice.below(answers.len() as u64), dice.below(answers.len() as u64));
    let other = answers[b as usize].value.clone();
    let answer = &mut answers[a as usize];
    match workload {
        Workload::Mutex => answer.outcome = How::Ok,
        // Siblings.
        Workload::Register if dice.below(4) == 0 => {
            let (mine, other) = (answer.value.as_list(), other.as_list());
            let both = mine.into_iter().chain(other).flatten().cloned();
            let both: BTreeSet<String> = both.map(|value| value.to_string()).collect();
            let values = both.iter().map(|value| Value::Int(value.parse().unwrap()));
            answer.value = Value::List(values.collect());
        }
        _ => answer.value = other,
    }
}

/// One name for another, drawn when it is first asked for, and never the same for two.
struct Names<T> {
    given: BTreeMap<T, u64>,
    taken: BTreeSet<u64>,
    below: u64,
}

impl<T: Ord + Clone> Names<T> {
    fn new(below: u64) -> Self {
        Names { given: BTreeMap::new(), taken: BTreeSet::new(), below }
    }

    fn of(&mut self, name: &T, dice: &mut Dice) -> u64 {
        if let Some(&new) = self.given.get(name) {
            return new;
        }
        let mut new = dice.below(self.below);
        while !self.taken.insert(new) {
            new = (new + 1) % self.below;
        }
        self.given.insert(name.clone(), new);
        new
    }
}

/// The same history with other names.
fn rename(header: &Header, events: &[Event], dice: &mut Dice) -> (Header, Vec<Event>) {
    let (mut header, mut events) = (header.clone(), events.to_vec());
    let mut processes: Names<u64> = Names::new(1 << 40);
    let mut keys: Names<String> = Names::new(1_000);
    let mut nodes: Names<String> = Names::new(1_000);
    let mut values: Names<i64> = Names::new(1 << 40);
    let mut letters: Names<char> = Names::new(26);
    for node in &mut header.nodes {
        *node = format!("node{}", nodes.of(node, dice));
    }
    if dice.below(2) == 0 {
        header.nodes.reverse();
    }
    for e in ops(&mut events) {
        e.process = processes.of(&e.process, dice);
        e.key = format!("key{}", keys.of(&e.key, dice));
        e.node = format!("node{}", nodes.of(&e.node, dice));
        let mut value = |value: &mut Value| {
            if let Value::Int(n) = value {
                *n = values.of(n, dice) as i64 - (1 << 39);
            }
        };
        match (header.workload, &mut e.value) {
            // Amounts and sums are no names.
            (Workload::Counter | Workload::Inventory | Workload::Mutex, _) => {}
            // Nor are quantities.
            (Workload::Cart, Value::List(item)) if e.f == Function::Add => value(&mut item[0]),
            (Workload::Cart, Value::List(items)) => items.iter_mut().for_each(|item| {
                if let Value::List(item) = item {
                    value(&mut item[0]);
                }
            }),
            (_, Value::List(items)) => items.iter_mut().for_each(value),
            (_, Value::Text(text)) => {
                let new = text.chars().map(|letter| letters.of(&letter, dice) as u8 + b'a');
                *text = new.map(char::from).collect();
            }
            (_, one) => value(one),
        }
    }
    (header, events)
}

/// Every outcome in a word, and how often it was put to the test.
fn outcomes(verdict: &Verdict) -> Vec<String> {
    let of = |outcome: &Outcome| match outcome {
        Outcome::Held { chances, .. } => format!("held {chances}"),
        Outcome::Broken { chances, .. } => format!("broken {chances}"),
        Outcome::NotExercised { .. } => "not exercised".to_owned(),
        Outcome::Undecided { .. } => "undecided".to_owned(),
    };
    let all = verdict.properties.iter();
    all.map(|p| format!("{} {:?} {:?} {}", p.property, p.sessions, p.tier, of(&p.outcome)))
        .collect()
}

#[test]
fn names_mean_nothing() {
    for kind in KINDS {
        let (mut kept, mut broken) = (0, 0);
        for seed in 1..=drawn(400) {
            let (header, events) = draw(kind, seed);
            let verdict = judge(&header, &events);
            broken += u64::from(verdict.valid == Valid::False);
            // Locks are not read at the end, which is a doubt.
            let good = if kind.0 == Workload::Mutex { Valid::Unknown } else { Valid::True };
            kept += u64::from(verdict.valid == good);
            let expected = outcomes(&verdict);
            let mut dice = Dice::new(seed);
            for _ in 0..2 {
                let (renamed_header, renamed) = rename(&header, &events, &mut dice);
                let other = judge(&renamed_header, &renamed);
                assert_eq!(
                    outcomes(&other),
                    expected,
                    "{kind:?} {seed}\n{events:#?}\n{renamed:#?}"
                );
                assert_eq!(other.valid, verdict.valid, "{kind:?} {seed}");
                assert_eq!(other.strongest, verdict.strongest, "{kind:?} {seed}");
            }
        }
        assert!(kept > 40 && broken > 40, "{kind:?}: {kept} are good, {broken} are not");
    }
}
