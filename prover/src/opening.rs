//! Opening one row: Mercury with the division checked in the exponent (`docs/protocol.md` 7).
//!
//! Cost for a row of `2^m`: one multi-scalar multiplication of that length, for `[q]`; all else is `O(2^(m/2))`
//! group and `O(2^m)` field operations.

use crate::Backend;
use crate::accumulate::add_scaled;
use crate::eq::eq_vector;
use ark_bn254::{Fr, G1Affine};
use ark_ec::CurveGroup;
use ark_ff::{Field, Zero};
use rayon::prelude::*;
#[cfg(test)]
use sumcast_verifier::mle;
use sumcast_verifier::opening::{BatchPoints, Opening, low_variables};
use sumcast_verifier::transcript::{Label, Transcript};

/// Opens the multilinear polynomial with values `f` at `y`, where it is `value`. The commitment and the value
/// are bound by the transcript already.
///
/// Returns `None` when a challenge hits one of the excluded values.
pub fn open(
    g1: &[G1Affine],
    f: &[Fr],
    y: &[Fr],
    value: Fr,
    transcript: &mut Transcript,
    backend: &dyn Backend,
) -> Option<Opening> {
    let commit = |coefficients: &[Fr]| backend.msm(g1, coefficients).into_affine();
    let t = low_variables(y.len());
    let b = 1usize << t;
    let (low, high) = (eq_vector(&y[..t]), eq_vector(&y[t..]));

    // Step 1.
    let h: Vec<Fr> = f.par_chunks(b).map(|row| row.iter().zip(&low).map(|(v, e)| *v * e).sum()).collect();
    let h_point = commit(&h);
    let zeta = transcript.points(Label::Halves, &[h_point]);

    // Step 2.
    let (q, g) = divide_by_power(f, b, zeta);
    let (q_point, g_point) = (commit(&q), commit(&g));
    let eta = transcript.points(Label::Quotient, &[q_point, g_point]);

    // Step 3.
    let s = product_remainder(&g, &low, &h, &high, eta);
    let d: Vec<Fr> = g.iter().rev().copied().collect();
    let (s_point, d_point) = (commit(&s), commit(&d));
    let z = transcript.points(Label::Products, &[s_point, d_point]);

    // Step 4.
    let inverse = z.inverse()?;
    let evaluations = [at(&g, z), at(&g, inverse), at(&h, z), at(&h, inverse), at(&h, zeta), at(&s, z)];
    let nu = transcript.scalars(Label::Evaluations, &evaluations);

    // Step 5.
    let batch = BatchPoints::new(&evaluations, y, value, zeta, eta, z)?;
    let polynomials = [&g, &h, &s, &d];
    let mut quotient = vec![Fr::zero(); polynomials.iter().map(|p| p.len()).max().unwrap_or(0)];
    let mut power = Fr::from(1u64);
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
    let batch_point = commit(&quotient);
    let w = transcript.points(Label::Batch, &[batch_point]);
    let at_w = batch.at(w)?;
    let mut linearised: Vec<Fr> = quotient.iter().map(|c| -batch.vanishing(w) * c).collect();
    let mut power = Fr::from(1u64);
    for (polynomial, (missing, interpolation)) in polynomials.iter().zip(at_w) {
        add_scaled(&mut linearised, polynomial, power * missing);
        linearised[0] -= power * missing * interpolation;
        power *= nu;
    }
    let batch_quotient = commit(&divide_by_root(&linearised, w));
    transcript.points(Label::BatchQuotient, &[batch_quotient]);
    Some(Opening {
        h: h_point,
        q: q_point,
        g: g_point,
        s: s_point,
        d: d_point,
        evaluations,
        batch: batch_point,
        batch_quotient,
    })
}

