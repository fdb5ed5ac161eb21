//! The opening of one multilinear polynomial: Mercury, with a mask (`docs/protocol.md` 7).

use crate::encoding::{Reader, point_bytes, scalar_bytes};
use crate::transcript::{Label, Transcript};
use crate::vk::SrsPoints;
use crate::{Check, DecodeError, Fr, G1Affine, G2Affine, VerifyError, mask, mle};
use ark_bn254::{Bn254, G1Projective};
use ark_ec::{AffineRepr, CurveGroup, VariableBaseMSM, pairing::Pairing};
use ark_ff::{Field, One, Zero};

/// The messages of the opening.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// `[h]`.
    pub h: G1Affine,
    /// `[q]`.
    pub q: G1Affine,
    /// `[g]`.
    pub g: G1Affine,
    /// `[S]`.
    pub s: G1Affine,
    /// `[Dg]`.
    pub d: G1Affine,
    /// `g(z), g(1/z), h(z), h(1/z), h(zeta), S(z), u(z), u(1/z)`.
    pub evaluations: [Fr; 8],
    /// `[B]`.
    pub batch: G1Affine,
    /// `[B']`.
    pub batch_quotient: G1Affine,
    /// `j`.
    pub inverse: Fr,
}

impl Opening {
    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (h, q, g, s, d) = (r.point()?, r.point()?, r.point()?, r.point()?, r.point()?);
        let mut evaluations = [Fr::zero(); 8];
        for slot in &mut evaluations {
            *slot = r.scalar()?;
        }
        let (batch, batch_quotient, inverse) = (r.point()?, r.point()?, r.scalar()?);
        Ok(Self { h, q, g, s, d, evaluations, batch, batch_quotient, inverse })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.extend([self.h, self.q, self.g, self.s, self.d].iter().flat_map(point_bytes));
        out.extend(self.evaluations.iter().flat_map(scalar_bytes));
        out.extend([self.batch, self.batch_quotient].iter().flat_map(point_bytes));
        out.extend(scalar_bytes(&self.inverse));
    }
}

/// Number of low variables, `t`, of a row of `2^m`.
pub fn low_variables(m: usize) -> usize {
    m / 2
}

/// What is claimed of the folded rows and the mask: `f~(y) + sum_i weights_i u_i = value`.
#[derive(Clone, Copy, Debug)]
pub struct Claimed<'a> {
    /// The point, `m` coordinates.
    pub y: &'a [Fr],
    /// The weights of the mask's cells.
    pub weights: &'a [Fr],
    /// The value.
    pub value: Fr,
}

/// The points of the batched opening and what is interpolated there, which both sides compute.
#[derive(Clone, Debug)]
pub struct BatchPoints {
    /// `z, 1/z, zeta`.
    pub points: [Fr; 3],
    /// For `g, h, S, Dg, u, F`: which of the points, and the values there.
    pub values: [[Option<Fr>; 3]; 6],
    /// `z^b`.
    pub power: Fr,
}

impl BatchPoints {
    /// From the eight evaluations, deriving `S(1/z)` and `Dg(z)` (section 7, step 4).
    pub fn new(evaluations: &[Fr; 8], claimed: Claimed<'_>, zeta: Fr, eta: Fr, z: Fr) -> Option<Self> {
        let inverse = z.inverse()?;
        let [g, g_inv, h, h_inv, h_zeta, s, u, u_inv] = *evaluations;
        let Claimed { y, weights, value } = claimed;
        let t = low_variables(y.len());
        let (low, high) = y.split_at_checked(t)?;
        let inner = g * mle::eq_polynomial(low, inverse)
            + g_inv * mle::eq_polynomial(low, z)
            + eta
                * (h * mle::eq_polynomial(high, inverse)
                    + h_inv * mle::eq_polynomial(high, z)
                    + u * mask::at(weights, inverse)
                    + u_inv * mask::at(weights, z));
        let constant = h_zeta + eta * value;
        let s_inv = z * (inner - constant - constant - z * s);
        let mut power = z;
        for _ in 0..t {
            power *= power;
        }
        let d = power * inverse * g_inv;
        Some(Self {
            points: [z, inverse, zeta],
            values: [
                [Some(g), Some(g_inv), None],
                [Some(h), Some(h_inv), Some(h_zeta)],
                [Some(s), Some(s_inv), None],
                [Some(d), None, None],
                [Some(u), Some(u_inv), None],
                [Some(Fr::zero()), None, None],
            ],
            power,
        })
    }

