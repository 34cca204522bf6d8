//! What the three properties have in common: their axiom, and how it is decided.
//!
//! A property holds if there is a commit order: a total order of the transactions that contains session order (so) and
//! reads-from (wr), and in which, whenever `t3` reads a key from `t2`, every other writer `t1` of the key that the
//! property's premise makes visible to `t3` comes before `t2` (Biswas and Enea, "On the complexity of checking
//! transactional consistency", OOPSLA 2019). The initial state comes before all transactions. The premise of each
//! property stands in the file of its name.
//!
//! It is decided by guessing a commit order and looking for reads that contradict it. Those are edges that the order
//! lacked; with them the next order is made. If there is none, there is a cycle, and the property is broken; if an order
//! is not contradicted, it is the proof that the property holds. In most histories the first guess is one, and no
//! edge is ever stored. After [`ROUNDS_MAX`] guesses all edges that the axiom demands are gathered, as AWDIT (PLDI 2025)
//! does, which decides it for certain.

use super::conflict::{Conflict, Which};
use super::facts::{Facts, INITIAL};
use super::level::Level;
use super::sorted::{Before, Sorted, sort};
use super::stale_reads::stale_reads;

/// Orders that are guessed before all edges are gathered.
const ROUNDS_MAX: usize = 8;

/// How a property came out.
#[derive(Debug)]
pub(super) enum Decision {
    Held,
    /// It is broken; these edges are known, and if so, wr and they have no cycle, a read of the initial state is to
    /// blame.
    Broken(Vec<Conflict>),
}

/// Decides a property. `base` respects so and wr, and orders everything.
///
/// Causal consistency asks for no order that all agree on: it is broken if and only if a read's value comes before a writer of
/// the key that the read has in its past, by so and wr alone.
pub(super) fn decide(facts: &Facts<'_>, base: &Sorted, level: Level) -> Decision {
    if level == Level::Causal {
        let stale = stale_reads(facts, base, level);
        return if stale.is_empty() { Decision::Held } else { Decision::Broken(stale) };
    }
    decide_after(facts, base, level, ROUNDS_MAX)
}

/// Decides a property; after so many guesses all edges are gathered.
fn decide_after(facts: &Facts<'_>, base: &Sorted, level: Level, rounds: usize) -> Decision {
    let mut edges: Vec<Conflict> = Vec::new();
    let mut better: Option<Sorted> = None;
    // Every round adds an edge that was not there, so there is a last one.
    for round in 0_usize.. {
        let sorted = better.as_ref().unwrap_or(base);
        let which = if round == rounds { Which::All } else { Which::One };
        let known = edges.len();
        let mut unborn = false;
        level.conflicts(facts, sorted, which, &mut |conflict| {
            unborn |= conflict.then == INITIAL;
            edges.push(conflict);
        });
        if edges.len() == known {
            break;
        }
        if unborn {
            return Decision::Broken(edges);
        }
        let next = sort(facts, &befores(&edges), &sorted.rank);
        if !next.stuck.is_empty() {
            return Decision::Broken(edges);
        }
        better = Some(next);
    }
    Decision::Held
}

/// The edges of the conflicts, each once.
pub(super) fn befores(conflicts: &[Conflict]) -> Vec<Before> {
    let mut edges: Vec<Before> = conflicts
        .iter()
        .filter(|conflict| conflict.then != INITIAL)
        .map(|conflict| Before { then: conflict.then, first: conflict.first })
        .collect();
    edges.sort_unstable();
    edges.dedup();
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transactions::sorted::first_guess;
    use afterall_history::{
        Header, Initial, NODE_UNKNOWN, Name, Status, Transactions, TransactionsBuilder, Workload,
    };

    /// A session, and whether each operation writes, its key and value.
    type Made = (u64, Vec<(bool, u64, u64)>);

    /// Sessions that read any of the last few values of any key, one session after another in the file.
    fn random(seed: u64) -> Transactions {
        let mut state = seed | 1;
        let mut below = |n: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 11) % n
        };
        let header = Header::new("test", Workload::Transactions, 0, [NODE_UNKNOWN]);
        let mut builder = TransactionsBuilder::new(header, Initial::Nothing).expect("good");
        let (txns, keys, span) = (20 + below(60), 1 + below(4), 1 + below(3));
        let mut made: Vec<Made> = Vec::new();
        let mut values: Vec<Vec<u64>> = vec![Vec::new(); keys as usize];
        for at in 1..=txns {
            let key = below(keys);
            let known = &values[key as usize];
            let old = known.len().saturating_sub(1 + below(span) as usize);
            let read = known.get(old).map(|&value| (false, key, value));
            let other = below(keys);
            made.push((below(5), read.into_iter().chain([(true, other, at)]).collect()));
            values[other as usize].push(at);
        }
        made.sort_by_key(|&(session, _)| session);
        for (session, ops) in made {
            let txn = builder.begin(Name::Number(session), Status::Ok).expect("room");
            for (write, key, value) in ops {
                let (key, value) = (Name::Number(key), Name::Number(value));
                let done = match write {
                    true => builder.write(txn, key, value),
                    false => builder.read(txn, key, Some(value)),
                };
                done.expect("room");
            }
        }
        builder.finish()
    }

    #[test]
    fn guessing_and_gathering_all_edges_at_once_decide_the_same() {
        let mut count = [[0; 2]; 3];
        for seed in 0..3_000 {
            let history = random(0x9e37_79b9 * (seed + 1));
            let facts = Facts::new(&history);
            let base = sort(&facts, &[], &first_guess(&facts));
            assert!(base.stuck.is_empty());
            for (at, level) in Level::ORDERED.into_iter().enumerate() {
                let broken = |rounds| {
                    matches!(decide_after(&facts, &base, level, rounds), Decision::Broken(_))
                };
                let guessed = broken(usize::MAX);
                assert_eq!([broken(0), broken(1), broken(ROUNDS_MAX)], [guessed; 3], "{seed}");
                count[at][usize::from(guessed)] += 1;
            }
        }
        assert!(count.iter().take(2).all(|of| of[0] > 300 && of[1] > 300), "{count:?}");
    }
}
