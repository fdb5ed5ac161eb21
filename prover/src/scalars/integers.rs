//! In words: inner products of scalars with integers, reduced once at the end.
//!
//! A Montgomery multiplication costs about 20 ns; adding `a * v` for a 64-bit `v` to a wide accumulator costs
//! four word multiplications, a fifth of it. Weights and witness cells are small, so every pass over them is made
//! of these.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, BigInteger, MontConfig, PrimeField};
use std::ops::Range;

/// `sum a_i (v_i + 2^63)` in progress, of raw Montgomery representations: what is added to the integers makes them
/// non-negative, and has the same part in all sums with the same weights.
#[derive(Clone, Copy, Debug, Default)]
struct Accumulator([u64; 6]);

impl Accumulator {
    /// Adds `a (v + 2^63)`, which is below `2^(254 + 64)`.
    #[expect(
        clippy::needless_range_loop,
        reason = "zipped, the carries are not kept in registers: four times slower"
    )]
    #[inline(always)]
    fn add(&mut self, a: &Fr, v: i64) {
        let a = &a.0.0;
        let factor = v as u64 ^ 1 << 63;
        let mut carry = 0u64;
        for i in 0..4 {
            let t = u128::from(a[i]) * u128::from(factor) + u128::from(self.0[i]) + u128::from(carry);
            self.0[i] = t as u64;
            carry = (t >> 64) as u64;
        }
        let (sum, over) = self.0[4].overflowing_add(carry);
        self.0[4] = sum;
        self.0[5] += u64::from(over);
    }

    /// `sum a_i v_i` as a field element, for up to `2^24` terms.
    fn finish(&self, weights: &Total) -> Fr {
        // A multiple of the order keeps the difference positive.
        let mut sum = self.0;
        let (mut carry, mut borrow) = (false, false);
        for i in 0..6 {
            let word = |i: Option<usize>| i.and_then(|i| weights.0.get(i)).copied().unwrap_or(0);
            let shifted = word(Some(i)) << 63 | word(i.checked_sub(1)) >> 1;
            let (with, c1) = sum[i].overflowing_add(OFFSET[i]);
            let (with, c2) = with.overflowing_add(carry.into());
            let (less, b1) = with.overflowing_sub(shifted);
            let (less, b2) = less.overflowing_sub(borrow.into());
            (sum[i], carry, borrow) = (less, c1 | c2, b1 | b2);
        }
        reduce(&sum)
    }
}

/// The sum of raw Montgomery representations, each below `2^254`.
#[derive(Clone, Copy, Debug, Default)]
struct Total([u64; 5]);

impl Total {
    #[inline(always)]
    fn add(&mut self, a: &Fr) {
        let mut carry = false;
        for (sum, a) in self.0.iter_mut().zip(a.0.0) {
            let (with, c1) = sum.overflowing_add(a);
            let (with, c2) = with.overflowing_add(carry.into());
            (*sum, carry) = (with, c1 | c2);
        }
        self.0[4] += u64::from(carry);
    }

    fn of(weights: &[Fr]) -> Self {
        let mut total = Self::default();
        weights.iter().for_each(|a| total.add(a));
        total
    }
}

/// The order times `2^92`: more than `2^63` times any sum of `2^24` representations.
const OFFSET: [u64; 6] = {
    let r = Fr::MODULUS.0;
    let s = 92 - 64;
    [
        0,
        r[0] << s,
        (r[1] << s) | (r[0] >> (64 - s)),
        (r[2] << s) | (r[1] >> (64 - s)),
        (r[3] << s) | (r[2] >> (64 - s)),
        r[3] >> (64 - s),
    ]
};

/// A 384-bit raw Montgomery representation, modulo the order.
fn reduce(wide: &[u64; 6]) -> Fr {
    let mut low = BigInt::new([wide[0], wide[1], wide[2], wide[3]]);
    while low >= Fr::MODULUS {
        low.sub_with_borrow(&Fr::MODULUS);
    }
    let high = Fr::new_unchecked(BigInt::new([wide[4], wide[5], 0, 0]));
    // A Montgomery product with R^2 is a multiplication of the raw value by R = 2^256.
    Fr::new_unchecked(low) + high * Fr::new_unchecked(FrConfig::R2)
}

/// Rows that are gone down at a time, and most columns: accumulators and cells stay in the first-level cache.
const TILE: usize = 32;
pub(super) const CHUNK: usize = 64;

/// `sum_j weights[j] rows[j][x]` for each x of a range of at most [`CHUNK`]; cells beyond the end of a row are zero.
pub(super) fn combine(rows: &[&[i64]], columns: Range<usize>, weights: &[Fr]) -> Vec<Fr> {
    let mut sums = [Accumulator::default(); CHUNK];
    let sums = &mut sums[..columns.len()];
    let mut tile = [0i64; CHUNK * TILE];
    let total = Total::of(weights);
    for (rows, weights) in rows.chunks(TILE).zip(weights.chunks(TILE)) {
        // Transposed, so that a position's cells are adjacent: rows lie a power of two apart, and a cache keeps few
        // lines at such distances.
        for (j, row) in rows.iter().enumerate() {
            let cells = &row[columns.start.min(row.len())..columns.end.min(row.len())];
            for (i, slot) in tile.iter_mut().skip(j).step_by(TILE).take(columns.len()).enumerate() {
                *slot = cells.get(i).copied().unwrap_or(0);
            }
        }
        for (sum, cells) in sums.iter_mut().zip(tile.chunks_exact(TILE)) {
            let mut register = *sum;
            for (weight, v) in weights.iter().zip(cells) {
                register.add(weight, *v);
            }
            *sum = register;
        }
    }
    sums.iter().map(|sum| sum.finish(&total)).collect()
}

/// `sum weights[i] cells[i]`.
pub(super) fn dot(weights: &[Fr], cells: &[i64]) -> Fr {
    let (mut sum, mut total) = (Accumulator::default(), Total::default());
    for (w, v) in weights.iter().zip(cells) {
        sum.add(w, *v);
        total.add(w);
    }
    sum.finish(&total)
}
