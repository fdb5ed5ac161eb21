//! Where the heavy work is done.

use crate::accumulate::{combine_rows, dot};
use crate::cells::combine_cells;
use crate::factors::{Factors, Local};
use crate::msm;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::{One, Zero};
use rayon::prelude::*;
use std::ops::Range;
use sumcast_params::Srs;

/// What a sumcheck sums, after the factor `eq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Summand {
    /// The product of all factors.
    Product,
    /// `h prod f_i - sum_i prod_{j != i} f_j` of the factors `h, f_1, ..` (`docs/protocol.md` 4, lookups).
    LookupCells,
}

impl Summand {
    /// Its value.
    #[inline(always)]
    pub fn evaluate(self, factors: &[Fr]) -> Fr {
        match self {
            Self::Product => factors.iter().skip(1).fold(factors[0], |acc, f| acc * f),
            Self::LookupCells => sumcast_verifier::relation::lookup_cells(factors[0], &factors[1..]),
        }
    }
}

/// Most factors of a summand.
pub(crate) const MAX_FACTORS: usize = 5;

/// The compute-heavy calls of the prover. Every result is exact, so two backends give the same proof.
pub trait Backend: Sync + std::fmt::Debug {
    /// `sum scalars[i] bases[i]`.
    fn msm(&self, bases: &[G1Affine], scalars: &[Fr]) -> G1Projective;

    /// The same for small integers.
    fn msm_small(&self, bases: &[G1Affine], scalars: &[i64]) -> G1Projective;

