//! Probabilistically bounded staleness: how fresh the reads of a quorum store would be, from its latencies.
//!
//! The WARS model of Bailis, Venkataraman, Franklin, Hellerstein and Stoica (VLDB 2012), by Monte Carlo. A write goes to
//! all N replicas at once (W) and is acknowledged when the first W of them have answered (A); a read that begins t later
//! goes to all (R) and returns the newest of the first R answers (S). It is fresh if one of these replicas had the write
//! before the read reached it. For each trial there is one least t, so one set of trials gives the whole curve.
//!
//! The model knows no gossip, no repair and no failure: what a store measures beside it is what these are worth, or cost.

use crate::inference::mix::mix;
use crate::verdict::Quorum;

/// One-way latencies, in nanoseconds, to be drawn from.
#[derive(Debug, Clone, Copy)]
pub struct Latencies<'a> {
    /// From the client, or the coordinator, to a replica, of writes.
    pub w: &'a [i64],
    /// And back.
    pub a: &'a [i64],
    /// From the client, or the coordinator, to a replica, of reads.
    pub r: &'a [i64],
    /// And back.
    pub s: &'a [i64],
}

/// A predicted curve of freshness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prediction {
    /// In order: from which t on each trial's read was fresh.
    from: Vec<i64>,
}

impl Prediction {
    /// The probability that a read is fresh which begins so many nanoseconds after the write was acknowledged.
    #[must_use]
    pub fn fresh(&self, after_ns: i64) -> f64 {
        let fresh = self.from.partition_point(|&from| from <= after_ns);
        fresh as f64 / self.from.len().max(1) as f64
    }
}

/// Predicts by so many trials; none without latencies, or if the quorum is none. The same seed gives the same curve.
#[must_use]
pub fn predict(
    latencies: &Latencies<'_>,
    quorum: Quorum,
    trials: u32,
    seed: u64,
) -> Option<Prediction> {
    let Quorum { n, r, w } = quorum;
    let parts = [latencies.w, latencies.a, latencies.r, latencies.s];
    if parts.iter().any(|part| part.is_empty()) || r == 0 || w == 0 || r > n || w > n {
        return None;
    }
    let mut drawn = u128::from(seed) << 64;
    let mut draw = |from: &[i64]| {
        drawn += 1;
        from[(mix(drawn) % from.len() as u128) as usize]
    };
    let mut from = Vec::with_capacity(trials as usize);
    let mut acks = vec![0_i64; n as usize];
    let mut reads = vec![(0_i64, 0_i64); n as usize];
    for _ in 0..trials {
        for (ack, read) in acks.iter_mut().zip(&mut reads) {
            let (reached, asked) = (draw(latencies.w), draw(latencies.r));
            *ack = reached.saturating_add(draw(latencies.a));
            // When the answer is back, and how much later than the read the write may reach the replica.
            *read = (asked.saturating_add(draw(latencies.s)), reached.saturating_sub(asked));
        }
        acks.sort_unstable();
        reads.sort_unstable();
        let acknowledged = acks[w as usize - 1];
        let nearest = reads[..r as usize].iter().map(|&(_, late)| late).min().unwrap_or(0);
        from.push(nearest.saturating_sub(acknowledged));
    }
    from.sort_unstable();
    Some(Prediction { from })
}

#[cfg(test)]
mod tests {
    use super::{Latencies, predict};
    use crate::verdict::Quorum;

    /// Quantiles of the exponential distribution with this mean.
    fn exponential(mean: f64) -> Vec<i64> {
        (0..20_000).map(|i| (-mean * (1.0 - (f64::from(i) + 0.5) / 20_000.0).ln()) as i64).collect()
    }

    #[test]
    fn overlapping_quorums_are_always_fresh() {
        let slow = exponential(1e6);
        let latencies = Latencies { w: &slow, a: &slow, r: &slow, s: &slow };
        for (n, r, w) in [(3, 2, 2), (3, 1, 3), (3, 3, 1), (5, 3, 3), (1, 1, 1)] {
            let curve = predict(&latencies, Quorum { n, r, w }, 2_000, 1).unwrap();
            assert!((curve.fresh(0) - 1.0).abs() < 1e-9, "{n} {r} {w}");
        }
        assert!(predict(&latencies, Quorum { n: 3, r: 4, w: 1 }, 10, 1).is_none());
    }

    /// With R, A and S instant and W exponential, N = 2 and R = W = 1: the read asks one of two at random, the write
    /// has reached one of them. Fresh with 1/2, or else if the other was reached within t: 1 − e^(−t)/2.
    #[test]
    fn a_case_that_can_be_calculated() {
        // What answers first is drawn apart, so finely that no two answers come together.
        let (w, zero) = (exponential(1e12), vec![0]);
        let latencies = Latencies { w: &w, a: &zero, r: &zero, s: &exponential(1e6) };
        let curve = predict(&latencies, Quorum { n: 2, r: 1, w: 1 }, 100_000, 7).unwrap();
        for t in [0.0, 0.5, 1.0, 2.0_f64] {
            let expected = 1.0 - (-t).exp() / 2.0;
            let found = curve.fresh((t * 1e12) as i64);
            assert!((found - expected).abs() < 0.01, "{t}: {found} {expected}");
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_curve() {
        let some = exponential(5e5);
        let latencies = Latencies { w: &some, a: &some, r: &some, s: &some };
        let quorum = Quorum { n: 3, r: 1, w: 1 };
        assert_eq!(predict(&latencies, quorum, 500, 3), predict(&latencies, quorum, 500, 3));
        assert_ne!(predict(&latencies, quorum, 500, 3), predict(&latencies, quorum, 500, 4));
    }
}
