//! Vectors of `eq(point, .)`.

use crate::scalars;
use ark_bn254::Fr;
use ark_ff::{One, Zero};

/// `eq(point, i)` for all `i`, bit `k` of `i` for coordinate `k`. One multiplication a value.
pub(crate) fn eq_vector(point: &[Fr]) -> Vec<Fr> {
    let mut out = vec![Fr::zero(); 1 << point.len()];
    out[0] = Fr::one();
    for (k, z) in point.iter().enumerate() {
        let (low, high) = out[..2 << k].split_at_mut(1 << k);
        scalars::split(low, high, *z);
    }
    out
}

/// `eq_vector` of every prefix: entry `k` has `2^k` values.
pub(crate) fn eq_pyramid(point: &[Fr]) -> Vec<Vec<Fr>> {
    let mut levels = vec![vec![Fr::one()]];
    for z in point {
        let last = &levels[levels.len() - 1];
        let half = last.len();
        let mut next = Vec::with_capacity(2 * half);
        next.extend_from_slice(last);
        next.resize(2 * half, Fr::zero());
        let (low, high) = next.split_at_mut(half);
        scalars::split(low, high, *z);
        levels.push(next);
    }
    levels
}

#[cfg(test)]
mod tests {
    use super::*;
    use sumcast_verifier::mle;

    #[test]
    fn entries_are_selectors() {
        let point: Vec<Fr> = [5u64, 9, 31].map(Fr::from).to_vec();
        let vector = eq_vector(&point);
        for (i, v) in vector.iter().enumerate() {
            assert_eq!(*v, mle::select(&point, i as u64));
        }
        assert_eq!(eq_pyramid(&point)[3], vector);
        assert_eq!(eq_pyramid(&point)[2], eq_vector(&point[..2]));
    }
}
