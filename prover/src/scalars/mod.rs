//! Passes over vectors of scalars: the arithmetic of sumchecks, of combined rows and of the opening's divisions.
//!
//! Each is done in words on any machine (`words`), or, on processors with AVX-512 IFMA, eight scalars at a time
//! (`vectors`). The results are exact, so they are the same. Vectors of scalars are in Montgomery form with 2^256 whoever
//! computes; a product in vectors divides by 2^260, which a factor of one side, or of the sum, makes good.

mod combine;
mod integers;
#[cfg_attr(not(target_arch = "x86_64"), path = "no_vectors.rs")]
mod vectors;
mod words;

pub(crate) use combine::{combine, combine_rows};

use crate::backend::Summand;
use crate::ifma::Ifma;
use ark_bn254::Fr;
use ark_ff::{Field, Zero};
use rayon::prelude::*;
use std::array;

/// Least products that are worth a task, and most of one. What is one task is done where it is asked for.
pub(crate) const GRAIN: usize = 1 << 10;

/// Both halves of a vector whose top variable is not bound.
pub(crate) type Halves<'a> = [&'a [Fr]; 2];

/// Calls one arithmetic or the other.
macro_rules! dispatch {
    ($name:ident($($argument:expr),*)) => {
        match Ifma::detect() {
            Some(detected) => vectors::$name(detected, $($argument),*),
            None => words::$name($($argument),*),
        }
    };
}

/// The starts of tasks over a length.
fn starts(len: usize) -> impl IndexedParallelIterator<Item = usize> {
    (0..len.div_ceil(GRAIN)).into_par_iter().map(|task| task * GRAIN)
}

/// Sums over a range that is cut into tasks.
fn sums<const N: usize>(len: usize, task: impl Fn(usize, usize) -> [Fr; N] + Sync) -> [Fr; N] {
    let tasks = starts(len).map(|start| task(start, (start + GRAIN).min(len)));
    tasks.reduce(|| [Fr::zero(); N], |a, b| array::from_fn(|i| a[i] + b[i]))
}

/// `sum a[i] b[i]` over the shorter of the two.
pub(crate) fn inner(a: &[Fr], b: &[Fr]) -> Fr {
    let [sum] = sums(a.len().min(b.len()), |start, end| [dispatch!(inner(&a[start..end], &b[start..end]))]);
    sum
}

/// `sum a[i]`.
pub(crate) fn total(a: &[Fr]) -> Fr {
    let [sum] = sums(a.len(), |start, end| [a[start..end].iter().sum()]);
    sum
}

/// `sum a[i] v[i]` over the shorter of the two.
pub(crate) fn dot(weights: &[Fr], cells: &[i64]) -> Fr {
    let len = weights.len().min(cells.len());
    let task = |start: usize, end: usize| {
        let (weights, cells) = (&weights[start..end], &cells[start..end]);
        [Ifma::detect()
            .and_then(|detected| vectors::dot(detected, weights, cells))
            .unwrap_or_else(|| integers::dot(weights, cells))]
    };
    let [sum] = sums(len, task);
    sum
}

/// `sum a_low b_low` and `sum (a_high - a_low) (b_high - b_low)`.
pub(crate) fn round_product([al, ah]: Halves<'_>, [bl, bh]: Halves<'_>) -> [Fr; 2] {
    let task = |start: usize, end: usize| {
        dispatch!(round_product([&al[start..end], &ah[start..end]], [&bl[start..end], &bh[start..end]]))
    };
    sums(al.len(), task)
}

/// `sum eq low` and `sum eq high`.
pub(crate) fn round_eq([low, high]: Halves<'_>, eq: &[Fr]) -> [Fr; 2] {
    sums(low.len(), |start, end| dispatch!(round_eq([&low[start..end], &high[start..end]], &eq[start..end])))
}

/// `sum eq summand(low + t (high - low))` for `t = 0, .., points - 1`; `eq` or ones.
pub(crate) fn round(summand: Summand, factors: &[Halves<'_>], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
    let len = factors[0][0].len();
    let task = |start: usize, end: usize| {
        let factors: Vec<Halves<'_>> =
            factors.iter().map(|[low, high]| [&low[start..end], &high[start..end]]).collect();
        dispatch!(round(summand, &factors, eq.map(|eq| &eq[start..end]), points))
    };
    let add = |mut a: Vec<Fr>, b: Vec<Fr>| {
        a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
        a
    };
    starts(len).map(|start| task(start, (start + GRAIN).min(len))).reduce(|| vec![Fr::zero(); points], add)
}

/// `low + x (high - low)`, in place of `low`.
pub(crate) fn fold(low: &mut [Fr], high: &[Fr], x: Fr) {
    let tasks = low.par_chunks_mut(GRAIN).zip(high.par_chunks(GRAIN));
    tasks.for_each(|(low, high)| dispatch!(fold(low, high, x)));
}

/// Adds `scale` times `values`, over the shorter of the two.
pub(crate) fn add_scaled(out: &mut [Fr], values: &[Fr], scale: Fr) {
    let len = out.len().min(values.len());
    let (out, values) = (&mut out[..len], &values[..len]);
    let tasks = out.par_chunks_mut(GRAIN).zip(values.par_chunks(GRAIN));
    tasks.for_each(|(out, values)| dispatch!(add_scaled(out, values, scale)));
}

/// `high = z low`, and then `low -= high`: a variable more for a vector of `eq`.
pub(crate) fn split(low: &mut [Fr], high: &mut [Fr], z: Fr) {
    let tasks = low.par_chunks_mut(GRAIN).zip(high.par_chunks_mut(GRAIN));
    tasks.for_each(|(low, high)| dispatch!(split(low, high, z)));
}

/// `c[i] += x c[i + 1]` from the last on, where `above` is beyond it: suffixes of a polynomial at `x`.
pub(crate) fn suffixes(c: &mut [Fr], x: Fr, above: Fr) {
    let Some(detected) = Ifma::detect() else { return words::suffixes(c, x, above) };
    let threads = rayon::current_num_threads();
    let each = c.len() / threads / vectors::CHAINS * vectors::CHAINS;
    if each < GRAIN {
        return words::suffixes(c, x, above);
    }
    // What is at the top and fits no chain.
    let (c, top) = c.split_at_mut(each * threads);
    words::suffixes(top, x, above);
    let mut above = top.first().copied().unwrap_or(above);
    // Each thread's chains from zero; then from what is above them.
    let length = each / vectors::CHAINS;
    let values: Vec<[Fr; vectors::CHAINS]> =
        c.par_chunks(each).map(|part| vectors::horner(detected, part, x)).collect();
    let power = x.pow([length as u64]);
    let starts: Vec<[Fr; vectors::CHAINS]> = values
        .iter()
        .rev()
        .map(|values| {
            let mut starts = [Fr::zero(); vectors::CHAINS];
            for (start, value) in starts.iter_mut().zip(values).rev() {
                *start = above;
                above = *value + power * above;
            }
            starts
        })
        .collect();
    let parts = c.par_chunks_mut(each).zip(starts.into_par_iter().rev());
    parts.for_each(|(part, starts)| vectors::suffixes(detected, part, x, &starts));
}

#[cfg(test)]
mod tests;
