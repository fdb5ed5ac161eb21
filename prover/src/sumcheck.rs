//! S1: one sumcheck over all constraints (`docs/protocol.md` 5).
//!
//! The factor `eq` is never folded: while variable `k` is bound, its part over the variables below is a level of a
//! pyramid that all constraints share, its part over the variables above a scalar (Gruen's split).

use crate::accumulate::add_scaled;
use crate::backend::{Backend, Summand};
use crate::eq::eq_pyramid;
use ark_bn254::Fr;
use ark_ff::{Field, One, Zero};
use sumcast_verifier::RoundPolynomial;

/// A sum over a cube of `2^vars`: `scale [eq] summand(factors) + linear factors[0]`.
#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) vars: u8,
    pub(crate) summand: Summand,
    pub(crate) eq: bool,
    pub(crate) scale: Fr,
    pub(crate) linear: Fr,
    pub(crate) factors: Vec<Vec<Fr>>,
}

impl Instance {
    /// Degree of the summand in each variable, without `eq`.
    fn degree(&self) -> usize {
        self.factors.len()
    }
}

/// Interpolation from the points `0, .., d` to coefficients.
#[derive(Debug)]
struct Interpolation {
    /// `matrix[i]`: the coefficients of the Lagrange polynomial of point `i`.
    matrix: Vec<Vec<Fr>>,
}

impl Interpolation {
    fn new(degree: usize) -> Self {
        let points: Vec<Fr> = (0..=degree as u64).map(Fr::from).collect();
        let lagrange = |i: usize| {
            let mut coefficients = vec![Fr::one()];
            for (j, p) in points.iter().enumerate().filter(|(j, _)| *j != i) {
                let scale = (points[i] - points[j]).inverse().unwrap_or_default();
                coefficients = multiply(&coefficients, &[-*p * scale, scale]);
            }
            coefficients
        };
        Self { matrix: (0..=degree).map(lagrange).collect() }
    }

    fn coefficients(&self, values: &[Fr]) -> Vec<Fr> {
        let mut out = vec![Fr::zero(); values.len()];
        for (value, row) in values.iter().zip(&self.matrix) {
            for (slot, c) in out.iter_mut().zip(row) {
                *slot += *value * c;
            }
        }
        out
    }
}

fn multiply(a: &[Fr], b: &[Fr]) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += *x * y;
        }
    }
    out
}

/// An instance on its way through the rounds.
#[derive(Debug)]
struct Running {
    instance: Instance,
    /// Its whole sum, needed while it waits to join.
    waiting: Fr,
    /// `prod (1 - x_k)` over the variables it has waited for.
    late: Fr,
    /// `prod eq(tau_k, x_k)` over its variables bound so far.
    eq_bound: Fr,
}

/// What S1 leaves: its messages, its point, and the factors of every instance there.
#[derive(Debug)]
pub(crate) struct Transcribed {
    pub(crate) rounds: Vec<RoundPolynomial>,
    pub(crate) point: Vec<Fr>,
    pub(crate) factors: Vec<Vec<Fr>>,
}

/// Runs S1; `challenge` absorbs a round and gives its challenge. `degree` is that of the messages.
///
/// Returns `None` if the sums do not add up to `claim`: the cells do not satisfy the relation.
pub(crate) fn run(
    instances: Vec<Instance>,
    rounds: u8,
    degree: usize,
    tau: &[Fr],
    claim: Fr,
    backend: &dyn Backend,
    mut challenge: impl FnMut(&[Fr]) -> Fr,
) -> Option<Transcribed> {
    let pyramid = eq_pyramid(tau);
    let interpolations: Vec<Interpolation> = (0..=degree).map(Interpolation::new).collect();
    let mut running: Vec<Running> = instances
        .into_iter()
        .map(|instance| {
            let waiting = if instance.vars < rounds { sum(&instance, &pyramid) } else { Fr::zero() };
            Running { instance, waiting, late: Fr::one(), eq_bound: Fr::one() }
        })
        .collect();
    let mut claim = claim;
    let mut out =
        Transcribed { rounds: Vec::new(), point: vec![Fr::zero(); rounds.into()], factors: Vec::new() };
    for k in (0..usize::from(rounds)).rev() {
        let mut polynomial = vec![Fr::zero(); degree + 1];
        for r in &running {
            if usize::from(r.instance.vars) <= k {
                let value = r.late * r.waiting;
                polynomial[0] += value;
                polynomial[1] -= value;
                continue;
            }
            round(r, k, tau, &pyramid, &interpolations, backend, &mut polynomial);
        }
        if polynomial[0] + polynomial.iter().sum::<Fr>() != claim {
            return None;
        }
        let sent: Vec<Fr> = polynomial.iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, c)| *c).collect();
        let x = challenge(&sent);
        claim = polynomial.iter().rev().fold(Fr::zero(), |acc, c| acc * x + c);
        out.rounds.push(RoundPolynomial { coefficients: sent });
        out.point[k] = x;
        for r in &mut running {
            if usize::from(r.instance.vars) <= k {
                r.late *= Fr::one() - x;
            } else {
                let ab = tau.get(k).map_or_else(Fr::zero, |t| *t * x);
                r.eq_bound *= tau.get(k).map_or_else(Fr::one, |t| Fr::one() - t - x + ab + ab);
                for factor in &mut r.instance.factors {
                    backend.fold(factor, x);
                }
            }
        }
    }
    let ends = |r: Running| r.instance.factors.iter().map(|f| f[0]).collect();
    out.factors = running.into_iter().map(ends).collect();
    Some(out)
}

