//! Canonical encodings of scalars, points and integers (`docs/protocol.md` 9).

use crate::DecodeError;
use ark_bn254::{Fq, Fq2, Fr, G1Affine, G2Affine};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, BigInteger, PrimeField};

/// Bytes of a scalar.
pub const SCALAR_BYTES: usize = 32;
/// Bytes of a point of G1.
pub const POINT_BYTES: usize = 64;

fn to_be_bytes<F: PrimeField<BigInt = BigInt<4>>>(value: &F) -> [u8; 32] {
    let mut out = [0u8; 32];
    for (chunk, limb) in out.chunks_exact_mut(8).zip(value.into_bigint().0.iter().rev()) {
        chunk.copy_from_slice(&limb.to_be_bytes());
    }
    out
}

fn from_be_bytes<F: PrimeField<BigInt = BigInt<4>>>(bytes: &[u8; 32]) -> Option<F> {
    F::from_bigint(limbs(bytes))
}

fn limbs(bytes: &[u8; 32]) -> BigInt<4> {
    let mut out = BigInt::<4>::default();
    for (limb, chunk) in out.0.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *limb = chunk.iter().fold(0u64, |acc, b| (acc << 8) | u64::from(*b));
    }
    out
}

/// A scalar as 32 big-endian bytes.
pub fn scalar_bytes(value: &Fr) -> [u8; SCALAR_BYTES] {
    to_be_bytes(value)
}

/// A 256-bit big-endian integer, reduced modulo the group order.
pub fn reduce(bytes: &[u8; 32]) -> Fr {
    // 2^256 < 6r, so at most five subtractions.
    let mut value = limbs(bytes);
    while value >= Fr::MODULUS {
        value.sub_with_borrow(&Fr::MODULUS);
    }
    Fr::from_bigint(value).unwrap_or_default()
}

/// A point of G1 as `x || y`, the identity as zeros.
pub fn point_bytes(point: &G1Affine) -> [u8; POINT_BYTES] {
    let mut out = [0u8; POINT_BYTES];
    if let Some((x, y)) = point.xy() {
        let (left, right) = out.split_at_mut(32);
        left.copy_from_slice(&to_be_bytes(&x));
        right.copy_from_slice(&to_be_bytes(&y));
    }
    out
}

/// A point of G2 in the order of EIP-197, the identity as zeros.
pub fn g2_bytes(point: &G2Affine) -> [u8; 128] {
    let mut out = [0u8; 128];
    if let Some((x, y)) = point.xy() {
        for (chunk, c) in out.chunks_exact_mut(32).zip([x.c1, x.c0, y.c1, y.c0]) {
            chunk.copy_from_slice(&to_be_bytes(&c));
        }
    }
    out
}

/// Reads values one after another and never past the end.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Starts at the first byte.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Bytes not read yet.
    pub fn remaining(&self) -> usize {
        self.rest.len()
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], DecodeError> {
        let (head, rest) = self.rest.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(head)
    }

    /// The next `N` bytes.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] when fewer are left.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        self.bytes(N)?.try_into().map_err(|_| DecodeError::Truncated)
    }

    /// One byte.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(u8::from_be_bytes)
    }

    /// A big-endian 16-bit integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    /// A big-endian 32-bit integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A big-endian 128-bit two's complement integer.
    ///
    /// # Errors
    /// [`DecodeError::Truncated`] at the end.
    pub fn i128(&mut self) -> Result<i128, DecodeError> {
        self.array().map(i128::from_be_bytes)
    }

    /// A canonical scalar.
    ///
    /// # Errors
    /// [`DecodeError::Scalar`] when it is not below the group order.
    pub fn scalar(&mut self) -> Result<Fr, DecodeError> {
        from_be_bytes(&self.array()?).ok_or(DecodeError::Scalar)
    }

    /// `count` canonical scalars.
    ///
    /// # Errors
    /// As [`Reader::scalar`]; nothing is allocated for scalars that are not there.
    pub fn scalars(&mut self, count: usize) -> Result<Vec<Fr>, DecodeError> {
        (0..count).map(|_| self.scalar()).collect()
    }

    /// A canonical point of G1.
    ///
    /// # Errors
    /// [`DecodeError::Coordinate`] or [`DecodeError::Curve`].
    pub fn point(&mut self) -> Result<G1Affine, DecodeError> {
        let x: Fq = from_be_bytes(&self.array()?).ok_or(DecodeError::Coordinate)?;
        let y: Fq = from_be_bytes(&self.array()?).ok_or(DecodeError::Coordinate)?;
        if x == Fq::from(0u64) && y == Fq::from(0u64) {
            return Ok(G1Affine::identity());
        }
        let point = G1Affine::new_unchecked(x, y);
        if point.is_on_curve() { Ok(point) } else { Err(DecodeError::Curve) }
    }

    /// `count` canonical points of G1.
    ///
    /// # Errors
    /// As [`Reader::point`]; nothing is allocated for points that are not there.
    pub fn points(&mut self, count: usize) -> Result<Vec<G1Affine>, DecodeError> {
        (0..count).map(|_| self.point()).collect()
    }

    /// A canonical point of G2, in the subgroup and not the identity.
    ///
    /// # Errors
    /// [`DecodeError::Coordinate`] or [`DecodeError::Curve`].
    pub fn g2_point(&mut self) -> Result<G2Affine, DecodeError> {
        let mut coordinate =
            || -> Result<Fq, DecodeError> { from_be_bytes(&self.array()?).ok_or(DecodeError::Coordinate) };
        let (x1, x0, y1, y0) = (coordinate()?, coordinate()?, coordinate()?, coordinate()?);
        let point = G2Affine::new_unchecked(Fq2::new(x0, x1), Fq2::new(y0, y1));
        if point.is_on_curve() && point.is_in_correct_subgroup_assuming_on_curve() {
            Ok(point)
        } else {
            Err(DecodeError::Curve)
        }
    }

    /// That nothing is left.
    ///
    /// # Errors
    /// [`DecodeError::Trailing`] with the number of bytes left.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::Trailing(left)),
        }
    }
}

