//! Sequential consistency: one order of all operations keeps to every session's order and explains every read.
//!
//! Lamport, "How to make a multiprocessor computer that correctly executes multiprocess programs" (IEEE Trans. Comput.
//! C-28, 1979). Deciding it is NP-complete (Gibbons and Korach, 1997), so it is decided where that is cheap:
//!
//! - what is linearizable is sequentially consistent;
//! - what breaks CCv, CM or PRAM is not;
//! - between the two an order is searched for, one operation after the other from the sessions' heads. A read that fits
//!   is always taken, since it changes nothing; a value is not overwritten while somebody has still to read it, since
//!   no other write brings it back. What was tried is remembered. After [`BUDGET`] configurations, and in histories of more than [`OPS_MAX`] operations, it stays
//!   undecided.

use crate::case::Case;
use crate::causal_consistency;
use crate::cause::Cause;
use crate::context::Context;
use crate::findings::{Claim, Finding, Findings};
use crate::inference::causal_order::CausalOrder;
use crate::inference::mix::mix;
use crate::inference::reads_from::ReadsFrom;
use crate::linearizable;
use crate::row::{Checker, Gravity, RestsOn, Row, TOGETHER, Turn};
use crate::verdict::AnomalyKind;
use afterall_history::{OpId, Property, Sessions, Workload};
use rustc_hash::FxHashSet;

const CLAIM: Claim = (Property::Sequential, Sessions::All);
const WHY_NONE: &str = "no session read a key that was written";

/// Configurations that are tried at most.
const BUDGET: usize = 50_000;
/// Operations of a history that is searched.
const OPS_MAX: usize = 20_000;
/// Operations that a witness holds at most.
const WITNESS_MAX: usize = 200;

/// The property.
pub(crate) static ROW: Row = Row {
    property: Property::Sequential,
    workloads: &[Workload::Register],
    sessions: TOGETHER,
    real_time: false,
    model: true,
    implies: &[Property::CausalConvergence, Property::CausalMemory],
    gravity: Gravity::Comparison,
    rests_on: RestsOn::EveryRead,
    usual_for: &[],
    checkers: &[&CHECKER],
    level: None,
};

/// Judges it after all that it implies and what implies it.
static CHECKER: Checker = Checker {
    name: "sequential consistency",
    workloads: &[Workload::Register],
    real_time: false,
    turn: Turn::Last,
    after: &[&causal_consistency::CHECKER, &linearizable::CHECKER],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let (ctx, reads_from) = (case.ctx, case.reads_from);
    let Some(order) = case.order() else { return };
    let reads = ctx.history.ops().filter(|op| op.f().is_read() && op.is_ok());
    findings.chances(CLAIM, reads.count() as u64, WHY_NONE);
    let weaker = [Property::Pram, Property::CausalMemory, Property::CausalConvergence];
    let of_weaker =
        findings.groups.values().filter(|group| weaker.contains(&group.smallest.claim.0));
    let smallest = of_weaker.min_by_key(|group| group.smallest.ops.len());
    if let Some(group) = smallest {
        let finding = Finding { claim: CLAIM, ..group.smallest.clone() };
        findings.add(finding);
        return;
    }
    if let Some(several) = linearizable::several_values(ctx) {
        findings.add(Finding { claim: CLAIM, ..several });
        return;
    }
    if linearizable::held(findings) {
        return;
    }
    if ctx.history.len() > OPS_MAX {
        findings.undecided(
            CLAIM,
            format!("an order is searched for among {OPS_MAX} operations at most"),
        );
        return;
    }
    match Search::new(ctx, reads_from, order).run() {
        Some(true) => {}
        Some(false) => findings.add(no_order(ctx, order)),
        None => findings.undecided(
            CLAIM,
            format!("no order was found among the first {BUDGET} configurations tried"),
        ),
    }
}

