//! Sets that only grow, the messages of chats, and the pieces of texts: element by element, and replica by replica. (Sets with
//! removes are judged as carts are: `cart`. Of texts whose pieces are not told apart, `pieces`, nothing is judged.)
//!
//! At the end, on the final reads, an element whose add was acknowledged before they began is *present* (on some replica), or
//! *lost*. A second add of an element changes nothing: one acknowledged add is enough to demand it. On each replica, during
//! the run, with R the reads of it that began after the add was over:
//!
//! | the element is | when |
//! |---|---|
//! | never read | R is empty |
//! | visible at once | all of R show it |
//! | late | the last of R shows it, and not all do: it became visible after the last that does not |
//! | missing | the last of R does not show it |
//!
//! A checker that takes all replicas together passes one that never shows the element, if another is read first; this
//! one does not. After Jepsen's set-full, whose cost is the product of elements and reads; here it is their sum: the
//! reads of a replica are walked from the last to the first, and an element is counted on while each shows it.
//!
//! Within a session: what it added, acknowledged, is in its later reads (RYW), and what it has read, by whomever it was added,
//! likewise (MR).

use super::lost::lost;
use crate::case::Case;
use crate::context::Context;
use crate::explain;
use crate::findings::{Claim, Dependency, Finding, Findings};
use crate::inference::reads_from::ReadsFrom;
use crate::must_see::must_see;
use crate::row::{Checker, Turn};
use crate::session_guarantees as sessions;
use crate::verdict::{AnomalyKind, ItemFates, Label, Tier, Visibility};
use crate::words;
use afterall_history::{
    Function, KeyId, NodeId, OpId, OpView, Property, Sessions, Status, Workload,
};
use std::collections::{BTreeMap, BTreeSet};

const NO_LOST: Claim = (Property::NoLostItems, Sessions::All);
const LOST_NONE: &str = "nothing was added where every replica was read at the end";

/// Judges every element, and measures how long each replica took to show it. With removes they are judged as carts are.
pub(crate) static CHECKER: Checker = Checker {
    name: "sets",
    workloads: &[Workload::Set, Workload::Chat, Workload::Text],
    real_time: false,
    turn: Turn::Main,
    after: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let ctx = case.ctx;
    if !ctx.has_removes() {
        let (fates, visibility) = sets(ctx, case.reads_from, case.exact(), findings);
        let told = ctx.keys().any(|key| case.reads_from.whole(key).is_none());
        findings.figures.items = (told && ctx.history.has_real_time()).then_some(fates);
        findings.figures.visibility = visibility;
    }
}

fn sets(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    exact: &[bool],
    findings: &mut Findings,
) -> (ItemFates, Vec<Visibility>) {
    let mut fates = ItemFates::default();
    findings.chances(NO_LOST, 0, LOST_NONE);
    for sessions in [Sessions::Sticky, Sessions::Roaming] {
        findings.chances((Property::NoResurrectedItems, sessions), 0, "nothing was removed");
    }
    in_sessions(ctx, reads_from, exact, findings);
    let mut waits: BTreeMap<NodeId, Waits> = BTreeMap::new();
    let mut marks = Marks::new(ctx.history.len());
    // Of completions alone nobody knows what was over when the last reads began.
    for key in ctx.keys().filter(|_| ctx.history.has_real_time()) {
        if let Some(why) = reads_from.whole(key) {
            if ctx.on(key).any(|op| adds(op) && op.is_ok()) {
                findings.undecided(NO_LOST, why);
            }
            continue;
        }
        at_the_end(ctx, reads_from, key, &mut marks, &mut fates, findings);
        on_replicas(ctx, reads_from, key, &mut marks, &mut waits);
    }
    let visibility = waits.into_iter().map(|(node, waits)| waits.figures(ctx, node)).collect();
    (fates, visibility)
}

/// Whether the operation puts an element into a set, a message into a chat, or a piece into a text.
fn adds(op: OpView<'_>) -> bool {
    matches!(op.f(), Function::Add | Function::Post | Function::Edit | Function::Append)
}

