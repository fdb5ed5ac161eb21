//! In vectors: eight scalars at a time.
//!
//! The functions of `super` that are called once the instructions have been detected, which is all the unsafe code here.
//! What does not fill a vector is left to `words`.
#![allow(unsafe_code)]

use super::{Halves, words};
use crate::backend::{MAX_FACTORS, Summand};
use crate::ifma::Ifma;
use crate::ifma::columns::{Columns, crossed, crossed_lanes, integers, uncrossed};
use crate::ifma::lanes::{
    self, Integers, Loose, add, below_one, multiply, pack, product, splat, subtract, unpack,
};
use crate::ifma::modulus::{Modulus, Scalar, Wide, power_of_two, wide};
use ark_bn254::Fr;
use ark_ff::BigInt;
use rayon::prelude::*;
use std::array;
use std::iter::Zip;
use std::ops::Range;
use std::slice::Iter;

type Lanes = lanes::Lanes<Scalar>;

/// A sum of products of residues below 2, or of one below 1 and one below 4.
type Sum = lanes::Sum<Scalar, 32>;

/// A sum of products of one residue below 1 and one below 16, which a summand may be.
type SumOfLarge = lanes::Sum<Scalar, 8>;

/// What makes `n` divisions by 2^260 of products in Montgomery form with 2^256 good, as a residue that a product is made
/// with.
const fn scale(n: i32) -> Wide {
    wide(&power_of_two(&Scalar::WORDS, (260 + 4 * n) as u32))
}

/// [`scale`] from -1 on.
const SCALES: [Wide; MAX_FACTORS + 2] =
    [scale(-1), scale(0), scale(1), scale(2), scale(3), scale(4), scale(5)];

const ONCE: Wide = scale(1);

/// 9 times the order.
const NINE: Wide = {
    let mut nine = Scalar::P;
    let mut i = 0;
    while i < 5 {
        nine[i] *= 9;
        i += 1;
    }
    nine
};

/// A residue that vectors in Montgomery form with 2^256 are multiplied by, and stay in it.
fn factor(x: Fr) -> Wide {
    wide(&(x * Fr::from(16u64)).0.0)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn load(scalars: &[Fr; 8]) -> Lanes {
    unpack(&crossed(&scalars.map(|scalar| scalar.0.0)))
}

/// Residues below 1 that [`load`] has loaded, or [`crossed_lanes`] has brought into its order.
#[inline]
#[target_feature(enable = "avx512f")]
fn stored(words: &Columns) -> [Fr; 8] {
    uncrossed(words).map(|words| Fr::new_unchecked(BigInt(words)))
}

/// The scalars of residues below 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn scalars(a: &Lanes) -> [Fr; 8] {
    stored(&pack(a))
}

/// The sum of residues below 1.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn total(a: &Lanes) -> Fr {
    scalars(a).into_iter().sum()
}

/// Eights of two slices.
type Eights<'a> = Zip<Iter<'a, [Fr; 8]>, Iter<'a, [Fr; 8]>>;

/// The eights of two slices of one length, and what is left of them.
fn eights<'a>(a: &'a [Fr], b: &'a [Fr]) -> (Eights<'a>, [&'a [Fr]; 2]) {
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
    (a.iter().zip(b), [a_rest, b_rest])
}

