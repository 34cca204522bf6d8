//! Register checkers against brute force, straight from the definitions, on thousands of histories of at most eight
//! operations (and final reads).

use crate::store::Dice;
use crate::table::{build, drawn, only, outcome};
use afterall_checkers::{Verdict, check};
use afterall_history::{
    EndEvent, EndHow, Event, Function, Header, History, OpEvent, OpView, Outcome, Property,
    RegisterRule, Status, Value, Workload,
};
use std::collections::BTreeMap;

/// What kind of small history to draw.
#[derive(Clone, Copy)]
pub(crate) struct Draw {
    pub(crate) siblings: bool,
    pub(crate) versions: bool,
    pub(crate) finals: bool,
    /// One key, each session writes first and then mostly reads, and nothing fails: what conflicts are made of.
    pub(crate) conflicts: bool,
    pub(crate) rule: RegisterRule,
}

pub(crate) const PLAIN: Draw = Draw {
    siblings: false,
    versions: false,
    finals: false,
    conflicts: false,
    rule: RegisterRule::Lww,
};

pub(crate) fn draw(how: Draw, seed: u64) -> History {
    let (header, events) = events(how, seed);
    build(header, events)
}

fn events(how: Draw, seed: u64) -> (Header, Vec<Event>) {
    let mut dice = Dice::new(seed);
    let mut header = Header::new("oracle", Workload::Register, seed, ["n1", "n2"]);
    header.semantics.register = how.rule;
    let sessions = if how.conflicts { 3 } else { 1 + dice.below(3) as usize };
    let keys = if how.conflicts { 1 } else { 1 + dice.below(2) };
    let mut free_at = [0_i64; 3];
    let mut process = [0_u64, 1, 2];
    let mut events = Vec::new();
    // What was written to each key, and when it was begun.
    let mut written: Vec<(u64, i64, i64)> = Vec::new();
    let mut versions: BTreeMap<u64, i64> = BTreeMap::new();
    for n in 0..3 + dice.below(6) as i64 {
        let session = dice.below(sessions as u64) as usize;
        let key = dice.below(keys);
        let from = free_at[session] + 1 + dice.below(12) as i64;
        let to = from + 1 + dice.below(14) as i64;
        free_at[session] = to + 1;
        let first = free_at[session] == to + 1 && from <= 12;
        let read = if how.conflicts { !first } else { dice.below(5) < 3 };
        let outcomes = [Outcome::Ok, Outcome::Ok, Outcome::Ok, Outcome::Info, Outcome::Fail];
        let mut outcome = outcomes[dice.below(if how.conflicts { 3 } else { 5 }) as usize];
        let value = if read {
            outcome = Outcome::Ok;
            let candidates: Vec<i64> = written
                .iter()
                .filter(|(k, begun, _)| *k == key && (*begun <= to || dice.below(20) == 0))
                .map(|&(_, _, value)| value)
                .collect();
            let count = if how.siblings { dice.below(3) } else { u64::from(dice.below(5) > 0) };
            let mut values: Vec<i64> = Vec::new();
            for _ in 0..count {
                if !candidates.is_empty() {
                    values.push(*dice.pick(&candidates));
                }
            }
            values.sort_unstable();
            values.dedup();
            values.into()
        } else {
            written.push((key, from, n));
            Value::Int(n)
        };
        let version = (how.versions && outcome == Outcome::Ok).then(|| {
            let at = versions.entry(key).or_default();
            *at += dice.below(3) as i64 - i64::from(dice.below(4) == 0);
            let (a, b) = (*at, dice.below(2) as i64);
            if seed.is_multiple_of(2) {
                vec![a, b].into()
            } else {
                Value::Map(vec![("a".into(), a.into()), ("b".into(), b.into())])
            }
        });
        let invoke = OpEvent {
            level: None,
            index: 0,
            time: from,
            outcome: Outcome::Invoke,
            process: process[session],
            node: "n1".to_owned(),
            f: if read { Function::Read } else { Function::Write },
            key: format!("k{key}"),
            value: if read { Value::Nil } else { value.clone() },
            version: None,
            error: None,
            last: false,
        };
        events.push(Event::Op(OpEvent { time: to, outcome, value, version, ..invoke.clone() }));
        events.push(Event::Op(invoke));
        if outcome == Outcome::Info {
            process[session] += 10;
        }
    }
    let mut time = free_at.into_iter().max().unwrap() + 1;
    if how.finals {
        for key in 0..keys {
            let candidates: Vec<i64> = written.iter().filter(|w| w.0 == key).map(|w| w.2).collect();
            let mut values = Vec::new();
            for _ in 0..dice.below(if how.siblings { 3 } else { 2 }) + u64::from(dice.below(3) > 0)
            {
                if !candidates.is_empty() && (how.siblings || values.is_empty()) {
                    values.push(*dice.pick(&candidates));
                }
            }
            values.sort_unstable();
            values.dedup();
            for node in ["n1", "n2"] {
                time += 2;
                let invoke = OpEvent {
                    level: None,
                    index: 0,
                    time,
                    outcome: Outcome::Invoke,
                    process: 900 + u64::from(node == "n2"),
                    node: node.to_owned(),
                    f: Function::Read,
                    key: format!("k{key}"),
                    value: Value::Nil,
                    version: None,
                    error: None,
                    last: true,
                };
                let value = values.clone().into();
                events.push(Event::Op(invoke.clone()));
                events.push(Event::Op(OpEvent {
                    time: time + 1,
                    outcome: Outcome::Ok,
                    value,
                    ..invoke
                }));
            }
        }
    }
    events.push(Event::End(EndEvent {
        index: 0,
        time: time + 9,
        how: EndHow::Complete,
        detail: None,
    }));
    (header, events)
}