fn no_order(ctx: &Context<'_>, order: &CausalOrder<'_>) -> Finding {
    let all = (0..order.sessions() as u32).flat_map(|session| order.session(session));
    let mut ops: Vec<OpId> = all.copied().collect();
    ops.sort_unstable();
    ops.truncate(WITNESS_MAX);
    let keys: Vec<&str> = {
        let mut keys: Vec<&str> = ops.iter().map(|&op| ctx.op(op).key_name()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    };
    let keys = crate::words::list(&keys).unwrap_or_default();
    Finding {
        claim: CLAIM,
        or: Vec::new(),
        kind: AnomalyKind::NoOrder,
        cause: Cause::NoCommonOrder,
        sentence: format!(
            "No single order of these operations on {keys} both keeps the order of each session and explains every read."
        ),
        key: ops.first().map(|&op| ctx.op(op).key()),
        ops,
        edges: Vec::new(),
    }
}

/// No write: the key holds nothing yet.
const NOTHING: u32 = u32::MAX;

/// An operation as the search sees it.
#[derive(Debug, Clone, Copy)]
struct Step {
    key: u32,
    /// The write itself, or the one that is read; [`NOTHING`].
    write: u32,
    reads: bool,
}

struct Search {
    sessions: Vec<Vec<Step>>,
    /// By session: how many of its operations are done.
    done: Vec<u32>,
    /// By key: the last write.
    now: Vec<u32>,
    /// By operation: reads of what it wrote that are still to come.
    unread: Vec<u32>,
    /// By key: reads of nothing that are still to come.
    unread_nothing: Vec<u32>,
    left: usize,
    /// What was done and what the keys hold, as one number.
    configuration: u128,
}

impl Search {
    fn new(ctx: &Context<'_>, reads_from: &ReadsFrom, order: &CausalOrder<'_>) -> Search {
        let mut search = Search {
            sessions: Vec::new(),
            done: vec![0; order.sessions()],
            now: vec![NOTHING; ctx.history.keys()],
            unread: vec![0; ctx.history.len()],
            unread_nothing: vec![0; ctx.history.keys()],
            left: 0,
            configuration: 0,
        };
        for session in 0..order.sessions() as u32 {
            let mut steps = Vec::new();
            for &id in order.session(session) {
                let op = ctx.op(id);
                let key = op.key().0;
                if !op.f().is_read() {
                    steps.push(Step { key, write: id.0, reads: false });
                    continue;
                }
                let empty = ctx.history.data().items(op.output()).next().is_none();
                let write = match reads_from.of(id) {
                    // Several values at once, or what nobody wrote, tell nothing here.
                    _ if reads_from.partly(id) => continue,
                    [] if empty => NOTHING,
                    &[write] => write.0,
                    _ => continue,
                };
                match write {
                    NOTHING => search.unread_nothing[key as usize] += 1,
                    write => search.unread[write as usize] += 1,
                }
                steps.push(Step { key, write, reads: true });
            }
            search.left += steps.len();
            search.sessions.push(steps);
        }
        search
    }

    fn next(&self, session: usize) -> Option<Step> {
        self.sessions[session].get(self.done[session] as usize).copied()
    }

    fn waiting(&mut self, step: Step) -> &mut u32 {
        match step.write {
            NOTHING => &mut self.unread_nothing[step.key as usize],
            write => &mut self.unread[write as usize],
        }
    }

    /// Does everything that can be done without a choice; the sessions that went on, in order.
    fn read_all(&mut self) -> Vec<u32> {
        let mut went = Vec::new();
        loop {
            let before = went.len();
            for session in 0..self.sessions.len() {
                while let Some(step) = self.next(session) {
                    if !step.reads || self.now[step.key as usize] != step.write {
                        break;
                    }
                    self.step(session, true);
                    *self.waiting(step) -= 1;
                    went.push(session as u32);
                }
            }
            if went.len() == before {
                return went;
            }
        }
    }

    fn unread_all(&mut self, went: &[u32]) {
        for &session in went.iter().rev() {
            let session = session as usize;
            self.step(session, false);
            if let Some(step) = self.next(session) {
                *self.waiting(step) += 1;
            }
        }
    }

    /// Moves a session on, or back, by one operation.
    fn step(&mut self, session: usize, on: bool) {
        let part = |done: u32| mix((session as u128) << 33 | u128::from(done));
        let before = self.done[session];
        let after = if on { before + 1 } else { before - 1 };
        self.done[session] = after;
        self.configuration ^= part(before) ^ part(after);
        self.left = if on { self.left - 1 } else { self.left + 1 };
    }

    /// Gives a key another write; the one it had.
    fn hold(&mut self, key: u32, write: u32) -> u32 {
        let part = |write: u32| mix((u128::from(key) << 33) | (1 << 32) | u128::from(write));
        let before = std::mem::replace(&mut self.now[key as usize], write);
        self.configuration ^= part(before) ^ part(write);
        before
    }

    /// Whether there is an order; `None` if it was given up.
    fn run(mut self) -> Option<bool> {
        let mut tried: FxHashSet<u128> = FxHashSet::default();
        // The writes chosen: the session, what the key held before, the reads taken after, and who may be chosen next.
        let mut path: Vec<(u32, u32, Vec<u32>)> = Vec::new();
        self.read_all();
        let mut from = 0;
        while self.left > 0 {
            let choice = (from..self.sessions.len()).find(|&session| {
                self.next(session).is_some_and(|step| {
                    let held = self.now[step.key as usize];
                    let unread = match held {
                        NOTHING => self.unread_nothing[step.key as usize],
                        held => self.unread[held as usize],
                    };
                    !step.reads && unread == 0
                })
            });
            let Some(session) = choice else {
                let Some((session, held, went)) = path.pop() else { return Some(false) };
                self.unread_all(&went);
                let session = session as usize;
                self.step(session, false);
                if let Some(step) = self.next(session) {
                    self.hold(step.key, held);
                }
                from = session + 1;
                continue;
            };
            let step = self.next(session)?;
            let held = self.hold(step.key, step.write);
            self.step(session, true);
            let went = self.read_all();
            path.push((session as u32, held, went));
            if tried.insert(self.configuration) {
                if tried.len() > BUDGET {
                    return None;
                }
                from = 0;
            } else {
                // Tried before: no session is chosen next.
                from = self.sessions.len();
            }
        }
        Some(true)
    }
}
