//! What the report shows of operations that it does not embed: counts and percentiles over time.

use super::status::status;
use afterall_history::{History, Status};
use serde::Serialize;

const BINS_MAX: usize = 400;
/// Entries of one density map; lanes get fewer bins when they are many.
const CELLS_MAX: usize = 24_000;
/// Lanes of one density map.
const LANES_MAX: usize = 1_000;
const PERFORMANCE_BINS: usize = 180;

/// Counts of operations over time, per lane, for each way of laying out lanes.
#[derive(Serialize)]
pub(super) struct Density {
    session: Lanes,
    node: Lanes,
    key: Lanes,
}

/// Bins of equal length over the whole run.
#[derive(Serialize)]
struct Lanes {
    bins: usize,
    /// Number of the lane, and its bins that are not empty: `[bins skipped, ok, fail, info, …]`.
    lanes: Vec<(u32, Vec<u32>)>,
    /// Lanes left out, those with the fewest operations.
    left_out: usize,
}

impl Density {
    /// The keys that it names.
    pub(super) fn keys(&self) -> impl Iterator<Item = u32> {
        self.key.lanes.iter().map(|(key, _)| *key)
    }

    /// The sessions that it names.
    pub(super) fn sessions(&self) -> impl Iterator<Item = u32> {
        self.session.lanes.iter().map(|(session, _)| *session)
    }
}

pub(super) fn density(history: &History) -> Density {
    Density {
        session: lanes(history, history.sessions(), |op| op.session().0),
        node: lanes(history, history.nodes(), |op| u32::from(op.served_by().0)),
        key: lanes(history, history.keys(), |op| op.key().0),
    }
}

fn lanes(
    history: &History,
    count: usize,
    lane_of: impl Fn(afterall_history::OpView<'_>) -> u32,
) -> Lanes {
    let mut sizes = vec![0_u32; count];
    for op in history.ops() {
        sizes[lane_of(op) as usize] += 1;
    }
    let mut chosen: Vec<u32> = (0..count as u32).collect();
    if count > LANES_MAX {
        chosen.sort_by_key(|lane| std::cmp::Reverse(sizes[*lane as usize]));
        chosen.truncate(LANES_MAX);
        chosen.sort_unstable();
    }
    let bins = (CELLS_MAX / chosen.len().max(1)).clamp(20, BINS_MAX);
    let mut row_of = vec![usize::MAX; count];
    for (row, lane) in chosen.iter().enumerate() {
        row_of[*lane as usize] = row;
    }
    let mut cells = vec![[0_u32; 3]; chosen.len() * bins];
    for op in history.ops() {
        let row = row_of[lane_of(op) as usize];
        if row != usize::MAX {
            let cell = row * bins + bin(history, op.invoked(), bins);
            cells[cell][usize::from(status(op.status()))] += 1;
        }
    }
    let sparse = |row: usize| {
        let mut list = Vec::new();
        let mut skipped = 0;
        for cell in &cells[row * bins..(row + 1) * bins] {
            if *cell == [0; 3] {
                skipped += 1;
            } else {
                list.push(skipped);
                list.extend(cell);
                skipped = 0;
            }
        }
        list
    };
    Lanes {
        bins,
        lanes: chosen.iter().enumerate().map(|(row, lane)| (*lane, sparse(row))).collect(),
        left_out: count - chosen.len(),
    }
}

fn bin(history: &History, time: i64, bins: usize) -> usize {
    let end = history.last_time().max(1) as f64;
    ((time.max(0) as f64 / end * bins as f64) as usize).min(bins - 1)
}

/// Rates and latencies over time, in bins of equal length over the whole run.
#[derive(Serialize)]
pub(super) struct Performance {
    bins: usize,
    /// Operations by the bin in which they were invoked.
    ok: Vec<u32>,
    fail: Vec<u32>,
    info: Vec<u32>,
    /// Latency of acknowledged operations by the bin of their invocation, nanoseconds; −1 where there are none.
    p50: Vec<i64>,
    p99: Vec<i64>,
    p999: Vec<i64>,
    /// The same of the whole run.
    whole: [i64; 3],
}

pub(super) fn performance(history: &History) -> Performance {
    let bins = PERFORMANCE_BINS;
    let mut rates = [vec![0; bins], vec![0; bins], vec![0; bins]];
    let mut latencies: Vec<Vec<i64>> = vec![Vec::new(); bins];
    for op in history.ops() {
        let bin = bin(history, op.invoked(), bins);
        rates[usize::from(status(op.status()))][bin] += 1;
        if let (Status::Ok, Some(completed)) = (op.status(), op.completed()) {
            latencies[bin].push(completed - op.invoked());
        }
    }
    let mut percentiles = [Vec::new(), Vec::new(), Vec::new()];
    let mut all = Vec::new();
    for mut bin in latencies {
        bin.sort_unstable();
        for (list, share) in percentiles.iter_mut().zip(SHARES) {
            list.push(percentile(&bin, share));
        }
        all.append(&mut bin);
    }
    all.sort_unstable();
    let [ok, fail, info] = rates;
    let [p50, p99, p999] = percentiles;
    Performance {
        bins,
        ok,
        fail,
        info,
        p50,
        p99,
        p999,
        whole: SHARES.map(|share| percentile(&all, share)),
    }
}

const SHARES: [f64; 3] = [0.5, 0.99, 0.999];

/// The nearest-rank percentile of a sorted list; −1 of none.
fn percentile(sorted: &[i64], share: f64) -> i64 {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(-1)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!([0.5, 0.99, 0.999].map(|s| percentile(&hundred, s)), [50, 99, 100]);
        assert_eq!(percentile(&[7], 0.5), 7);
        assert_eq!(percentile(&[], 0.5), -1);
    }
}
