//! What tells a clock that drifts from one that is right, and from one that has jumped; in any unit of time.

/// How a clock drifts, and how well that can be measured.
#[derive(Debug, Clone, Copy)]
pub struct Drift {
    /// How far, forward or back.
    pub by: i64,
    /// How far a measured clock may be from where it should be.
    pub tolerance: i64,
}

impl Drift {
    /// Whether a clock that has gone so far has left and not arrived: by a quarter to three quarters, and by more than a measured
    /// clock may be wrong.
    #[must_use]
    pub fn is_on_its_way(self, gone: i64) -> bool {
        let (by, gone) = (i128::from(self.by), i128::from(gone) * i128::from(self.by.signum()));
        let (all, tolerance) = (by.abs(), i128::from(self.tolerance));
        let between = all <= 4 * gone && 4 * gone <= 3 * all;
        between && tolerance < gone && tolerance < all - gone
    }

    /// Whether a clock that has gone so far has arrived.
    #[must_use]
    pub fn has_arrived(self, gone: i64) -> bool {
        (i128::from(gone) - i128::from(self.by)).abs() <= i128::from(self.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::Drift;

    #[test]
    fn a_drift_is_told_from_both_of_its_ends() {
        for sign in [1, -1] {
            let drift = Drift { by: sign * 400, tolerance: 60 };
            for (gone, on_its_way, arrived) in [
                (0, false, false),
                (99, false, false),
                (100, true, false),
                (300, true, false),
                (301, false, false),
                (340, false, true),
                (460, false, true),
                (461, false, false),
                (-200, false, false),
            ] {
                assert_eq!(drift.is_on_its_way(sign * gone), on_its_way, "{gone}");
                assert_eq!(drift.has_arrived(sign * gone), arrived, "{gone}");
            }
        }
    }

    #[test]
    fn a_drift_that_no_measurement_could_tell_is_never_seen() {
        let drift = Drift { by: 100, tolerance: 60 };
        assert!((-200..200).all(|gone| !drift.is_on_its_way(gone)));
        assert!(!Drift { by: i64::MIN, tolerance: 1 }.is_on_its_way(i64::MAX));
    }
}
