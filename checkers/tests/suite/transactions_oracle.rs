//! The properties of transactions against brute force, straight from the definition: is there a total order of the
//! committed transactions that contains session order and reads-from, and meets the axiom?

use crate::store::Dice;
use crate::txns::{LEVELS, Op, Txn, broken, build, header, outcome, plain, without};
use afterall_checkers::{Outcome, check_transactions};
use afterall_history::{Initial, Name, OpId, Property, Status, TransactionsBuilder};

/// Whose value a read returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Initial,
    Txn(usize),
    Itself,
    /// It is wrong by itself.
    Wrong,
}

fn from(txns: &[Txn], reader: usize, place: usize) -> From {
    let Op { key, value, .. } = txns[reader].ops[place];
    let own = txns[reader].ops[..place].iter().rev().find(|op| op.write && op.key == key);
    if let Some(own) = own {
        return if own.value == value { From::Itself } else { From::Wrong };
    }
    if value == 0 {
        return From::Initial;
    }
    let wrote = |txn: &Txn| txn.ops.iter().any(|op| op.write && (op.key, op.value) == (key, value));
    match txns.iter().position(wrote) {
        Some(writer) if writer != reader && txns[writer].status == Status::Ok => {
            let last = txns[writer].ops.iter().rev().find(|op| op.write && op.key == key).unwrap();
            if last.value == value { From::Txn(writer) } else { From::Wrong }
        }
        _ => From::Wrong,
    }
}

/// Whether the property is broken.
fn oracle(txns: &[Txn], level: Property) -> bool {
    let n = txns.len();
    let committed: Vec<usize> = (0..n).filter(|&txn| txns[txn].status == Status::Ok).collect();
    let mut direct = vec![vec![false; n]; n];
    let mut reads = Vec::new();
    for &reader in &committed {
        for &earlier in committed.iter().filter(|&&other| other < reader) {
            direct[earlier][reader] |= txns[earlier].session == txns[reader].session;
        }
        for place in 0..txns[reader].ops.len() {
            if txns[reader].ops[place].write {
                continue;
            }
            match from(txns, reader, place) {
                From::Wrong => return true,
                From::Itself => {}
                From::Initial => reads.push((reader, place, None)),
                From::Txn(writer) => {
                    direct[writer][reader] = true;
                    reads.push((reader, place, Some(writer)));
                }
            }
        }
    }
    let mut past = direct.clone();
    for middle in 0..n {
        for a in 0..n {
            for b in 0..n {
                past[a][b] |= past[a][middle] && past[middle][b];
            }
        }
    }
    let visible = |t1: usize, t3: usize, place: usize| match level {
        Property::CausalConvergence | Property::Causal => past[t1][t3],
        Property::ReadAtomic => direct[t1][t3],
        _ => reads
            .iter()
            .any(|&(reader, earlier, from)| reader == t3 && earlier < place && from == Some(t1)),
    };
    let writes = |txn: usize, key| txns[txn].ops.iter().any(|op| op.write && op.key == key);
    // Pairs that must stand in this order; the initial state stands before all.
    let mut before = direct.clone();
    for &(t3, place, t2) in &reads {
        let key = txns[t3].ops[place].key;
        for &t1 in committed.iter().filter(|&&t1| Some(t1) != t2 && t1 != t3 && writes(t1, key)) {
            if visible(t1, t3, place) {
                match t2 {
                    None => return true,
                    // Causal consistency asks for no order: the value itself must have been overwritten in the past.
                    Some(t2) if level == Property::Causal => {
                        if past[t2][t1] {
                            return true;
                        }
                    }
                    Some(t2) => before[t1][t2] = true,
                }
            }
        }
    }
    !some_order(&mut committed.clone(), 0, &before)
}

/// Whether some order of all has every pair in its order: all orders are tried.
fn some_order(txns: &mut [usize], placed: usize, before: &[Vec<bool>]) -> bool {
    if placed == txns.len() {
        return true;
    }
    for at in placed..txns.len() {
        txns.swap(placed, at);
        let next = txns[placed];
        let first = txns[placed..].iter().all(|&other| !before[other][next]);
        if first && some_order(txns, placed + 1, before) {
            return true;
        }
        txns.swap(placed, at);
    }
    false
}

