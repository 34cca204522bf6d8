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
//! println!("{}", verdict.anomalies[0].sentence); // … nothing had been written, then session 2 read x as null …
//! # Ok::<(), afterall_history::ReadError>(())
//! ```

mod attribution;
mod case;
mod causal_consistency;
mod causal_memory;
mod cause;
mod context;
mod data_types;
mod examine;
mod explain;
mod faults;
mod findings;
mod inference;
mod judge;
mod linearizable;
mod measures;
mod must_see;
mod nil_reads;
mod objectives;
mod promises;
mod properties;
mod registry;
mod row;
mod session_guarantees;
#[cfg(test)]
mod toy;
mod transactions;
mod untraced;
pub mod verdict;
mod witness;
pub mod words;

use afterall_history::{History, Property, Transactions};
use context::Context;
use registry::Registry;

pub use measures::pbs;
pub use measures::staleness::wilson;
pub use promises::{
    CannotShow, can_show, cannot_show, usual_promises, usual_promises_of_transactions,
};
pub use verdict::{
    Anomaly, AnomalyKind, Came, Control, Edge, Label, Outcome, PropertyVerdict, Tier, Valid,
    Verdict,
};

/// Whether a property is a consistency model: it says which reads are right, at any moment.
#[must_use]
pub fn is_model(property: Property) -> bool {
    Registry::standard().row(property).is_some_and(|row| row.model)
}

/// Whether a property is one of the four session guarantees.
#[must_use]
pub fn is_session_guarantee(property: Property) -> bool {
    session_guarantees::GUARANTEES.contains(&property)
}

/// Judges a history.
#[must_use]
pub fn check(history: &History) -> Verdict {
    check_with(&Registry::standard(), history)
}

/// Judges what a history's target promises and nothing else: the verdict is the same, without what is only measured. For many runs,
/// of which few are looked at.
#[must_use]
pub fn check_promised(history: &History) -> Verdict {
    let promises = &history.header().promises;
    let promised = promises.iter().map(|promise| promise.property).collect();
    check_with(&Registry::standard().only(&promised), history)
}

/// Judges a history by the properties of a registry.
fn check_with(registry: &Registry, history: &History) -> Verdict {
    let ctx = Context::new(history);
    let mut findings = examine::examine(&ctx, registry, None);
    witness::shrink(&ctx, registry, &mut findings);
    judge::verdict(&ctx, registry, findings)
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
    transactions::check(history, &Registry::standard())
}
