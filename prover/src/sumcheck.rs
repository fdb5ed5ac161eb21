//! S1: one sumcheck over all constraints (`docs/protocol.md` 5).
//!
//! The factor `eq` is never folded: while variable `k` is bound, its part over the variables below is a level of a
//! pyramid that all constraints share, its part over the variables above a scalar (Gruen's split).
//!
//! The masks of the claims vanish on the cube, so they are met in the last round alone.

use crate::backend::{Backend, Summand};
use crate::eq::eq_pyramid;
use crate::factors::Factors;
use crate::mask::{Masking, Masks};
use crate::scalars::{self, add_scaled};
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
    /// What each factor has of `x_0 (1 - x_0)` besides.
    pub(crate) masks: Vec<Fr>,
}

impl Instance {
    /// Degree of the summand in each variable, without `eq`.
    fn degree(&self) -> usize {
        self.masks.len()
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
struct Running<'a> {
    /// Without its factors.
    instance: Instance,
    factors: Box<dyn Factors + 'a>,
    /// Its whole sum, needed while it waits to join.
    waiting: Fr,
    /// `prod (1 - x_k)` over the variables it has waited for.
    late: Fr,
    /// `prod eq(tau_k, x_k)` over its variables bound so far.
    eq_bound: Fr,
}

/// What S1 leaves: its messages, its point, and the factors of every instance and the mask there.
#[derive(Debug)]
pub(crate) struct Transcribed {
    pub(crate) rounds: Vec<RoundPolynomial>,
    pub(crate) point: Vec<Fr>,
    /// Masked.
    pub(crate) factors: Vec<Vec<Fr>>,
    /// The mask of the messages at the point.
    pub(crate) mask: Fr,
}

/// Runs S1; `challenge` absorbs a round and gives its challenge. `degrees` are those of the messages.
///
/// Returns `None` if the sums do not add up to `claim`, unless `insist`: the cells do not satisfy the relation.
#[expect(clippy::too_many_arguments, reason = "each is one thing S1 is about")]
pub(crate) fn run(
    instances: Vec<Instance>,
    degrees: &[usize],
    tau: &[Fr],
    claim: Fr,
    masks: Masks<'_>,
    insist: bool,
    backend: &dyn Backend,
    mut challenge: impl FnMut(&mut [Fr]) -> Fr,
) -> Option<Transcribed> {
    let pyramid = eq_pyramid(tau);
    let rounds = degrees.len() as u8;
    let most = instances.iter().map(Instance::degree).max().unwrap_or(0);
    let interpolations: Vec<Interpolation> = (0..=most).map(Interpolation::new).collect();
    let mut masking = Masking::new(masks);
    let mut running: Vec<Running<'_>> = instances
        .into_iter()
        .map(|mut instance| {
            let waiting = if instance.vars < rounds { sum(&instance, &pyramid) } else { Fr::zero() };
            let factors = backend.hold(std::mem::take(&mut instance.factors));
            Running { instance, factors, waiting, late: Fr::one(), eq_bound: Fr::one() }
        })
        .collect();
    let mut claim = claim;
    let mut out = Transcribed {
        rounds: Vec::new(),
        point: vec![Fr::zero(); rounds.into()],
        factors: Vec::new(),
        mask: Fr::zero(),
    };
    for (k, degree) in (0..usize::from(rounds)).rev().zip(degrees.iter().copied()) {
        let mut polynomial = vec![Fr::zero(); degree + 1];
        masking.round(k, degree, &mut polynomial);
        for r in &running {
            if k == 0 {
                last_round(r, tau, &mut polynomial);
                continue;
            }
            if usize::from(r.instance.vars) <= k {
                let value = r.late * r.waiting;
                polynomial[0] += value;
                polynomial[1] -= value;
                continue;
            }
            round(r, k, tau, &pyramid, &interpolations, &mut polynomial);
        }
        if polynomial[0] + polynomial.iter().sum::<Fr>() != claim && !insist {
            return None;
        }
        let mut sent: Vec<Fr> =
            polynomial.iter().enumerate().filter(|(i, _)| *i != 1).map(|(_, c)| *c).collect();
        let x = challenge(&mut sent);
        claim = polynomial.iter().rev().fold(Fr::zero(), |acc, c| acc * x + c);
        out.rounds.push(RoundPolynomial { coefficients: sent });
        out.point[k] = x;
        masking.bind(degree, x);
        for r in &mut running {
            if usize::from(r.instance.vars) <= k {
                r.late *= Fr::one() - x;
            } else {
                let ab = tau.get(k).map_or_else(Fr::zero, |t| *t * x);
                r.eq_bound *= tau.get(k).map_or_else(Fr::one, |t| Fr::one() - t - x + ab + ab);
                r.factors.fold(x);
            }
        }
    }
    let x = out.point[0];
    let vanishing = x * (Fr::one() - x);
    let ends = |r: Running<'_>| {
        let factors = r.factors.values();
        factors.iter().zip(&r.instance.masks).map(|(f, mask)| f[0] + vanishing * mask).collect()
    };
    out.factors = running.into_iter().map(ends).collect();
    out.mask = masking.value();
    Some(out)
}

/// An instance's whole sum.
fn sum(instance: &Instance, pyramid: &[Vec<Fr>]) -> Fr {
    // The sum of a round at 0, whatever is at 1.
    let factors: Vec<_> = instance.factors.iter().map(|f| [f.as_slice(); 2]).collect();
    let eq = instance.eq.then(|| pyramid[usize::from(instance.vars)].as_slice());
    let total = scalars::round(instance.summand, &factors, eq, 1)[0];
    let linear = if instance.linear.is_zero() { Fr::zero() } else { scalars::total(&instance.factors[0]) };
    instance.scale * total + instance.linear * linear
}

