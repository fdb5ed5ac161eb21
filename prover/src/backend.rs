//! Where the heavy work is done.

use crate::factors::{Factors, Local};
use crate::{msm, scalars};
use ark_bn254::{Fr, G1Affine, G1Projective};
use rayon::prelude::*;
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
        let len = columns.first().map_or(0, Vec::len);
        let sum = |i: usize| columns.iter().map(|column| table[column[i] as usize]).sum();
        (0..len).into_par_iter().with_min_len(scalars::GRAIN).map(sum).collect()
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
        scalars::combine(cells, width, weights)
    }

    fn combine_rows(&self, rows: &[&[i64]], width: usize, weights: &[Fr]) -> Vec<Fr> {
        scalars::combine_rows(rows, width, weights)
    }

    fn dot(&self, weights: &[Fr], cells: &[i64]) -> Fr {
        scalars::dot(weights, cells)
    }

    fn round(&self, summand: Summand, factors: &[&[Fr]], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        let factors: Vec<_> = factors.iter().map(|factor| halves(factor)).collect();
        scalars::round(summand, &factors, eq, points)
    }

    fn round_product(&self, a: &[Fr], b: &[Fr]) -> [Fr; 2] {
        scalars::round_product(halves(a), halves(b))
    }

    fn round_eq(&self, values: &[Fr], eq: &[Fr]) -> [Fr; 2] {
        scalars::round_eq(halves(values), eq)
    }

    fn fold(&self, values: &mut Vec<Fr>, x: Fr) {
        let half = values.len() / 2;
        let (low, high) = values.split_at_mut(half);
        scalars::fold(low, &high[..half], x);
        values.truncate(half);
    }
}

/// Where the top variable is 0, and where it is 1.
fn halves(values: &[Fr]) -> [&[Fr]; 2] {
    values.split_at(values.len() / 2).into()
}
