//! Every minimal set of session guarantees that values contradict, against brute force: all 256 sets of the eight claims, on
//! thousands of histories of at most seven operations.

use crate::store::Dice;
use crate::table::{drawn, history, judge, outcome, outcome_for};
use afterall_checkers::{Outcome, Valid, Verdict, check};
use afterall_history::{History, KeyId, OpView, Promise, Property, Sessions, Status};
use std::collections::{BTreeMap, BTreeSet};

const GUARANTEES: [Property; 4] = [
    Property::ReadYourWrites,
    Property::MonotonicReads,
    Property::MonotonicWrites,
    Property::WritesFollowReads,
];

/// A guarantee, and the sessions it is given to.
type Claim = (Property, Sessions);

fn claims() -> Vec<Claim> {
    let both = [Sessions::Sticky, Sessions::Roaming];
    GUARANTEES.iter().flat_map(|&p| both.map(|sessions| (p, sessions))).collect()
}

/// Registers without versions, read and written by sticky and by roaming sessions.
fn draw(siblings: bool, seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let sessions = 2 + dice.below(2);
    let roams: Vec<bool> = (0..sessions).map(|_| dice.below(2) == 0).collect();
    let keys = 1 + u64::from(dice.below(4) == 0);
    let mut process: Vec<u64> = (0..sessions).collect();
    let mut free_at = vec![0_u64; sessions as usize];
    let mut written: Vec<(u64, u64, u64)> = Vec::new();
    let mut table = String::new();
    for n in 1..=6 + dice.below(2) {
        let session = dice.below(sessions) as usize;
        let key = dice.below(keys);
        let from = free_at[session] + 1 + dice.below(4);
        let to = from + 1 + dice.below(8);
        free_at[session] = to + 1;
        let node = if roams[session] { 1 + dice.below(2) } else { 1 };
        let known: Vec<u64> =
            written.iter().filter(|w| w.0 == key && w.1 < to).map(|w| w.2).collect();
        let (mut how, what) = if !known.is_empty() && dice.below(5) < 3 {
            let count = if siblings { dice.below(3) } else { u64::from(dice.below(8) > 0) };
            let shown: BTreeSet<u64> = (0..count).map(|_| *dice.pick(&known)).collect();
            let shown: Vec<String> = shown.iter().map(u64::to_string).collect();
            ("", format!("read k{key} [{}]", shown.join(",")))
        } else {
            let how = ["", "", "", "", "info", "fail"][dice.below(6) as usize];
            if how != "fail" {
                written.push((key, from, n));
            }
            (how, format!("write k{key} {n}"))
        };
        if n == 1 {
            how = "";
        }
        table.push_str(&format!("p{}@n{node} {what} {from}..{to} {how}\n", process[session]));
        if how == "info" {
            process[session] += 10;
        }
    }
    history(&table)
}

/// The states of a key, numbered, and who demands which of them before which: by claim, or granted.
struct States {
    count: usize,
    /// From, to, and the number of the claim; granted where there is none.
    demands: Vec<(usize, usize, Option<usize>)>,
    /// The states that two writes made, of which the first was over before the second began.
    older: Vec<(usize, usize)>,
}

