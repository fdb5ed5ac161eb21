//! Opening one row: Mercury, with a mask (`docs/protocol.md` 7).
//!
//! What is opened are the folded rows with their tails, which make every message of the opening uniform, and the mask.
//!
//! Cost for a row of `2^m`: two multi-scalar multiplications of that length, `[q]` and that of `F / (X - z)`; all else
//! is `O(2^(m/2))` group and `O(2^m)` field operations.

use crate::Backend;
use crate::channel::Channel;
use crate::eq::eq_vector;
use crate::scalars::{add_scaled, inner, suffixes};
use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::{Field, One, Zero};
use rayon::prelude::*;
#[cfg(test)]
use sumcast_verifier::mle;
use sumcast_verifier::opening::{BatchPoints, Claimed, Opening, denominators, low_variables};
use sumcast_verifier::transcript::Label;

/// Opens the polynomial `f`, values of a multilinear polynomial and a tail beyond them, and the mask `u`, of which
/// `claimed` holds. The commitments and the value are bound by the transcript already.
///
/// Returns `None` when a challenge hits one of the excluded values.
pub(crate) fn open(
    g1: &[G1Affine],
    f: &[Fr],
    u: &[Fr],
    claimed: Claimed<'_>,
    channel: &mut Channel<'_>,
    backend: &dyn Backend,
) -> Option<Opening> {
    let commit = |coefficients: &[Fr]| backend.msm(g1, coefficients).into_affine();
    let pair = |a: &[Fr], b: &[Fr]| <[G1Affine; 2]>::from(rayon::join(|| commit(a), || commit(b)));
    let y = claimed.y;
    let t = low_variables(y.len());
    let b = 1usize << t;
    let (low, high) = (eq_vector(&y[..t]), eq_vector(&y[t..]));

    // Step 1.
    let h: Vec<Fr> = f.par_chunks(b).map(|row| inner(row, &low)).collect();
    let ([h_point], zeta) = channel.points(Label::Halves, [commit(&h)]);

    // Step 2.
    let (q, g) = divide_by_power(f, b, zeta);
    let ([q_point, g_point], eta) = channel.points(Label::Quotient, pair(&q, &g));

    // Step 3.
    let s = product_remainder([(&g, &low), (&h, &high), (u, claimed.weights)], eta);
    let d: Vec<Fr> = g.iter().rev().copied().collect();
    let ([s_point, d_point], z) = channel.points(Label::Products, pair(&s, &d));

    // Step 4.
    let inverse = z.inverse()?;
    let evaluations = [
        at(&g, z),
        at(&g, inverse),
        at(&h, z),
        at(&h, inverse),
        at(&h, zeta),
        at(&s, z),
        at(u, z),
        at(u, inverse),
    ];
    let (evaluations, nu) = channel.scalars(Label::Evaluations, evaluations);

    // Step 5. What is opened at z alone, `F`, is as long as `f`; its quotient is all it adds to both points.
    let batch = BatchPoints::new(&evaluations, claimed, zeta, eta, z)?;
    let long = commit(&divide_by_root(&vanishing(f, &q, &g, batch.power - zeta), z));
    let polynomials = [&g, &h, &s, &d, u];
    let mut quotient = vec![Fr::zero(); polynomials.iter().map(|p| p.len()).max().unwrap_or(0)];
    let mut power = Fr::one();
    for (polynomial, values) in polynomials.iter().zip(&batch.values) {
        let mut part = polynomial.to_vec();
        for (p, v) in batch.points.iter().zip(values) {
            if v.is_some() {
                part = divide_by_root(&part, *p);
            }
        }
        add_scaled(&mut quotient, &part, power);
        power *= nu;
    }
    let long = long * power;
    let ([batch_point], w) = channel.points(Label::Batch, [(long + commit(&quotient)).into_affine()]);
    let at_w = batch.at(w)?;
    let mut linearised: Vec<Fr> = quotient.iter().map(|c| -*c).collect();
    let mut power = Fr::one();
    for (polynomial, (inverse, interpolation)) in polynomials.iter().zip(at_w) {
        add_scaled(&mut linearised, polynomial, power * inverse);
        linearised[0] -= power * inverse * interpolation;
        power *= nu;
    }
    let [.., (from_z, _)] = at_w;
    let batch_quotient = long * from_z + commit(&divide_by_root(&linearised, w));
    let ([batch_quotient], _) = channel.points(Label::BatchQuotient, [batch_quotient.into_affine()]);
    let ([inverse], _) = channel.scalars(Label::Inverse, [denominators(zeta, z, w).inverse()?]);
    Some(Opening {
        h: h_point,
        q: q_point,
        g: g_point,
        s: s_point,
        d: d_point,
        evaluations,
        batch: batch_point,
        batch_quotient,
        inverse,
    })
}

/// Fewest columns of a strip: two cache lines of each block.
const STRIP: usize = 4;

