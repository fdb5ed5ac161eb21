//! The structured reference string in memory, and how a development one is made.

use std::fmt;
use std::sync::Arc;

use ark_bn254::{Fq, Fr, G1Affine, G1Projective, G2Affine};
use ark_ec::scalar_mul::BatchMulPreprocessing;
use ark_ec::{AffineRepr, CurveGroup, PrimeGroup};
use ark_ff::{BigInteger, Field, One, PrimeField, Zero};
use blake2::digest::consts::U32;
use blake2::{Blake2b, Digest};
use rayon::prelude::*;
use zeroize::Zeroize;

use crate::check::{self, PowersCheck};

/// Largest base-2 logarithm of the number of G1 powers: the public ceremony's own, and BN254's
/// two-adicity.
pub const MAX_LOG_SIZE: u32 = 28;

/// Powers that one task of [`Srs::development`] makes.
const BLOCK: usize = 1 << 11;

/// Where a string comes from.
///
/// It is a note in a file, not a proof: to trust a ceremony string, import the ceremony's file yourself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// Made by [`Srs::development`]: whoever ran it could have kept `tau`, so it proves nothing to others.
    Development,
    /// Imported from the file of this name of the public ceremony, recognised by its published hash.
    Ceremony(&'static str),
    /// Imported from a `.ptau` file that this build does not know.
    Imported {
        /// Blake2b-512 of the whole `.ptau` file.
        blake2b: [u8; 64],
    },
}

impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Development => f.write_str("development (insecure)"),
            Self::Ceremony(name) => write!(f, "public ceremony file {name}"),
            Self::Imported { blake2b } => {
                f.write_str("imported from a file of blake2b-512 ")?;
                blake2b.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }
    }
}

/// A KZG structured reference string: `[tau^i]_1` for `i` in `0..2^K`, `[1]_2` and `[tau^(2^k)]_2`.
///
/// Cloning shares the points.
#[derive(Clone)]
pub struct Srs {
    log_size: u32,
    /// At least `2^log_size` powers.
    g1: Arc<Vec<G1Affine>>,
    /// `[1, tau, tau^2, tau^4, ..]`, at least [`g2_count`] of them.
    g2: Arc<Vec<G2Affine>>,
    provenance: Provenance,
}

/// G2 points of a string of `2^log_size` powers: `[1]_2`, and `[tau^(2^k)]_2` for `k < max(log_size, 1)`.
pub(crate) fn g2_count(log_size: u32) -> usize {
    1 + log_size.max(1) as usize
}

impl Srs {
    /// The string of points already checked, as many as `log_size` asks for.
    pub(crate) fn from_parts(
        log_size: u32,
        g1: Vec<G1Affine>,
        g2: Vec<G2Affine>,
        provenance: Provenance,
    ) -> Self {
        debug_assert!(g1.len() >= 1 << log_size && g2.len() >= g2_count(log_size));
        Self { log_size, g1: Arc::new(g1), g2: Arc::new(g2), provenance }
    }

    /// Base-2 logarithm `K` of the number of G1 powers, in `0..=28`.
    pub fn log_size(&self) -> u32 {
        self.log_size
    }

    /// `[tau^i]_1` for `i` in `0..2^K`.
    pub fn g1(&self) -> &[G1Affine] {
        &self.g1[..1 << self.log_size]
    }

    /// `[1]_2`, the generator that EIP-197 fixes.
    pub fn g2(&self) -> G2Affine {
        self.g2[0]
    }

    /// `[tau]_2`.
    pub fn tau(&self) -> G2Affine {
        self.g2[1]
    }

    /// `[tau^(2^k)]_2` for `k < max(K, 1)`, and `None` beyond.
    pub fn tau_g2(&self, k: u32) -> Option<G2Affine> {
        self.tau_powers_g2().get(k as usize).copied()
    }

    /// `[tau^(2^k)]_2` for `k` in `0..max(K, 1)`.
    pub(crate) fn tau_powers_g2(&self) -> &[G2Affine] {
        &self.g2[1..g2_count(self.log_size)]
    }

    /// Where the string comes from.
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Whether somebody may know `tau`, so that proofs under this string convince nobody else.
    pub fn is_insecure(&self) -> bool {
        self.provenance == Provenance::Development
    }

    /// The first `2^log_size` powers of this string, sharing its points, or `None` if it has fewer.
    pub fn prefix(&self, log_size: u32) -> Option<Self> {
        (log_size <= self.log_size).then(|| Self { log_size, ..self.clone() })
    }

    /// Identity of the string: Blake2b-256 over a tag, `[1]_1`, `[1]_2` and `[tau]_2`. Strings of
    /// different sizes over one `tau` have the same identity, wherever they were read from.
    pub fn id(&self) -> [u8; 32] {
        identity(&self.g1[0], &self.g2[0], &self.g2[1])
    }

    /// Checks by pairings that all points are the powers of one `tau`, as the import of a `.ptau` does.
    /// A parameter file of another's making deserves this check; loading only finds damage.
    ///
    /// `progress` hears the powers done and their number. Two multi-scalar multiplications of `2^K`
    /// points.
    ///
    /// # Errors
    /// The first check that fails.
    pub fn check_powers(&self, progress: &mut dyn FnMut(u64, u64)) -> Result<(), PowersCheck> {
        let g1 = self.g1();
        let g2 = &self.g2[..g2_count(self.log_size)];
        if self.log_size == 0 {
            // One power vouches for nothing in G2.
            return check::generators(g1, g2);
        }
        let total = g1.len() as u64;
        check::powers(g1, g2, &mut |done| progress(done, total))
    }

