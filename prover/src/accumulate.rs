//! Inner products of field elements with small integers, reduced once at the end.
//!
//! A Montgomery multiplication costs about 20 ns; adding `a * v` for a 64-bit `v` to a wide accumulator costs
//! four word multiplications, a fifth of it. Weights and witness cells are small, so every pass over them is made
//! of these.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, BigInteger, MontConfig, PrimeField};
use rayon::prelude::*;

/// `sum a_i v_i` in progress: `wide - 2^64 negative`, both sums of raw Montgomery representations.
///
/// `wide` holds `2^64` terms and more: a term is below `2^(254 + 64)`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accumulator {
    wide: [u64; 6],
    negative: [u64; 5],
}

impl Accumulator {
    /// Adds `a * v`.
    #[inline(always)]
    pub(crate) fn add(&mut self, a: &Fr, v: i64) {
        let a = &a.0.0;
        let factor = v as u64;
        // a * v = a * (v mod 2^64) - 2^64 a [v < 0].
        let mask = (v >> 63) as u64;
        let mut carry = 0u64;
        let mut negative_carry = 0u64;
        for ((a, wide), negative) in a.iter().zip(&mut self.wide).zip(&mut self.negative) {
            let t = u128::from(*a) * u128::from(factor) + u128::from(*wide) + u128::from(carry);
            *wide = t as u64;
            carry = (t >> 64) as u64;
            let n = u128::from(*negative) + u128::from(a & mask) + u128::from(negative_carry);
            *negative = n as u64;
            negative_carry = (n >> 64) as u64;
        }
        let (sum, over) = self.wide[4].overflowing_add(carry);
        self.wide[4] = sum;
        self.wide[5] += u64::from(over);
        self.negative[4] += negative_carry;
    }

    /// The sum as a field element.
    pub(crate) fn finish(&self) -> Fr {
        let n = &self.negative;
        reduce(&self.wide) - reduce(&[0, n[0], n[1], n[2], n[3], n[4]])
    }
}

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

/// Positions a task works on at once: their accumulators stay in the first-level cache.
const CHUNK: usize = 128;

/// `out[x] = sum_j weights[j] cells[j * width + x]`: the rows of a matrix of small integers, combined.
/// Rows beyond the end of `cells` are zero.
pub(crate) fn combine(cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr> {
    let rows: Vec<&[i64]> = cells.chunks(width).collect();
    combine_rows(&rows, width, weights)
}

/// As [`combine`], with rows from anywhere.
pub(crate) fn combine_rows(rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
    let rows = &rows[..rows.len().min(weights.len())];
    let groups = if width >= 4 * CHUNK { 1 } else { 8 };
    let per_group = rows.len().div_ceil(groups).max(1);
    let tasks: Vec<(usize, usize)> = (0..width)
        .step_by(CHUNK)
        .flat_map(|x| (0..rows.len()).step_by(per_group).map(move |j| (x, j)))
        .collect();
    let parts: Vec<(usize, Vec<Fr>)> = tasks
        .into_par_iter()
        .map(|(x, first)| {
            let end = (x + CHUNK).min(width);
            let mut sums = [Accumulator::default(); CHUNK];
            let group = first..(first + per_group).min(rows.len());
            for (row, weight) in rows[group.clone()].iter().zip(&weights[group]) {
                for (sum, v) in sums.iter_mut().zip(&row[x.min(row.len())..end.min(row.len())]) {
                    sum.add(weight, *v);
                }
            }
            (x, sums[..end - x].iter().map(Accumulator::finish).collect())
        })
        .collect();
    let mut out = vec![Fr::default(); width];
    for (x, part) in parts {
        for (slot, v) in out[x..].iter_mut().zip(part) {
            *slot += v;
        }
    }
    out
}

/// `sum weights[i] cells[i]`.
pub(crate) fn dot(weights: &[Fr], cells: &[i64]) -> Fr {
    let mut sum = Accumulator::default();
    for (w, v) in weights.iter().zip(cells) {
        sum.add(w, *v);
    }
    sum.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_verifier::encoding::integer;

    #[test]
    fn sums_agree_with_field_arithmetic() {
        let weights: Vec<Fr> =
            (1..400u64).map(|i| -Fr::from(i * i * i) * Fr::from(0xffff_ffff_1234u64)).collect();
        let cells: Vec<i64> = (0..399i64)
            .map(|i| match i % 5 {
                0 => i64::MIN,
                1 => i64::MAX,
                2 => 0,
                3 => -i,
                _ => i * 1_000_003,
            })
            .collect();
        let expected: Fr = weights.iter().zip(&cells).map(|(w, v)| *w * integer((*v).into())).sum();
        assert_eq!(dot(&weights, &cells), expected);
    }

    #[test]
    fn rows_are_combined_at_every_width() {
        for (width, rows) in [(1, 9), (4, 100), (130, 3), (1024, 5)] {
            let cells: Vec<i64> = (0..(width * rows) as i64).map(|i| (i * 7919) % 1000 - 500).collect();
            let weights: Vec<Fr> = (0..rows as u64 + 2).map(|i| Fr::from(i * i + 3)).collect();
            let out = combine(&cells, width, &weights);
            for (x, value) in out.iter().enumerate() {
                let expected: Fr = (0..rows).map(|j| weights[j] * integer(cells[j * width + x].into())).sum();
                assert_eq!(*value, expected);
            }
        }
    }
}