/// `f = q (X^b - zeta) + g`: Horner's rule over blocks of `b` coefficients.
fn divide_by_power(f: &[Fr], b: usize, zeta: Fr) -> (Vec<Fr>, Vec<Fr>) {
    let blocks = f.len() / b;
    let columns: Vec<Vec<Fr>> = (0..b)
        .into_par_iter()
        .with_min_len(16)
        .map(|j| {
            let mut carry = Fr::zero();
            (0..blocks)
                .rev()
                .map(|i| {
                    carry = f[i * b + j] + zeta * carry;
                    carry
                })
                .collect()
        })
        .collect();
    // columns[j] runs from the top block down; its last value is g_j, the others are q's.
    let g = columns.iter().map(|c| c[blocks - 1]).collect();
    let q = (0..(blocks - 1) * b)
        .into_par_iter()
        .with_min_len(1 << 10)
        .map(|k| columns[k % b][blocks - 2 - k / b])
        .collect();
    (q, g)
}

/// `S` of step 3: coefficient `k - 1` is that of `X^k` of the two products, for `k >= 1`.
fn product_remainder(g: &[Fr], low: &[Fr], h: &[Fr], high: &[Fr], eta: Fr) -> Vec<Fr> {
    let pair = |a: &[Fr], b: &[Fr], k: usize| -> Fr {
        let shifted = |a: &[Fr], b: &[Fr]| a[k.min(a.len())..].iter().zip(b).map(|(a, b)| *a * b).sum::<Fr>();
        shifted(a, b) + shifted(b, a)
    };
    (1..g.len().max(h.len()))
        .into_par_iter()
        .with_min_len(4)
        .map(|k| pair(g, low, k) + eta * pair(h, high, k))
        .collect()
}

/// The quotient by `X - root`, the remainder dropped.
fn divide_by_root(polynomial: &[Fr], root: Fr) -> Vec<Fr> {
    let mut carry = Fr::zero();
    let mut out: Vec<Fr> = polynomial
        .iter()
        .skip(1)
        .rev()
        .map(|c| {
            carry = *c + root * carry;
            carry
        })
        .collect();
    out.reverse();
    out
}

fn at(polynomial: &[Fr], x: Fr) -> Fr {
    polynomial.iter().rev().fold(Fr::zero(), |acc, c| acc * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cpu;
    use sumcast_params::Srs;
    use sumcast_verifier::vk::{SrsKind, SrsPoints};
    use sumcast_verifier::{Statement, opening::verify};

    #[test]
    fn rows_of_every_length_open() {
        let srs = Srs::development(7, &mut rand::rng());
        for m in 2..=7u32 {
            let f: Vec<Fr> = (0..1u64 << m).map(|i| Fr::from(i * i + 7 * i + 3).pow([5])).collect();
            let y: Vec<Fr> = (0..u64::from(m)).map(|k| Fr::from(k + 2).pow([77])).collect();
            let value = mle::evaluate(f.clone(), &y);
            let commitment = Cpu.msm(srs.g1(), &f).into_affine();
            let statement = Statement { context: [0; 32], public: vec![] };
            let start = || Transcript::new(&[0; 32], &statement);
            let opening = open(srs.g1(), &f, &y, value, &mut start(), &Cpu).unwrap();
            let points = SrsPoints {
                kind: SrsKind::Development,
                tau: srs.tau_g2(0).unwrap(),
                tau_b: srs.tau_g2(m / 2).unwrap(),
            };
            let check = |value, opening: &Opening| {
                let commitment = std::iter::once((commitment, Fr::from(1u64)));
                verify(&points, commitment, &y, value, opening, &mut start())
            };
            assert_eq!(check(value, &opening), Ok(()), "2^{m}");
            assert!(check(value + Fr::from(1u64), &opening).is_err());
            for i in 0..6 {
                let mut wrong = opening.clone();
                wrong.evaluations[i] += Fr::from(1u64);
                assert!(check(value, &wrong).is_err());
            }
            // A wrong value, honestly continued.
            let wrong = open(srs.g1(), &f, &y, value + Fr::from(1u64), &mut start(), &Cpu).unwrap();
            assert!(check(value + Fr::from(1u64), &wrong).is_err());
        }
    }
}
