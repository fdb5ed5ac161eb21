//! How values lie in device memory: the words of arkworks' Montgomery forms, least significant first.

use ark_bn254::{Fq, Fr, G1Affine, G1Projective};
use ark_ec::AffineRepr;
use ark_ff::{BigInt, PrimeField, Zero};
use rayon::prelude::*;

/// Fewest elements a thread converts at a time.
const GRAIN: usize = 1 << 12;

/// Something that kernels work on.
pub(crate) trait Element {
    /// What it is on this machine.
    type Host: Copy + Send + Sync;

    /// Its size on the device.
    const BYTES: usize;
}

/// Something that is brought to a device.
pub(crate) trait Upload: Element {
    /// Writes one over zeros.
    fn write(value: &Self::Host, bytes: &mut [u8]);

    fn bytes(values: &[Self::Host]) -> Vec<u8> {
        let mut bytes = vec![0u8; values.len() * Self::BYTES];
        let elements = bytes.par_chunks_exact_mut(Self::BYTES).zip(values).with_min_len(GRAIN);
        elements.for_each(|(bytes, value)| Self::write(value, bytes));
        bytes
    }
}

/// Something that is brought back.
pub(crate) trait Download: Element {
    /// Reads one; none of words that are not below their modulus.
    fn read(bytes: &[u8]) -> Option<Self::Host>;

    fn elements(bytes: &[u8]) -> Option<Vec<Self::Host>> {
        bytes.par_chunks_exact(Self::BYTES).with_min_len(GRAIN).map(Self::read).collect()
    }
}

/// A count or an index.
#[derive(Debug)]
pub(crate) enum Word {}

impl Element for Word {
    type Host = u32;
    const BYTES: usize = 4;
}

impl Upload for Word {
    fn write(value: &u32, bytes: &mut [u8]) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

/// A cell of a row.
#[derive(Debug)]
pub(crate) enum Cell {}

impl Element for Cell {
    type Host = i64;
    const BYTES: usize = 8;
}

impl Upload for Cell {
    fn write(value: &i64, bytes: &mut [u8]) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

fn write_limbs(limbs: &[u64; 4], bytes: &mut [u8]) {
    for (bytes, limb) in bytes.chunks_exact_mut(8).zip(limbs) {
        bytes.copy_from_slice(&limb.to_le_bytes());
    }
}

fn read_limbs(bytes: &[u8]) -> BigInt<4> {
    BigInt(std::array::from_fn(|i| u64::from_le_bytes(std::array::from_fn(|j| bytes[8 * i + j]))))
}

/// A scalar.
#[derive(Debug)]
pub(crate) enum Scalar {}

impl Element for Scalar {
    type Host = Fr;
    const BYTES: usize = 32;
}

impl Upload for Scalar {
    fn write(value: &Fr, bytes: &mut [u8]) {
        write_limbs(&value.0.0, bytes);
    }
}

impl Download for Scalar {
    fn read(bytes: &[u8]) -> Option<Fr> {
        let limbs = read_limbs(bytes);
        (limbs < Fr::MODULUS).then(|| Fr::new_unchecked(limbs))
    }
}

/// A base: `x` and `y`, or zeros for the identity.
#[derive(Debug)]
pub(crate) enum Base {}

impl Element for Base {
    type Host = G1Affine;
    const BYTES: usize = 64;
}

impl Upload for Base {
    fn write(value: &G1Affine, bytes: &mut [u8]) {
        if let Some((x, y)) = value.xy() {
            write_limbs(&x.0.0, &mut bytes[..32]);
            write_limbs(&y.0.0, &mut bytes[32..]);
        }
    }
}

/// A sum of points: `X`, `Y`, `ZZ` and `ZZZ`, which stand for `(X / ZZ, Y / ZZZ)`.
#[derive(Debug)]
pub(crate) enum Sum {}

impl Element for Sum {
    type Host = G1Projective;
    const BYTES: usize = 128;
}

impl Download for Sum {
    fn read(bytes: &[u8]) -> Option<G1Projective> {
        let mut parts = [Fq::zero(); 4];
        for (part, bytes) in parts.iter_mut().zip(bytes.chunks_exact(32)) {
            let limbs = read_limbs(bytes);
            *part = (limbs < Fq::MODULUS).then(|| Fq::new_unchecked(limbs))?;
        }
        let [x, y, zz, zzz] = parts;
        // As ZZ^3 = ZZZ^2, these are Jacobian coordinates with ZZ in the place of Z.
        Some(if zz.is_zero() {
            G1Projective::zero()
        } else {
            G1Projective::new_unchecked(x * zz, y * zzz, zz)
        })
    }
}
