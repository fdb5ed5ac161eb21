//! The group additions of Pippenger's method, as `sumcast_prover::msm` has it: signed digits, windows of nearly equal
//! width.
//!
//! In a window of `w` bits each term whose digit is not zero is added to its bucket. Running sums over the `2^(w - 1)`
//! buckets take an addition a bucket, and one more for each that is occupied, which is what adding a bucket's terms up
//! takes less than there are terms. So a window takes an addition for each digit that is not zero, and one a bucket.

/// Bits of the halves that the endomorphism splits a scalar into.
const HALF: usize = 126;

/// Bits of the widest window.
const WIDEST: usize = 22;

/// How many terms there are of each magnitude: entry `b` of those of `b` bits.
#[derive(Clone, Debug)]
pub(crate) struct Magnitudes([u64; HALF + 1]);

impl Magnitudes {
    /// Of so many scalars of full size.
    pub(crate) fn full_size(scalars: usize) -> Self {
        let mut of = [0; HALF + 1];
        of[HALF] = 2 * scalars as u64;
        Self(of)
    }

    /// Of integers; a zero is no term.
    pub(crate) fn small(scalars: &[i64]) -> Self {
        let mut of = [0; HALF + 1];
        for scalar in scalars.iter().filter(|s| **s != 0) {
            of[64 - scalar.unsigned_abs().leading_zeros() as usize] += 1;
        }
        Self(of)
    }

    /// Digits that are not zero in the window of these bits; those below the highest bit of a term are taken to be
    /// zero as often as random ones.
    ///
    /// A term that ends right below the window carries into it.
    fn digits(&self, position: usize, width: usize) -> f64 {
        let random = 1.0 - 0.5f64.powi(width as i32);
        let terms = self.0.iter().enumerate().skip(position.max(1));
        terms.map(|(bits, n)| *n as f64 * if bits > position + width { random } else { 1.0 }).sum()
    }

    /// The additions of so many windows for terms of so many bits. Windows are put together from the top down, with a
    /// doubling for each bit below.
    fn additions_of(&self, bits: usize, windows: usize) -> f64 {
        // One more bit than the terms have, for the carry.
        let (width, wider) = ((bits + 1) / windows, (bits + 1) % windows);
        let mut position = 0;
        let mut additions = 0.0;
        for i in 0..windows {
            additions += position as f64 * f64::from(u8::from(i + 1 == windows));
            let width = width + usize::from(i >= windows - wider);
            additions += self.digits(position, width) + 2f64.powi(width as i32 - 1);
            position += width;
        }
        additions
    }

    /// The additions of the best number of windows.
    pub(crate) fn additions(&self) -> u64 {
        let Some(bits) = self.0.iter().rposition(|n| *n > 0) else { return 0 };
        let windows = (bits + 1).div_ceil(WIDEST)..=(bits + 1).div_ceil(2);
        windows.map(|n| self.additions_of(bits, n)).fold(f64::INFINITY, f64::min) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_one_term_each() {
        // One window of two bits with two buckets.
        assert_eq!(Magnitudes::small(&[1, 0, -1, 1]).additions(), 3 + 2);
        assert_eq!(Magnitudes::small(&[0; 9]).additions(), 0);
    }

    #[test]
    fn a_short_term_is_in_few_windows() {
        // 99 terms of three bits and one of 7: two windows of four bits, eight buckets each, and four doublings. All
        // terms are in the lower window, that of 7 bits with a digit that may be zero.
        let mut scalars = vec![5; 99];
        scalars.push(-100);
        let two = Magnitudes::small(&scalars).additions_of(7, 2);
        assert_eq!(two, 99.0 + 15.0 / 16.0 + 8.0 + 1.0 + 8.0 + 4.0);
        assert_eq!(Magnitudes::small(&scalars).additions(), two as u64);
    }

    #[test]
    fn full_size_terms_take_what_the_prover_says() {
        // Nine windows, eight of 14 bits and one of 15: 18 additions a term and 1.25 for the buckets.
        let n = 1 << 16;
        let buckets = 8 * (1 << 13) + (1 << 14);
        let additions = Magnitudes::full_size(n).additions();
        assert!(additions <= 18 * n as u64 + buckets + 126);
        assert!(additions > 18 * n as u64 + buckets - n as u64 / 100);
    }
}
