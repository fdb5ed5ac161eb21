//! The two arithmetics: words on any machine, vectors where there are some.

use super::affine::Point;
use super::field::{Limbs, below_one, multiply};
use super::glv::BETA;
use super::ifma;
use crate::ifma::Ifma;
use ark_bn254::{Fq, G1Affine};
use ark_ff::BigInt;
use rayon::prelude::*;

/// Fewest groups of points a thread converts at a time.
const GRAIN: usize = 32;

/// How points are added. Their sums are the same; the residues of a [`Point`] are not.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arithmetic {
    /// A residue is in Montgomery form with 2^256, like those of `Fq`.
    Words,
    /// A residue is in Montgomery form with 2^260.
    Vectors(Ifma),
}

impl Arithmetic {
    /// The fastest that this machine has.
    pub(super) fn best() -> Self {
        Ifma::detect().map_or(Self::Words, Self::Vectors)
    }

    /// The points of the tags, in groups of eight, the last filled up with identities. The tag `2 i` is base `i`,
    /// and `2 i + 1` its image under the endomorphism. No base is the identity.
    pub(super) fn points(self, bases: &[G1Affine], tags: &[u32]) -> Vec<[Point; 8]> {
        let groups = tags.par_chunks(8).with_min_len(GRAIN);
        groups.map(|tags| self.group(bases, tags)).collect()
    }

    fn group(self, bases: &[G1Affine], tags: &[u32]) -> [Point; 8] {
        let mut group = [Point::IDENTITY; 8];
        let mut images = 0;
        for (i, (point, &tag)) in group.iter_mut().zip(tags).enumerate() {
            let base = &bases[tag as usize / 2];
            let image = tag % 2 == 1;
            let x = match self {
                Self::Words if image => BETA * base.x,
                _ => base.x,
            };
            *point = Point { x: x.0.0, y: base.y.0.0 };
            images |= u8::from(image) << i;
        }
        match self {
            Self::Words => group,
            Self::Vectors(detected) => ifma::converted(detected, &group, images),
        }
    }

    /// The point.
    pub(super) fn affine(self, point: &Point) -> G1Affine {
        let fq = |limbs: &Limbs| {
            let limbs = match self {
                Self::Words => *limbs,
                // Divides by 2^4.
                Self::Vectors(_) => multiply(limbs, &[0, 0, 0, 1 << 60]),
            };
            Fq::new_unchecked(BigInt(below_one(limbs)))
        };
        if point.is_identity() {
            G1Affine::identity()
        } else {
            G1Affine::new_unchecked(fq(&point.x), fq(&point.y))
        }
    }
}