fn states(history: &History, key: KeyId) -> States {
    let data = history.data();
    let ops: Vec<OpView<'_>> = history.ops().filter(|op| op.key() == key).collect();
    let shown = |op: &OpView<'_>| -> Vec<i64> {
        let mut shown: Vec<i64> =
            data.items(op.output()).map(|v| data.value(v).as_int().unwrap()).collect();
        shown.sort_unstable();
        shown
    };
    let read = |op: &OpView<'_>| op.f().is_read() && op.is_ok();
    let mut number: BTreeMap<Vec<i64>, usize> = BTreeMap::new();
    let mut of_session: BTreeMap<u64, Vec<(bool, usize)>> = BTreeMap::new();
    for op in &ops {
        let state = if op.f().is_read() {
            shown(op)
        } else {
            let value = data.value(op.input()).as_int().unwrap();
            let seen = ops.iter().any(|r| read(r) && shown(r).contains(&value));
            if !(op.is_ok() || op.status() == Status::Info && seen) {
                continue;
            }
            vec![value]
        };
        let next = number.len();
        let state = *number.entry(state).or_insert(next);
        of_session.entry(op.process()).or_default().push((op.f().is_read(), state));
    }
    let mut demands = Vec::new();
    for (small, &from) in &number {
        for (large, &to) in &number {
            // A value and its siblings; nothing and anything.
            let granted = small.len() < 2 && small.iter().all(|value| large.contains(value));
            if granted && from != to {
                demands.push((from, to, None));
            }
        }
    }
    for (process, seen) in of_session {
        let mut nodes: Vec<_> =
            history.ops().filter(|op| op.process() == process).map(|op| op.sent_to()).collect();
        nodes.dedup();
        let sessions = if nodes.len() > 1 { Sessions::Roaming } else { Sessions::Sticky };
        for (at, &(earlier_reads, from)) in seen.iter().enumerate() {
            for &(later_reads, to) in &seen[at + 1..] {
                let guarantee = match (earlier_reads, later_reads) {
                    (false, true) => Property::ReadYourWrites,
                    (true, true) => Property::MonotonicReads,
                    (false, false) => Property::MonotonicWrites,
                    (true, false) => Property::WritesFollowReads,
                };
                let claim = claims().iter().position(|&claim| claim == (guarantee, sessions));
                demands.push((from, to, claim));
            }
        }
    }
    let written = |op: &OpView<'_>| {
        let value = (!op.f().is_read()).then(|| data.value(op.input()).as_int().unwrap())?;
        number.get(&vec![value]).copied()
    };
    let mut older = Vec::new();
    for a in ops.iter().filter(|op| op.is_ok()) {
        for b in ops.iter().filter(|b| a.until() < b.invoked()) {
            older.extend(written(a).zip(written(b)));
        }
    }
    States { count: number.len(), demands, older }
}

impl States {
    /// Whether these claims alone demand of two different states that each comes before the other; or, with real time, of one
    /// that it comes before an older one.
    fn contradict(&self, claims: u8, real_time: bool) -> bool {
        let n = self.count;
        let mut before = vec![vec![false; n]; n];
        for &(from, to, claim) in &self.demands {
            before[from][to] |= claim.is_none_or(|claim| claims & (1 << claim) != 0);
        }
        for &(from, to) in self.older.iter().filter(|_| real_time) {
            before[from][to] = true;
        }
        for k in 0..n {
            for i in 0..n {
                for j in 0..n {
                    before[i][j] |= before[i][k] && before[k][j];
                }
            }
        }
        (0..n).any(|i| (0..i).any(|j| before[i][j] && before[j][i]))
    }
}

/// The sets of claims that some key contradicts, and no smaller set of that key's.
fn minimal_sets(history: &History) -> BTreeSet<u8> {
    let mut all = BTreeSet::new();
    for key in (0..history.keys() as u32).map(KeyId) {
        let states = states(history, key);
        let wrong: Vec<u8> = (0..=u8::MAX).filter(|&set| states.contradict(set, false)).collect();
        let within = |small: u8, large: u8| small != large && small & !large == 0;
        all.extend(wrong.iter().filter(|&&set| !wrong.iter().any(|&other| within(other, set))));
    }
    all
}

/// The claims that contradict real time by themselves, on some key.
fn against_real_time(history: &History) -> u8 {
    let keys = (0..history.keys() as u32).map(KeyId);
    let all: Vec<States> = keys.map(|key| states(history, key)).collect();
    let alone = (0..8).map(|at| 1 << at);
    alone.filter(|&one| all.iter().any(|of| of.contradict(one, true))).fold(0, |a, b| a | b)
}

fn members(set: u8) -> Vec<Claim> {
    let claims = claims();
    (0..8).filter(|at| set & (1 << at) != 0).map(|at| claims[at]).collect()
}

