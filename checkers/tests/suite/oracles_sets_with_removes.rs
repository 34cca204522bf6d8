//! Sets with removes: what is lost and what is back from the dead, straight from the definitions; and an observed-remove set of
//! two replicas, correct by construction, that must never be called broken.

use crate::store::Dice;
use crate::table::{history, outcome, outcome_for};
use afterall_checkers::{Valid, Verdict, check};
use afterall_history::{Function, History, OpView, Property, Sessions, Status};
use std::collections::BTreeSet;

const KINDS: [Sessions; 2] = [Sessions::Sticky, Sessions::Roaming];

/// Adds, removes and reads of a few elements by three sessions on two replicas; then both are read.
fn draw(seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut table = "! workload set\n".to_owned();
    let roams: Vec<bool> = (0..3).map(|_| dice.below(3) == 0).collect();
    let (mut free_at, mut process) = ([0_u64; 3], [0_u64, 1, 2]);
    let mut touched: BTreeSet<u64> = BTreeSet::new();
    // Half of the histories add each element once.
    let (elements, again) = (2 + dice.below(3), dice.below(2) == 0);
    let show = |dice: &mut Dice, touched: &BTreeSet<u64>| {
        let shown: Vec<String> =
            touched.iter().filter(|_| dice.below(3) > 0).map(u64::to_string).collect();
        format!("[{}]", shown.join(","))
    };
    for _ in 0..5 + dice.below(6) {
        let session = dice.below(3) as usize;
        let from = free_at[session] + 1 + dice.below(6);
        let to = from + 1 + dice.below(8);
        free_at[session] = to + 1;
        let node = if roams[session] { 1 + dice.below(2) } else { 1 + session as u64 % 2 };
        let element = 1 + dice.below(elements);
        let mut how = ["", "", "", "", "", "info", "fail"][dice.below(7) as usize];
        let what = match dice.below(7) {
            0 | 1 => {
                how = "";
                format!("read s {}", show(&mut dice, &touched))
            }
            2 | 3 => format!("remove s {element}"),
            _ if again || !touched.contains(&element) => {
                if how != "fail" {
                    touched.insert(element);
                }
                format!("add s {element}")
            }
            _ => format!("remove s {element}"),
        };
        table.push_str(&format!("p{}@n{node} {what} {from}..{to} {how}\n", process[session]));
        if how == "info" {
            process[session] += 10;
        }
    }
    // Some updates are still under way when the last reads begin.
    let end = free_at.iter().max().unwrap() - dice.below(2) * dice.below(8);
    let same = show(&mut dice, &touched);
    let other = if dice.below(4) == 0 { show(&mut dice, &touched) } else { same.clone() };
    table.push_str(&format!("p90@n1 read s {same} {end}..{} final\n", end + 3));
    table.push_str(&format!("p91@n2 read s {other} {end}..{} final\n", end + 3));
    history(&table)
}

/// A history with what its reads show, by number.
struct Small<'h> {
    history: &'h History,
    ops: Vec<OpView<'h>>,
    finals: Vec<usize>,
}

impl<'h> Small<'h> {
    fn of(history: &'h History) -> Self {
        let ops: Vec<OpView<'h>> = history.ops().collect();
        let finals = (0..ops.len()).filter(|&op| ops[op].is_final()).collect();
        Small { history, ops, finals }
    }

    fn shows(&self, read: usize, element: i64) -> bool {
        let data = self.history.data();
        data.items(self.ops[read].output()).any(|v| data.value(v).as_int() == Some(element))
    }

