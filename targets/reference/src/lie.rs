//! How a time authority tells the wrong time.

use std::time::Duration;

/// A way to tell the wrong time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Off by this much.
    Shift {
        /// Milliseconds, forward or back.
        by_ms: i64,
    },
    /// Off by this much in every second period.
    Strobe {
        /// Milliseconds, forward or back.
        by_ms: i64,
        /// Milliseconds between jumps.
        period_ms: u32,
    },
    /// Off by more and more, and from then on by this much.
    Drift {
        /// Milliseconds at the end, forward or back.
        by_ms: i64,
        /// Milliseconds until then.
        over_ms: u32,
    },
}

impl Lie {
    /// By how many microseconds it is off after so long.
    #[must_use]
    pub fn offset_us(self, since: Duration) -> i64 {
        match self {
            Lie::Shift { by_ms } => by_ms.saturating_mul(1_000),
            Lie::Strobe { by_ms, period_ms } => {
                let turn = since.as_millis() / u128::from(period_ms.max(1));
                if turn.is_multiple_of(2) { by_ms.saturating_mul(1_000) } else { 0 }
            }
            Lie::Drift { by_ms, over_ms } => {
                let over_ns = i128::from(over_ms.max(1)) * 1_000_000;
                let gone_ns =
                    i128::try_from(since.as_nanos()).map_or(over_ns, |ns| ns.min(over_ns));
                let off_us = i128::from(by_ms) * 1_000 * gone_ns / over_ns;
                i64::try_from(off_us).unwrap_or(by_ms)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drift_grows_until_it_has_arrived() {
        for by_ms in [480, -480] {
            let drift = Lie::Drift { by_ms, over_ms: 1_200 };
            let after = |ms| drift.offset_us(Duration::from_millis(ms)) / by_ms;
            assert_eq!([0, 300, 600, 1_200, 86_400_000].map(after), [0, 250, 500, 1_000, 1_000]);
        }
        let far = Lie::Drift { by_ms: i64::MAX, over_ms: u32::MAX };
        assert!(far.offset_us(Duration::MAX) > 0);
        assert_eq!(Lie::Drift { by_ms: 5, over_ms: 0 }.offset_us(Duration::ZERO), 0);
    }
}