/// As the sentence names them, without the kind of sessions.
fn names(set: u8) -> Vec<&'static str> {
    let mut names: Vec<&str> = members(set).iter().map(|claim| claim.0.name()).collect();
    names.dedup();
    names
}

fn named(sentence: &str) -> Vec<&str> {
    let list = sentence.split("session to keep ").nth(1).unwrap().split([':', '.']).next().unwrap();
    list.split(" and ").flat_map(|part| part.split(", ")).collect()
}

/// The sets that are told, one for each: by the claim that an anomaly is filed under, and the guarantees that it names.
fn told(verdict: &Verdict) -> BTreeSet<(Claim, Vec<&str>)> {
    let of = verdict.anomalies.iter().filter(|a| GUARANTEES.contains(&a.property));
    of.map(|a| ((a.property, a.sessions), named(&a.sentence))).collect()
}

/// The verdict's validity, and how many claims were cleared by real time.
fn compare(history: &mut History, sets: &BTreeSet<u8>, promised: u8, seed: u64) -> (Valid, usize) {
    let (late, mut cleared) = (against_real_time(history), 0);
    let promise = |(property, sessions)| Promise::to(property, sessions);
    history.header_mut().promises = members(promised).into_iter().map(promise).collect();
    let verdict = check(history);
    let broken = sets.iter().any(|set| set & !promised == 0);
    assert_eq!(verdict.valid == Valid::False, broken, "seed {seed} {sets:?}: {verdict:#?}");
    for (at, (property, sessions)) in claims().into_iter().enumerate() {
        let of: Vec<u8> = sets.iter().copied().filter(|set| set & (1 << at) != 0).collect();
        let certain = of.iter().any(|set| set.count_ones() == 1 || set & !promised == 0);
        let found = outcome_for(&verdict, property, sessions);
        let said = format!("seed {seed} {sets:?} {promised:#b} {property}: {found}");
        assert!(found != "broken" || certain, "{said}");
        let alone = of.contains(&(1 << at));
        assert!(!alone || found == "broken", "{said}");
        if found == "held" && !of.is_empty() {
            // Every set that it is in was promised in full, and by real time it was another of the set.
            let another = |set: &u8| set & !promised == 0 && set & late & !(1 << at) != 0;
            assert!(of.iter().all(another), "{said}");
            cleared += 1;
            continue;
        }
        assert_eq!(matches!(found, "broken" | "undecided"), !of.is_empty(), "{said}");
    }
    // Of a broken promise an anomaly is shown that names nothing but what was promised.
    let all_promised = |(claim, names): &(Claim, Vec<&str>)| {
        let sets = sets.iter().filter(|&&set| set & !promised == 0);
        sets.into_iter().any(|&set| members(set).contains(claim) && self::names(set) == *names)
    };
    let told = told(&verdict);
    assert!(
        !broken || told.iter().any(all_promised),
        "seed {seed} {sets:?} {promised:#b}: {told:?}"
    );
    (verdict.valid, cleared)
}

#[test]
fn a_run_is_invalid_if_and_only_if_a_minimal_set_was_promised_in_full() {
    let (mut valid, mut invalid, mut several, mut hidden, mut cleared) = (0, 0, 0, 0, 0);
    for seed in 0..drawn(1_000) {
        let mut history = draw(seed % 3 == 0, seed);
        let sets = minimal_sets(&history);
        let expected: BTreeSet<(Claim, Vec<&str>)> =
            sets.iter().map(|&set| (members(set)[0], names(set))).collect();
        let told_of = check(&history);
        assert_eq!(told(&told_of), expected, "seed {seed}: {:#?}", told_of.anomalies);
        if sets.is_empty() && seed % 16 > 0 {
            continue;
        }
        several += usize::from(sets.len() > 1);
        let single = |set: &u8| set.count_ones() == 1;
        hidden += usize::from(sets.iter().any(single) && !sets.iter().all(single));
        let mut dice = Dice::new(seed);
        let mut promised: Vec<u8> = (0..3).map(|_| dice.below(256) as u8).collect();
        // Just what contradicts itself, all, and all but what is broken alone.
        promised.extend(sets.iter().copied().take(3));
        let alone = sets.iter().filter(|&set| single(set)).fold(0, |all, set| all | set);
        promised.extend([u8::MAX, !alone]);
        for promised in promised {
            let (verdict, by_real_time) = compare(&mut history, &sets, promised, seed);
            cleared += by_real_time;
            match verdict {
                Valid::False => invalid += 1,
                _ => valid += 1,
            }
        }
    }
    assert!(valid > 500 && invalid > 500, "{valid} {invalid}");
    assert!(several > 75 && hidden > 4 && cleared > 250, "{several} {hidden} {cleared}");
}