    /// The operations of this kind on the element that may have happened.
    fn all(&self, f: Function, element: i64) -> Vec<usize> {
        let is = |op: &OpView<'_>| {
            op.f() == f
                && op.status() != Status::Fail
                && self.history.data().value(op.input()).as_int() == Some(element)
        };
        (0..self.ops.len()).filter(|&at| is(&self.ops[at])).collect()
    }

    fn over_before(&self, a: usize, b: usize) -> bool {
        let (a, b) = (self.ops[a], self.ops[b]);
        a.is_ok() && a.completion_index() < Some(b.index())
    }

    fn in_time(&self, update: usize) -> bool {
        self.finals.iter().all(|&read| self.over_before(update, read))
    }

    fn earlier(&self, a: usize, b: usize) -> bool {
        a < b && self.ops[a].process() == self.ops[b].process() && self.ops[a].is_ok()
    }

    fn lost(&self, element: i64) -> bool {
        let removes = self.all(Function::Remove, element);
        !self.finals.iter().any(|&read| self.shows(read, element))
            && self.all(Function::Add, element).into_iter().any(|add| {
                self.in_time(add) && removes.iter().all(|&remove| self.over_before(remove, add))
            })
    }

    /// The removes by sessions of this kind that prove a resurrection.
    fn resurrected(&self, element: i64) -> Vec<usize> {
        let adds = self.all(Function::Add, element);
        let knew = |remove: usize| {
            let own = |&add: &usize| self.earlier(add, remove);
            let read = |r: usize| {
                self.ops[r].f().is_read() && self.earlier(r, remove) && self.shows(r, element)
            };
            !adds.is_empty() && adds.iter().all(own)
                || adds.len() == 1 && (0..self.ops.len()).any(|r| self.begun(adds[0], r) && read(r))
        };
        let everywhere = self.finals.iter().all(|&read| self.shows(read, element));
        let removes = self.all(Function::Remove, element).into_iter();
        removes.filter(|&r| everywhere && self.in_time(r) && knew(r)).collect()
    }

    fn begun(&self, add: usize, read: usize) -> bool {
        Some(self.ops[add].index()) < self.ops[read].completion_index()
    }

    /// Whether a read denies what its session did, and what it had read; of an element that was added once.
    fn denied(&self, element: i64) -> [Vec<usize>; 2] {
        let (mut own, mut back) = (Vec::new(), Vec::new());
        let &[add] = &self.all(Function::Add, element)[..] else { return [own, back] };
        let removes = self.all(Function::Remove, element);
        let shows = |r: usize| self.shows(r, element) && self.begun(add, r);
        let reads: Vec<usize> = (0..self.ops.len())
            .filter(|&r| self.ops[r].f().is_read() && self.ops[r].is_ok())
            .collect();
        for &r in &reads {
            // Nobody had begun to remove it when the read was over.
            let stays = removes.iter().all(|&d| self.ops[d].invoked() > self.ops[r].until());
            let before: Vec<usize> =
                reads.iter().copied().filter(|&e| self.earlier(e, r)).collect();
            let seen_by = |d: usize| {
                self.earlier(add, d) || before.iter().any(|&e| self.earlier(e, d) && shows(e))
            };
            let removed = removes.iter().any(|&d| self.earlier(d, r) && seen_by(d));
            if self.earlier(add, r) && stays && !shows(r) || removed && shows(r) {
                own.push(r);
            }
            let missed = stays && !shows(r) && before.iter().any(|&e| shows(e));
            let gone = before
                .iter()
                .any(|&g| !shows(g) && before.iter().any(|&e| self.earlier(e, g) && shows(e)));
            if missed || gone && shows(r) {
                back.push(r);
            }
        }
        [own, back]
    }
}

fn kind_of(history: &History, op: OpView<'_>) -> Sessions {
    let of = history.ops().filter(|other| other.process() == op.process());
    let nodes: BTreeSet<_> = of.map(|op| op.sent_to()).collect();
    if nodes.len() > 1 { Sessions::Roaming } else { Sessions::Sticky }
}

