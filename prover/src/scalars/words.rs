//! In words, one scalar after another: what any machine can do.

use super::Halves;
use crate::backend::{MAX_FACTORS, Summand};
use ark_bn254::Fr;
use ark_ff::{One, Zero};

pub(super) fn inner(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).map(|(a, b)| *a * b).sum()
}

pub(super) fn round_product([al, ah]: Halves<'_>, [bl, bh]: Halves<'_>) -> [Fr; 2] {
    let mut sums = [Fr::zero(); 2];
    for (((al, ah), bl), bh) in al.iter().zip(ah).zip(bl).zip(bh) {
        sums[0] += *al * bl;
        sums[1] += (*ah - al) * (*bh - bl);
    }
    sums
}

pub(super) fn round_eq([low, high]: Halves<'_>, eq: &[Fr]) -> [Fr; 2] {
    let mut sums = [Fr::zero(); 2];
    for ((e, l), h) in eq.iter().zip(low).zip(high) {
        sums[0] += *e * l;
        sums[1] += *e * h;
    }
    sums
}

pub(super) fn round(summand: Summand, factors: &[Halves<'_>], eq: Option<&[Fr]>, points: usize) -> Vec<Fr> {
    let mut sums = vec![Fr::zero(); points];
    let mut at = [Fr::zero(); MAX_FACTORS];
    let mut step = [Fr::zero(); MAX_FACTORS];
    let n = factors.len();
    for i in 0..factors[0][0].len() {
        for (j, [low, high]) in factors.iter().enumerate() {
            at[j] = low[i];
            step[j] = high[i] - low[i];
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
}

pub(super) fn fold(low: &mut [Fr], high: &[Fr], x: Fr) {
    low.iter_mut().zip(high).for_each(|(l, h)| *l += x * (*h - *l));
}

pub(super) fn add_scaled(out: &mut [Fr], values: &[Fr], scale: Fr) {
    out.iter_mut().zip(values).for_each(|(out, v)| *out += scale * v);
}

pub(super) fn split(low: &mut [Fr], high: &mut [Fr], z: Fr) {
    for (l, h) in low.iter_mut().zip(high) {
        *h = *l * z;
        *l -= *h;
    }
}

pub(super) fn suffixes(c: &mut [Fr], x: Fr, mut above: Fr) {
    for c in c.iter_mut().rev() {
        *c += x * above;
        above = *c;
    }
}
