//! History in, verdict out.
//!
//! Each property is one file, with its definition and its source on top. [`check`] judges a history by the header
//! it carries: the workload, how the target resolves conflicts, and what it promises.
//!
//! ```
//! use afterall_checkers::check;
//! use afterall_history::{Property, Sessions, read_jsonl_from};
//!
//! // Or `read_jsonl(path)`, events pushed into a `HistoryBuilder`, or `afterall_formats::read` for other tools' files.
//! let file = br#"{"format":"afterall-history","version":1,"target":"my store","world":"recorded","workload":"register","seed":0,"nodes":["n1","n2"]}
//! {"index":0,"time":10,"type":"invoke","process":1,"node":"n1","f":"write","key":"x","value":1}
//! {"index":1,"time":20,"type":"ok","process":1,"node":"n1","f":"write","key":"x","value":1}
//! {"index":2,"time":30,"type":"invoke","process":2,"node":"n2","f":"read","key":"x"}
//! {"index":3,"time":40,"type":"ok","process":2,"node":"n2","f":"read","key":"x","value":null}
//! "#;
//! let history = read_jsonl_from(&file[..], "example")?;
//! let verdict = check(&history);
//! let linearizable = verdict.property(Property::Linearizable, Sessions::All);
//! assert!(linearizable.is_some_and(|property| property.outcome.is_broken()));
//! assert_eq!(verdict.anomalies[0].witness, [0, 2]);
//! println!("{}", verdict.anomalies[0].sentence); // … nothing had been written, then process 2 read x as null …
//! # Ok::<(), afterall_history::ReadError>(())
//! ```

mod causal_memory;
mod context;
mod data_types;
mod explain;
mod faults;
mod findings;
mod inference;
mod judge;
mod ladder;
mod linearizable;
mod measures;
mod nil_reads;
mod promises;
mod properties;
mod session_guarantees;
mod transactions;
pub mod verdict;
mod witness;

use afterall_history::{History, Property, Sessions, Transactions, Workload};
use context::Context;
use data_types::{cart, chat, counter, set};
use findings::Findings;
use inference::reads_from::ReadsFrom;
pub use measures::pbs;
use measures::staleness;
use properties::{causal, convergence, no_lost_writes, no_oversell, no_phantoms, sequential};
use session_guarantees::{GUARANTEES, by_value, by_version};
use verdict::Figures;

pub use promises::{
    CannotShow, can_show, cannot_show, usual_promises, usual_promises_of_transactions,
};
pub use verdict::{Anomaly, Edge, Label, Outcome, PropertyVerdict, Tier, Valid, Verdict};

/// Judges a history.
#[must_use]
pub fn check(history: &History) -> Verdict {
    let ctx = Context::new(history);
    let (mut findings, figures) = find(&ctx, None);
    witness::shrink(&ctx, &mut findings);
    judge::verdict(&ctx, &findings, figures)
}

/// What is found in a history: all, or what breaks one property (and what is found on the way).
fn find(ctx: &Context<'_>, only: Option<Property>) -> (Findings, Figures) {
    let mut findings = Findings::default();
    let mut figures = Figures::default();
    let wanted = |properties: &[Property]| only.is_none_or(|only| properties.contains(&only));
    let sessions = wanted(&GUARANTEES);
    // What needs to know what was over before what began.
    let real_time = ctx.history.has_real_time();
    if real_time && wanted(&[Property::Convergence]) {
        figures.convergence = Some(convergence::check(ctx, &mut findings));
    }
    let exact = if sessions { by_version::check(ctx, &mut findings) } else { Vec::new() };
    // Keys of which nothing is judged by versions, or of which it is not asked.
    let by_values = || if sessions { exact.clone() } else { vec![true; ctx.history.keys()] };
    let workload = ctx.history.header().workload;
    let reads_from = ReadsFrom::new(ctx);
    if wanted(&[Property::NoPhantoms]) {
        no_phantoms::check(ctx, &reads_from, &mut findings);
    }
    match workload {
        Workload::Register => register(ctx, &reads_from, &exact, only, &mut findings, &mut figures),
        Workload::Counter | Workload::Inventory => {
            figures.counters = counter::check(ctx, &by_values(), &mut findings);
            if workload == Workload::Inventory {
                no_oversell::check(ctx, &mut findings);
            }
        }
        Workload::Cart | Workload::Set | Workload::Chat => {
            if wanted(&[Property::Causal]) {
                causal::check(ctx, &reads_from, &mut findings);
                chat::check(ctx, &reads_from, &mut findings);
            }
            let ends = wanted(&[Property::NoLostItems, Property::NoResurrectedItems]);
            if sessions || ends {
                let exact = by_values();
                if workload == Workload::Cart || ctx.has_removes() {
                    let fates = cart::check(ctx, &reads_from, &exact, &mut findings);
                    figures.items = real_time.then_some(fates);
                } else {
                    let (fates, visibility) = set::check(ctx, &reads_from, &exact, &mut findings);
                    figures.items = real_time.then_some(fates);
                    figures.visibility = visibility;
                }
            }
        }
        Workload::Text | Workload::Mutex | Workload::Transactions => {}
    }
    let judged = !matches!(workload, Workload::Register | Workload::Cart | Workload::Chat);
    if real_time && judged && wanted(&[Property::Linearizable, Property::CounterBounds]) {
        linearizable::check(ctx, &reads_from, &mut findings);
    }
    doubts(ctx, &reads_from, &exact, &mut findings);
    nil_reads::check(ctx, &mut findings);
    (findings, figures)
}