#[test]
fn lost_and_resurrected_elements_and_what_sessions_see_are_as_defined() {
    let (seeds, mut counts) = (6_000, [0; 4]);
    for seed in 0..seeds {
        let history = draw(seed);
        let small = Small::of(&history);
        let verdict = check(&history);
        let items = verdict.figures.items.unwrap();
        let lost = (1..=5).filter(|&element| small.lost(element)).count();
        let found = outcome(&verdict, Property::NoLostItems);
        let removes =
            history.ops().any(|op| op.f() == Function::Remove && op.status() != Status::Fail);
        if !removes {
            continue;
        }
        assert_eq!(items.lost as usize, lost, "seed {seed}");
        assert_eq!(found == "broken", lost > 0, "seed {seed} {found}");
        counts[0] += usize::from(lost > 0);
        let back: Vec<usize> = (1..=5).flat_map(|element| small.resurrected(element)).collect();
        assert_eq!(items.resurrected as usize, back.len(), "seed {seed}");
        let denied: Vec<[Vec<usize>; 2]> = (1..=5).map(|element| small.denied(element)).collect();
        for kind in KINDS {
            let of = |ops: &[usize]| ops.iter().any(|&op| kind_of(&history, small.ops[op]) == kind);
            let expected = [
                (Property::NoResurrectedItems, of(&back)),
                (Property::ReadYourWrites, denied.iter().any(|[own, _]| of(own))),
                (Property::MonotonicReads, denied.iter().any(|[_, back]| of(back))),
            ];
            for ((property, wrong), count) in expected.into_iter().zip(&mut counts[1..]) {
                let found = outcome_for(&verdict, property, kind);
                assert_eq!(found == "broken", wrong, "seed {seed} {property} {kind:?} {found}");
                *count += usize::from(wrong);
            }
        }
    }
    for count in counts {
        assert!(count > seeds as usize / 40 && count < seeds as usize * 9 / 10, "{counts:?}");
    }
}

/// What is wrong with the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bug {
    None,
    /// Removes do not reach the other replica, but only hide an element where they were made.
    ForgetsRemoves,
    /// A synchronisation throws away an add.
    DropsAdds,
    /// What is not there yet is shown.
    MakesUp,
    /// Replicas stop to synchronise.
    StaysApart,
    /// At the end what was removed is forgotten everywhere.
    Revives,
}

/// One replica of an observed-remove set: adds with their tags, and the tags that were removed.
#[derive(Debug, Clone, Default)]
struct Replica {
    adds: BTreeSet<(u64, u64)>,
    removed: BTreeSet<(u64, u64)>,
}

impl Replica {
    fn holds(&self) -> BTreeSet<u64> {
        self.adds.difference(&self.removed).map(|add| add.0).collect()
    }

    fn perform(&mut self, update: (bool, u64), tag: u64) {
        let (adds, element) = update;
        if adds {
            self.adds.insert((element, tag));
        } else {
            self.removed.extend(self.adds.iter().filter(|add| add.0 == element));
        }
    }
}

/// An operation under way: when it began, its node, and what it changes; none for a read.
type Open = (u64, usize, Option<(bool, u64)>);

/// Both replicas take each other's state.
fn sync(replicas: &mut [Replica; 2], bug: Bug, dice: &mut Dice) {
    let [a, b] = replicas.clone();
    for (mine, other) in replicas.iter_mut().zip([b, a]) {
        mine.adds.extend(other.adds);
        if bug != Bug::ForgetsRemoves {
            mine.removed.extend(other.removed);
        }
        if bug == Bug::DropsAdds && dice.below(2) == 0 {
            mine.adds.pop_first();
        }
    }
}