/// The relations of a small history, by matrix.
struct Relations<'h> {
    history: &'h History,
    ops: Vec<OpView<'h>>,
    /// By read: the writes whose values it returned; `None` if it returned something that was never written.
    from: Vec<Option<Vec<usize>>>,
    hb: Vec<Vec<bool>>,
}

fn closed(mut relation: Vec<Vec<bool>>) -> Vec<Vec<bool>> {
    let n = relation.len();
    for k in 0..n {
        for i in 0..n {
            for j in 0..n {
                if relation[i][k] && relation[k][j] {
                    relation[i][j] = true;
                }
            }
        }
    }
    relation
}

impl<'h> Relations<'h> {
    fn of(history: &'h History) -> Self {
        let ops: Vec<OpView<'h>> = history.ops().collect();
        let n = ops.len();
        let data = history.data();
        let from: Vec<Option<Vec<usize>>> = ops
            .iter()
            .map(|read| {
                if !read.f().is_read() || !read.is_ok() {
                    return Some(Vec::new());
                }
                data.items(read.output())
                    .map(|value| {
                        (0..n).find(|&w| {
                            !ops[w].f().is_read()
                                && ops[w].key() == read.key()
                                && ops[w].input() == value
                                && ops[w].status() != Status::Fail
                                && Some(ops[w].index()) < read.completion_index()
                        })
                    })
                    .collect()
            })
            .collect();
        let mut direct = vec![vec![false; n]; n];
        for a in 0..n {
            for b in 0..n {
                let part = |op: usize| ops[op].status() != Status::Fail;
                let so = a < b && ops[a].session() == ops[b].session() && part(a) && part(b);
                let wr = from[b].as_ref().is_some_and(|from| from.contains(&a));
                direct[a][b] = so || wr;
            }
        }
        Relations { history, hb: closed(direct), ops, from }
    }

    /// Writes that may be said to have happened.
    fn writes(&self) -> Vec<usize> {
        let read = |w| self.from.iter().flatten().any(|from| from.contains(&w));
        (0..self.ops.len())
            .filter(|&w| !self.ops[w].f().is_read())
            .filter(|&w| self.ops[w].is_ok() || (self.ops[w].status() == Status::Info && read(w)))
            .collect()
    }

    /// Acknowledged reads, the writes of their key in their causal past, and what they returned.
    fn reads(&self) -> Vec<(Vec<usize>, &Vec<usize>)> {
        let writes = self.writes();
        (0..self.ops.len())
            .filter(|&r| self.ops[r].f().is_read() && self.ops[r].is_ok())
            .map(|r| {
                let key = self.ops[r].key();
                let on = |&w: &usize| self.ops[w].key() == key && self.hb[w][r];
                (writes.iter().copied().filter(on).collect(), self.from[r].as_ref().unwrap())
            })
            .collect()
    }

    fn sound(&self) -> bool {
        self.from.iter().all(Option::is_some) && (0..self.ops.len()).all(|op| !self.hb[op][op])
    }

