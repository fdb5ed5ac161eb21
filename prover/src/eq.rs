//! Vectors of `eq(point, .)`.

use ark_bn254::Fr;
use ark_ff::One;

/// `eq(point, i)` for all `i`, bit `k` of `i` for coordinate `k`. One multiplication a value.
pub(crate) fn eq_vector(point: &[Fr]) -> Vec<Fr> {
    let mut out = Vec::with_capacity(1 << point.len());
    out.push(Fr::one());
    for z in point {
        for i in 0..out.len() {
            let high = out[i] * z;
            out[i] -= high;
            out.push(high);
        }
    }
    out
}

/// `eq_vector` of every prefix: entry `k` has `2^k` values.
pub(crate) fn eq_pyramid(point: &[Fr]) -> Vec<Vec<Fr>> {
    let mut levels = vec![vec![Fr::one()]];
    for z in point {
        let last = &levels[levels.len() - 1];
        let high: Vec<Fr> = last.iter().map(|v| *v * z).collect();
        let low = last.iter().zip(&high).map(|(v, h)| *v - h);
        levels.push(low.chain(high.iter().copied()).collect());
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
