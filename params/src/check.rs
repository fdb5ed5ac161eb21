//! Whether points are the powers of one `tau`: random linear combinations and three pairing equations.

use ark_bn254::{Bn254, Fr, G1Affine, G1Projective, G2Affine, G2Projective};
use ark_ec::pairing::Pairing;
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{BigInt, PrimeField};
use rand::Rng;
use rayon::prelude::*;

/// Points of one multi-scalar multiplication: enough for wide windows, few enough to share over cores.
const BLOCK: usize = 1 << 13;

/// A check that powers of `tau` must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PowersCheck {
    /// The first G1 power is not the generator `(1, 2)`.
    #[error("the G1 power tau^0 is not the generator")]
    G1Generator,
    /// The first G2 power is not the generator that EIP-197 fixes.
    #[error("the G2 power tau^0 is not the generator")]
    G2Generator,
    /// `tau` is 1: nobody has contributed to the ceremony.
    #[error("tau is 1, so that nobody has contributed yet")]
    TauIsOne,
    /// `e(sum r_i [tau^i]_1, [tau]_2) != e(sum r_i [tau^(i+1)]_1, [1]_2)`.
    #[error("the G1 points are not the powers of the tau of [tau]_2")]
    G1Powers,
    /// `e(sum r_k [tau^(2^k)]_1, [1]_2) != e([1]_1, sum r_k [tau^(2^k)]_2)`.
    #[error("the G2 points are not the powers of the tau of the G1 points")]
    G2Powers,
}

/// The checks that cost nothing: both generators, and `tau != 1`. `g2` is `[1, tau, tau^2, tau^4, ..]`.
pub(crate) fn generators(g1: &[G1Affine], g2: &[G2Affine]) -> Result<(), PowersCheck> {
    if g1.first() != Some(&G1Affine::generator()) {
        return Err(PowersCheck::G1Generator);
    }
    if g2.first() != Some(&G2Affine::generator()) {
        return Err(PowersCheck::G2Generator);
    }
    if g1.get(1) == Some(&G1Affine::generator()) || g2.get(1) == Some(&G2Affine::generator()) {
        return Err(PowersCheck::TauIsOne);
    }
    Ok(())
}

/// All checks. `g1` is `[tau^i]_1` for `i` in `0..2^K` with `K >= 1`, `g2` is `[1, tau, tau^2, tau^4, ..,
/// tau^(2^(K-1))]_2`, all of them in their groups. Points that are not powers of one `tau` pass with
/// probability below `2^-126`, over randomness drawn here after the points are fixed.
///
/// `progress` hears the powers done. Two multi-scalar multiplications of `2^K` points and four pairings.
pub(crate) fn powers(
    g1: &[G1Affine],
    g2: &[G2Affine],
    progress: &mut dyn FnMut(u64),
) -> Result<(), PowersCheck> {
    generators(g1, g2)?;
    let (h, tau_h) = (G2Affine::generator(), g2[1]);

    let (mut low, mut high) = (G1Projective::default(), G1Projective::default());
    let mut done = 0;
    let pairs = g1.len() - 1;
    while done < pairs {
        let end = pairs.min(done + BLOCK * rayon::current_num_threads());
        let (l, r) = g1[done..end]
            .par_chunks(BLOCK)
            .zip(g1[done + 1..=end].par_chunks(BLOCK))
            .map(|(low, high)| {
                let scalars = random_scalars(low.len());
                (G1Projective::msm_bigint(low, &scalars), G1Projective::msm_bigint(high, &scalars))
            })
            .reduce(Default::default, |a, b| (a.0 + b.0, a.1 + b.1));
        low += l;
        high += r;
        done = end;
        progress(done as u64);
    }
    if Bn254::pairing(low, tau_h) != Bn254::pairing(high, h) {
        return Err(PowersCheck::G1Powers);
    }

    // The G1 powers are now known to be tau^i, so that they vouch for the G2 powers kept.
    let squares: Vec<_> = (0..g2.len() - 1).map(|k| g1[1 << k]).collect();
    let scalars = random_scalars(squares.len());
    let left = G1Projective::msm_bigint(&squares, &scalars);
    let right = G2Projective::msm_bigint(&g2[1..], &scalars);
    if Bn254::pairing(left, h) != Bn254::pairing(G1Affine::generator(), right) {
        return Err(PowersCheck::G2Powers);
    }
    progress(g1.len() as u64);
    Ok(())
}

/// Scalars of 128 random bits.
fn random_scalars(count: usize) -> Vec<<Fr as PrimeField>::BigInt> {
    let mut rng = rand::rng();
    (0..count).map(|_| BigInt([rng.random(), rng.random(), 0, 0])).collect()
}
