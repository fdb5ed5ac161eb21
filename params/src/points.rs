//! Points as bytes: affine coordinates in little-endian Montgomery form with `R = 2^256`, which is both
//! the layout of `.ptau` files and the machine's own, so that loading does no field multiplication
//! beyond the curve equation.

use std::array::from_fn;
use std::path::Path;

use ark_bn254::{Fq, Fq2, G1Affine, G2Affine};
use ark_ff::{BigInt, PrimeField};

use crate::error::{Group, PointFault, SrsError};

/// Bytes of a base field element.
const FQ_BYTES: usize = 32;
/// Bytes of a G1 point.
pub(crate) const G1_BYTES: usize = 2 * FQ_BYTES;
/// Bytes of a G2 point.
pub(crate) const G2_BYTES: usize = 4 * FQ_BYTES;

/// Reads the `index`-th coordinate of a point.
fn decode_fq(point: &[u8], index: usize) -> Result<Fq, PointFault> {
    let bytes = &point[index * FQ_BYTES..][..FQ_BYTES];
    let limb = |i: usize| u64::from_le_bytes(from_fn(|j| bytes[8 * i + j]));
    let montgomery = BigInt(from_fn(limb));
    if montgomery < Fq::MODULUS { Ok(Fq::new_unchecked(montgomery)) } else { Err(PointFault::NotReduced) }
}

fn encode_fq(value: &Fq, out: &mut Vec<u8>) {
    for limb in value.0.0 {
        out.extend_from_slice(&limb.to_le_bytes());
    }
}

/// Reads a G1 point of `G1_BYTES` bytes other than infinity. The curve has prime order, so that a point on it is in G1.
fn decode_g1(bytes: &[u8]) -> Result<G1Affine, PointFault> {
    if bytes.iter().all(|&byte| byte == 0) {
        return Err(PointFault::Infinity);
    }
    let point = G1Affine::new_unchecked(decode_fq(bytes, 0)?, decode_fq(bytes, 1)?);
    if point.is_on_curve() { Ok(point) } else { Err(PointFault::NotOnCurve) }
}

/// Reads a G2 point of `G2_BYTES` bytes other than infinity, and checks that it is in the subgroup of prime order.
pub(crate) fn decode_g2(bytes: &[u8]) -> Result<G2Affine, PointFault> {
    if bytes.iter().all(|&byte| byte == 0) {
        return Err(PointFault::Infinity);
    }
    let point = G2Affine::new_unchecked(
        Fq2::new(decode_fq(bytes, 0)?, decode_fq(bytes, 1)?),
        Fq2::new(decode_fq(bytes, 2)?, decode_fq(bytes, 3)?),
    );
    if !point.is_on_curve() {
        return Err(PointFault::NotOnCurve);
    }
    if !point.is_in_correct_subgroup_assuming_on_curve() {
        return Err(PointFault::NotInSubgroup);
    }
    Ok(point)
}

/// Reads G1 points in a row, of which the first is at `tau^first`.
///
/// # Errors
/// The first point that is none, by its exponent.
pub(crate) fn decode_g1s(path: &Path, first: u64, bytes: &[u8]) -> Result<Vec<G1Affine>, SrsError> {
    (first..)
        .zip(bytes.chunks_exact(G1_BYTES))
        .map(|(exponent, bytes)| {
            decode_g1(bytes).map_err(|fault| SrsError::Point {
                path: path.to_owned(),
                group: Group::G1,
                exponent,
                fault,
            })
        })
        .collect()
}

/// Appends a G1 point other than infinity.
pub(crate) fn encode_g1(point: &G1Affine, out: &mut Vec<u8>) {
    encode_fq(&point.x, out);
    encode_fq(&point.y, out);
}

/// Appends a G2 point other than infinity.
pub(crate) fn encode_g2(point: &G2Affine, out: &mut Vec<u8>) {
    for coordinate in [&point.x, &point.y] {
        encode_fq(&coordinate.c0, out);
        encode_fq(&coordinate.c1, out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ark_ec::AffineRepr;
    use ark_ff::{Field, One, Zero};

    fn bytes_g1(point: &G1Affine) -> [u8; G1_BYTES] {
        let mut out = Vec::new();
        encode_g1(point, &mut out);
        out.try_into().unwrap()
    }

    fn bytes_g2(point: &G2Affine) -> [u8; G2_BYTES] {
        let mut out = Vec::new();
        encode_g2(point, &mut out);
        out.try_into().unwrap()
    }

    #[test]
    fn round_trip() {
        let (g, h) = (G1Affine::generator(), G2Affine::generator());
        assert_eq!(decode_g1(&bytes_g1(&g)), Ok(g));
        assert_eq!(decode_g2(&bytes_g2(&h)), Ok(h));
    }

    #[test]
    fn faults_of_g1() {
        assert_eq!(decode_g1(&[0; G1_BYTES]), Err(PointFault::Infinity));
        let mut bytes = bytes_g1(&G1Affine::generator());
        bytes[0] ^= 1;
        assert_eq!(decode_g1(&bytes), Err(PointFault::NotOnCurve));
        for (limb, word) in Fq::MODULUS.0.iter().zip(bytes.chunks_mut(8)) {
            word.copy_from_slice(&limb.to_le_bytes());
        }
        assert_eq!(decode_g1(&bytes), Err(PointFault::NotReduced));
    }

    #[test]
    fn faults_of_g2() {
        assert_eq!(decode_g2(&[0; G2_BYTES]), Err(PointFault::Infinity));
        let mut bytes = bytes_g2(&G2Affine::generator());
        bytes[G2_BYTES - 1] = 0xff;
        assert_eq!(decode_g2(&bytes), Err(PointFault::NotReduced));
        let mut bytes = bytes_g2(&G2Affine::generator());
        bytes[0] ^= 1;
        assert_eq!(decode_g2(&bytes), Err(PointFault::NotOnCurve));

        // The curve of G2 has a cofactor of 254 bits: the first point found on it is out of the subgroup.
        let mut x = Fq2::zero();
        let outside = loop {
            x += Fq2::one();
            let b = <ark_bn254::g2::Config as ark_ec::short_weierstrass::SWCurveConfig>::COEFF_B;
            if let Some(y) = (x.square() * x + b).sqrt() {
                break G2Affine::new_unchecked(x, y);
            }
        };
        assert_eq!(decode_g2(&bytes_g2(&outside)), Err(PointFault::NotInSubgroup));
    }
}