/// An instance's whole sum.
fn sum(instance: &Instance, pyramid: &[Vec<Fr>]) -> Fr {
    let mut values = vec![Fr::zero(); instance.factors.len()];
    let mut total = Fr::zero();
    for i in 0..1usize << instance.vars {
        for (slot, f) in values.iter_mut().zip(&instance.factors) {
            *slot = f[i];
        }
        let value = instance.summand.evaluate(&values);
        total += if instance.eq { value * pyramid[usize::from(instance.vars)][i] } else { value };
    }
    let linear = if instance.linear.is_zero() { Fr::zero() } else { instance.factors[0].iter().sum() };
    instance.scale * total + instance.linear * linear
}

/// Adds the polynomial of an instance that has joined.
fn round(
    r: &Running,
    k: usize,
    tau: &[Fr],
    pyramid: &[Vec<Fr>],
    interpolations: &[Interpolation],
    backend: &dyn Backend,
    out: &mut [Fr],
) {
    let instance = &r.instance;
    let factors: Vec<&[Fr]> = instance.factors.iter().map(Vec::as_slice).collect();
    let eq = instance.eq.then(|| pyramid[k].as_slice());
    let values = backend.round(instance.summand, &factors, eq, instance.degree() + 1);
    let mut coefficients = interpolations[instance.degree()].coefficients(&values);
    if instance.eq {
        let t = tau[k];
        coefficients = multiply(&coefficients, &[Fr::one() - t, t + t - Fr::one()]);
    }
    let bound = if instance.eq { r.eq_bound } else { Fr::one() };
    add_scaled(out, &coefficients, r.late * instance.scale * bound);
    if !instance.linear.is_zero() {
        let (low, high) = factors[0].split_at(factors[0].len() / 2);
        let (low, high): (Fr, Fr) = (low.iter().sum(), high.iter().sum());
        add_scaled(out, &[low, high - low], r.late * instance.linear);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Cpu;

    fn vector(len: usize, seed: u64) -> Vec<Fr> {
        (0..len as u64).map(|i| Fr::from((i + seed) * (i + 3) * seed + 1).square()).collect()
    }

    #[test]
    fn sums_of_different_sizes_end_at_suffixes_of_one_point() {
        let tau = vector(6, 5);
        let build = || {
            [(6u8, true, 2usize), (4, false, 3), (0, true, 1), (2, true, 2)]
                .iter()
                .enumerate()
                .map(|(i, (vars, eq, n))| Instance {
                    vars: *vars,
                    summand: if i == 0 { Summand::LookupCells } else { Summand::Product },
                    eq: *eq,
                    scale: Fr::from(i as u64 + 2),
                    linear: if i == 0 { Fr::from(9u64) } else { Fr::zero() },
                    factors: (0..*n).map(|j| vector(1 << vars, (i * 10 + j) as u64 + 1)).collect(),
                })
                .collect::<Vec<_>>()
        };
        let pyramid = eq_pyramid(&tau);
        let claim: Fr = build().iter().map(|i| sum(i, &pyramid)).sum();
        let mut n = 7u64;
        let mut challenge = |_: &[Fr]| {
            n += 13;
            Fr::from(n).square()
        };
        let done = run(build(), 6, 4, &tau, claim, &Cpu, &mut challenge).unwrap();
        let (mut claim, mut n) = (claim, 7u64);
        for r in &done.rounds {
            n += 13;
            claim = r.next_claim(claim, Fr::from(n).square());
        }
        let x = &done.point;
        for (instance, ends) in build().iter().zip(&done.factors) {
            for (factor, end) in instance.factors.iter().zip(ends) {
                let point = &x[..instance.vars.into()];
                assert_eq!(sumcast_verifier::mle::evaluate(factor.clone(), point), *end);
            }
        }
        let expected: Fr = build()
            .iter()
            .map(|i| {
                let vars = usize::from(i.vars);
                let at: Vec<Fr> = i
                    .factors
                    .iter()
                    .map(|f| sumcast_verifier::mle::evaluate(f.clone(), &x[..vars]))
                    .collect();
                let late: Fr = x[vars..].iter().map(|x| Fr::one() - x).product();
                let eq = if i.eq { sumcast_verifier::mle::eq(&tau[..vars], &x[..vars]) } else { Fr::one() };
                late * (i.scale * eq * i.summand.evaluate(&at) + i.linear * at[0])
            })
            .sum();
        assert_eq!(claim, expected);
        assert!(run(build(), 6, 4, &tau, claim + Fr::one(), &Cpu, challenge).is_none());
    }
}