/// What cannot be told because reads of a key could not be traced: of that key, and no other.
fn doubts(ctx: &Context<'_>, reads_from: &ReadsFrom, exact: &[bool], findings: &mut Findings) {
    use Property as P;
    // One order explains everything, whoever wrote what.
    let linearizable = linearizable::held(findings);
    for (key, why) in reads_from.doubts() {
        let models = [P::Causal, P::CausalConvergence, P::CausalMemory, P::Pram, P::Sequential];
        for property in models.into_iter().filter(|_| !linearizable) {
            // Of registers there is a doubt where a read is not traced: it may be a chance, and was not counted as one.
            if ctx.history.header().workload == Workload::Register {
                findings.undecided((property, Sessions::All), why);
            } else {
                findings.undecided_if_tested((property, Sessions::All), why);
            }
        }
        let by_values = exact.get(key.0 as usize).is_some_and(|&exact| !exact);
        let items = ctx.history.header().workload != Workload::Register;
        // What other keys return does not make this one any more doubtful; and a set that only grows holds an element or not,
        // however often it was added.
        if !by_values || findings.linearizable.contains(&key) || items && !ctx.has_removes() {
            continue;
        }
        if items {
            for property in GUARANTEES {
                for sessions in [Sessions::Sticky, Sessions::Roaming] {
                    findings.undecided_if_tested((property, sessions), why);
                }
            }
            continue;
        }
        // Reads that are not traced were not counted as chances, and are some all the same.
        for claim in by_value::put_to_the_test(ctx, key) {
            findings.undecided(claim, why);
        }
    }
}

/// Judges a history of transactions: causal consistency, read atomic, read committed.
///
/// ```
/// use afterall_checkers::{Outcome, check_transactions};
/// use afterall_history::{
///     Header, Initial, NODE_UNKNOWN, Name, Property, Sessions, Status, TransactionsBuilder, Workload,
/// };
///
/// let header = Header::new("my store", Workload::Transactions, 0, [NODE_UNKNOWN]);
/// let mut builder = TransactionsBuilder::new(header, Initial::Nothing)?;
/// let writes = builder.begin(Name::Number(1), Status::Ok)?;
/// builder.write(writes, Name::Text("x"), Name::Number(1))?;
/// let reads = builder.begin(Name::Number(1), Status::Ok)?;
/// builder.read(reads, Name::Text("x"), None)?;
/// let verdict = check_transactions(&builder.finish());
/// let causal = verdict.property(Property::Causal, Sessions::All).map(|p| &p.outcome);
/// assert!(causal.is_some_and(Outcome::is_broken));
/// # Ok::<(), afterall_history::TransactionDamage>(())
/// ```
#[must_use]
pub fn check_transactions(history: &Transactions) -> Verdict {
    transactions::check(history)
}

/// What is found in a history of registers, beside phantoms.
fn register(
    ctx: &Context<'_>,
    reads_from: &ReadsFrom,
    exact: &[bool],
    only: Option<Property>,
    findings: &mut Findings,
    figures: &mut Figures,
) {
    let wanted = |properties: &[Property]| only.is_none_or(|only| properties.contains(&only));
    let real_time = ctx.history.has_real_time();
    let fates = real_time && wanted(&[Property::NoLostWrites, Property::NoCausalLoss]);
    let views = wanted(&[Property::Sequential, Property::CausalMemory, Property::Pram]);
    let causal = fates || views || wanted(&[Property::Causal, Property::CausalConvergence]);
    // What needs the causal order, and what does not.
    let with_order = |findings: &mut Findings, figures: &mut Figures| {
        let order = causal::check(ctx, reads_from, findings);
        if fates {
            figures.fates = Some(no_lost_writes::check(ctx, reads_from, &order, findings));
        }
        order
    };
    let without = || {
        let mut findings = Findings::default();
        if wanted(&GUARANTEES) {
            by_value::check(ctx, reads_from, exact, &mut findings);
        }
        if real_time && wanted(&[Property::Linearizable, Property::Sequential]) {
            linearizable::check(ctx, reads_from, &mut findings);
        }
        let measured = real_time && only.is_none();
        (findings, measured.then(|| staleness::measure(ctx, reads_from)).flatten())
    };
    let (order, (others, staleness)) = if !causal {
        (None, without())
    } else if ctx.history.len() < PARALLEL_MIN {
        (Some(with_order(findings, figures)), without())
    } else {
        std::thread::scope(|scope| {
            let other = scope.spawn(without);
            let order = with_order(findings, figures);
            let others = other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            (Some(order), others)
        })
    };
    findings.absorb(others);
    figures.staleness = staleness;
    // These ask first whether the history is linearizable.
    if let (true, Some(order)) = (views, &order) {
        causal_memory::check(ctx, reads_from, order, findings);
    }
    if let (true, Some(order)) = (wanted(&[Property::Sequential]), &order) {
        sequential::check(ctx, reads_from, order, findings);
    }
    if linearizable::several_values(ctx).is_some() {
        findings.notes.push(
            "some reads returned several values at once: causal, causal-convergence, causal-memory and pram call \
             such a read stale only if each of its values had been overwritten"
                .to_owned(),
        );
    }
}

/// Operations from which on checkers run side by side.
const PARALLEL_MIN: usize = 5_000;