/// What an observed-remove set records: lazily synchronised, and once more before the last reads.
fn run(bug: Bug, roaming: bool, seed: u64) -> History {
    let mut dice = Dice::new(seed);
    let mut replicas = [Replica::default(), Replica::default()];
    let mut table = "! workload set\n".to_owned();
    let mut process = [0_u64, 1, 2, 3];
    let mut open: [Option<Open>; 4] = [None; 4];
    let mut late: Vec<(usize, (bool, u64))> = Vec::new();
    let show = |holds: BTreeSet<u64>| {
        let shown: Vec<String> = holds.iter().map(u64::to_string).collect();
        format!("[{}]", shown.join(","))
    };
    let steps = 40 + dice.below(60);
    let mut time = 0;
    for step in 0..steps + 4 {
        time += 1;
        if dice.below(5) == 0 && (bug != Bug::StaysApart || step < steps / 2) {
            sync(&mut replicas, bug, &mut dice);
        }
        if !late.is_empty() && dice.below(4) == 0 {
            let (node, update) = late.pop().unwrap();
            replicas[node].perform(update, time);
        }
        let session = if step < steps { dice.below(4) as usize } else { (step % 4) as usize };
        let Some((from, node, update)) = open[session].take() else {
            if step < steps {
                let node = if roaming { dice.below(2) as usize } else { session % 2 };
                let update = (dice.below(5) < 3).then(|| (dice.below(5) < 3, 1 + dice.below(5)));
                open[session] = Some((time, node, update));
            }
            continue;
        };
        let who = format!("p{}@n{}", process[session], node + 1);
        let mut how = "";
        let what = match update {
            None => {
                let mut holds = replicas[node].holds();
                if bug == Bug::MakesUp && dice.below(3) == 0 {
                    holds.insert(9);
                }
                format!("read s {}", show(holds))
            }
            Some((adds, element)) => {
                let fate = dice.below(12);
                how = if fate == 0 {
                    "fail"
                } else if fate < 4 {
                    "info"
                } else {
                    ""
                };
                match fate {
                    0 | 1 => {}
                    2 => late.push((node, (adds, element))),
                    _ => replicas[node].perform((adds, element), time),
                }
                format!("{} s {element}", if adds { "add" } else { "remove" })
            }
        };
        time += 1;
        table.push_str(&format!("{who} {what} {from}..{time} {how}\n"));
        if how == "info" {
            process[session] += 10;
        }
    }
    for (node, update) in late {
        time += 1;
        replicas[node].perform(update, time);
    }
    if bug != Bug::StaysApart {
        sync(&mut replicas, bug, &mut dice);
    }
    if bug == Bug::Revives {
        replicas.iter_mut().for_each(|replica| replica.removed.clear());
    }
    for (node, replica) in replicas.iter().enumerate() {
        let (shown, from) = (show(replica.holds()), time + 10);
        table.push_str(&format!(
            "p9{node}@n{} read s {shown} {from}..{} final\n",
            node + 1,
            from + 1
        ));
    }
    history(&table)
}

/// What such a store promises to all, and what to sessions that stay with one replica: a remove that comes to a replica which does
/// not hold the add yet removes nothing, and a session that goes there does not see what it had seen.
const TO_ALL: [Property; 3] = [Property::NoLostItems, Property::NoPhantoms, Property::Convergence];
const TO_STICKY: [Property; 3] =
    [Property::NoResurrectedItems, Property::ReadYourWrites, Property::MonotonicReads];

#[test]
fn an_observed_remove_set_is_never_called_broken() {
    let mut held = 0;
    for seed in 0..900 {
        let roaming = seed % 3 == 0;
        let verdict = check(&run(Bug::None, roaming, seed));
        let of_sticky = TO_STICKY.map(|p| outcome_for(&verdict, p, Sessions::Sticky));
        // Whole states are exchanged, so what a replica shows is causally closed, for those who stay with it.
        let causal = if roaming { "" } else { outcome(&verdict, Property::Causal) };
        let words =
            TO_ALL.map(|p| outcome(&verdict, p)).into_iter().chain(of_sticky).chain([causal]);
        for word in words {
            assert_ne!(word, "broken", "seed {seed}: {:#?}", verdict.anomalies);
            held += usize::from(word == "held");
        }
    }
    assert!(held > 3_000, "{held}");
}

#[test]
fn each_bug_of_the_set_is_called_by_its_name() {
    let broken = |bug: Bug, property: Property| {
        let is = |verdict: &Verdict| outcome(verdict, property) == "broken";
        let judged = (0..150).map(|seed| check(&run(bug, false, seed)));
        judged.filter(|verdict| is(verdict) && verdict.valid != Valid::True).count()
    };
    let forgets = broken(Bug::ForgetsRemoves, Property::NoResurrectedItems);
    let divides = broken(Bug::ForgetsRemoves, Property::Convergence);
    let drops = broken(Bug::DropsAdds, Property::NoLostItems);
    let makes_up = broken(Bug::MakesUp, Property::NoPhantoms);
    let apart = broken(Bug::StaysApart, Property::Convergence);
    let revives = broken(Bug::Revives, Property::NoResurrectedItems);
    assert_eq!(forgets, 0, "where it was removed it stays away: that is divergence");
    let found = [divides, drops, makes_up, apart, revives];
    assert!(found.into_iter().all(|found| found > 15), "{found:?}");
}
