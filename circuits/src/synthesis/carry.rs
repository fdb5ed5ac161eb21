//! From the output of a worker's model to its inference in a statement, as contracts carry it.

use num_bigint::BigInt;

/// What contracts count in: 18 decimals.
const UNIT: u64 = 1_000_000_000_000_000_000;

/// The integer of `to` fraction bits that an integer of `from` fraction bits becomes on chain: a feed of inferences keeps
/// it with 18 decimals, rounded toward zero, and the nearest integer to those is taken, ties away from zero
/// (`docs/topic-feed.md`). None beyond 127 bits.
///
/// ```
/// use sumcast_circuits::synthesis::carried;
///
/// assert_eq!(carried(-3, 1, 48), Some(-3 << 47));
/// assert_eq!(carried(1, 80, 48), Some(0));
/// ```
#[must_use]
pub fn carried(value: i128, from: u8, to: u8) -> Option<i128> {
    let posted: BigInt = (BigInt::from(value.unsigned_abs()) * UNIT) >> from;
    let magnitude: BigInt = ((posted << to) + UNIT / 2) / UNIT;
    let magnitude = i128::try_from(&magnitude).ok()?;
    Some(if value < 0 { -magnitude } else { magnitude })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_coarser_scales_are_carried_exactly() {
        for from in 0..=48u8 {
            for value in [0, 1, 3, 12_345_678_901, (1 << 52) - 1] {
                for value in [value, -value] {
                    assert_eq!(carried(value, from, 48), Some(value << (48 - from)), "{value} of {from}");
                }
            }
        }
    }

    #[test]
    fn finer_ones_are_rounded_to_decimals_and_to_the_nearest() {
        // 2^-18 has 18 decimals, and is half of 2^-17.
        assert_eq!((carried(1, 18, 17), carried(-1, 18, 17)), (Some(1), Some(-1)));
        // 2^-19 has 19, so that a little less than half of 2^-18 is left.
        assert_eq!((carried(1, 19, 18), carried(-1, 19, 18)), (Some(0), Some(0)));
        assert_eq!((carried(3, 20, 18), carried(1, 20, 18)), (Some(1), Some(0)));
        // 2^-60 is below 1e-18, and 2^-59 is 1.7e-18, of which 1e-18 is left.
        assert_eq!((carried(1, 60, 95), carried(-1, 60, 95)), (Some(0), Some(0)));
        assert_eq!((carried(2, 60, 95), carried(-2, 60, 95)), (Some(39_614_081_257), Some(-39_614_081_257)));
    }

    #[test]
    fn the_largest_are_refused() {
        assert_eq!(carried(i128::MAX, 0, 0), Some(i128::MAX));
        assert_eq!((carried(i128::MAX, 0, 1), carried(i128::MIN, 0, 0)), (None, None));
    }
}
