//! Multi-scalar multiplication over BN254 G1.
//!
//! Pippenger's method with signed digits. Full-size scalars are first split by the curve's endomorphism into two
//! halves of 126 bits (`glv`). The terms of each window are sorted by digit; the points of a bucket are then
//! added in pairs, in affine coordinates, the pairs of many buckets sharing one inversion (`affine`). The
//! weighted sum of the buckets is made of running sums over short segments, batched in the same way (`buckets`).
//!
//! Points are added one by one in words (`words`), or, on processors with AVX-512 IFMA, eight at a time in vectors
//! (`ifma`). A call brings its points into the form of its arithmetic once, and reads them from that table.
//!
//! Cost: an addition is six field multiplications (three for its share of the inversion), and a term takes one
//! addition a window, less one for each bucket; a bucket takes two. At 2^16 full-size terms that is nine windows,
//! 18 additions a term and 2.5 for the buckets: a floor of 123 multiplications a term. In words subtractions and
//! reductions take half as long as the multiplications, sorting and gathering most of the rest; in vectors loads,
//! transpositions and reductions hardly overlap with multiplications. Points of a table that the second-level cache
//! cannot hold are asked for before it is their turn, which saves a fifth of the time of 2^17 terms.
//! `docs/performance.md` has figures.

mod affine;
mod arithmetic;
mod buckets;
mod field;
mod glv;
#[cfg_attr(not(target_arch = "x86_64"), path = "no_ifma.rs")]
mod ifma;
mod inverse;
#[cfg(test)]
pub(crate) mod tests;
mod words;

use affine::Point;
use arithmetic::Arithmetic;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::PrimeField;
use buckets::{Terms, sorted_sums, sum_of_terms};
use rayon::prelude::*;

/// Fewest terms a thread converts at a time.
const GRAIN: usize = 256;

/// The sum of `scalars[i] * bases[i]`, for scalars of any size. Bases beyond the last scalar are not read.
///
/// # Panics
///
/// If there are more scalars than bases, or more than 2^27.
pub fn msm(bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    full_size(Arithmetic::best(), bases, scalars)
}

fn full_size(arithmetic: Arithmetic, bases: &[G1Affine], scalars: &[Fr]) -> G1Projective {
    assert!(scalars.len() <= bases.len(), "more scalars than bases");
    let halves: Vec<[u128; 2]> = bases
        .par_iter()
        .zip(scalars)
        .with_min_len(GRAIN)
        .map(|(base, scalar)| if base.infinity { [0; 2] } else { glv::split(scalar.into_bigint().0) })
        .collect();
    let mut terms = Terms::with_capacity(2 * scalars.len());
    for (i, [plain, image]) in halves.into_iter().enumerate() {
        terms.push(2 * i, plain);
        terms.push(2 * i + 1, image);
    }
    sum_of_terms(arithmetic, bases, &terms)
}

/// The sum of `scalars[i] * bases[i]` for small signed integers: the work follows the largest magnitude,
/// and a zero costs nothing.
///
/// # Panics
///
/// If there are more scalars than bases, or more than 2^27.
pub fn msm_small(bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
    small(Arithmetic::best(), bases, scalars)
}

fn small(arithmetic: Arithmetic, bases: &[G1Affine], scalars: &[i64]) -> G1Projective {
    assert!(scalars.len() <= bases.len(), "more scalars than bases");
    let mut terms = Terms::with_capacity(scalars.len());
    for (i, (base, &scalar)) in bases.iter().zip(scalars).enumerate() {
        if !base.infinity {
            terms.push(2 * i, buckets::signed(scalar < 0, scalar.unsigned_abs().into()));
        }
    }
    sum_of_terms(arithmetic, bases, &terms)
}

/// The sum of `table[index[i]] * bases[i]`, where an index of `u32::MAX` stands for zero: one addition
/// a cell, and one multi-scalar multiplication over the table.
///
/// # Panics
///
/// If there are more indices than bases, or an index is outside the table.
pub fn msm_indexed(bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
    indexed(Arithmetic::best(), bases, index, table)
}

fn indexed(arithmetic: Arithmetic, bases: &[G1Affine], index: &[u32], table: &[Fr]) -> G1Projective {
    full_size(arithmetic, &bucket_sums(arithmetic, bases, index, table.len()), table)
}

/// For each `b` below `buckets`, the sum of the bases whose index is `b`: the part of [`msm_indexed`] that
/// does not depend on the table's values. Cells with index `u32::MAX` are left out.
///
/// # Panics
///
/// If there are more indices than bases, or an index is neither below `buckets` nor `u32::MAX`.
fn bucket_sums(arithmetic: Arithmetic, bases: &[G1Affine], index: &[u32], buckets: usize) -> Vec<G1Affine> {
    assert!(index.len() <= bases.len(), "more indices than bases");
    let cells = index.iter().zip(bases).enumerate();
    let live = cells.filter(|(_, (bucket, base))| **bucket != u32::MAX && !base.infinity);
    let (tags, live): (Vec<u32>, Vec<usize>) =
        live.map(|(i, (bucket, _))| (2 * i as u32, *bucket as usize)).unzip();
    let mut starts = vec![0u32; buckets + 1];
    for &bucket in &live {
        starts[bucket + 1] += 1;
    }
    for b in 0..buckets {
        starts[b + 1] += starts[b];
    }
    let mut next = starts.clone();
    let mut entries = vec![0u32; live.len()];
    for (&bucket, i) in live.iter().zip(0u32..) {
        entries[next[bucket] as usize] = i << 1;
        next[bucket] += 1;
    }
    let points = arithmetic.points(bases, &tags);
    let mut sums = vec![Point::IDENTITY; buckets];
    sorted_sums(arithmetic, points.as_flattened(), &entries, &starts, &mut sums);
    sums.iter().map(|sum| arithmetic.affine(sum)).collect()
}