/// What was done to an element to put it there.
fn added(ctx: &Context<'_>) -> &'static str {
    if ctx.history.header().workload == Workload::Text { "appended" } else { "added" }
}

/// A number an operation, which is taken back by beginning a new round.
struct Marks {
    round: u32,
    of: Vec<(u32, u32)>,
}

impl Marks {
    fn new(ops: usize) -> Marks {
        Marks { round: 0, of: vec![(0, 0); ops] }
    }

    fn begin(&mut self) {
        self.round += 1;
    }

    fn get(&self, op: OpId) -> u32 {
        let (round, count) = self.of[op.0 as usize];
        if round == self.round { count } else { 0 }
    }

    fn set(&mut self, op: OpId, count: u32) {
        self.of[op.0 as usize] = (self.round, count);
    }
}

fn at_the_end(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    key: KeyId,
    marks: &mut Marks,
    fates: &mut ItemFates,
    findings: &mut Findings,
) {
    marks.begin();
    let finals = ctx.finals(key).len() as u32;
    for &(_, read) in ctx.finals(key) {
        for add in reads_from.shown(read) {
            marks.set(add, marks.get(add) + 1);
        }
    }
    let readable = ctx.disturbed().is_none() && ctx.all_read(key);
    let mut undecided = None;
    for add in ctx.on(key).filter(|&op| adds(op)) {
        if reads_from.first_of_same(add.id()).is_some_and(|first| first != add.id()) {
            continue;
        }
        let present = marks.get(add.id()) > 0;
        let all = reads_from.same(add.id());
        // Of several adds of the element, the one that demands the most.
        let of = |wanted: &dyn Fn(OpView<'_>) -> bool| {
            all.iter().map(|&add| ctx.op(add)).find(|&add| wanted(add))
        };
        let Some(acknowledged) = of(&|add| ctx.is_settled(add)).or(of(&|add| add.is_ok())) else {
            fates.recovered += u64::from(present && add.status() == Status::Info);
            continue;
        };
        // One replica lacks it, and nobody said that these reads are final: whether it is late or lost is not known.
        let apart = present
            && !ctx.finals_are_marked()
            && marks.get(add.id()) < finals
            && ctx.is_settled(acknowledged);
        let judged = readable && !apart && (present || ctx.is_settled(acknowledged));
        if acknowledged.is_setup() && judged && present {
            // Nobody added it; that it is gone would be a finding all the same.
            continue;
        }
        fates.acknowledged += 1;
        findings.chances(NO_LOST, u64::from(judged), LOST_NONE);
        if present && !apart {
            fates.present += 1;
        } else if judged {
            fates.lost += 1;
            findings.add(lost(
                ctx,
                acknowledged,
                AnomalyKind::LostItem,
                match ctx.is_read_unnamed(key) {
                    true => "the last read of all does not show it",
                    false => "at the end no replica shows it",
                },
            ));
        } else {
            fates.undecided += 1;
        }
        if !judged {
            undecided = undecided.or(Some((acknowledged.number(), apart)));
        }
    }
    if let Some((add, apart)) = undecided {
        let name = ctx.history.key_name(key);
        let why = match ctx.disturbed() {
            Some(why) => why.to_owned(),
            None if !ctx.all_read(key) => {
                format!("{name} was not read on every replica at the end")
            }
            None if apart => explain::apart(name, add, added(ctx)),
            None => format!("no read of {name} began after #{add} was acknowledged"),
        };
        findings.undecided(NO_LOST, why);
    }
}

/// How long a replica took to show elements.
#[derive(Default)]
struct Waits {
    /// In nanoseconds from the end of the add to the last read that did not show it; none below zero.
    waits: Vec<i64>,
    never_read: u64,
    missing: u64,
}

impl Waits {
    fn figures(mut self, ctx: &Context<'_>, node: NodeId) -> Visibility {
        self.waits.sort_unstable();
        let late: Vec<i64> = self.waits.iter().copied().filter(|&wait| wait > 0).collect();
        let at = |share: f64| {
            let last = self.waits.len().checked_sub(1)?;
            Some(self.waits[((self.waits.len() as f64 * share) as usize).min(last)])
        };
        Visibility {
            node: ctx.history.node_name(node).to_owned(),
            shown: self.waits.len() as u64,
            late: late.len() as u64,
            missing: self.missing,
            never_read: self.never_read,
            p50_ns: at(0.5),
            p99_ns: at(0.99),
            max_ns: self.waits.last().copied(),
        }
    }
}

fn on_replicas(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    key: KeyId,
    marks: &mut Marks,
    waits: &mut BTreeMap<NodeId, Waits>,
) {
    let mut reads: BTreeMap<NodeId, Vec<OpView<'_>>> = BTreeMap::new();
    for read in ctx.on(key).filter(|op| op.f().is_read() && op.is_ok()) {
        reads.entry(read.served_by()).or_default().push(read);
    }
    // Each element once, by what reads of it are traced to, and when the first of its adds that were acknowledged was over.
    let added: Vec<(OpId, i64)> = ctx
        .on(key)
        .filter(|op| adds(*op))
        .filter(|op| reads_from.first_of_same(op.id()).is_none_or(|first| first == op.id()))
        .filter_map(|op| {
            let all = reads_from.same(op.id()).into_iter().map(|add| ctx.op(add));
            let over = all.filter(|add| add.is_ok()).map(OpView::until).min()?;
            Some((op.id(), over))
        })
        .collect();
    for (node, reads) in reads {
        marks.begin();
        // Reads stand in the order of invocation; from the last on.
        for (count, read) in (0_u32..).zip(reads.iter().rev()) {
            for add in reads_from.shown(read.id()) {
                if marks.get(add) == count {
                    marks.set(add, count + 1);
                }
            }
        }
        let waits = waits.entry(node).or_default();
        let latest = reads.last().map_or(i64::MIN, |read| read.invoked());
        for &(add, over) in &added {
            let shown = marks.get(add) as usize;
            if latest <= over {
                waits.never_read += 1;
            } else if shown == 0 {
                waits.missing += 1;
            } else {
                let absent = (reads.len() - shown).checked_sub(1).map(|at| reads[at].invoked());
                waits.waits.push(absent.map_or(0, |absent| (absent - over).max(0)));
            }
        }
    }
}

/// What a session knows of the elements of one set.
#[derive(Default)]
struct Known {
    /// What it added, acknowledged, in order.
    added: Vec<OpId>,
    /// What it has read, in order, with the read that first showed it.
    read: Vec<(OpId, OpId)>,
    is_added: BTreeSet<OpId>,
    is_read: BTreeSet<OpId>,
    /// Of a text that is left whole: whether it has changed it, and whether it has read it.
    changed: bool,
    looked: bool,
}

/// What sessions see of what they added and read before.
fn in_sessions(ctx: &Context<'_>, reads_from: &ReadsFrom, exact: &[bool], findings: &mut Findings) {
    let mut counted: BTreeMap<Claim, u64> = BTreeMap::new();
    let mut marks = Marks::new(ctx.history.len());
    for ops in ctx.by_session().iter() {
        let mut known: BTreeMap<KeyId, Known> = BTreeMap::new();
        for op in ops.iter().map(|&id| ctx.op(id)).filter(|op| op.is_ok()) {
            let known = known.entry(op.key()).or_default();
            if let Some(why) = reads_from.whole(op.key()) {
                if !exact[op.key().0 as usize] {
                    of_whole(ctx, known, op, why, findings);
                }
                continue;
            }
            if adds(op) {
                // A second add of an element changes nothing.
                let add = reads_from.first_of_same(op.id()).unwrap_or(op.id());
                if known.is_added.insert(add) {
                    known.added.push(op.id());
                }
                continue;
            }
            if !op.f().is_read() {
                continue;
            }
            marks.begin();
            reads_from.shown(op.id()).for_each(|add| marks.set(add, 1));
            let kind = ctx.kind_of(op.session());
            let (ryw, mr) = ((Property::ReadYourWrites, kind), (Property::MonotonicReads, kind));
            if !exact[op.key().0 as usize] {
                *counted.entry(ryw).or_default() += u64::from(!known.added.is_empty());
                *counted.entry(mr).or_default() += u64::from(!known.read.is_empty());
            }
            let first = |add: OpId| reads_from.first_of_same(add).unwrap_or(add);
            let own = known.added.iter().find(|&&add| marks.get(first(add)) == 0);
            if let Some(&add) = own {
                findings.add(misses(ctx, ryw, add, add, op));
            }
            let read = known.read.iter().find(|&&(add, _)| marks.get(add) == 0);
            if let Some(&(add, by)) = read {
                findings.add(misses(ctx, mr, add, by, op));
            }
            for add in reads_from.shown(op.id()) {
                if known.is_read.insert(add) {
                    known.read.push((add, op.id()));
                }
            }
        }
    }
    for (claim, count) in counted {
        sessions::chances(findings, claim, count, Tier::Inferred);
    }
}

/// Nobody knows what a text shows that is left whole.
fn of_whole(
    ctx: &Context<'_>,
    known: &mut Known,
    op: OpView<'_>,
    why: &str,
    findings: &mut Findings,
) {
    let kind = ctx.kind_of(op.session());
    if !op.f().is_read() {
        known.changed = true;
        return;
    }
    for (property, before) in
        [(Property::ReadYourWrites, known.changed), (Property::MonotonicReads, known.looked)]
    {
        if before {
            findings.undecided((property, kind), why);
        }
    }
    known.looked = true;
}

fn misses(ctx: &Context<'_>, claim: Claim, add: OpId, by: OpId, read: OpView<'_>) -> Finding {
    let mut ops = vec![add, by, read.id()];
    ops.sort_unstable();
    ops.dedup();
    let why = format!("session {} made both, in this order", read.process());
    let mut edges = vec![Dependency { from: by, to: read.id(), label: Label::So, why }];
    if by != add {
        let why = crate::inference::paths::why_reads_from(ctx, add, by);
        edges.push(Dependency { from: add, to: by, label: Label::ReadsFrom, why });
    }
    edges.push(must_see(ctx, add, read.id()));
    let how = match by == add {
        true => format!("{} before", added(ctx)),
        false => format!("read before (#{})", ctx.op(by).number()),
    };
    Finding {
        claim,
        or: Vec::new(),
        kind: sessions::kind(claim.0),
        cause: sessions::cause(ctx, by, read.id()),
        sentence: format!(
            "{} does not show what the same session had {how}: {}.",
            words::briefly(read),
            explain::op(ctx, add)
        ),
        key: Some(read.key()),
        ops,
        edges,
    }
}