pub(super) fn inner(_: Ifma, a: &[Fr], b: &[Fr]) -> Fr {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn inner(a: &[Fr], b: &[Fr]) -> Fr {
        let (pairs, [a, b]) = eights(a, b);
        let mut sum = Sum::new();
        for (a, b) in pairs {
            sum.add(&load(a), &load(b));
        }
        total(&sum.finish(&ONCE)) + words::inner(a, b)
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { inner(a, b) }
}

pub(super) fn round_product(_: Ifma, a: Halves<'_>, b: Halves<'_>) -> [Fr; 2] {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn round_product([al, ah]: Halves<'_>, [bl, bh]: Halves<'_>) -> [Fr; 2] {
        let (a, [al, ah]) = eights(al, ah);
        let (b, [bl, bh]) = eights(bl, bh);
        let [mut constant, mut leading] = [Sum::new(); 2];
        for ((al, ah), (bl, bh)) in a.zip(b) {
            let (al, bl) = (load(al), load(bl));
            constant.add(&al, &bl);
            leading.add(&subtract(&load(ah), &al), &subtract(&load(bh), &bl));
        }
        let rest = words::round_product([al, ah], [bl, bh]);
        [total(&constant.finish(&ONCE)) + rest[0], total(&leading.finish(&ONCE)) + rest[1]]
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { round_product(a, b) }
}

pub(super) fn round_eq(_: Ifma, values: Halves<'_>, eq: &[Fr]) -> [Fr; 2] {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn round_eq([low, high]: Halves<'_>, eq: &[Fr]) -> [Fr; 2] {
        let (pairs, [low, high]) = eights(low, high);
        let (eq, eq_rest) = eq.as_chunks();
        let [mut at_low, mut at_high] = [Sum::new(); 2];
        for ((low, high), eq) in pairs.zip(eq) {
            let eq = load(eq);
            at_low.add(&load(low), &eq);
            at_high.add(&load(high), &eq);
        }
        let rest = words::round_eq([low, high], eq_rest);
        [total(&at_low.finish(&ONCE)) + rest[0], total(&at_high.finish(&ONCE)) + rest[1]]
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { round_eq(values, eq) }
}

/// A summand, below 11. Factors are below `2 t + 1` where `t + 1` is at most their number.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn evaluate(summand: Summand, factors: &[Lanes]) -> Lanes {
    let (first, others) = (&factors[0], &factors[1..]);
    match summand {
        // Each product is below 2.6.
        Summand::Product => others.iter().fold(*first, |product, factor| multiply(&product, factor)),
        // The sum of the products of all but one is below 9, that of all times `h` below 2.
        Summand::LookupCells => {
            let mut all = others[0];
            let mut all_but_one = splat(&Scalar::ONE);
            for factor in &others[1..] {
                all_but_one = add(&multiply(&all_but_one, factor), &all);
                all = multiply(&all, factor);
            }
            product(first, &all).minus(&all_but_one).plus(&NINE).carried()
        }
    }
}

pub(super) fn round(
    _: Ifma,
    summand: Summand,
    factors: &[Halves<'_>],
    eq: Option<&[Fr]>,
    points: usize,
) -> Vec<Fr> {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn round(summand: Summand, factors: &[Halves<'_>], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
        let eights = factors[0][0].len() / 8;
        let count = factors.len();
        // Two products of `h` more than of the others: it has both divisions.
        let lift = splat(&scale(2));
        let mut sums = [SumOfLarge::new(); MAX_FACTORS + 1];
        let [mut at, mut step] = [[splat(&[0; 5]); MAX_FACTORS]; 2];
        let at = &mut at[..count];
        for i in 0..eights {
            let eight = |v: &[Fr]| load(&v.as_chunks().0[i]);
            for ((at, step), [low, high]) in at.iter_mut().zip(&mut step).zip(factors) {
                *at = eight(low);
                *step = subtract(&eight(high), at);
            }
            if summand == Summand::LookupCells {
                at[0] = multiply(&at[0], &lift);
                step[0] = multiply(&step[0], &lift);
            }
            let eq = match eq {
                Some(eq) => eight(eq),
                None => splat(&Scalar::ONE),
            };
            for (t, sum) in sums[..points].iter_mut().enumerate() {
                if t > 0 {
                    for (at, step) in at.iter_mut().zip(&step) {
                        *at = add(at, step);
                    }
                }
                sum.add(&evaluate(summand, at), &eq);
            }
        }
        // One multiplication less than factors, or three.
        let multiplications = match summand {
            Summand::Product => count,
            Summand::LookupCells => count - 2,
        };
        let scale = &SCALES[multiplications + usize::from(eq.is_some())];
        let rest: Vec<Halves<'_>> = factors.iter().map(|half| half.map(|v| &v[8 * eights..])).collect();
        let rest = words::round(summand, &rest, eq.map(|eq| &eq[8 * eights..]), points);
        sums.into_iter().zip(rest).map(|(sum, rest)| total(&sum.finish(scale)) + rest).collect()
    }
    // Without columns all that is left of a lookup is `h`.
    let summand = if factors.len() == 1 { Summand::Product } else { summand };
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { round(summand, factors, eq, points) }
}

pub(super) fn fold(_: Ifma, low: &mut [Fr], high: &[Fr], x: Fr) {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn fold(low: &mut [Fr], high: &[Fr], x: Fr) {
        let by = splat(&factor(x));
        let ((low, low_rest), (high, high_rest)) = (low.as_chunks_mut(), high.as_chunks());
        for (low, high) in low.iter_mut().zip(high) {
            let l = load(low);
            *low = scalars(&product(&subtract(&load(high), &l), &by).and(&l).canonical());
        }
        words::fold(low_rest, high_rest, x);
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { fold(low, high, x) }
}

pub(super) fn add_scaled(_: Ifma, out: &mut [Fr], values: &[Fr], scale: Fr) {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn add_scaled(out: &mut [Fr], values: &[Fr], scale: Fr) {
        let by = splat(&factor(scale));
        let ((out, out_rest), (values, values_rest)) = (out.as_chunks_mut(), values.as_chunks());
        for (out, values) in out.iter_mut().zip(values) {
            *out = scalars(&product(&load(values), &by).and(&load(out)).canonical());
        }
        words::add_scaled(out_rest, values_rest, scale);
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { add_scaled(out, values, scale) }
}

pub(super) fn split(_: Ifma, low: &mut [Fr], high: &mut [Fr], z: Fr) {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn split(low: &mut [Fr], high: &mut [Fr], z: Fr) {
        let by = splat(&factor(z));
        let ((low, low_rest), (high, high_rest)) = (low.as_chunks_mut(), high.as_chunks_mut());
        for (low, high) in low.iter_mut().zip(high) {
            let l = load(low);
            let h = below_one(&multiply(&l, &by));
            *high = scalars(&h);
            *low = scalars(&Loose::from(l).minus(&h).carried().plus_if_negative(&Scalar::P).carried());
        }
        words::split(low_rest, high_rest, z);
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { split(low, high, z) }
}

/// Parts of a slice that are gone down at once.
pub(super) const CHAINS: usize = 16;

/// The coefficients at one place of each chain.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn at(part: &[Fr], length: usize, place: usize) -> [Lanes; 2] {
    [0, 8].map(|first| array::from_fn(|i| part[(first + i) * length + place])).map(|eight| load(&eight))
}

/// What the chains come to at a place, from what they are above it.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn next(above: &[Lanes; 2], [a, b]: [Lanes; 2], by: &Lanes) -> [Lanes; 2] {
    [product(&above[0], by).and(&a).carried(), product(&above[1], by).and(&b).carried()]
}

/// For each of [`CHAINS`] parts of the slice, its value as a polynomial at `x`.
pub(super) fn horner(_: Ifma, part: &[Fr], x: Fr) -> [Fr; CHAINS] {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn horner(part: &[Fr], x: Fr) -> [Fr; CHAINS] {
        let by = splat(&factor(x));
        let length = part.len() / CHAINS;
        let mut values: [Lanes; 2] = [splat(&[0; 5]); 2];
        for place in (0..length).rev() {
            values = next(&values, at(part, length, place), &by);
        }
        let [a, b] = values.map(|value| scalars(&Loose::from(value).canonical()));
        array::from_fn(|i| if i < 8 { a[i] } else { b[i - 8] })
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { horner(part, x) }
}

/// [`super::suffixes`] of each of [`CHAINS`] parts of the slice, from what is beyond it.
pub(super) fn suffixes(_: Ifma, part: &mut [Fr], x: Fr, above: &[Fr; CHAINS]) {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn suffixes(part: &mut [Fr], x: Fr, above: &[Fr; CHAINS]) {
        let by = splat(&factor(x));
        let length = part.len() / CHAINS;
        let mut values = at(above, 1, 0);
        for place in (0..length).rev() {
            values = next(&values, at(part, length, place), &by);
            for (first, value) in [0, 8].into_iter().zip(values) {
                for (i, scalar) in scalars(&Loose::from(value).canonical()).into_iter().enumerate() {
                    part[(first + i) * length + place] = scalar;
                }
            }
        }
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { suffixes(part, x, above) }
}

/// Weights of rows, times 2^260, so that a sum is in Montgomery form with 2^256 once it is reduced; and what it begins
/// with, for what cells are moved by.
pub(super) struct Weights {
    lifted: Vec<Wide>,
    offset: Wide,
}

const TWO_260: Fr = Fr::new_unchecked(BigInt(power_of_two(&Scalar::WORDS, 516)));
const TWO_520: Wide = wide(&power_of_two(&Scalar::WORDS, 520));
const TWO_51: Fr = Fr::new_unchecked(BigInt(power_of_two(&Scalar::WORDS, 256 + 51)));

impl Weights {
    pub(super) fn new(_: Ifma, weights: &[Fr]) -> Self {
        let lift = |weight: Fr| wide(&(weight * TWO_260).0.0);
        let lifted = weights.par_iter().with_min_len(super::GRAIN).map(|weight| lift(*weight)).collect();
        Self { lifted, offset: lift(-super::total(weights) * TWO_51) }
    }
}

/// Columns that are worked on at once, in vectors.
const WIDTH: usize = 4;

/// Fewest columns that are worth a vector.
pub(super) const FEWEST: usize = 8;

/// `integers::combine`; nothing if a cell exceeds 51 bits, or there are few columns.
pub(super) fn combine(weights: &Weights, rows: &[&[i64]], columns: Range<usize>) -> Option<Vec<Fr>> {
    if columns.len() < FEWEST {
        return None;
    }
    let mut out = Vec::with_capacity(columns.len().next_multiple_of(8));
    while columns.len() > out.len() {
        let x = columns.start + out.len();
        if columns.end - x >= 8 * WIDTH {
            // SAFETY: there are `Weights`, so there was an `Ifma`, and the machine has the instructions.
            unsafe { block::<WIDTH>(rows, x, weights, &mut out)? };
        } else {
            // SAFETY: there are `Weights`, so there was an `Ifma`, and the machine has the instructions.
            unsafe { block::<1>(rows, x, weights, &mut out)? };
        }
    }
    out.truncate(columns.len());
    Some(out)
}

/// [`combine`] for `N` vectors of columns from `x` on.
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn block<const N: usize>(rows: &[&[i64]], x: usize, weights: &Weights, out: &mut Vec<Fr>) -> Option<()> {
    const MOST: usize = Integers::<Scalar>::MOST;
    let mut sums = [Integers::new(&splat::<Scalar>(&weights.offset)); N];
    for (rows, weights) in rows.chunks(MOST).zip(weights.lifted.chunks(MOST)) {
        for (row, weight) in rows.iter().zip(weights) {
            let mut padded = [[0; 8]; N];
            let cells = match row.get(x..x + 8 * N).and_then(|cells| cells.as_chunks().0.first_chunk::<N>()) {
                Some(cells) => cells,
                None => {
                    let cells = row.get(x..).unwrap_or_default();
                    padded.as_flattened_mut().iter_mut().zip(cells).for_each(|(slot, v)| *slot = *v);
                    &padded
                }
            };
            let weight = splat(weight);
            for (sum, cells) in sums.iter_mut().zip(cells) {
                sum.add(&weight, integers(cells));
            }
        }
        for sum in &mut sums {
            sum.carry();
        }
    }
    for sum in sums {
        let words = pack(&below_one(&sum.reduced()?)).map(|word| crossed_lanes(word));
        out.extend(stored(&words));
    }
    Some(())
}

/// `integers::dot`; nothing if a cell exceeds 51 bits.
pub(super) fn dot(_: Ifma, weights: &[Fr], cells: &[i64]) -> Option<Fr> {
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn dot(weights: &[Fr], cells: &[i64]) -> Option<Fr> {
        let ((weights, weights_rest), (cells, cells_rest)) = (weights.as_chunks(), cells.as_chunks());
        let zero = splat::<Scalar>(&[0; 5]);
        // With what the cells are moved by, and that alone.
        let [mut sum, mut moved] = [Integers::new(&zero); 2];
        for (weights, cells) in weights.iter().zip(cells) {
            let weights = load(weights);
            sum.add(&weights, crossed_lanes(integers(cells)));
            moved.add(&weights, integers(&[0; 8]));
        }
        let sum = Loose::from(sum.reduced()?).minus(&moved.reduced()?).plus(&Scalar::TWICE).carried();
        let sum = below_one(&multiply(&sum, &splat(&TWO_520)));
        Some(total(&sum) + super::integers::dot(weights_rest, cells_rest))
    }
    // SAFETY: there is an `Ifma`, so the machine has the instructions.
    unsafe { dot(weights, cells) }
}
