//! Splitting a scalar by the endomorphism (x, y) -> (beta x, y), which multiplies by lambda.
//!
//! With `A` and `B` below, (A, -B) and (B, A + B) are short vectors (u, v) with u + lambda v = 0 mod r, and
//! r = A (A + B) + B^2. Taking from (k, 0) its nearest combination of them leaves halves of magnitude at
//! most (A + 2 B) / 2 < 2^126.

use super::buckets::signed;
use ark_bn254::{Fq, g1};
use ark_ec::scalar_mul::glv::GLVConfig;

/// The cube root of one by which the endomorphism multiplies x.
pub(super) const BETA: Fq = <g1::Config as GLVConfig>::ENDO_COEFFS[0];

const A: u128 = 147946756881789319000765030803803410728;
const B: u128 = 9931322734385697763;

/// (A + B) / r and B / r, times 2^318, rounded.
const RATIOS: [[u64; 3]; 2] = [
    [0x45275503f5792573, 0x94e63f40c03fd959, 0x9333bc0529dcf4b4],
    [0xdbae71c51dce9bbd, 0xb64748cbb1f82cf5, 0x0000000000000000],
];

/// The halves (u, v) of k = u + lambda v mod r, as signed terms.
pub(super) fn split(k: [u64; 4]) -> [u128; 2] {
    let [c, d] = RATIOS.map(|ratio| scaled(k, ratio));
    let low = u128::from(k[0]) | u128::from(k[1]) << 64;
    // The halves fit in a word of 128 bits, so what lies above it need not be computed.
    let u = low.wrapping_sub(c.wrapping_mul(A)).wrapping_sub(d.wrapping_mul(B));
    let v = c.wrapping_mul(B).wrapping_sub(d.wrapping_mul(A + B));
    [u, v].map(|half| {
        let half = half as i128;
        signed(half < 0, half.unsigned_abs())
    })
}

/// k * ratio / 2^318, rounded.
fn scaled(k: [u64; 4], ratio: [u64; 3]) -> u128 {
    let mut product = [0u64; 7];
    for (i, r) in ratio.into_iter().enumerate() {
        let mut carry = 0;
        for (j, k) in k.into_iter().enumerate() {
            let sum = u128::from(k) * u128::from(r) + u128::from(product[i + j]) + carry;
            product[i + j] = sum as u64;
            carry = sum >> 64;
        }
        product[i + 4] = carry as u64;
    }
    let quarter = |i: usize| u128::from(product[i]);
    let twice = quarter(4) >> 61 | quarter(5) << 3 | quarter(6) << 67;
    twice.div_ceil(2)
}