    /// `sum table[index[i]] bases[i]`.
    fn msm_indexed(&self, bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective;

    /// `out[x] = sum_j weights[j] cells[j width + x]`.
    fn combine(&self, cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr>;

    /// The same with the rows given one by one.
    fn combine_rows(&self, rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr>;

    /// `sum weights[i] cells[i]`.
    fn dot(&self, weights: &[Fr], cells: &[i64]) -> Fr;

    /// A sumcheck round: `sum_i eq[i] summand(factors with the top variable at t, rest i)` for
    /// `t = 0, .., points - 1`; `eq` of half the factors' length, or ones.
    fn round(&self, summand: Summand, factors: &[&[Fr]], eq: Option<&[Fr]>, points: usize) -> Vec<Fr>;

    /// A round of an inner product: the constant and the leading coefficient of
    /// `sum_i (a_i + X (a_(i+half) - a_i)) (b_i + X (b_(i+half) - b_i))`.
    fn round_product(&self, a: &[Fr], b: &[Fr]) -> [Fr; 2];

    /// `sum_i eq[i] values[i]` and `sum_i eq[i] values[i + half]`.
    fn round_eq(&self, values: &[Fr], eq: &[Fr]) -> [Fr; 2];

    /// Binds the top variable of a vector: `v[i] + x (v[i + half] - v[i])`.
    fn fold(&self, values: &mut Vec<Fr>, x: Fr);

    /// `out[i] = sum_c table[columns[c][i]]`: the helper of a lookup from the inverses of its table's keys.
    fn gather(&self, table: &[Fr], columns: &[Vec<u32>]) -> Vec<Fr> {
        let mut out = vec![Fr::zero(); columns.first().map_or(0, Vec::len)];
        for column in columns {
            for (slot, p) in out.iter_mut().zip(column) {
                *slot += table[*p as usize];
            }
        }
        out
    }

    /// Takes a sumcheck's vectors to where this backend works on them.
    fn hold(&self, factors: Vec<Vec<Fr>>) -> Box<dyn Factors + '_> {
        Box::new(Local::new(self, factors))
    }

    /// Tells that points of this string are the bases to come.
    fn prepare(&self, _srs: &Srs) {}
}

/// All cores of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu;

/// Pairs a task of a sumcheck round works on.
const GRAIN: usize = 1 << 9;

/// Two sums over a range, in tasks.
fn pair_sums(len: usize, task: impl Fn(Range<usize>) -> [Fr; 2] + Sync) -> [Fr; 2] {
    if len <= GRAIN {
        return task(0..len);
    }
    let starts: Vec<usize> = (0..len).step_by(GRAIN).collect();
    let tasks = starts.into_par_iter().map(|start| task(start..(start + GRAIN).min(len)));
    tasks.reduce(|| [Fr::zero(); 2], |a, b| [a[0] + b[0], a[1] + b[1]])
}

impl Backend for Cpu {
    fn msm(&self, bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
        msm::msm(bases, scalars)
    }

    fn msm_small(&self, bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
        msm::msm_small(bases, scalars)
    }

    fn msm_indexed(&self, bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
        msm::msm_indexed(bases, index, table)
    }

    fn combine(&self, cells: &[i64], width: usize, weights: &[Fr]) -> Vec<Fr> {
        combine_cells(cells, width, weights)
    }

    fn combine_rows(&self, rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
        combine_rows(rows, width, weights)
    }

    fn dot(&self, weights: &[Fr], cells: &[i64]) -> Fr {
        dot(weights, cells)
    }

    fn round(&self, summand: Summand, factors: &[&[Fr]], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        let half = factors[0].len() / 2;
        let task = |range: Range<usize>| {
            let mut sums = vec![Fr::zero(); points];
            let mut at = [Fr::zero(); MAX_FACTORS];
            let mut step = [Fr::zero(); MAX_FACTORS];
            let n = factors.len();
            for i in range {
                for (j, f) in factors.iter().enumerate() {
                    at[j] = f[i];
                    step[j] = f[i + half] - f[i];
                }
                let weight = eq.map_or_else(Fr::one, |eq| eq[i]);
                for (t, sum) in sums.iter_mut().enumerate() {
                    if t > 0 {
                        for (a, s) in at[..n].iter_mut().zip(&step) {
                            *a += s;
                        }
                    }
                    let value = summand.evaluate(&at[..n]);
                    *sum += if eq.is_some() { value * weight } else { value };
                }
            }
            sums
        };
        if half <= GRAIN {
            return task(0..half);
        }
        let starts: Vec<usize> = (0..half).step_by(GRAIN).collect();
        starts.into_par_iter().map(|start| task(start..(start + GRAIN).min(half))).reduce(
            || vec![Fr::zero(); points],
            |mut a, b| {
                for (a, b) in a.iter_mut().zip(b) {
                    *a += b;
                }
                a
            },
        )
    }

    fn round_product(&self, a: &[Fr], b: &[Fr]) -> [Fr; 2] {
        let half = a.len() / 2;
        let ((a_low, a_high), (b_low, b_high)) = (a.split_at(half), b.split_at(half));
        pair_sums(half, |range| {
            let (al, ah) = (&a_low[range.clone()], &a_high[range.clone()]);
            let (bl, bh) = (&b_low[range.clone()], &b_high[range]);
            let mut sums = [Fr::zero(); 2];
            for (((al, ah), bl), bh) in al.iter().zip(ah).zip(bl).zip(bh) {
                sums[0] += *al * bl;
                sums[1] += (*ah - al) * (*bh - bl);
            }
            sums
        })
    }

    fn round_eq(&self, values: &[Fr], eq: &[Fr]) -> [Fr; 2] {
        let half = values.len() / 2;
        let (low, high) = values.split_at(half);
        pair_sums(half, |range| {
            let mut sums = [Fr::zero(); 2];
            for ((e, l), h) in eq[range.clone()].iter().zip(&low[range.clone()]).zip(&high[range]) {
                sums[0] += *e * l;
                sums[1] += *e * h;
            }
            sums
        })
    }

    fn fold(&self, values: &mut Vec<Fr>, x: Fr) {
        let half = values.len() / 2;
        let (low, high) = values.split_at_mut(half);
        low.par_iter_mut().zip(high).with_min_len(GRAIN).for_each(|(l, h)| *l += x * (*h - *l));
        values.truncate(half);
    }
}
