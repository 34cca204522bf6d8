//! Transactions of a store that is causally consistent by construction, tampered with and rearranged, against the axioms
//! written down as matrices.

use crate::store::Dice;
use crate::txns::{LEVELS, Op, Setup, Txn, broken, build, outcome, prefix_store, without};
use afterall_checkers::{Valid, check_transactions};
use afterall_history::{OpId, Promise, Property, Transactions};

/// Rows of bits.
type Matrix = Vec<Vec<u64>>;

fn set(matrix: &mut Matrix, a: usize, b: usize) {
    matrix[a][b / 64] |= 1 << (b % 64);
}

fn get(matrix: &Matrix, a: usize, b: usize) -> bool {
    matrix[a][b / 64] >> (b % 64) & 1 == 1
}

/// a before b where there is a chain from a to b.
fn close(matrix: &mut Matrix) {
    for middle in 0..matrix.len() {
        let row = matrix[middle].clone();
        for a in 0..matrix.len() {
            if get(matrix, a, middle) {
                matrix[a].iter_mut().zip(&row).for_each(|(to, from)| *to |= from);
            }
        }
    }
}

/// Whether the property is broken, in a history whose transactions are all committed and whose reads all return last
/// writes of others, their own last write, or nothing.
fn by_matrices(txns: &[Txn], level: Property) -> bool {
    let n = txns.len();
    let mut direct: Matrix = vec![vec![0; n.div_ceil(64)]; n];
    let mut reads = Vec::new();
    let mut written = std::collections::BTreeMap::new();
    for (at, txn) in txns.iter().enumerate() {
        for op in txn.ops.iter().filter(|op| op.write) {
            written.insert((op.key, op.value), at);
        }
    }
    for (at, txn) in txns.iter().enumerate() {
        for earlier in (0..at).filter(|&earlier| txns[earlier].session == txn.session) {
            set(&mut direct, earlier, at);
        }
        for (place, op) in txn.ops.iter().enumerate().filter(|(_, op)| !op.write) {
            let from = written.get(&(op.key, op.value)).copied();
            if from == Some(at) {
                continue;
            }
            if let Some(from) = from {
                set(&mut direct, from, at);
            }
            reads.push((at, place, from));
        }
    }
    let mut past = direct.clone();
    close(&mut past);
    let mut order = direct.clone();
    for &(reader, place, from) in &reads {
        let key = txns[reader].ops[place].key;
        for writer in (0..n).filter(|&w| Some(w) != from && w != reader) {
            if !txns[writer].ops.iter().any(|op| op.write && op.key == key) {
                continue;
            }
            let visible = match level {
                Property::CausalConvergence | Property::Causal => get(&past, writer, reader),
                Property::ReadAtomic => get(&direct, writer, reader),
                _ => reads.iter().any(|&(r, p, f)| r == reader && p < place && f == Some(writer)),
            };
            match from {
                _ if !visible => {}
                None => return true,
                Some(from) if level != Property::Causal => set(&mut order, writer, from),
                Some(from) if get(&past, from, writer) => return true,
                Some(_) => {}
            }
        }
    }
    close(&mut order);
    (0..n).any(|txn| get(&order, txn, txn))
}

/// Values that a read of the key may return without being wrong by itself.
fn finals(txns: &[Txn], key: u64, reader: usize) -> Vec<u64> {
    let last = |txn: &Txn| txn.ops.iter().rev().find(|op| op.write && op.key == key).copied();
    let others = txns.iter().enumerate().filter(|&(at, _)| at != reader);
    others.filter_map(|(_, txn)| last(txn)).map(|op| op.value).collect()
}

/// Has some reads return something else.
fn tamper(txns: &mut [Txn], reads: u64, dice: &mut Dice) {
    for _ in 0..reads {
        let reader = dice.below(txns.len() as u64) as usize;
        let ops = &txns[reader].ops;
        let external = |place: usize| {
            !ops[place].write && !ops[..place].iter().any(|op| op.write && op.key == ops[place].key)
        };
        let places: Vec<usize> = (0..ops.len()).filter(|&place| external(place)).collect();
        if places.is_empty() {
            continue;
        }
        let place = *dice.pick(&places);
        let values = finals(txns, txns[reader].ops[place].key, reader);
        if !values.is_empty() {
            txns[reader].ops[place].value = *dice.pick(&values);
        }
    }
}

fn setup(dice: &mut Dice) -> Setup {
    Setup {
        txns: 20 + dice.below(230) as usize,
        sessions: 1 + dice.below(12),
        ops: 1 + dice.below(6) as usize,
        keys: 1 + dice.below(8),
        lag: *dice.pick(&[0, 3, 30, 300]),
    }
}

#[test]
fn a_correct_store_raises_no_alarm() {
    let mut dice = Dice::new(11);
    for _ in 0..300 {
        let setup = setup(&mut dice);
        let mut history = build(&prefix_store(setup, &mut dice));
        history.header_mut().promises = LEVELS.map(Promise::to_all).to_vec();
        let verdict = check_transactions(&history);
        assert!(verdict.anomalies.is_empty(), "{setup:?} {:?}", verdict.anomalies);
        let tested = LEVELS.iter().all(|&level| outcome(&verdict, level).is_held());
        assert_eq!(verdict.valid, if tested { Valid::True } else { Valid::Unknown });
        if tested {
            assert_eq!(verdict.strongest, Some(Property::CausalConvergence));
        }
    }
}