    /// Whether each read by itself can be explained by an order of its causal past.
    fn causal(&self) -> bool {
        self.sound()
            && self.reads().into_iter().all(|(past, values)| match values.as_slice() {
                [] => past.is_empty(),
                [value] => permutations(&past)
                    .iter()
                    .any(|order| self.extends(order) && order.last() == Some(value)),
                values => !values.iter().all(|&v| past.iter().any(|&w| self.hb[v][w])),
            })
    }

    /// Whether one order of all writes explains every read of a single value.
    fn convergent(&self) -> bool {
        self.causal()
            && permutations(&self.writes()).iter().any(|order| {
                self.extends(order)
                    && self.reads().into_iter().all(|(past, values)| {
                        let last = order.iter().rev().find(|w| past.contains(w));
                        values.len() > 1 || last == values.first()
                    })
            })
    }

    fn extends(&self, order: &[usize]) -> bool {
        (0..order.len()).all(|i| (0..i).all(|j| !self.hb[order[i]][order[j]]))
    }
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for &item in of {
        all = all
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                (0..=order.len()).map(move |at| {
                    let mut longer = order.clone();
                    longer.insert(at, item);
                    longer
                })
            })
            .collect();
    }
    all
}

fn is_broken(verdict: &Verdict, property: Property) -> bool {
    outcome(verdict, property) == "broken"
}

/// That neither answer is rare.
fn both_often(yes: usize, all: usize) {
    assert!(yes * 10 > all && yes * 10 < all * 9, "{yes} of {all}");
}

#[test]
fn causal_consistency() {
    for (siblings, conflicts) in [(false, false), (true, false), (false, true)] {
        let (mut cc, mut ccv_alone, seeds) = (0, 0, drawn(3_000));
        for seed in 0..seeds {
            let history = draw(Draw { siblings, conflicts, ..PLAIN }, seed);
            let oracle = Relations::of(&history);
            let verdict = check(&history);
            let (causal, convergent) = (oracle.causal(), oracle.convergent());
            assert_eq!(is_broken(&verdict, Property::Causal), !causal, "seed {seed} {siblings}");
            let found = is_broken(&verdict, Property::CausalConvergence);
            assert_eq!(found, !convergent, "seed {seed} {siblings}");
            cc += usize::from(!causal);
            ccv_alone += usize::from(causal && !convergent);
        }
        both_often(cc, seeds as usize);
        assert!(ccv_alone > if conflicts { 150 } else { 0 }, "{ccv_alone}");
    }
}

/// Operations of a session on a key, before and after, that can be said to have happened.
fn pairs<'a>(oracle: &'a Relations<'_>) -> impl Iterator<Item = (usize, usize)> + 'a {
    let writes = oracle.writes();
    let part: Vec<usize> = (0..oracle.ops.len())
        .filter(|&op| {
            writes.contains(&op) || (oracle.ops[op].f().is_read() && oracle.ops[op].is_ok())
        })
        .collect();
    let all: Vec<(usize, usize)> =
        part.iter().flat_map(|&a| part.iter().map(move |&b| (a, b))).collect();
    all.into_iter().filter(move |&(a, b)| {
        let (first, then) = (oracle.ops[a], oracle.ops[b]);
        a < b && first.session() == then.session() && first.key() == then.key()
    })
}

fn guarantee(oracle: &Relations<'_>, a: usize, b: usize) -> Property {
    match (oracle.ops[a].f().is_read(), oracle.ops[b].f().is_read()) {
        (false, true) => Property::ReadYourWrites,
        (true, true) => Property::MonotonicReads,
        (false, false) => Property::MonotonicWrites,
        (true, false) => Property::WritesFollowReads,
    }
}

const GUARANTEES: [Property; 4] = [
    Property::ReadYourWrites,
    Property::MonotonicReads,
    Property::MonotonicWrites,
    Property::WritesFollowReads,
];

/// Whether some order of the writes keeps these guarantees for all sessions.
fn orderable(oracle: &Relations<'_>, keep: &[Property]) -> bool {
    let state = |op: usize| match oracle.ops[op].f().is_read() {
        true => oracle.from[op].as_ref().unwrap().first().copied(),
        false => Some(op),
    };
    permutations(&oracle.writes()).iter().any(|order| {
        let rank = |op: usize| state(op).map(|write| order.iter().position(|&w| w == write));
        pairs(oracle)
            .filter(|&(a, b)| keep.contains(&guarantee(oracle, a, b)))
            .all(|(a, b)| rank(a) <= rank(b))
    })
}