/// `f = q (X^b - zeta) + g`: Horner's rule over blocks of `b` coefficients, a strip of their columns for each thread.
fn divide_by_power(f: &[Fr], b: usize, zeta: Fr) -> (Vec<Fr>, Vec<Fr>) {
    let mut q = f[b..].to_vec();
    let width = b.div_ceil(rayon::current_num_threads()).max(STRIP);
    let mut strips: Vec<Vec<&mut [Fr]>> = Vec::new();
    strips.resize_with(b.div_ceil(width), Vec::new);
    for block in q.chunks_mut(b) {
        strips.iter_mut().zip(block.chunks_mut(width)).for_each(|(strip, part)| strip.push(part));
    }
    strips.into_par_iter().for_each(|strip| {
        let mut above: &[Fr] = &[];
        for part in strip.into_iter().rev() {
            add_scaled(part, above, zeta);
            above = part;
        }
    });
    let mut g = f[..b].to_vec();
    add_scaled(&mut g, &q, zeta);
    (q, g)
}

/// `F` of step 5: `f - scale q - g`.
fn vanishing(f: &[Fr], q: &[Fr], g: &[Fr], scale: Fr) -> Vec<Fr> {
    let mut out = f.to_vec();
    out.iter_mut().zip(g).for_each(|(out, g)| *out -= g);
    add_scaled(&mut out, q, -scale);
    out
}

/// `S` of step 3: coefficient `k - 1` is that of `X^k` of the products of pairs, for `k >= 1`, the first pair's plus
/// `eta` times the others'.
fn product_remainder(pairs: [(&[Fr], &[Fr]); 3], eta: Fr) -> Vec<Fr> {
    let pair = |(a, b): (&[Fr], &[Fr]), k: usize| -> Fr {
        let shifted = |a: &[Fr], b: &[Fr]| inner(&a[k.min(a.len())..], b);
        shifted(a, b) + shifted(b, a)
    };
    let [first, second, third] = pairs;
    (1..pairs.iter().map(|(a, b)| a.len().max(b.len())).max().unwrap_or(0))
        .into_par_iter()
        .with_min_len(4)
        .map(|k| pair(first, k) + eta * (pair(second, k) + pair(third, k)))
        .collect()
}

/// The quotient by `X - root`, the remainder dropped.
fn divide_by_root(polynomial: &[Fr], root: Fr) -> Vec<Fr> {
    let mut out = polynomial.get(1..).unwrap_or_default().to_vec();
    suffixes(&mut out, root, Fr::zero());
    out
}

fn at(polynomial: &[Fr], x: Fr) -> Fr {
    polynomial.iter().rev().fold(Fr::zero(), |acc, c| acc * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Cpu, Honest};
    use sumcast_params::Srs;
    use sumcast_verifier::transcript::Transcript;
    use sumcast_verifier::vk::{SrsKind, SrsPoints};
    use sumcast_verifier::{Statement, opening::verify};

    #[test]
    fn rows_of_every_length_open() {
        let srs = Srs::development(9, &mut rand::rng());
        for m in 2..=7u32 {
            let f: Vec<Fr> = (0..1u64 << m).map(|i| Fr::from(i * i + 7 * i + 3).pow([5])).collect();
            let y: Vec<Fr> = (0..u64::from(m)).map(|k| Fr::from(k + 2).pow([77])).collect();
            let random = |n: u64| -> Vec<Fr> { (0..n).map(|i| Fr::from(i + 11).pow([91])).collect() };
            let (u, weights) = (random(29), random(26));
            let masked: Fr = u.iter().zip(&weights).map(|(u, w)| *u * w).sum();
            let value = mle::evaluate(f.clone(), &y) + masked;
            // Three blocks of tail, which no value sees.
            let b = 1u64 << (m / 2);
            let f: Vec<Fr> = f.into_iter().chain(random(3 * b)).collect();
            let commitment = Cpu.msm(srs.g1(), &f).into_affine();
            let mask = Cpu.msm(srs.g1(), &u).into_affine();
            let statement = Statement { context: [0; 32], tensors: vec![] };
            let start = || Transcript::new(&[0; 32], &[], &statement);
            let claimed = |value| Claimed { y: &y, weights: &weights, value };
            let open = |value| {
                let mut conduct = Honest;
                let mut channel = Channel { transcript: start(), conduct: &mut conduct };
                open(srs.g1(), &f, &u, claimed(value), &mut channel, &Cpu).unwrap()
            };
            let opening = open(value);
            let points = SrsPoints { kind: SrsKind::Development, tau: srs.tau() };
            let check = |value, opening: &Opening| {
                let commitment = std::iter::once((commitment, Fr::from(1u64)));
                verify(&points, commitment, mask, claimed(value), opening, &mut start())
            };
            assert_eq!(check(value, &opening), Ok(()), "2^{m}");
            assert!(check(value + Fr::from(1u64), &opening).is_err());
            for i in 0..8 {
                let mut wrong = opening.clone();
                wrong.evaluations[i] += Fr::from(1u64);
                assert!(check(value, &wrong).is_err());
            }
            let mut wrong = opening.clone();
            wrong.inverse += Fr::from(1u64);
            assert!(check(value, &wrong).is_err());
            // A wrong value, honestly continued.
            let wrong = open(value + Fr::from(1u64));
            assert!(check(value + Fr::from(1u64), &wrong).is_err());
        }
    }
}
