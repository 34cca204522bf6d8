//! What the checkers say of a history: the contents of `verdict.json`.
//!
//! `"format":"afterall-verdict"`, `"version":1`. Operations are named by the index of the event that invoked
//! them (in histories of transactions by their number in the order of the file, from 0), times are nanoseconds since the run began, nodes and keys stand by name. A field that does not apply is
//! left out.

mod anomaly;
mod anomaly_kind;
mod availability;
mod control;
mod convergence;
mod counts;
mod fates;
mod fault;
mod figures;
mod levels;
mod property;
mod report;
mod staleness;
mod valid;
mod windows;

pub use anomaly::{Anomaly, Edge, Grounds, Label};
pub use anomaly_kind::AnomalyKind;
pub use availability::AvailabilityFigures;
pub use control::{Came, Control};
pub use convergence::{ConvergenceFigures, Divergence, Held};
pub use counts::{Counts, CountsOf};
pub use fates::{CounterFigures, Fates, ItemFates, Visibility};
pub use fault::FaultVerdict;
pub use figures::{Figures, TransactionFigures};
pub use levels::{LevelFigures, MixedFigures, StaleInput};
pub use property::{Outcome, PropertyVerdict, Tier};
pub use report::{FORMAT, VERSION, Verdict};
pub use staleness::{Freshness, PhaseStaleness, Quorum, StalenessFigures, StalestRead};
pub use valid::Valid;
pub use windows::{PhaseWindows, SloVerdict, WindowFigures};