    /// For each polynomial: the inverse of the product of `x - p` over its points, and its interpolation at `x`.
    ///
    /// Returns `None` when two points coincide, or `x` is one of them.
    pub fn at(&self, x: Fr) -> Option<[(Fr, Fr); 6]> {
        let mut out = [(Fr::zero(), Fr::zero()); 6];
        for (slot, values) in out.iter_mut().zip(&self.values) {
            let opened = || self.points.iter().zip(values).filter_map(|(p, v)| v.map(|v| (*p, v)));
            let mut interpolation = Fr::zero();
            for (p, v) in opened() {
                let others = || opened().filter(|(o, _)| *o != p);
                if others().count() != opened().count().saturating_sub(1) {
                    return None;
                }
                let numerator: Fr = others().map(|(o, _)| x - o).product();
                let denominator: Fr = others().map(|(o, _)| p - o).product();
                interpolation += v * numerator * denominator.inverse()?;
            }
            let vanishing: Fr = opened().map(|(p, _)| x - p).product();
            *slot = (vanishing.inverse()?, interpolation);
        }
        Some(out)
    }
}

/// What `j` is the inverse of.
pub fn denominators(zeta: Fr, z: Fr, w: Fr) -> Fr {
    let one = Fr::one();
    z * (z * z - one) * (z - zeta) * (one - z * zeta) * (w - z) * (w * z - one) * (w - zeta)
}

/// Verifies what is claimed of the polynomial committed as the sum of `commitment` (point, coefficient) and of the
/// mask.
///
/// # Errors
/// [`VerifyError::Rejected`] when the pairing equation fails, or `j` is not the inverse it should be.
///
/// # Soundness
/// A prover who passes with a wrong value breaks KZG binding in the algebraic group model, or hit one of the
/// `O(2^m)` bad challenges counted in section 10.
pub fn verify(
    srs: &SrsPoints,
    commitment: impl Iterator<Item = (G1Affine, Fr)>,
    mask: G1Affine,
    claimed: Claimed<'_>,
    opening: &Opening,
    transcript: &mut Transcript,
) -> Result<(), VerifyError> {
    let zeta = transcript.points(Label::Halves, &[opening.h]);
    let eta = transcript.points(Label::Quotient, &[opening.q, opening.g]);
    let z = transcript.points(Label::Products, &[opening.s, opening.d]);
    let nu = transcript.scalars(Label::Evaluations, &opening.evaluations);
    let w = transcript.points(Label::Batch, &[opening.batch]);
    transcript.points(Label::BatchQuotient, &[opening.batch_quotient]);
    transcript.scalars(Label::Inverse, &[opening.inverse]);

    let rejected = || VerifyError::Rejected(Check::Opening);
    if opening.inverse * denominators(zeta, z, w) != Fr::one() {
        return Err(rejected());
    }

    let batch = BatchPoints::new(&opening.evaluations, claimed, zeta, eta, z).ok_or_else(rejected)?;
    let mut power = Fr::one();
    let mut interpolated = Fr::zero();
    let [g, h, s, d, u, f] = batch.at(w).ok_or_else(rejected)?.map(|(inverse, interpolation)| {
        let scalar = power * inverse;
        interpolated += scalar * interpolation;
        power *= nu;
        scalar
    });

    let mut points = vec![
        (opening.g, g - f),
        (opening.h, h),
        (opening.s, s),
        (opening.d, d),
        (mask, u),
        (opening.q, f * (zeta - batch.power)),
        (G1Affine::generator(), -interpolated),
        (opening.batch, -Fr::one()),
        (opening.batch_quotient, w),
    ];
    points.extend(commitment.map(|(point, c)| (point, f * c)));
    let (bases, scalars): (Vec<_>, Vec<_>) = points.into_iter().unzip();
    let left = G1Projective::msm_unchecked(&bases, &scalars).into_affine();
    let product = Bn254::multi_pairing([left, -opening.batch_quotient], [G2Affine::generator(), srs.tau]);
    if product.0.is_one() { Ok(()) } else { Err(rejected()) }
}
