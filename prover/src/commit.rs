//! Commitments of rows.

use crate::Backend;
use ark_bn254::{Fr, G1Affine, G1Projective};
use ark_ff::Zero;

/// Commitments of rows of small integers.
pub(crate) fn commit_small_rows(
    g1: &[G1Affine],
    cells: &[i64],
    row_log: u8,
    backend: &dyn Backend,
) -> Vec<G1Projective> {
    cells.chunks(1 << row_log).map(|row| backend.msm_small(g1, row)).collect()
}

/// A polynomial's commitment; zero coefficients cost nothing.
pub(crate) fn commit_sparse(g1: &[G1Affine], coefficients: &[Fr], backend: &dyn Backend) -> G1Projective {
    let (bases, scalars): (Vec<G1Affine>, Vec<Fr>) =
        g1.iter().zip(coefficients).filter(|(_, c)| !c.is_zero()).map(|(g, c)| (*g, *c)).unzip();
    backend.msm(&bases, &scalars)
}
