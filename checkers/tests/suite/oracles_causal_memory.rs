//! Causal memory, PRAM and sequential consistency against brute force: every order of the writes that a session may have seen, straight from
//! the definition; and the small histories of the literature.

use crate::store::Dice;
use crate::table::{drawn, history, judge, minimal, outcome};
use afterall_checkers::check;
use afterall_history::{Function, History, OpView, Property, Status};

const LEVELS: [Property; 3] = [Property::CausalMemory, Property::Pram, Property::Sequential];

/// The operations that count, and which write each read returned: `None` for nothing.
struct Small<'h> {
    ops: Vec<OpView<'h>>,
    from: Vec<Option<usize>>,
}

fn small(history: &History) -> Option<Small<'_>> {
    let data = history.data();
    let ops: Vec<OpView<'_>> = history.ops().collect();
    let mut from = Vec::new();
    for op in &ops {
        let seen = op.f().is_read().then(|| data.items(op.output()).next()).flatten();
        let writer = |value| {
            ops.iter().position(|w| {
                w.f() == Function::Write
                    && w.key() == op.key()
                    && w.input() == value
                    && Some(w.index()) < op.completion_index()
            })
        };
        from.push(match seen {
            None => None,
            Some(value) => Some(writer(value)?),
        });
    }
    Some(Small { ops, from })
}

impl Small<'_> {
    fn part(&self, at: usize) -> bool {
        self.ops[at].status() == Status::Ok
            || (self.ops[at].f() == Function::Write && self.from.contains(&Some(at)))
    }

    /// The closure of session order and reads-from; for PRAM, of reads-from only into one session.
    fn base(&self, own: Option<u64>) -> Vec<Vec<bool>> {
        let n = self.ops.len();
        let mut before = vec![vec![false; n]; n];
        for (a, first) in self.ops.iter().enumerate() {
            for (b, then) in self.ops.iter().enumerate() {
                let so = first.process() == then.process() && a < b;
                let wr = self.from[b] == Some(a) && own.is_none_or(|own| own == then.process());
                before[a][b] = so || wr;
            }
        }
        for k in 0..n {
            for i in 0..n {
                for j in 0..n {
                    before[i][j] |= before[i][k] && before[k][j];
                }
            }
        }
        before
    }

    /// Whether a session can put the operations of a set in an order that keeps to `before` and explains its reads.
    fn explained(
        &self,
        own: Option<u64>,
        left: &[usize],
        before: &[Vec<bool>],
        now: &[Option<usize>],
    ) -> bool {
        if left.is_empty() {
            return true;
        }
        left.iter().any(|&at| {
            if left.iter().any(|&other| before[other][at]) {
                return false;
            }
            let op = self.ops[at];
            let key = op.key().0 as usize;
            let mut now = now.to_vec();
            if op.f() == Function::Write {
                now[key] = Some(at);
            } else if own.is_none_or(|own| op.process() == own) && now[key] != self.from[at] {
                return false;
            }
            let rest: Vec<usize> = left.iter().copied().filter(|&other| other != at).collect();
            self.explained(own, &rest, before, &now)
        })
    }

    fn holds(&self, level: Property, keys: usize) -> bool {
        let mut sessions: Vec<u64> = self.ops.iter().map(|op| op.process()).collect();
        sessions.sort_unstable();
        sessions.dedup();
        if level == Property::Sequential {
            let all: Vec<usize> = (0..self.ops.len()).filter(|&at| self.part(at)).collect();
            return self.explained(None, &all, &self.base(None), &vec![None; keys]);
        }
        sessions.into_iter().all(|own| {
            let pram = level == Property::Pram;
            let before = self.base(pram.then_some(own));
            let last = (0..self.ops.len())
                .rev()
                .find(|&at| self.ops[at].process() == own && self.part(at));
            let Some(last) = last else { return true };
            let within: Vec<usize> = (0..self.ops.len())
                .filter(|&at| self.part(at) && (at == last || pram || before[at][last]))
                .filter(|&at| {
                    !pram || self.ops[at].f() == Function::Write || self.ops[at].process() == own
                })
                .collect();
            self.explained(Some(own), &within, &before, &vec![None; keys])
        })
    }
}