/// An integer as a field element.
pub fn integer(value: i128) -> Fr {
    let magnitude = Fr::from(value.unsigned_abs());
    if value < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_and_points_round_trip() {
        let g = G1Affine::generator();
        let p: G1Affine = (g * Fr::from(77u64)).into();
        let bytes = point_bytes(&p);
        assert_eq!(Reader::new(&bytes).point(), Ok(p));
        assert_eq!(Reader::new(&[0; 64]).point(), Ok(G1Affine::identity()));
        let s = -Fr::from(5u64);
        assert_eq!(Reader::new(&scalar_bytes(&s)).scalar(), Ok(s));
        let g2 = G2Affine::generator();
        assert_eq!(Reader::new(&g2_bytes(&g2)).g2_point(), Ok(g2));
    }

    #[test]
    fn values_at_or_above_the_modulus_are_refused() {
        let order = scalar_bytes(&-Fr::from(1u64));
        let mut at = order;
        at[31] += 1;
        assert_eq!(Reader::new(&at).scalar(), Err(DecodeError::Scalar));
        assert_eq!(Reader::new(&[0xff; 64]).point(), Err(DecodeError::Coordinate));
        let mut off = point_bytes(&G1Affine::generator());
        off[63] ^= 1;
        assert_eq!(Reader::new(&off).point(), Err(DecodeError::Curve));
        assert_eq!(Reader::new(&[0; 128]).g2_point(), Err(DecodeError::Curve));
    }

    #[test]
    fn only_zeros_are_the_identity() {
        for at in [31, 63] {
            let mut bytes = [0; 64];
            bytes[at] = 1;
            assert_eq!(Reader::new(&bytes).point(), Err(DecodeError::Curve));
        }
    }

    #[test]
    fn points_beside_the_subgroup_are_refused() {
        let on_curve = (1..20u64)
            .find_map(|x| G2Affine::get_point_from_x_unchecked(Fq2::new(Fq::from(x), Fq::from(0u64)), true));
        let point = on_curve.unwrap();
        assert!(point.is_on_curve() && !point.is_in_correct_subgroup_assuming_on_curve());
        assert_eq!(Reader::new(&g2_bytes(&point)).g2_point(), Err(DecodeError::Curve));
    }

    #[test]
    fn lists_end_where_the_bytes_do() {
        let bytes = [0; 192];
        assert_eq!(Reader::new(&bytes).scalars(6).map(|s| s.len()), Ok(6));
        assert_eq!(Reader::new(&bytes).scalars(7), Err(DecodeError::Truncated));
        assert_eq!(Reader::new(&bytes).points(3).map(|s| s.len()), Ok(3));
        assert_eq!(Reader::new(&bytes).points(usize::MAX), Err(DecodeError::Truncated));
    }

    #[test]
    fn reduction_is_modulo_the_order() {
        let mut at = scalar_bytes(&-Fr::from(1u64));
        at[31] += 4;
        assert_eq!(reduce(&at), Fr::from(3u64));
        let all = Fr::from(2u64);
        let mut power = Fr::from(1u64);
        for _ in 0..256 {
            power *= all;
        }
        assert_eq!(reduce(&[0xff; 32]), power - Fr::from(1u64));
    }

    #[test]
    fn integers_are_signed() {
        assert_eq!(integer(-5) + Fr::from(5u64), Fr::from(0u64));
    }
}
