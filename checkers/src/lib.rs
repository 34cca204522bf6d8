//! History in, verdict out.
//!
//! Each property is one file, with its definition and its source on top. [`check`] judges a history by the header
//! it carries: the workload, how the target resolves conflicts, and what it promises.
//!
//! ```
//! use afterall_history::{Header, History, HistoryBuilder, Workload};
//! use afterall_checkers::{Valid, check};
//!
//! let header = Header::new("my store", Workload::Register, 1, ["n1", "n2", "n3"]);
//! let history: History = HistoryBuilder::new(header)?.finish(); // push events, or read a file
//! let verdict = check(&history);
//! assert_eq!(verdict.valid, Valid::Unknown);
//! assert!(verdict.reasons.iter().any(|why| why == "no operation was made"));
//! # Ok::<(), afterall_history::Damage>(())
//! ```

mod cart;
mod causal;
mod causal_convergence;
mod context;
mod convergence;
mod counter;
mod explain;
mod findings;
mod judge;
mod lost_writes;
mod order;
mod paths;
mod phantoms;
mod session_order;
mod sessions;
mod sources;
mod staleness;
mod sums;
pub mod verdict;
mod version;

use afterall_history::{History, Workload};
use context::Context;
use findings::Findings;
use sources::Sources;
use verdict::Figures;

pub use verdict::{Anomaly, Edge, Label, Outcome, PropertyVerdict, Tier, Valid, Verdict};

/// Judges a history.
#[must_use]
pub fn check(history: &History) -> Verdict {
    let ctx = Context::new(history);
    let mut findings = Findings::default();
    let mut figures = Figures {
        convergence: Some(convergence::check(&ctx, &mut findings)),
        ..Figures::default()
    };
    let exact = sessions::check(&ctx, &mut findings);
    match history.header().workload {
        Workload::Register => {
            let sources = Sources::new(&ctx);
            phantoms::check(&ctx, &sources, &mut findings);
            session_order::check(&ctx, &sources, &exact, &mut findings);
            let order = causal::check(&ctx, &sources, &mut findings);
            figures.fates = Some(lost_writes::check(&ctx, &sources, &order, &mut findings));
            figures.staleness = staleness::measure(&ctx, &sources);
        }
        Workload::Counter => figures.counters = counter::check(&ctx, &exact, &mut findings),
        Workload::Cart => {
            let sources = Sources::new(&ctx);
            phantoms::check(&ctx, &sources, &mut findings);
            causal::check(&ctx, &sources, &mut findings);
            figures.items = Some(cart::check(&ctx, &sources, &exact, &mut findings));
        }
    }
    judge::verdict(&ctx, &findings, figures)
}