fn draw(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = String::new();
    let mut free_at = [0_u64; 3];
    let mut written: Vec<(u64, u64)> = Vec::new();
    let keys = 1 + dice.below(2);
    for n in 1..=5 + dice.below(4) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(5);
        let to = from + 1 + dice.below(5);
        free_at[session] = to + 1;
        let key = dice.below(keys);
        let known: Vec<u64> = written.iter().filter(|w| w.0 == key).map(|w| w.1).collect();
        let what = if dice.below(5) < 3 {
            if known.is_empty() || dice.below(8) == 0 {
                format!("read k{key} null")
            } else {
                format!("read k{key} [{}]", dice.pick(&known))
            }
        } else {
            written.push((key, n));
            format!("write k{key} {n}")
        };
        table.push_str(&format!("p{session}@n1 {what} {from}..{to}\n"));
    }
    history(&table)
}

#[test]
fn brute_force_finds_the_same() {
    let seeds = drawn(4_000);
    let (mut broken, mut judged) = ([0; 3], 0);
    for seed in 1..=seeds {
        let history = draw(seed);
        let Some(small) = small(&history) else { continue };
        judged += 1;
        let verdict = check(&history);
        for (level, broken) in LEVELS.into_iter().zip(&mut broken) {
            let found = outcome(&verdict, level);
            let wrong = !small.holds(level, history.keys());
            assert_eq!(
                found == "broken",
                wrong,
                "{seed} {level}: {found} {:#?}",
                verdict.anomalies
            );
            *broken += usize::from(wrong);
            if wrong {
                minimal(&history, &verdict, level, seed);
            }
        }
    }
    for broken in broken {
        assert!(broken > judged / 10 && broken < judged * 9 / 10, "{broken} of {judged}");
    }
}

/// The verdicts on sequential consistency, CCv, CM, CC and PRAM.
fn levels(table: &str) -> [&'static str; 5] {
    let verdict = judge(table);
    let rest = [Property::CausalConvergence, Property::CausalMemory, Property::Causal];
    let [ccv, cm, cc] = rest.map(|level| outcome(&verdict, level));
    [outcome(&verdict, Property::Sequential), ccv, cm, cc, outcome(&verdict, Property::Pram)]
}

/// After figure 3 of Bouajjani, Enea, Guerraoui and Hamza (POPL 2017), and the usual examples beside them.
#[test]
fn levels_that_differ() {
    let causal_memory_alone = "
        p1@n1 write x 1 1..2
        p2@n1 write x 2 1..2
        p1@n1 read x [2] 3..4
        p2@n1 read x [1] 3..4";
    assert_eq!(levels(causal_memory_alone), ["broken", "broken", "held", "held", "held"]);
    let convergent_alone = "
        p1@n1 write z 1 1..2
        p1@n1 write x 1 3..4
        p1@n1 write y 1 5..6
        p2@n1 write x 2 1..2
        p2@n1 read z null 3..4
        p2@n1 read y [1] 7..8
        p2@n1 read x [2] 9..10";
    assert_eq!(levels(convergent_alone), ["broken", "held", "broken", "held", "broken"]);
    let causal_alone = "
        p1@n1 write x 1 1..2
        p2@n1 write x 2 1..2
        p2@n1 read x [1] 3..4
        p2@n1 read x [2] 5..6";
    assert_eq!(levels(causal_alone), ["broken", "broken", "broken", "held", "broken"]);
    let sequential = "
        p1@n1 write x 1 1..2
        p1@n1 read y null 3..4
        p1@n1 write y 1 5..6
        p1@n1 read x [1] 7..8
        p2@n1 write x 2 9..10
        p2@n1 read y [1] 11..12
        p2@n1 read x [2] 13..14";
    assert_eq!(levels(sequential), ["held", "held", "held", "held", "held"]);
    let none = "
        p1@n1 write x 1 1..2
        p1@n1 write y 1 3..4
        p2@n1 read y [1] 5..6
        p2@n1 write x 2 7..8
        p3@n1 read x [2] 9..10
        p3@n1 read x [1] 11..12";
    assert_eq!(levels(none), ["broken", "broken", "broken", "broken", "held"]);
}
