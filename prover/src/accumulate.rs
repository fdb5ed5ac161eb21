//! Weighted sums: inner products of field elements with small integers are reduced once at the end.
//!
//! A Montgomery multiplication costs about 20 ns; adding `a * v` for a 64-bit `v` to a wide accumulator costs
//! four word multiplications, a fifth of it. Weights and witness cells are small, so every pass over them is made
//! of these.

use ark_bn254::{Fr, FrConfig};
use ark_ff::{BigInt, BigInteger, MontConfig, PrimeField};
use rayon::prelude::*;

/// `sum a_i v_i` in progress: `wide - 2^64 negative`, both sums of raw Montgomery representations.
///
/// A term of `wide` is below `2^(254 + 64)`, one of `negative` below `2^254`.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Accumulator {
    wide: [u64; 6],
    negative: [u64; 5],
}

impl Accumulator {
    /// Adds `a * v`.
    #[expect(
        clippy::needless_range_loop,
        reason = "zipped, the carries are not kept in registers: four times slower"
    )]
    #[inline(always)]
    pub(crate) fn add(&mut self, a: &Fr, v: i64) {
        let a = &a.0.0;
        let factor = v as u64;
        // a * v = a * (v mod 2^64) - 2^64 a [v < 0].
        let mask = (v >> 63) as u64;
        let mut carry = 0u64;
        let mut negative_carry = 0u64;
        for i in 0..4 {
            let t = u128::from(a[i]) * u128::from(factor) + u128::from(self.wide[i]) + u128::from(carry);
            self.wide[i] = t as u64;
            carry = (t >> 64) as u64;
            let n = u128::from(self.negative[i]) + u128::from(a[i] & mask) + u128::from(negative_carry);
            self.negative[i] = n as u64;
            negative_carry = (n >> 64) as u64;
        }
        let (sum, over) = self.wide[4].overflowing_add(carry);
        self.wide[4] = sum;
        self.wide[5] += u64::from(over);
        self.negative[4] += negative_carry;
    }

    /// The sum as a field element.
    pub(crate) fn finish(&self) -> Fr {
        // A multiple of the order keeps the difference positive, for up to 2^24 terms.
        let mut sum = self.wide;
        let (mut carry, mut borrow) = (false, false);
        for i in 0..6 {
            let (with, c1) = sum[i].overflowing_add(OFFSET[i]);
            let (with, c2) = with.overflowing_add(carry.into());
            let (less, b1) = with.overflowing_sub(if i == 0 { 0 } else { self.negative[i - 1] });
            let (less, b2) = less.overflowing_sub(borrow.into());
            (sum[i], carry, borrow) = (less, c1 | c2, b1 | b2);
        }
        reduce(&sum)
    }
}

/// The order times `2^92`: more than `2^64` times any sum of `2^24` terms.
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

/// Positions a task works on at once, and rows it goes down at a time: accumulators and cells stay in the first-level
/// cache.
const CHUNK: usize = 64;
const TILE: usize = 32;

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
            let mut tile = [0i64; CHUNK * TILE];
            let group = first..(first + per_group).min(rows.len());
            for (rows, weights) in rows[group.clone()].chunks(TILE).zip(weights[group].chunks(TILE)) {
                // Transposed, so that a position's cells are adjacent: rows lie a power of two apart, and a cache
                // keeps few lines at such distances.
                for (j, row) in rows.iter().enumerate() {
                    let cells = &row[x.min(row.len())..end.min(row.len())];
                    for (i, slot) in tile.iter_mut().skip(j).step_by(TILE).take(end - x).enumerate() {
                        *slot = cells.get(i).copied().unwrap_or(0);
                    }
                }
                for (sum, cells) in sums[..end - x].iter_mut().zip(tile.chunks_exact(TILE)) {
                    let mut register = *sum;
                    for (weight, v) in weights.iter().zip(cells) {
                        register.add(weight, *v);
                    }
                    *sum = register;
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

/// Least products that are worth a task.
pub(crate) const GRAIN: usize = 1 << 10;

/// Adds `scale` times `values`, over the shorter of the two.
pub(crate) fn add_scaled(out: &mut [Fr], values: &[Fr], scale: Fr) {
    out.par_iter_mut().zip(values).with_min_len(GRAIN).for_each(|(slot, v)| *slot += scale * v);
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
