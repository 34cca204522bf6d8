//! Which sums some of a set of amounts can come to: a bit a sum, shifted and merged an amount at a time.

/// Bits that are kept at most: 2²⁰, or 128 KiB a counter.
const BITS_MAX: i64 = 1 << 20;
/// Words that are shifted at most for one counter; beyond it only the range is known.
const WORK_MAX: i64 = 1 << 28;

/// The sums that some of the amounts so far can come to.
#[derive(Debug)]
pub(crate) struct Sums {
    /// The lowest sum that may ever be needed; bit 0.
    base: i64,
    /// Empty where only the range is kept.
    bits: Vec<u64>,
    lowest: i64,
    highest: i64,
}

impl Sums {
    /// The empty sum; `amounts` are all that will ever be added.
    pub(crate) fn new(amounts: impl IntoIterator<Item = i64>) -> Sums {
        let (mut lowest, mut highest, mut count) = (0_i64, 0_i64, 0_i64);
        for amount in amounts {
            lowest = lowest.saturating_add(amount.min(0));
            highest = highest.saturating_add(amount.max(0));
            count += 1;
        }
        let span = highest.saturating_sub(lowest).saturating_add(1);
        let words = span / 64 + 1;
        let mut bits = Vec::new();
        if span <= BITS_MAX && words.saturating_mul(count) <= WORK_MAX {
            bits = vec![0_u64; words as usize];
            let zero = (-lowest) as usize;
            bits[zero / 64] |= 1 << (zero % 64);
        }
        Sums { base: lowest, bits, lowest: 0, highest: 0 }
    }

    /// Whether each sum is known; otherwise only their range.
    pub(crate) fn exact(&self) -> bool {
        !self.bits.is_empty()
    }

    /// One more amount that may be part of the sum, or not.
    pub(crate) fn add(&mut self, amount: i64) {
        self.lowest = self.lowest.saturating_add(amount.min(0));
        self.highest = self.highest.saturating_add(amount.max(0));
        if self.bits.is_empty() {
            return;
        }
        let by = amount.unsigned_abs() as usize;
        let (words, shift) = (by / 64, by % 64);
        let n = self.bits.len();
        if amount >= 0 {
            for at in (words..n).rev() {
                let mut moved = self.bits[at - words] << shift;
                if shift > 0 && at > words {
                    moved |= self.bits[at - words - 1] >> (64 - shift);
                }
                self.bits[at] |= moved;
            }
        } else {
            for at in 0..n.saturating_sub(words) {
                let mut moved = self.bits[at + words] >> shift;
                if shift > 0 && at + words + 1 < n {
                    moved |= self.bits[at + words + 1] << (64 - shift);
                }
                self.bits[at] |= moved;
            }
        }
    }

    /// Whether some of the amounts come to the sum (or, where not exact, whether it is in range).
    pub(crate) fn reach(&self, sum: i64) -> bool {
        if sum < self.lowest || sum > self.highest {
            return false;
        }
        if self.bits.is_empty() {
            return true;
        }
        let at = (sum - self.base) as usize;
        self.bits.get(at / 64).is_some_and(|word| word >> (at % 64) & 1 == 1)
    }

    /// The lowest and the highest sum.
    pub(crate) fn range(&self) -> (i64, i64) {
        (self.lowest, self.highest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn as_by_trying_every_subset(amounts in prop::collection::vec(-90..90_i64, 0..8)) {
            let mut sums = Sums::new(amounts.iter().copied());
            amounts.iter().for_each(|&amount| sums.add(amount));
            prop_assert!(sums.exact());
            let all: Vec<i64> = (0..1_u32 << amounts.len())
                .map(|of| (0..amounts.len()).filter(|i| of >> i & 1 == 1).map(|i| amounts[i]).sum())
                .collect();
            for sum in -800..800 {
                prop_assert_eq!(sums.reach(sum), all.contains(&sum), "{}", sum);
            }
        }
    }

    #[test]
    fn beyond_its_memory_it_keeps_the_range() {
        let amounts = [i64::MAX, 5, -3];
        let mut sums = Sums::new(amounts);
        amounts.iter().for_each(|&amount| sums.add(amount));
        assert!(!sums.exact());
        assert_eq!(sums.range(), (-3, i64::MAX));
        assert!(sums.reach(1) && !sums.reach(-4));
    }
}