    /// Makes a string of `2^log_size` powers of a fresh `tau`, marked insecure. `tau` and its powers are
    /// overwritten before this returns.
    ///
    /// # Panics
    /// If `log_size` is above [`MAX_LOG_SIZE`].
    pub fn development(log_size: u32, rng: &mut (impl rand::Rng + rand::CryptoRng)) -> Self {
        assert!(log_size <= MAX_LOG_SIZE, "a string of 2^{log_size} powers is above 2^{MAX_LOG_SIZE}");
        let mut tau = random_tau(rng);

        let table = BatchMulPreprocessing::new(G1Projective::generator(), 1 << log_size);
        let mut g1 = vec![G1Affine::identity(); 1 << log_size];
        g1.par_chunks_mut(BLOCK).enumerate().for_each(|(block, out)| {
            let mut power = tau.pow([(block * BLOCK) as u64]);
            let mut scalars = Vec::with_capacity(out.len());
            for _ in 0..out.len() {
                scalars.push(power);
                power *= tau;
            }
            out.copy_from_slice(&table.batch_mul(&scalars));
            scalars.zeroize();
            power.zeroize();
        });

        let mut g2 = vec![G2Affine::generator()];
        let mut power = tau;
        for _ in 1..g2_count(log_size) {
            g2.push((G2Affine::generator() * power).into_affine());
            power.square_in_place();
        }
        power.zeroize();
        tau.zeroize();
        Self::from_parts(log_size, g1, g2, Provenance::Development)
    }
}

/// A secret that is neither 0 nor 1, uniform up to `2^-250`.
fn random_tau(rng: &mut impl rand::Rng) -> Fr {
    loop {
        let mut seed = [0u8; 64];
        rng.fill_bytes(&mut seed);
        let tau = Fr::from_le_bytes_mod_order(&seed);
        seed.zeroize();
        if !tau.is_zero() && !tau.is_one() {
            return tau;
        }
    }
}

/// [`Srs::id`] of the string with these points. Coordinates are hashed as the EVM's precompiles take
/// them: 32 bytes big-endian each, the imaginary part first.
pub(crate) fn identity(g: &G1Affine, h: &G2Affine, tau_h: &G2Affine) -> [u8; 32] {
    let mut hasher = Blake2b::<U32>::new_with_prefix(b"sumcast srs identity v1");
    let mut absorb = |value: &Fq| hasher.update(value.into_bigint().to_bytes_be());
    absorb(&g.x);
    absorb(&g.y);
    for point in [h, tau_h] {
        for coordinate in [&point.x, &point.y] {
            absorb(&coordinate.c1);
            absorb(&coordinate.c0);
        }
    }
    hasher.finalize().into()
}

impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id: String = self.id().iter().map(|byte| format!("{byte:02x}")).collect();
        f.debug_struct("Srs")
            .field("log_size", &self.log_size)
            .field("provenance", &format_args!("{}", self.provenance))
            .field("id", &format_args!("{id}"))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn development_strings_are_powers_of_one_tau() {
        for log_size in [0, 1, 5, 12] {
            let srs = Srs::development(log_size, &mut rand::rng());
            assert_eq!(srs.g1().len(), 1 << log_size);
            assert_eq!(srs.check_powers(&mut |_, _| ()), Ok(()));
            assert!(srs.is_insecure());
            for k in 0..32 {
                assert_eq!(srs.tau_g2(k).is_some(), k < log_size.max(1), "{log_size} {k}");
            }
        }
    }

    #[test]
    fn development_strings_differ() {
        let a = Srs::development(3, &mut rand::rng());
        let b = Srs::development(3, &mut rand::rng());
        assert_ne!(a.id(), b.id());
    }

    #[test]
    fn a_prefix_keeps_the_identity() {
        let srs = Srs::development(6, &mut rand::rng());
        for log_size in 0..=6 {
            let prefix = srs.prefix(log_size).unwrap();
            assert_eq!(prefix.id(), srs.id());
            assert_eq!(prefix.g1(), &srs.g1()[..1 << log_size]);
            assert_eq!(prefix.tau_g2(log_size.max(1)), None);
            assert_eq!(prefix.check_powers(&mut |_, _| ()), Ok(()));
        }
        assert!(srs.prefix(7).is_none());
    }

    #[test]
    fn altered_powers_fail_the_check_that_covers_them() {
        let srs = Srs::development(5, &mut rand::rng());
        let with = |g1: Vec<G1Affine>, g2: Vec<G2Affine>| {
            Srs::from_parts(5, g1, g2, Provenance::Development).check_powers(&mut |_, _| ())
        };
        let (g1, g2) = (srs.g1.to_vec(), srs.g2.to_vec());
        for i in 2..g1.len() {
            let mut bad = g1.clone();
            bad[i] = bad[i - 1];
            assert_eq!(with(bad, g2.clone()), Err(PowersCheck::G1Powers), "{i}");
        }
        let mut bad = g1.clone();
        bad[0] = bad[2];
        assert_eq!(with(bad, g2.clone()), Err(PowersCheck::G1Generator));
        let mut bad = g1.clone();
        bad[1] = bad[0];
        assert_eq!(with(bad, g2.clone()), Err(PowersCheck::TauIsOne));
        for k in 2..g2.len() {
            let mut bad = g2.clone();
            bad[k] = -bad[k];
            assert_eq!(with(g1.clone(), bad), Err(PowersCheck::G2Powers), "{k}");
        }
        let mut bad = g2.clone();
        bad[1] = -bad[1];
        assert_eq!(with(g1.clone(), bad), Err(PowersCheck::G1Powers));
        let mut bad = g2.clone();
        bad[0] = bad[1];
        assert_eq!(with(g1, bad), Err(PowersCheck::G2Generator));
    }
}