#[test]
fn tampered_histories_come_out_as_matrices_say() {
    let mut dice = Dice::new(12);
    let mut count = [[0_u32; 2]; 4];
    for round in 0..260 {
        let mut txns = prefix_store(setup(&mut dice), &mut dice);
        // A read or two from long ago, or from what is not visible yet.
        tamper(&mut txns, round % 4, &mut dice);
        for (at, level) in LEVELS.into_iter().enumerate() {
            let expected = by_matrices(&txns, level);
            assert_eq!(broken(&txns)[at], expected, "{level} in round {round}");
            count[at][usize::from(expected)] += 1;
        }
        // Each anomaly is a history of its own that breaks its property, and no smaller part of it does.
        let history = build(&txns);
        for anomaly in check_transactions(&history).anomalies {
            let ops: Vec<OpId> = anomaly.witness.iter().map(|&op| OpId(op)).collect();
            let part = history.part(&ops).unwrap();
            let breaks = |part: &Transactions| {
                outcome(&check_transactions(part), anomaly.property).is_broken()
            };
            assert!(breaks(&part), "{anomaly:#?}");
            for txn in part.txns() {
                assert!(!breaks(&part.part(&without(&part, txn)).unwrap()), "{anomaly:#?}");
            }
            assert!(
                !anomaly.kind.name().ends_with("AirRead"),
                "every value was written: {anomaly:#?}"
            );
        }
    }
    assert!(count.iter().all(|of| of[0] > 60 && of[1] > 25), "{count:?}");
}

#[test]
fn the_order_of_sessions_in_the_file_and_all_names_change_nothing() {
    let mut dice = Dice::new(13);
    let mut verdicts = [0_u32; 2];
    for round in 0..200 {
        let mut txns = prefix_store(setup(&mut dice), &mut dice);
        tamper(&mut txns, round % 3, &mut dice);
        let expected = broken(&txns);
        verdicts[usize::from(expected[2])] += 1;
        let shift = dice.below(1_000_000_007);
        let renamed = |txn: &Txn| Txn {
            session: (txn.session + shift) * 31,
            ops: txn
                .ops
                .iter()
                .map(|op| Op {
                    key: (op.key + 5) * (shift + 1),
                    value: if op.value == 0 { 0 } else { op.value + shift * 4_000 },
                    ..*op
                })
                .collect(),
            ..txn.clone()
        };
        let mut grouped: Vec<Txn> = txns.iter().map(renamed).collect();
        assert_eq!(broken(&grouped), expected, "renamed, in round {round}");
        // One session after another, in any order of sessions.
        grouped.sort_by_key(|txn| txn.session.wrapping_mul(shift | 1) % 1_009);
        assert_eq!(broken(&grouped), expected, "session after session, in round {round}");
        // And mixed anew, each session in its order.
        let mut mixed = Vec::new();
        while !grouped.is_empty() {
            let session = dice.pick(&grouped).session;
            let first = grouped.iter().position(|txn| txn.session == session).unwrap();
            mixed.push(grouped.remove(first));
        }
        assert_eq!(broken(&mixed), expected, "mixed, in round {round}");
    }
    assert!(verdicts.iter().all(|&of| of > 50), "{verdicts:?}");
}

#[test]
fn one_stale_read_in_a_large_history_is_found_and_shown_with_the_fewest_transactions() {
    let mut dice = Dice::new(14);
    let setup = Setup { txns: 20_000, sessions: 20, ops: 6, keys: 60, lag: 100 };
    let mut txns = prefix_store(setup, &mut dice);
    let reader = (15_000..).find(|&at| !txns[at].ops[0].write).unwrap();
    let key = txns[reader].ops[0].key;
    txns[reader].ops[0].value = finals(&txns, key, reader)[3];
    let verdict = check_transactions(&build(&txns));
    let causal: Vec<_> =
        verdict.anomalies.iter().filter(|a| a.property == Property::Causal).collect();
    assert_eq!(causal.len(), 1, "{causal:#?}");
    assert_eq!((causal[0].kind.name(), causal[0].count), ("WriteCORead", 1));
    assert_eq!(causal[0].key, Some(key.to_string()));
    let mut shown: Vec<usize> = Vec::new();
    let ends: Vec<usize> = txns
        .iter()
        .scan(0, |end, txn| {
            *end += txn.ops.len();
            Some(*end)
        })
        .collect();
    for &op in &causal[0].witness {
        shown.push(ends.partition_point(|&end| end <= op as usize));
    }
    shown.dedup();
    assert!(shown.contains(&reader) && shown.len() <= 5, "{shown:?}");
}

#[test]
fn one_session_and_one_chain_of_any_length_do_not_exhaust_the_stack() {
    let long = 200_000;
    let write = |key, value| Op { write: true, key, value };
    let read = |key, value| Op { write: false, key, value };
    let txn = |session, ops| Txn { session, status: afterall_history::Status::Ok, ops };
    let one: Vec<Txn> = (0..long).map(|at| txn(0, vec![read(0, at), write(0, at + 1)])).collect();
    assert_eq!(broken(&one), [false; 4]);
    // Every transaction is of a session of its own, and reads from the one before.
    let mut chain: Vec<Txn> =
        (0..long).map(|at| txn(at, vec![read(at, at), write(at + 1, at + 1)])).collect();
    assert_eq!(broken(&chain), [false; 4]);
    // The first reads from the last.
    chain[0].ops.insert(0, read(long, long));
    let verdict = check_transactions(&build(&chain));
    assert!(
        verdict.anomalies.iter().all(|a| a.kind.name() == "CyclicCO" && a.witness.len() <= 200)
    );
    assert!(LEVELS.iter().all(|&level| outcome(&verdict, level).is_broken()));
}
