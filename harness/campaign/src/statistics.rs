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
}
