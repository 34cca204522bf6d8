//! What can be said of rates.

/// How likely it is by luck that a failure that came in `failed` of `runs` runs does not come in `now` further runs, if it still comes as
/// often as ever: Fisher's exact test, given that there are `failed` failures in all, and all of them are among the former runs. What is not
/// known of the former rate is thus in it.
///
/// From 0 to 1; 1 if it never came, or if there are no further runs.
#[must_use]
pub fn gone(failed: u64, runs: u64, now: u64) -> f64 {
    let all = runs.saturating_add(now);
    // Beyond this it is as small as makes no difference.
    let factors = failed.min(runs).min(100_000);
    (0..factors).map(|i| (runs - i) as f64 / (all - i) as f64).product()
}

/// Within which shares the true one lies, with 95 % confidence, where it came `hits` times in `runs` runs (Wilson, 1927).
#[must_use]
pub fn interval(hits: u64, runs: u64) -> (f64, f64) {
    if runs == 0 {
        return (0.0, 1.0);
    }
    /// The quantile of the normal distribution for 95 %, on both sides.
    const Z: f64 = 1.959_964;
    let (n, share) = (runs as f64, hits.min(runs) as f64 / runs as f64);
    let middle = (share + Z * Z / (2.0 * n)) / (1.0 + Z * Z / n);
    let half = Z * (share * (1.0 - share) / n + Z * Z / (4.0 * n * n)).sqrt() / (1.0 + Z * Z / n);
    // At the ends both are the same but for rounding.
    ((middle - half).clamp(0.0, share), (middle + half).clamp(share, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_once_is_not_gone_after_as_many_runs() {
        assert!((gone(1, 100, 100) - 0.5).abs() < 1e-9);
        // 50/100 · 49/99 · 48/98 …
        assert!((gone(2, 50, 50) - 50.0 / 100.0 * 49.0 / 99.0).abs() < 1e-9);
        assert!(gone(5, 50, 50) < 0.05 && gone(4, 50, 50) > 0.05);
        assert!((gone(0, 50, 50) - 1.0).abs() < 1e-9, "it was never there");
        assert!((gone(7, 50, 0) - 1.0).abs() < 1e-9, "it was not looked for");
        assert!(gone(50, 50, 1) < 0.05 && gone(u64::MAX, u64::MAX, 1) <= 1.0);
    }

    #[test]
    fn an_interval_holds_its_share_and_shrinks_with_the_runs() {
        for (hits, runs) in [(0, 10), (3, 10), (10, 10), (300, 1_000)] {
            let (low, high) = interval(hits, runs);
            let share = hits as f64 / runs as f64;
            assert!(low <= share && share <= high && (0.0..=1.0).contains(&low) && high <= 1.0);
        }
        let wide = interval(3, 10);
        let narrow = interval(300, 1_000);
        assert!(wide.1 - wide.0 > narrow.1 - narrow.0);
        // Known values: 3 of 10.
        assert!((wide.0 - 0.1078).abs() < 1e-3 && (wide.1 - 0.6032).abs() < 1e-3);
        assert_eq!(interval(0, 0), (0.0, 1.0));
    }
}