/// Adds the polynomial of an instance that has joined.
fn round(
    r: &Running<'_>,
    k: usize,
    tau: &[Fr],
    pyramid: &[Vec<Fr>],
    interpolations: &[Interpolation],
    out: &mut [Fr],
) {
    let instance = &r.instance;
    let eq = instance.eq.then(|| pyramid[k].as_slice());
    let values = r.factors.round(instance.summand, eq, instance.degree() + 1);
    let mut coefficients = interpolations[instance.degree()].coefficients(&values);
    if instance.eq {
        let t = tau[k];
        coefficients = multiply(&coefficients, &[Fr::one() - t, t + t - Fr::one()]);
    }
    let bound = if instance.eq { r.eq_bound } else { Fr::one() };
    add_scaled(out, &coefficients, r.late * instance.scale * bound);
    if !instance.linear.is_zero() {
        let [low, high] = r.factors.halves();
        add_scaled(out, &[low, high - low], r.late * instance.linear);
    }
}

/// Adds the polynomial of an instance in variable 0, where its factors are quadratic.
fn last_round(r: &Running<'_>, tau: &[Fr], out: &mut [Fr]) {
    let instance = &r.instance;
    let factors: Vec<Vec<Fr>> = r
        .factors
        .values()
        .iter()
        .zip(&instance.masks)
        .map(|(f, mask)| {
            let step = f.get(1).map_or_else(Fr::zero, |high| *high - f[0]);
            vec![f[0], step + mask, -*mask]
        })
        .collect();
    let mut summed = match instance.summand {
        Summand::Product => factors.iter().skip(1).fold(factors[0].clone(), |acc, f| multiply(&acc, f)),
        Summand::LookupCells => {
            let none = (vec![Fr::one()], vec![Fr::zero()]);
            let (product, derivative) = factors[1..].iter().fold(none, |(product, derivative), f| {
                let mut next = multiply(&derivative, f);
                add_scaled(&mut next, &product, Fr::one());
                (multiply(&product, f), next)
            });
            let mut value = multiply(&factors[0], &product);
            add_scaled(&mut value, &derivative, -Fr::one());
            value
        }
    };
    let mut linear = factors[0].clone();
    if instance.vars == 0 {
        let late = [Fr::one(), -Fr::one()];
        (summed, linear) = (multiply(&summed, &late), multiply(&linear, &late));
    } else if instance.eq {
        summed = multiply(&summed, &[Fr::one() - tau[0], tau[0] + tau[0] - Fr::one()]);
    }
    let bound = if instance.eq { r.eq_bound } else { Fr::one() };
    add_scaled(out, &summed, r.late * instance.scale * bound);
    add_scaled(out, &linear, r.late * instance.linear);
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
            [(6u8, true, 2usize), (4, false, 3), (0, true, 1), (2, true, 2), (0, false, 2)]
                .iter()
                .enumerate()
                .map(|(i, (vars, eq, n))| Instance {
                    vars: *vars,
                    summand: if i == 0 { Summand::LookupCells } else { Summand::Product },
                    eq: *eq,
                    scale: Fr::from(i as u64 + 2),
                    linear: if i == 0 { Fr::from(9u64) } else { Fr::zero() },
                    factors: (0..*n).map(|j| vector(1 << vars, (i * 10 + j) as u64 + 1)).collect(),
                    masks: vector(*n, 77 + i as u64),
                })
                .collect::<Vec<_>>()
        };
        let degrees = [4, 4, 4, 4, 4, 7];
        let cells = vector(degrees.iter().sum(), 1234);
        let masks = Masks { sum: Fr::from(987u64), rounds: &cells };
        let pyramid = eq_pyramid(&tau);
        // The masks have no part in the sum, but for what they are said to add.
        let claim = build().iter().map(|i| sum(i, &pyramid)).sum::<Fr>() + masks.sum;
        let mut n = 7u64;
        let mut challenge = |_: &mut [Fr]| {
            n += 13;
            Fr::from(n).square()
        };
        let done = run(build(), &degrees, &tau, claim, masks, false, &Cpu, &mut challenge).unwrap();
        let (mut last, mut n) = (claim, 7u64);
        for r in &done.rounds {
            n += 13;
            last = r.next_claim(last, Fr::from(n).square());
        }
        let x = &done.point;
        let vanishing = x[0] * (Fr::one() - x[0]);
        for (instance, ends) in build().iter().zip(&done.factors) {
            for ((factor, mask), end) in instance.factors.iter().zip(&instance.masks).zip(ends) {
                let point = &x[..instance.vars.into()];
                let value = sumcast_verifier::mle::evaluate(factor.clone(), point);
                assert_eq!(value + vanishing * mask, *end);
            }
        }
        let expected: Fr = build()
            .iter()
            .zip(&done.factors)
            .map(|(i, at)| {
                let vars = usize::from(i.vars);
                let late: Fr = x[vars..].iter().map(|x| Fr::one() - x).product();
                let eq = if i.eq { sumcast_verifier::mle::eq(&tau[..vars], &x[..vars]) } else { Fr::one() };
                late * (i.scale * eq * i.summand.evaluate(at) + i.linear * at[0])
            })
            .sum();
        assert_eq!(last, expected + done.mask);
        let wrong = claim + Fr::one();
        assert!(run(build(), &degrees, &tau, wrong, masks, false, &Cpu, &mut challenge).is_none());
        assert!(run(build(), &degrees, &tau, wrong, masks, true, &Cpu, challenge).is_some());
    }
}