/// A random history of at most six transactions. The more `care`, the more reads return what a store might.
fn random(dice: &mut Dice, care: u64) -> Vec<Txn> {
    let sessions = 1 + dice.below(4);
    let keys = 1 + dice.below(3);
    let mut next = 1;
    let mut txns: Vec<Txn> = (0..2 + dice.below(5))
        .map(|_| {
            let ops = (0..dice.below(5)).map(|_| {
                let write = dice.below(2) == 0;
                next += u64::from(write);
                Op { write, key: dice.below(keys), value: if write { next } else { 0 } }
            });
            let ops = ops.collect();
            let status = if dice.below(12) == 0 { Status::Fail } else { Status::Ok };
            Txn { session: dice.below(sessions), status, ops }
        })
        .collect();
    for reader in 0..txns.len() {
        for place in 0..txns[reader].ops.len() {
            let op = txns[reader].ops[place];
            if op.write {
                continue;
            }
            let own = txns[reader].ops[..place].iter().rev();
            let own = own.clone().find(|other| other.write && other.key == op.key);
            let all: Vec<u64> = txns
                .iter()
                .enumerate()
                .flat_map(|(txn, of)| {
                    let last = |key| of.ops.iter().rev().find(move |op| op.write && op.key == key);
                    of.ops
                        .iter()
                        .filter(move |other| other.write && other.key == op.key)
                        .filter(move |other| {
                            of.status == Status::Ok
                                && txn != reader
                                && last(op.key).map(|last| last.value) == Some(other.value)
                        })
                        .map(|other| other.value)
                })
                .chain([0])
                .collect();
            let careful = dice.below(care) > 0;
            txns[reader].ops[place].value = match own {
                Some(own) if careful => own.value,
                _ if careful => *dice.pick(&all),
                _ => dice.below(next + 1),
            };
        }
    }
    txns
}

#[test]
fn small_histories_come_out_as_brute_force_says() {
    let mut dice = Dice::new(1);
    let mut count = [[0_u32; 2]; 4];
    for round in 0..40_000 {
        let txns = random(&mut dice, if round % 4 == 0 { 10 } else { 1_000 });
        let found = broken(&txns);
        for (at, level) in LEVELS.into_iter().enumerate() {
            let expected = oracle(&txns, level);
            assert_eq!(found[at], expected, "{level}: {txns:#?}");
            count[at][usize::from(expected)] += 1;
        }
    }
    for of in count {
        assert!(of.iter().all(|&verdicts| verdicts > 4_000), "both verdicts occur: {count:?}");
    }
    // The levels differ, and are what they are of each other.
    let [rc, ra, cc, _] = count.map(|of| of[1]);
    assert!(rc + 2_000 < ra && ra + 200 < cc, "{count:?}");
}

/// The fewest transactions that break it alone: of all subsets, with the reads from left-out transactions left out.
fn fewest(txns: &[Txn], level: Property) -> usize {
    let subsets = (0..1_u32 << txns.len()).filter(|&subset| {
        let kept = |txn: usize| subset >> txn & 1 == 1;
        let part: Vec<Txn> = (0..txns.len())
            .filter(|&txn| kept(txn))
            .map(|txn| {
                let of = &txns[txn];
                let places = (0..of.ops.len()).filter(|&place| {
                    of.ops[place].write
                        || !matches!(from(txns, txn, place), From::Txn(writer) if !kept(writer))
                });
                Txn { ops: places.map(|place| of.ops[place]).collect(), ..of.clone() }
            })
            .collect();
        oracle(&part, level)
    });
    subsets.map(u32::count_ones).min().unwrap() as usize
}

#[test]
fn witnesses_break_it_alone_and_are_as_small_as_can_be() {
    let mut dice = Dice::new(2);
    let (mut seen, mut larger) = (0, [0, 0]);
    for _ in 0..6_000 {
        let txns = random(&mut dice, 100_000);
        let history = build(&txns);
        let verdict = check_transactions(&history);
        // Causal consistency is told of what causal convergence is told of, and implies none of the others.
        for level in LEVELS.into_iter().filter(|&level| level != Property::Causal) {
            // What breaks a lower level is told there, and breaks this one too.
            let anomalies = || verdict.anomalies.iter().filter(|a| a.property >= level);
            let mut sizes = Vec::new();
            for anomaly in anomalies() {
                let ops: Vec<OpId> = anomaly.witness.iter().map(|&op| OpId(op)).collect();
                let part = history.part(&ops).unwrap();
                sizes.push(part.len());
                let alone = check_transactions(&part);
                let of = anomaly.property;
                assert!(outcome(&alone, of).is_broken(), "{anomaly:#?}\n{txns:#?}");
                assert!(oracle(&plain(&part), of));
                for txn in part.txns() {
                    let less = part.part(&without(&part, txn)).unwrap();
                    let rest = check_transactions(&less);
                    let rest = outcome(&rest, of);
                    assert!(!rest.is_broken(), "{of} without {txn:?}: {anomaly:#?}\n{txns:#?}");
                }
                seen += 1;
            }
            if let Some(&smallest) = sizes.iter().min() {
                let cyclic = anomalies().any(|a| a.kind.name() == "CyclicCO");
                larger[usize::from(cyclic)] += u32::from(smallest > fewest(&txns, level));
            }
        }
    }
    assert!(seen > 3_000, "{seen}");
    // Where effects come before their causes, not everything else that is wrong is told.
    assert!(larger[0] == 0 && larger[1] < 30, "{larger:?} of {seen}");
}

