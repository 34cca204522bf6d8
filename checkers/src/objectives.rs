//! Whether the objectives of a run were met: the percentile of the windows that each names, against its limit. A window that
//! does not end exceeds every limit; where nothing was measured nobody knows.

use crate::verdict::{SloVerdict, WindowFigures};
use crate::words::{counted, duration};
use afterall_history::{Percentile, Slo};

/// The verdict on each objective, in their order.
pub(crate) fn judged(slos: &[Slo], windows: Option<&WindowFigures>) -> Vec<SloVerdict> {
    slos.iter().map(|slo| judge(*slo, windows)).collect()
}

fn judge(slo: Slo, windows: Option<&WindowFigures>) -> SloVerdict {
    let Some(windows) = windows.filter(|windows| windows.writes > 0) else {
        let summary =
            format!("{slo}: no write was acknowledged after which every replica was read");
        return SloVerdict { slo, met: None, observed_ns: None, summary };
    };
    let observed_ns = match slo.percentile {
        Percentile::P50 => windows.p50_ns,
        Percentile::P90 => windows.p90_ns,
        Percentile::P99 => windows.p99_ns,
        Percentile::P999 => windows.p999_ns,
        Percentile::Max => windows.max_ns,
    };
    let met = observed_ns.is_some_and(|ns| u64::try_from(ns).is_ok_and(|ns| ns < slo.limit.0));
    let observed = observed_ns.map_or("endless".to_owned(), duration);
    let of = counted(windows.writes, "write");
    let never = match windows.never {
        0 => String::new(),
        never => format!(", {} not seen everywhere by the end", counted(never, "write")),
    };
    let word = if met { "met" } else { "not met" };
    let summary = format!("{slo}: {word}: {} of {of} is {observed}{never}", slo.percentile);
    SloVerdict { slo, met: Some(met), observed_ns, summary }
}