#[test]
fn what_is_broken_alone_and_not_promised_hides_no_contradiction_of_what_is() {
    // Process 3 goes back by itself (monotonic reads, which nobody promised). Process 2 does not see its own write but what
    // it had read before: reading its writes, or writing after its reads.
    let table = "
        p1@n1 write x 1
        p2@n1 read x [1]
        p2@n1 write x 2
        p2@n1 read x [1]
        p3@n2 read x [1]
        p3@n2 read x [2]
        p3@n2 read x [1]";
    let promised = |promises: &str| judge(&format!("! promise {promises}\n{table}"));
    let verdict = promised("read-your-writes writes-follow-reads");
    assert_eq!(outcome(&verdict, Property::MonotonicReads), "broken");
    assert_eq!(verdict.valid, Valid::False);
    assert_eq!(promised("read-your-writes").valid, Valid::Unknown);
    assert_eq!(promised("monotonic-reads").valid, Valid::False);
    let roaming = "read-your-writes/roaming writes-follow-reads/roaming";
    assert_eq!(promised(roaming).valid, Valid::Unknown);
}

#[test]
fn of_two_promises_that_contradict_each_other_real_time_tells_the_broken_one() {
    let judge = |promises: &str, first: &str| {
        judge(&format!(
            "
            ! promise {promises}
            p1@n1 write x 1 {first}
            p2@n1 read x [1] 40..50
            p2@n1 write x 2 60..70
            p2@n1 read x [1] 80..90"
        ))
    };
    let (reads, writes) = (Property::ReadYourWrites, Property::WritesFollowReads);
    let both = "read-your-writes writes-follow-reads";
    // The first write was over before the second began: who then reads it has not seen the second, which was its own.
    let verdict = judge(both, "20..30");
    assert_eq!(verdict.valid, Valid::False);
    assert_eq!((outcome(&verdict, reads), outcome(&verdict, writes)), ("broken", "held"));
    let told = "By real time read-your-writes is the broken one: the write #0 was over before the write #4 began.";
    assert!(verdict.anomalies.iter().any(|a| a.sentence.contains(told)), "{verdict:#?}");
    // At the same time, and nobody knows which came first.
    let verdict = judge(both, "20..100");
    assert_eq!(verdict.valid, Valid::False);
    assert_eq!((outcome(&verdict, reads), outcome(&verdict, writes)), ("undecided", "undecided"));
    assert!(verdict.breaks_promise(reads) && verdict.breaks_promise(writes));
    let mixed = verdict.property(writes, Sessions::Sticky).unwrap();
    let Outcome::Undecided { why } = &mixed.outcome else { panic!("{mixed:?}") };
    let names = "read-your-writes/sticky and writes-follow-reads/sticky";
    assert!(why.contains(names), "{why}");
    // A store may have its reasons to order them the other way round: real time alone breaks no promise.
    for promises in ["read-your-writes", "writes-follow-reads"] {
        let verdict = judge(promises, "20..30");
        assert_eq!(verdict.valid, Valid::Unknown, "{promises}: {:?}", verdict.reasons);
    }
}
