//! Multilinear extensions (`docs/protocol.md` 1): variable `k` belongs to bit `k` of the index.

use crate::Fr;
use ark_ff::{One, Zero};

/// The extension of `values` (zero beyond their end) at `point`. One multiplication a value.
pub fn evaluate(mut values: Vec<Fr>, point: &[Fr]) -> Fr {
    for z in point {
        values = values
            .chunks(2)
            .map(|pair| match pair {
                [low, high] => *low + *z * (*high - *low),
                [low] => *low - *z * *low,
                _ => Fr::zero(),
            })
            .collect();
    }
    values.first().copied().unwrap_or_default()
}

/// `eq(a, b)`, over the shorter of the two.
pub fn eq(a: &[Fr], b: &[Fr]) -> Fr {
    a.iter().zip(b).fold(Fr::one(), |acc, (a, b)| {
        let ab = *a * *b;
        acc * (Fr::one() - *a - *b + ab + ab)
    })
}

/// `eq(point, index)`: the product of `z_k` or `1 - z_k` after the bits of `index`.
pub fn select(point: &[Fr], index: u64) -> Fr {
    point.iter().enumerate().fold(Fr::one(), |acc, (k, z)| {
        let bit = u32::try_from(k).ok().and_then(|k| index.checked_shr(k)).unwrap_or(0) & 1;
        acc * if bit == 1 { *z } else { Fr::one() - *z }
    })
}

/// The extension of the vector `0, 1, 2, ..`: `sum_k 2^k z_k`.
pub fn index(point: &[Fr]) -> Fr {
    point.iter().rev().fold(Fr::zero(), |acc, z| acc + acc + *z)
}

/// `P_u(x) = prod_k (1 - u_k + u_k x^(2^k))`, the polynomial whose coefficients are `eq(u, .)`.
pub fn eq_polynomial(u: &[Fr], x: Fr) -> Fr {
    let mut power = x;
    u.iter().fold(Fr::one(), |acc, u| {
        let factor = Fr::one() - *u + *u * power;
        power *= power;
        acc * factor
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pieces_agree_with_the_definition() {
        let z: Vec<Fr> = [3u64, 11, 29].map(Fr::from).to_vec();
        let count: Vec<Fr> = (0..8u64).map(Fr::from).collect();
        assert_eq!(evaluate(count, &z), index(&z));
        for i in 0..8u64 {
            let mut unit = vec![Fr::zero(); 8];
            unit[i as usize] = Fr::one();
            assert_eq!(evaluate(unit.clone(), &z), select(&z, i));
            let bits: Vec<Fr> = (0..3).map(|k| Fr::from((i >> k) & 1)).collect();
            assert_eq!(eq(&z, &bits), select(&z, i));
            unit.truncate(i as usize + 1);
            assert_eq!(evaluate(unit, &z), select(&z, i), "a short vector is zero beyond its end");
        }
        let x = Fr::from(7u64);
        let by_coefficients: Fr = (0..8u64).map(|i| select(&z, i) * ark_ff::Field::pow(&x, [i])).sum();
        assert_eq!(eq_polynomial(&z, x), by_coefficients);
    }
}