#[test]
fn session_guarantees_by_values() {
    let (mut broken, mut unclear, mut judged) = (0, 0, 0);
    for seed in 0..6_000 {
        let history = draw(PLAIN, seed);
        let oracle = Relations::of(&history);
        if !oracle.from.iter().all(Option::is_some) {
            continue;
        }
        judged += 1;
        let verdict = check(&history);
        for property in GUARANTEES {
            let alone = orderable(&oracle, &[property]);
            assert_eq!(is_broken(&verdict, property), !alone, "seed {seed} {property}");
        }
        let words = GUARANTEES.map(|property| outcome(&verdict, property));
        let any = words.iter().any(|word| matches!(*word, "broken" | "undecided"));
        assert_eq!(any, !orderable(&oracle, &GUARANTEES), "seed {seed} {words:?}");
        broken += usize::from(words.contains(&"broken"));
        unclear += usize::from(any && !words.contains(&"broken"));
    }
    both_often(broken, judged);
    assert!(unclear > 50, "{unclear}");
}

#[test]
fn session_guarantees_by_versions() {
    let (mut broken, seeds) = ([0; 4], 6_000);
    for seed in 0..seeds {
        let history = draw(Draw { versions: true, ..PLAIN }, seed);
        let oracle = Relations::of(&history);
        let verdict = check(&history);
        let entries = |op: usize| -> Vec<i64> {
            match history.data().value(oracle.ops[op].version()) {
                Value::List(items) => items.iter().map(|n| n.as_int().unwrap()).collect(),
                Value::Map(items) => items.iter().map(|(_, n)| n.as_int().unwrap()).collect(),
                other => panic!("{other}"),
            }
        };
        for (at, property) in GUARANTEES.into_iter().enumerate() {
            let expected = pairs(&oracle)
                .filter(|&(a, b)| oracle.ops[a].is_ok() && oracle.ops[b].is_ok())
                .filter(|&(a, b)| guarantee(&oracle, a, b) == property)
                .any(|(a, b)| {
                    let (old, new) = (entries(a), entries(b));
                    if seed % 2 == 0 {
                        return new < old;
                    }
                    let covers = new.iter().zip(&old).all(|(new, old)| new >= old);
                    !covers || (new == old && !oracle.ops[b].f().is_read())
                });
            assert_eq!(is_broken(&verdict, property), expected, "seed {seed} {property}");
            broken[at] += usize::from(expected);
        }
    }
    broken.into_iter().for_each(|broken| assert!(broken > 300, "{broken}"));
}

/// Survived, superseded, discarded, lost, and lost to what the writer had seen; straight from the table.
fn fates(oracle: &Relations<'_>, rule: RegisterRule) -> [u64; 5] {
    let n = oracle.ops.len();
    let rt = |a: &OpView<'_>, b: &OpView<'_>| a.is_ok() && a.until() < b.invoked();
    let order = (0..n)
        .map(|a| (0..n).map(|b| oracle.hb[a][b] || rt(&oracle.ops[a], &oracle.ops[b])).collect())
        .collect();
    let before = closed(order);
    let mut fates = [0; 5];
    for w in (0..n).filter(|&w| !oracle.ops[w].f().is_read() && oracle.ops[w].is_ok()) {
        let finals: Vec<usize> = (0..n)
            .filter(|&r| oracle.ops[r].is_final() && oracle.ops[r].key() == oracle.ops[w].key())
            .flat_map(|r| oracle.from[r].clone().unwrap_or_default())
            .collect();
        let superseded = match rule {
            RegisterRule::Lww => finals.iter().any(|&x| before[w][x]),
            // Without versions: whatever did not surely come before may have replaced it.
            RegisterRule::SiblingsReplica => finals.iter().any(|&x| !before[x][w]),
            RegisterRule::SiblingsClient => finals.iter().any(|&x| in_context(oracle, w, x)),
        };
        let fate = if finals.contains(&w) {
            0
        } else if superseded {
            1
        } else if rule == RegisterRule::Lww && finals.iter().any(|&x| !before[x][w]) {
            2
        } else {
            fates[4] += u64::from(finals.iter().all(|&x| oracle.hb[x][w]));
            3
        };
        fates[fate] += 1;
    }
    fates
}

