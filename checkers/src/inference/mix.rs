//! Hashes of small numbers, for sets of what was tried.

/// A strong mix of 128 bits (the finaliser of SplitMix64 on both halves, crossed).
pub(crate) fn mix(value: u128) -> u128 {
    fn half(mut z: u64) -> u64 {
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    let (high, low) = ((value >> 64) as u64, value as u64);
    let a = half(low.wrapping_add(0x9e37_79b9_7f4a_7c15) ^ half(high ^ 0x2545_f491_4f6c_dd1d));
    let b = half(a ^ high.wrapping_add(0xd1b5_4a32_d192_ed03));
    (u128::from(half(b ^ low)) << 64) | u128::from(a)
}