#[test]
fn a_value_that_two_committed_transactions_wrote_leaves_it_undecided_and_raises_no_alarm() {
    let mut dice = Dice::new(3);
    let mut undecided = 0;
    for _ in 0..4_000 {
        let mut txns = random(&mut dice, 1_000_000);
        // Some write takes over the value of another to its key.
        let writes: Vec<(usize, usize)> = (0..txns.len())
            .flat_map(|txn| (0..txns[txn].ops.len()).map(move |place| (txn, place)))
            .filter(|&(txn, place)| txns[txn].ops[place].write)
            .collect();
        if writes.is_empty() {
            continue;
        }
        let (a, b) = (*dice.pick(&writes), *dice.pick(&writes));
        let value = txns[b.0].ops[b.1].value;
        if a.0 == b.0 || txns[a.0].ops[a.1].key != txns[b.0].ops[b.1].key {
            continue;
        }
        let original = txns[a.0].ops[a.1].value;
        let all_ops = || txns.iter().flat_map(|txn| &txn.ops);
        if all_ops().any(|op| !op.write && op.value == original) {
            continue;
        }
        // Whatever the duplicate means, what holds when the writes are told apart is not called broken.
        let before = broken(&txns);
        txns[a.0].ops[a.1].value = value;
        let verdict = check_transactions(&build(&txns));
        for (at, level) in LEVELS.into_iter().enumerate() {
            let now = outcome(&verdict, level);
            undecided += u32::from(matches!(now, Outcome::Undecided { .. }));
            assert!(before[at] || !now.is_broken(), "{level}: {txns:#?}");
        }
    }
    assert!(undecided > 100, "{undecided}");
}

/// Whatever the values are: the initial one written, several writers of one value, transactions of which nobody knows.
#[test]
fn any_history_is_judged_and_what_breaks_a_level_breaks_all_above_it() {
    let mut dice = Dice::new(4);
    let mut seen = [0_u32; 3];
    for round in 0..20_000 {
        let initial = *dice.pick(&[Initial::Nothing, Initial::Unwritten(0), Initial::Always(0)]);
        let mut builder = TransactionsBuilder::new(header(), initial).unwrap();
        let values = 2 + dice.below(12);
        for _ in 0..dice.below(8) {
            let status = *dice.pick(&[Status::Ok, Status::Ok, Status::Fail, Status::Info]);
            let txn = builder.begin(Name::Number(dice.below(3)), status).unwrap();
            for _ in 0..dice.below(5) {
                let (key, value) = (Name::Number(dice.below(2)), Name::Number(dice.below(values)));
                match dice.below(5) {
                    0 | 1 => builder.write(txn, key, value).unwrap(),
                    2 => builder.read(txn, key, None).unwrap(),
                    _ => builder.read(txn, key, Some(value)).unwrap(),
                }
            }
        }
        let verdict = check_transactions(&builder.finish());
        let [rc, ra, cc, causal] = LEVELS.map(|level| outcome(&verdict, level).clone());
        assert!(!causal.is_broken() || cc.is_broken(), "round {round}");
        assert!(!rc.is_broken() || ra.is_broken(), "round {round}");
        assert!(!ra.is_broken() || cc.is_broken(), "round {round}");
        seen[0] += u32::from(cc.is_held());
        seen[1] += u32::from(cc.is_broken());
        seen[2] += u32::from(matches!(cc, Outcome::Undecided { .. }));
    }
    assert!(seen.iter().all(|&of| of > 60), "{seen:?}");
}