/// Whether w is among what the session of x had read or written of the key before x, or of one of these.
fn in_context(oracle: &Relations<'_>, w: usize, x: usize) -> bool {
    (0..x)
        .filter(|&op| oracle.ops[op].session() == oracle.ops[x].session())
        .filter(|&op| oracle.ops[op].key() == oracle.ops[x].key() && oracle.ops[op].is_ok())
        .flat_map(|op| match oracle.ops[op].f().is_read() {
            true => oracle.from[op].clone().unwrap_or_default(),
            false => vec![op],
        })
        .any(|y| y == w || (y != x && oracle.hb[y][x] && in_context(oracle, w, y)))
}

#[test]
fn fates_of_writes() {
    use RegisterRule as R;
    for (rule, siblings) in [(R::Lww, false), (R::SiblingsReplica, true), (R::SiblingsClient, true)]
    {
        let (mut lost, mut causal, mut judged) = (0, 0, 0);
        for seed in 0..drawn(2_000) {
            let history = draw(Draw { siblings, finals: true, rule, ..PLAIN }, seed);
            let oracle = Relations::of(&history);
            // What is on a cycle has no past to speak of.
            if !oracle.sound() {
                continue;
            }
            judged += 1;
            let verdict = check(&history);
            let f = verdict.figures.fates.unwrap();
            let expected = fates(&oracle, rule);
            let found = [f.survived, f.superseded, f.discarded, f.lost];
            assert_eq!(found, expected[..4], "seed {seed} {rule:?}");
            assert_eq!(found.iter().sum::<u64>() + f.undecided, f.acknowledged);
            assert_eq!(is_broken(&verdict, Property::NoLostWrites), f.lost > 0);
            assert_eq!(is_broken(&verdict, Property::NoCausalLoss), expected[4] > 0, "seed {seed}");
            lost += usize::from(f.lost > 0);
            causal += usize::from(expected[4] > 0);
            let _ = oracle.history;
        }
        both_often(lost, judged);
        assert!(causal > 30, "{causal}");
    }
}

/// The words for all properties.
fn words(verdict: &Verdict) -> Vec<(Property, &'static str)> {
    Property::ALL.iter().map(|&property| (property, outcome(verdict, property))).collect()
}

#[test]
fn other_names_for_sessions_and_keys_change_nothing() {
    for seed in 0..1_000 {
        let how = Draw { siblings: seed % 3 == 0, versions: seed % 5 == 0, finals: true, ..PLAIN };
        let (header, mut drawn) = events(how, seed);
        let verdict = check(&build(header.clone(), drawn.clone()));
        for event in &mut drawn {
            if let Event::Op(e) = event {
                e.process = 5_000 - e.process;
                e.key = if e.key == "k0" { "zebra".into() } else { "aardvark".into() };
            }
        }
        let renamed = check(&build(header, drawn));
        assert_eq!(words(&verdict), words(&renamed), "seed {seed}");
        assert_eq!(verdict.valid, renamed.valid);
    }
}

#[test]
fn a_witness_alone_still_fails() {
    let (mut shown, mut kinds) = (0, BTreeMap::new());
    for seed in 0..3_000 {
        let rules =
            [RegisterRule::Lww, RegisterRule::SiblingsReplica, RegisterRule::SiblingsClient];
        let rule = rules[seed as usize % 3];
        let versions = seed % 4 == 0;
        let how = Draw {
            siblings: rule != RegisterRule::Lww,
            versions,
            finals: seed % 2 == 0,
            rule,
            ..PLAIN
        };
        let history = draw(how, seed);
        let verdict = check(&history);
        for anomaly in &verdict.anomalies {
            if !is_broken(&verdict, anomaly.property)
                || anomaly.kind.name() == "contradictory session orders"
                // That nothing replaced a write by its client's context shows only in all that clients did.
                || (rule == RegisterRule::SiblingsClient && anomaly.kind.name().contains("lost"))
            {
                continue;
            }
            let again = check(&only(&history, &anomaly.witness));
            assert!(
                is_broken(&again, anomaly.property),
                "seed {seed}: {anomaly:#?} {:?}",
                history
                    .ops()
                    .map(|o| format!(
                        "{} {} {:?} {} {} {:?}->{:?} {}..{}",
                        o.index(),
                        o.process(),
                        o.status(),
                        o.f(),
                        o.key_name(),
                        history.data().value(o.input()),
                        history.data().value(o.output()),
                        o.invoked(),
                        o.until()
                    ))
                    .collect::<Vec<_>>()
            );
            shown += 1;
            *kinds.entry(anomaly.kind).or_insert(0) += 1;
        }
    }
    assert!(shown > 3_000 && kinds.len() >= 10, "{shown} {kinds:?}");
}
